#include <format>
#include <thread>

#include "base/console.hpp"
#include "cli/command.hpp"
#include "exchange/prior.hpp"
#include "report/report.hpp"
#include "run/coordinator.hpp"
#include "run/preflight.hpp"
#include "space/named_networks.hpp"

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

/// What a search found: results, and unless `is_quiet` what came of its trials and what to do next.
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

struct TrainCall {
  SearchCall search;
  std::vector<std::string> set;
  std::string from;
  std::string pick = "knee";
  std::string network;  ///< by a name that others know
  int epochs = 0;
};

/// "name=value" pairs as a choice of the space.
Result<space::Choice> parse_choice(const space::Space& space, const std::vector<std::string>& pairs) {
  Json json = Json::object();
  for (const auto& pair : pairs) {
    const auto split = pair.find('=');
    if (split == std::string::npos || split == 0)
      return invalid(std::format("--set \"{}\" is not NAME=VALUE", pair), "e.g. --set backbone=resnet18");
    const std::string name = pair.substr(0, split), text = pair.substr(split + 1);
    const auto parameter = std::ranges::find(space.parameters(), name, &space::Parameter::name);
    const bool is_word =
        parameter == space.parameters().end() || std::holds_alternative<space::Categorical>(parameter->domain);
    const auto number = is_word ? Result<Json>(Json(text)) : parse_json(text, "--set " + name);
    if (!number) return std::unexpected(number.error());
    json[name] = *number;
  }
  return space::choice_from_json(space, json);
}

/// What would cost trial after trial is told before the first.
/// @param will_run  something runs for certain: a network that was named, or failed trials
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

Exit train(const TrainCall& call) {
  if (call.set.empty() && call.from.empty() && call.network.empty())
    return wrong_usage(
        "which network?",
        "say --network NAME, or --set NAME=VALUE... for one of the job's space, or take one of a finished "
        "search with --from STUDY --pick knee");
  auto job = job_or_exit(call.search.job_file);
  if (!job) return job.error();
  if (call.epochs > 0) job->train.epochs = call.epochs;
  if (!call.network.empty()) {
    auto source = space::source_of_network(call.network, job::frame_without_data(*job), job->train.learning_rate);
    if (!source) return report_error(source.error());
    job->space = *std::move(source);
    job->search.common.start_with.clear();  // choices of the job's own space
  }
  const std::string suffix = "-" + (call.network.empty() ? std::string("train") : call.network);
  job->name += suffix;
  const auto folder = job::study_folder(
      call.search.study.empty() ? job::study_folder(call.search.job_file).replace_extension().string() + suffix
                                : call.search.study);
  if (!call.search.quiet) report_remarks(*job);
  const auto view = run::make_view(call.search.quiet);
  auto session = run::start_study(*job, folder, start(false, true, *view));
  if (!session) return report_error(session.error());

  Result<space::Choice> choice;
  if (!call.network.empty()) {
    const auto only = session->family.space.size() == 1 ? session->family.space.at(0) : std::nullopt;
    if (!only)
      return report_error({ErrorCode::invalid_input, std::format("network \"{}\" cannot be built here", call.network)});
    choice = *only;
  } else if (!call.set.empty()) {
    choice = parse_choice(session->family.space, call.set);
  } else {
    const auto source = run::read_study(job::study_folder(call.from));
    if (!source) return report_error(source.error());
    const auto trial = run::pick(*source, call.pick);
    if (!trial) return report_error(trial.error());
    choice = (*trial)->choice;
  }
  if (!choice) return report_error(choice.error());
  if (const auto checked = session->family.space.check(*choice); !checked) return report_error(checked.error());
  const auto study = session->storage->load();
  if (!study) return report_error(study.error());
  if (!study->find(*choice)) {
    const auto candidate = session->family.build(*choice, job::frame(session->job, session->set));
    if (!candidate) return report_error(candidate.error());
    study::Trial trial{.choice = *choice,
                       .fidelity = study::Fidelity::training(static_cast<int>(session->job.train.epochs)),
                       .seed = static_cast<std::uint64_t>(session->job.seed)};
    trial.known = study::values_of(study::Source::computed, run::known_costs(candidate->graph));
    if (const auto added = session->storage->add({trial}, study->trials.size()); !added)
      return report_error(added.error());
  }
  const run::StaffingWish wish{.workers = 1, .threads = asked_threads(session->job)};
  const auto room = run::room_here();
  run::CostModel model;
  const auto* known = study->find(*choice);
  if (!known || (known->attempts == 0 && known->curve.empty())) {
    auto timed = run::time_space(*session, run::crews_to_time(wish, room, 1), room, &*choice, stop_flag(),
                                 [&](const std::string& line) { view->say("note: " + line); });
    if (!timed) return report_error(timed.error());
    model = std::move(*timed);
  }
  const auto staffing = run::choose_staffing(model, {}, {1}, wish, room);
  auto summary =
      run::run_search(*session, nullptr, {.staffing = staffing, .stop = &stop_flag(), .cost_model = model}, *view);
  if (!summary) return report_error(summary.error());
  return finish(*session, *summary, call.search.json, call.search.quiet, "the same command");
}

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

/// Lets failed trials wait again; how many.
Result<std::size_t> retry_failed(run::Session& session) {
  TRY(const auto study, session.storage->load());
  std::size_t retried = 0;
  for (const auto& trial : study.trials) {
    if (trial.state != study::State::failed) continue;
    TRY_DO(session.storage->retry(trial.id));
    ++retried;
  }
  return retried;
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
  if (call.retry_failed) {
    const auto again = retry_failed(*session);
    if (!again) return report_error(again.error());
    view->say(std::format("{} failed trials are tried again", *again));
  }
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

  auto trained = std::make_shared<TrainCall>();
  auto* train_command = add_command(app, "train", "Train one network of a job's space, export and measure it.",
                                    "edgewise train job.yaml --from job --pick knee --epochs 100", chosen,
                                    [trained] { return train(*trained); });
  train_command->add_option("job", trained->search.job_file, "job file")->required();
  train_command->add_option("--set", trained->set, "NAME=VALUE of each parameter of the space");
  auto* network =
      train_command->add_option("--network", trained->network,
                                "a network by its name, in the place of the job's space: resnet18, mobilevit_xxs, ...");
  network->excludes("--set");
  train_command->add_option("--from", trained->from, "take the network from this study");
  train_command
      ->add_option("--pick", trained->pick, "which of its trials: knee, bend, baseline, best:OBJECTIVE or a number")
      ->capture_default_str();
  train_command->add_option("--epochs", trained->epochs, "epochs (default: the job's train.epochs)")
      ->check(CLI::Range(1, 10000));
  train_command->add_option("--study", trained->search.study, "where it is kept (default: NAME-train.study)");
  train_command->add_flag("--quiet", trained->search.quiet, "errors only");
  train_command->add_flag("--json", trained->search.json, "print the result as JSON");
}

}  // namespace edgewise::cli
