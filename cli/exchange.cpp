#include <algorithm>
#include <format>
#include <iostream>

#include "base/console.hpp"
#include "cli/command.hpp"
#include "exchange/optimize.hpp"
#include "exchange/optuna.hpp"
#include "run/session.hpp"

namespace edgewise::cli {

namespace {

struct OptimizeCall {
  std::string problem;
  exchange::OptimizeOptions options;
};

/// Ctrl-C ends it at once: everything told is kept.
Exit optimize(const OptimizeCall& call) {
  auto problem = exchange::read_problem(call.problem);
  if (!problem) return report_errors(problem.error());
  for (const auto& remark : problem->remarks) console::say("note: {}", remark);
  auto optimizer = exchange::Optimizer::make(*std::move(problem), call.options);
  if (!optimizer) return report_error(optimizer.error());
  for (const auto& remark : (*optimizer)->remarks()) console::say("note: {}", remark);
  if (const auto served = exchange::serve(**optimizer, std::cin, console::output()); !served)
    return report_error(served.error());
  return Exit::done;
}

struct ExchangeCall {
  std::string study, optuna, name, problem;
  exchange::OptimizeOptions options;
  bool force = false, json = false;
};

Exit export_study(const ExchangeCall& call) {
  const auto study = run::read_study(job::study_folder(call.study));
  if (!study) return report_error(study.error());
  const auto problem = exchange::problem_of(study->settings);
  if (problem && !*problem) return report_error(problem->error());
  const auto space = problem ? Result<space::Space>((*problem)->space) : run::space_of(*study);
  if (!space) return report_error(space.error());
  if (const auto written = exchange::export_optuna(*study, *space, call.optuna, call.force); !written)
    return report_error(written.error());
  if (call.json)
    print_json({{"file", call.optuna}, {"study", study->settings.name}, {"trials", study->trials.size()}});
  else
    console::print_line("wrote {} ({} trials): optuna.load_study(study_name=\"{}\", storage=\"sqlite:///{}\")",
                        call.optuna, study->trials.size(), study->settings.name, call.optuna);
  return Exit::done;
}

Exit import_study(const ExchangeCall& call) {
  auto problem = exchange::read_problem(call.problem);
  if (!problem) return report_errors(problem.error());
  const auto imported = exchange::import_study(call.optuna, call.name, *problem, call.options);
  if (!imported) return report_error(imported.error());
  for (const auto& remark : problem->remarks) console::say("note: {}", remark);
  for (const auto& remark : imported->remarks) console::say("note: {}", remark);
  if (call.json)
    print_json(
        {{"study", call.options.study.string()}, {"trials", imported->trials.size()}, {"remarks", imported->remarks}});
  else
    console::print_line("imported {} trials into {}; go on with `edgewise optimize {} --study {}`",
                        imported->trials.size(), call.options.study.string(), call.problem,
                        call.options.study.string());
  return Exit::done;
}

const std::string default_strategy = "auto";  // chooses for itself

}  // namespace

namespace {

/// What makes an ask-and-tell study: it goes on only under the same options.
void add_optimize_options(CLI::App* command, exchange::OptimizeOptions& options) {
  command->add_option("--strategy", options.strategy, "what proposes the choices")->capture_default_str();
  command->add_option("--seed", options.seed, "same seed and same results told, same choices")->capture_default_str();
  command->add_option("--trials", options.trials, "trials you mean to evaluate at most")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
  command->add_option("--epochs", options.epochs, "of a full evaluation, for strategies that stop some early")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  command->add_option("--set", options.set, "an option of the strategy, as in a job file: initial=20 (again for more)")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->take_all();
  command
      ->add_option("--evaluation-seconds", options.evaluation_s,
                   "that a full evaluation takes, for auto (default: not known)")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--budget-seconds", options.budget_s,
                   "that all evaluations together may take, for auto (default: no bound)")
      ->check(CLI::NonNegativeNumber);
  auto* table = command->add_option("--features", options.features,
                                    "CSV table of what is known of choices beforehand: models learn from it");
  command
      ->add_option("--feature-program", options.feature_program,
                   "command that tells it: {\"choice\": ...} in, {\"features\": {NAME: NUMBER}} out, a line each")
      ->excludes(table);
}

}  // namespace

void add_exchange(CLI::App& app, Action& chosen) {
  auto call = std::make_shared<OptimizeCall>();
  call->options.strategy = default_strategy;
  auto* command =
      add_command(app, "optimize", "Be another program's optimiser: a line of JSON in, a line of JSON out.",
                  "edgewise optimize space.yaml <<< '{\"ask\": 2}'", chosen, [call] { return optimize(*call); });
  command->add_option("space", call->problem, "YAML file: parameters, objectives, constraints")->required();
  add_optimize_options(command, call->options);
  command->add_option("--study", call->options.study,
                      "folder that keeps the trials; a second call goes on (default: memory)");

  auto* study = app.add_subcommand("study", "Take studies to other programs and back.");
  study->usage("example: edgewise study export job --optuna job.db");
  study->require_subcommand(1);
  auto exported = std::make_shared<ExchangeCall>();
  auto* out =
      add_command(*study, "export", "Write a study as a database that Optuna opens.",
                  "edgewise study export job --optuna job.db", chosen, [exported] { return export_study(*exported); });
  out->add_option("study", exported->study, "study: its folder, its name or its job file")->required();
  out->add_option("--optuna", exported->optuna, "the SQLite file to write")->required();
  out->add_flag("--force", exported->force, "overwrite an existing file");
  out->add_flag("--json", exported->json, "print JSON");

  auto imported = std::make_shared<ExchangeCall>();
  imported->options.strategy = default_strategy;
  auto* in = add_command(*study, "import", "Make a study of an Optuna study, to go on with by `edgewise optimize`.",
                         "edgewise study import optuna.db --space space.yaml --study mine.study", chosen,
                         [imported] { return import_study(*imported); });
  in->add_option("database", imported->optuna, "Optuna's SQLite file")->required();
  in->add_option("--space", imported->problem, "YAML file: parameters, objectives, constraints")->required();
  in->add_option("--study", imported->options.study, "the folder to make")->required();
  in->add_option("--name", imported->name, "which study of the database, where it has several");
  add_optimize_options(in, imported->options);
  in->add_flag("--json", imported->json, "print JSON");
}

}  // namespace edgewise::cli
