#include "cli/study_of_trials.hpp"

#include <format>

#include "base/console.hpp"
#include "report/report.hpp"
#include "run/preflight.hpp"

namespace edgewise::cli {

namespace {

Json summary_json(const run::Session& session, const run::Summary& summary) {
  Json counts = Json::object();
  for (const auto& [state, count] : summary.counts) counts[std::string(study::to_text(state))] = count;
  const char* ending = summary.ending == run::Ending::finished      ? "finished"
                       : summary.ending == run::Ending::interrupted ? "interrupted"
                                                                    : "budget spent";
  return {{"study", session.folder.string()},
          {"ending", ending},
          {"elapsed_s", summary.elapsed_s},
          {"trials", counts},
          {"train_s", summary.spent.train_s},
          {"measure_s", summary.spent.measure_s},
          {"export_s", summary.spent.export_s},
          {"overhead_s", summary.spent.overhead_s},
          {"kept_waiting_s", summary.spent.kept_waiting_s},
          {"workers", summary.workers}};
}

}  // namespace

run::Start start(bool every_network, bool will_run, run::View& view) {
  const auto say = [&view](const std::string& line) { view.say(line); };
  return {.check = [every_network, say](const run::Session& session) -> Status {
            const auto mistakes = run::preflight(session.job, session.family, job::frame(session.job, session.set),
                                                 {.every_network = every_network});
            if (!mistakes.empty()) return std::unexpected(mistakes.front());
            return run::machine_ready(session, say, &stop_flag());
          },
          .will_run = will_run,
          .say = say,
          .stop = &stop_flag()};
}

Exit finish(run::Session& session, const run::Summary& summary, bool json, bool is_quiet, const std::string& again) {
  const auto say = [&](const std::string& line) {
    if (!is_quiet) console::say(line);
  };
  const auto study = session.storage->load();
  if (!study) return report_error(study.error());
  const std::string name = session.folder.string();
  if (json) {
    Json all = summary_json(session, summary);
    all["report"] = report::report_data(*study);
    print_json(all);
  } else {
    console::print(report::text_table(*study, true, output_width()));
  }
  std::string counts;
  for (const auto& [state, count] : summary.counts)
    counts += std::format("{}{} {}", counts.empty() ? "" : ", ", count, study::to_text(state));
  say(std::format("{} trials ({}) after {}", study->trials.size(), counts, run::duration_text(summary.elapsed_s)));
  if (summary.spent.kept_waiting_s > 0.1 * summary.spent.train_s && summary.spent.train_s > 0)
    say(std::format(
        "training took longer than it needs: for {:.0f} % of its time other programs or workers had the processor",
        100 * summary.spent.kept_waiting_s / summary.spent.train_s));
  const double busy =
      summary.spent.train_s + summary.spent.measure_s + summary.spent.export_s + summary.spent.overhead_s;
  if (busy > 0)
    say(std::format("worker time: {:.1f} % training, {:.1f} % measuring, {:.1f} % exporting, {:.1f} % other",
                    100 * summary.spent.train_s / busy, 100 * summary.spent.measure_s / busy,
                    100 * summary.spent.export_s / busy, 100 * summary.spent.overhead_s / busy));
  if (summary.ending == run::Ending::interrupted) {
    say("interrupted; resume with: " + again);
    return Exit::interrupted;
  }
  const auto completed = summary.counts.find(study::State::complete);
  if (completed == summary.counts.end()) {
    for (const auto& trial : study->trials)
      if (!trial.reason.empty())
        return report_error({ErrorCode::invalid_input,
                             std::format("no trial was completed; trial {} {}: {}", study::to_text(trial.id),
                                         study::to_text(trial.state), trial.reason),
                             {},
                             std::format("`edgewise status {}` counts the reasons; once they are mended, `{} "
                                         "--retry-failed` tries the trials again",
                                         name, again)});
    return report_error({ErrorCode::not_found, "no trial was completed", {}, "give it a larger budget"});
  }
  if (const auto failed = summary.counts.find(study::State::failed); failed != summary.counts.end())
    say(std::format("{} failed; `{} --retry-failed` tries {} again", failed->second, again,
                    failed->second == 1 ? "it" : "them"));
  say(std::format("next: edgewise report {0}; edgewise export {0} --pick knee", name));
  return Exit::done;
}

std::optional<int> asked_threads(const job::Job& job) {
  return job.train.threads > 0 ? std::optional(static_cast<int>(job.train.threads)) : std::nullopt;
}

Status retry_failed(run::Session& session, run::View& view) {
  TRY(const auto study, session.storage->load());
  std::size_t retried = 0;
  for (const auto& trial : study.trials) {
    if (trial.state != study::State::failed) continue;
    TRY_DO(session.storage->retry(trial.id));
    ++retried;
  }
  view.say(std::format("{} failed trials are tried again", retried));
  return {};
}

void say_if_nobody_teaches(const job::Job& job, std::size_t stages, run::View& view) {
  if (job.train.teacher.path == train::best_trial && stages < 2)
    view.say("warning: train.teacher is `best`, but there is no stage before the last one: nobody is taught");
}

}  // namespace edgewise::cli
