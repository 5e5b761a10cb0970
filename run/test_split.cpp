#include "run/test_split.hpp"

#include <chrono>
#include <format>
#include <vector>

#include "base/file.hpp"
#include "base/process.hpp"
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
  std::vector<std::string> command{(program_folder() / "edgewise-worker").string(), "judge", session.folder.string()};
  command.insert(command.end(), ids.begin(), ids.end());
  TRY(auto worker, ChildProcess::start(command, {.error_log = session.folder / "worker.log", .own_group = true}));
  for (std::size_t i = 0; i < ids.size() && !is_stopped(); ++i) {
    const auto line = worker.read_line(30min);
    const auto answer = line ? parse_json(*line, "edgewise-worker") : std::unexpected(line.error());
    if (!answer || !answer->contains("test")) {
      say(std::format("trial {} could not be judged on the test split: {}", ids[i],
                      answer ? answer->value("error", "") : answer.error().message));
      if (!answer) break;
      continue;
    }
    known[ids[i]] = (*answer)["test"];
    say(std::format("trial {} on the test split: {}", ids[i], metrics_text(known[ids[i]])));
    TRY_DO(write_file(kept, dump(known, 1)));
  }
  return {};
}

}  // namespace edgewise::run
