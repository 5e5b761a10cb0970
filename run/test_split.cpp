#include "run/test_split.hpp"

#include <chrono>
#include <format>
#include <vector>

#include "base/file.hpp"
#include "base/process.hpp"
#include "run/workers.hpp"
#include "search/pareto.hpp"

namespace edgewise::run {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

std::string metrics_text(const Json& metrics) {
  std::string told;
  for (const auto& [name, value] : metrics.items())
    told += std::format("{}{} {:.4g}", told.empty() ? "" : ", ", name, value.get<double>());
  return told;
}

Result<ChildProcess> start_judge(const Session& session, const std::vector<std::string>& ids) {
  auto command = worker_command("judge", session);
  command.insert(command.end(), ids.begin(), ids.end());
  return ChildProcess::start(command, {.error_log = session.folder / "worker.log", .own_group = true});
}

/// Whether it is one for this trial, and no fault of the machine.
Status check_answer(const Result<Json>& answer, const std::string& id) {
  if (!answer) return std::unexpected(answer.error());
  const bool is_of_it = answer->is_object() && answer->contains("trial") && dump((*answer)["trial"]) == id;
  if (is_of_it && !answer->value("is_fault", false)) return {};
  return fail(ErrorCode::unavailable,
              "the front cannot be judged on the test split: " +
                  (answer->is_object() ? answer->value("error", "no answer of the judge") : "no answer of the judge"),
              answer->is_object() ? answer->value("next", "") : "");
}

}  // namespace

Status judge_front(const Session& session, const study::Study& study,
                   const std::function<void(const std::string&)>& say, const std::function<bool()>& is_stopped) {
  if (session.set.of(data::Split::test).empty()) return {};
  const fs::path kept = session.folder / "test.json";
  Json known = Json::object();
  if (fs::exists(kept)) {
    TRY(known, read_json(kept));
  }
  std::vector<std::string> ids;
  for (const auto* trial : search::pareto_front(study)) {
    const bool is_trained = trial->fidelity.epochs() > 0;  // other estimators leave nothing to judge
    if (is_trained && !known.contains(study::to_text(trial->id))) ids.push_back(study::to_text(trial->id));
  }
  if (ids.empty()) return {};
  say("judging the front on the test split, once");
  for (bool is_last_try = false; !ids.empty() && !is_stopped();) {
    const auto before = ids.size();
    TRY(auto judge, start_judge(session, ids));
    while (!ids.empty() && !is_stopped()) {
      const auto line = judge.read_line(200ms);
      if (!line && !judge.poll()) continue;
      if (!line) break;
      const auto answer = parse_json(*line, "edgewise-worker");
      TRY_DO(check_answer(answer, ids.front()));
      if (answer->contains("test")) {
        known[ids.front()] = (*answer)["test"];
        say(std::format("trial {} on the test split: {}", ids.front(), metrics_text(known[ids.front()])));
        TRY_DO(write_file(kept, dump(known, 1)));
      } else {
        say(std::format("trial {} could not be judged on the test split: {}", ids.front(), answer->value("error", "")));
      }
      ids.erase(ids.begin());
    }
    // A judge that somebody killed is asked again as long as it gets on, and once when it does not.
    const bool has_got_on = ids.size() < before;
    if (!ids.empty() && !is_stopped() && !has_got_on && is_last_try)
      return fail(ErrorCode::unavailable,
                  std::format("the front could not be judged on the test split: the judge {}",
                              judge.poll() ? to_text(*judge.poll()) : "does not answer"),
                  "run the same command again");
    is_last_try = !has_got_on;
  }
  return {};
}

}  // namespace edgewise::run
