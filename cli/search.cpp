#include <format>
#include <thread>

#include "base/console.hpp"
#include "cli/command.hpp"
#include "cli/study_of_trials.hpp"
#include "exchange/prior.hpp"
#include "run/coordinator.hpp"
#include "run/preflight.hpp"

namespace edgewise::cli {

namespace {

/// Puts what others found out before the strategy's own trials.
Status add_start(run::Session& session, run::View& view) {
  auto& job = session.job;
  TRY(const auto settings, session.storage->settings());
  TRY(auto start, exchange::gather_start(job.warm_start, job.front_of, session.family.space, settings, session.folder));
  for (const auto& remark : start.remarks) view.say("note: " + remark);
  auto& common = job.search.common;
  common.prior = std::move(start.prior);
  common.start_with.insert(common.start_with.end(), start.front.begin(), start.front.end());
  return {};
}

/// Trials that may run side by side at most, as far as the job tells.
std::size_t most_at_once(const run::Session& session) {
  std::uint64_t most = session.family.space.size().value_or(UINT64_MAX);
  if (const auto budget = session.job.budget.trials; budget > 0)
    most = std::min(most, static_cast<std::uint64_t>(budget));
  return static_cast<std::size_t>(std::max<std::uint64_t>(1, most));
}

/// The command that goes on with this search; with the workers that were asked for, which choices may depend on.
std::string again(const SearchCall& call) {
  std::string command = "edgewise search " + call.job_file;
  if (!call.study.empty()) command += " --study " + call.study;
  if (call.workers > 0) command += std::format(" --workers {}", call.workers);
  return command;
}

}  // namespace

Exit search(const SearchCall& call) {
  auto job = job_or_exit(call.job_file);
  if (!job) return job.error();
  const auto folder = job::study_folder(call.study.empty() ? call.job_file : call.study);
  if (!call.quiet) report_remarks(*job);
  const auto view = run::make_view(call.quiet);
  view->say(std::format("reading {}", job->data.path));
  auto session = run::start_study(*job, folder, start(true, call.retry_failed, *view));
  if (!session) return report_error(session.error());
  for (const auto& remark : session->set.remarks)
    view->say(remark.starts_with("warning: ") ? remark : "note: " + remark);
  if (const auto begun = add_start(*session, *view); !begun) return report_error(begun.error());

  view->say(
      "timing a few networks of the space, to choose workers and threads and to say how long the search will take");
  const run::StaffingWish wish{.workers = call.workers > 0 ? std::optional(call.workers) : std::nullopt,
                               .threads = asked_threads(*job)};
  const auto room = run::room_here();
  const auto note = [&](const std::string& line) { view->say("note: " + line); };
  const auto model = run::time_space(*session, run::crews_to_time(wish, room, most_at_once(*session)), room, nullptr,
                                     stop_flag(), note);
  if (!model) return report_error(model.error());
  const auto macs = run::typical_macs(*session);
  // What an evaluation costs decides the strategy, whose plan then decides how many workers are of use.
  const auto price =
      run::price_at_start(*session, *model, run::choose_staffing(*model, macs, {}, wish, room), stop_flag());
  if (!price) return report_error(price.error());
  const auto strategy = run::make_strategy(*session, *price);
  if (!strategy) return report_error(strategy.error());
  const auto plan = (*strategy)->plan();
  std::vector<std::size_t> stage_trials;
  for (const auto& stage : plan) stage_trials.push_back(stage.trials);
  const auto staffing = run::choose_staffing(*model, macs, stage_trials, wish, room);
  view->say(staffing.why);
  if (call.retry_failed)
    if (const auto again = retry_failed(*session, *view); !again) return report_error(again.error());
  say_if_nobody_teaches(*job, plan.size(), *view);
  const auto expectation = run::expect(*model, staffing, *session, plan);
  std::string stages;
  for (const auto& [name, seconds] : expectation.stages)
    stages += std::format("{}{} {}", stages.empty() ? "" : ", ", name, run::duration_text(seconds));
  view->say(
      std::format("expected: about {} in all with {} ({}), less where constraints reject networks before training",
                  run::duration_text(expectation.total_s()),
                  staffing.workers == 1 ? "1 worker" : std::format("{} workers", staffing.workers), stages));

  const auto summary = run::run_search(*session, strategy->get(),
                                       {.staffing = staffing, .stop = &stop_flag(), .cost_model = *model}, *view);
  if (!summary) return report_error(summary.error());
  return finish(*session, *summary, call.json, call.quiet, again(call));
}

void add_search(CLI::App& app, Action& chosen) {
  auto call = std::make_shared<SearchCall>();
  auto* command = add_command(app, "search", "Search: train, export and measure candidates; run again to resume.",
                              "edgewise search job.yaml --workers 2", chosen, [call] { return search(*call); });
  command->add_option("job", call->job_file, "job file")->required();
  command->add_option("--study", call->study, "the study's folder (default: beside the job file, NAME.study)");
  command
      ->add_option("--workers", call->workers,
                   "worker processes on this machine (default: as many as bring the search furthest)")
      ->check(CLI::Range(1, 256));
  command->add_flag("--retry-failed", call->retry_failed, "try failed trials again, from where they failed");
  command->add_flag("--quiet", call->quiet, "errors only");
  command->add_flag("--json", call->json, "print the result as JSON");
}

}  // namespace edgewise::cli
