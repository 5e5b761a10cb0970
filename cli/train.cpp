#include <filesystem>
#include <format>

#include "base/console.hpp"
#include "base/file.hpp"
#include "cli/command.hpp"
#include "cli/study_of_trials.hpp"
#include "data/builtin/builtin.hpp"
#include "run/coordinator.hpp"
#include "space/named_networks.hpp"
#include "space/survey.hpp"

namespace edgewise::cli {

namespace {

struct TrainCall {
  SearchCall search;
  std::vector<std::string> set;
  std::string from;
  std::string pick = "knee";
  std::string network;                        ///< by a name that others know
  std::string data, task = "classification";  ///< of pretraining
  std::string output;                         ///< of pretraining: the file of weights
  bool force = false;                         ///< of pretraining: it may be there already
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

/// Puts the network that was named in the place of the job's space.
Status take_named_network(job::Job& job, const std::string& network) {
  TRY(job.space, space::source_of_network(network, job::frame_without_data(job), job.train.learning_rate));
  job.search.common.start_with.clear();  // choices of the job's own space
  return {};
}

/// Which network of the session's space is trained, where the call says it.
Result<std::optional<space::Choice>> chosen_network(const TrainCall& call, const run::Session& session) {
  const auto& space = session.family.space;
  if (!call.network.empty()) {
    auto only = space.size() == 1 ? space.at(0) : std::nullopt;
    if (!only) return invalid(std::format("network \"{}\" cannot be built here", call.network));
    return only;
  }
  if (!call.set.empty())
    return parse_choice(space, call.set).transform([](auto choice) { return std::optional(choice); });
  if (call.from.empty()) return std::nullopt;
  TRY(const auto source, run::read_study(job::study_folder(call.from)));
  TRY(const auto* trial, run::pick(source, call.pick));
  return trial->choice;
}

/// The trial of `choice` in the session's study, which is added when there is none.
Status add_trial(run::Session& session, const space::Choice& choice) {
  TRY_DO(session.family.space.check(choice));
  TRY(const auto study, session.storage->load());
  if (study.find(choice)) return {};
  TRY(const auto candidate, session.family.build(choice, job::frame(session.job, session.set)));
  study::Trial trial{.choice = choice,
                     .fidelity = study::Fidelity::training(static_cast<int>(session.job.train.epochs)),
                     .seed = static_cast<std::uint64_t>(session.job.seed)};
  trial.known = study::values_of(study::Source::computed, run::known_costs(candidate.graph));
  return session.storage->add({trial}, study.trials.size()).transform([](const auto&) {});
}

/// Trains the network of `choice`, or goes on with it.
Result<run::Summary> run_trial(run::Session& session, const space::Choice& choice, bool retries, run::View& view) {
  TRY_DO(add_trial(session, choice));
  if (retries) TRY_DO(retry_failed(session, view));
  TRY(const auto study, session.storage->load());
  const run::StaffingWish wish{.workers = 1, .threads = asked_threads(session.job)};
  const auto room = run::room_here();
  run::CostModel model;
  const auto* known = study.find(choice);
  if (known->attempts == 0 && known->curve.empty()) {
    TRY(model, run::time_space(session, run::crews_to_time(wish, room, 1), room, &choice, stop_flag(),
                               [&](const std::string& line) { view.say("note: " + line); }));
  }
  const auto staffing = run::choose_staffing(model, {}, {1}, wish, room);
  return run::run_search(session, nullptr, {.staffing = staffing, .stop = &stop_flag(), .cost_model = model}, view);
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
  if (!call.network.empty())
    if (const auto taken = take_named_network(*job, call.network); !taken) return report_error(taken.error());
  // The stages of a search are none of this training's: a teacher of the last one teaches it.
  if (!job->train.teacher.path.empty()) job->search.strategy = "random";
  const std::string suffix = "-" + (call.network.empty() ? std::string("train") : call.network);
  job->name += suffix;
  const auto folder = job::study_folder(
      call.search.study.empty() ? job::study_folder(call.search.job_file).replace_extension().string() + suffix
                                : call.search.study);
  if (!call.search.quiet) report_remarks(*job);
  const auto view = run::make_view(call.search.quiet);
  auto session = run::start_study(*job, folder, start(false, true, *view));
  if (!session) return report_error(session.error());
  const auto choice = chosen_network(call, *session);
  if (!choice) return report_error(choice.error());
  say_if_nobody_teaches(*job, 1, *view);
  const auto summary = run_trial(*session, **choice, call.search.retry_failed, *view);
  if (!summary) return report_error(summary.error());
  return finish(*session, *summary, call.search.json, call.search.quiet, "the same command");
}

/// Copies the weights that the trial of `choice` left; the study may have trials of other networks.
Result<std::int64_t> write_weights(const run::Session& session, const space::Choice& choice,
                                   const std::string& output) {
  TRY(const auto study, session.storage->load());
  const study::Trial* trial = study.find(choice);
  if (const auto* artifact = !trial || trial->results.empty() ? nullptr : trial->results.back().artifact("weights")) {
    TRY(const auto content, study::read_artifact(*artifact, session.folder, "the weights"));
    TRY_DO(write_file(output, content));
    return static_cast<std::int64_t>(content.size());
  }
  return fail(ErrorCode::not_found, std::format("the study \"{}\" has no weights", session.folder.string()),
              "choose another study with --study, or remove this one");
}

Exit pretrain(const TrainCall& call) {
  auto told = job_or_exit(call.search.job_file);
  if (!told) return told.error();
  // As any path of a command line it is relative to where one is, not to the job file, by which workers would take it.
  const bool is_file = !call.data.empty() && !data::is_builtin(call.data);
  const std::string data = is_file ? std::filesystem::absolute(call.data).lexically_normal().string() : call.data;
  auto job = job::for_pretraining(*std::move(told), data, call.task);
  if (!job) return report_error(job.error());
  if (call.epochs > 0) job->train.epochs = call.epochs;
  if (!call.network.empty())
    if (const auto taken = take_named_network(*job, call.network); !taken) return report_error(taken.error());
  const std::string stem = job::study_folder(call.search.job_file).replace_extension().string() + "-pretrained";
  const auto folder = job::study_folder(call.search.study.empty() ? stem : call.search.study);
  const std::string output = call.output.empty() ? stem + ".safetensors" : call.output;
  if (std::filesystem::exists(output) && !call.force)
    return report_error({ErrorCode::conflict,
                         std::format("\"{}\" is there already", output),
                         {},
                         "give another name with --output, or --force"});
  const auto view = run::make_view(call.search.quiet);
  auto session = run::start_study(*job, folder, start(false, true, *view));
  if (!session) return report_error(session.error());
  auto choice = chosen_network(call, *session);
  if (!choice) return report_error(choice.error());
  if (!*choice) {
    view->say("looking for the space's network with the most parameters");
    const auto largest = space::largest_network(session->family, job::frame(session->job, session->set));
    if (!largest) return report_error(largest.error());
    choice = *largest;
  }
  view->say(std::format("pretraining {}", space::to_text(**choice)));
  const auto summary = run_trial(*session, **choice, call.search.retry_failed, *view);
  if (!summary) return report_error(summary.error());
  const auto ended = finish(*session, *summary, call.search.json, call.search.quiet, "the same command");
  if (ended != Exit::done) return ended;
  const auto written = write_weights(*session, **choice, output);
  if (!written) return report_error(written.error());
  if (!call.search.quiet)
    console::say("wrote {} ({:.1f} MB); start from it with `train: {{weights: {{path: {}, fit: cut}}}}`", output,
                 static_cast<double>(*written) / 1e6, std::filesystem::absolute(output).lexically_normal().string());
  return ended;
}

/// What `train` and `pretrain` both take.
void add_common(CLI::App* command, TrainCall& call) {
  command->add_option("job", call.search.job_file, "job file")->required();
  command->add_option("--set", call.set, "NAME=VALUE of each parameter of the space");
  auto* network =
      command->add_option("--network", call.network,
                          "a network by its name, in the place of the job's space: resnet18, mobilevit_xxs, ...");
  network->excludes("--set");
  command->add_option("--epochs", call.epochs, "epochs (default: the job's train.epochs)")->check(CLI::Range(1, 10000));
  command->add_flag("--retry-failed", call.search.retry_failed, "try it again after it failed");
  command->add_flag("--quiet", call.search.quiet, "errors only");
  command->add_flag("--json", call.search.json, "print the result as JSON");
}

}  // namespace

void add_train(CLI::App& app, Action& chosen) {
  auto trained = std::make_shared<TrainCall>();
  auto* command = add_command(app, "train", "Train one network of a job's space, export and measure it.",
                              "edgewise train job.yaml --from job --pick knee --epochs 100", chosen,
                              [trained] { return train(*trained); });
  add_common(command, *trained);
  command->add_option("--from", trained->from, "take the network from this study");
  command->add_option("--pick", trained->pick, "which of its trials: knee, bend, baseline, best:OBJECTIVE or a number")
      ->capture_default_str();
  command->add_option("--study", trained->search.study, "where it is kept (default: NAME-train.study)");

  auto first = std::make_shared<TrainCall>();
  auto* pretraining = add_command(
      app, "pretrain",
      "Train the largest network of a job's space on any labelled pictures, and write its weights for trials to start "
      "from.",
      "edgewise pretrain job.yaml --data pictures --epochs 30 --output start.safetensors", chosen,
      [first] { return pretrain(*first); });
  add_common(pretraining, *first);
  pretraining->add_option("--data", first->data,
                          "folder or annotation file with labelled pictures (default: the job's)");
  pretraining->add_option("--task", first->task, "what is learned from --data")
      ->capture_default_str()
      ->check(CLI::IsMember(task::tasks().names()))
      ->needs("--data");
  pretraining->add_option("--output", first->output, "file of weights (default: NAME-pretrained.safetensors)");
  pretraining->add_flag("--force", first->force, "overwrite an existing file");
  pretraining->add_option("--study", first->search.study,
                          "where the training is kept (default: NAME-pretrained.study)");
}

}  // namespace edgewise::cli
