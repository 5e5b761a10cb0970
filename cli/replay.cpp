#include <algorithm>
#include <format>
#include <memory>

#include "base/console.hpp"
#include "cli/command.hpp"
#include "replay/measure.hpp"
#include "replay/synthetic.hpp"

namespace edgewise::cli {

namespace {

struct ReplayCall {
  std::string table;
  search::Options options;
  std::vector<std::string> set;
  std::size_t evaluations = 100, initial = 10, workers = 1;
  bool json = false;
};

/// A descriptor's table, or a synthetic problem by name.
std::expected<replay::Problem, std::vector<Error>> problem_of(const std::string& name) {
  if (std::ranges::contains(replay::synthetic_names(), name))
    return replay::synthetic_problem(name).transform_error([](const Error& error) { return std::vector{error}; });
  const auto table = replay::read_table(name);
  if (!table) return std::unexpected(table.error());
  return replay::table_problem(*table).transform_error([](const Error& error) { return std::vector{error}; });
}

Result<replay::Replay> run(const replay::Problem& problem, const ReplayCall& call) {
  search::Options options = call.options;
  auto& common = options.common;
  common.trials = static_cast<std::int64_t>(call.evaluations);
  common.known = problem.known;
  common.description = problem.description;
  for (const auto& objective : problem.objectives) common.recorded.push_back(objective.name);
  TRY_DO(search::set_option(options, std::format("initial={}", call.initial)));
  for (const auto& text : call.set) TRY_DO(search::set_option(options, text));
  TRY(const auto strategy, replay::strategy_for(problem, options));
  replay::ReplayOptions replay_options{.evaluations = call.evaluations, .workers = call.workers, .seed = common.seed};
  if (strategy->plan().size() > 1) replay_options.initial_epochs = strategy->plan().front().after.epochs();
  TRY(replay_options.initial,
      replay::initial_design(problem.space, common.seed, std::min(call.initial, call.evaluations)));
  return replay::replay(*strategy, problem, replay_options);
}

Json front_json(const study::Study& study) {
  Json front = Json::array();
  for (const auto* trial : search::pareto_front(study)) {
    Json values = Json::object();
    for (const auto& objective : study.settings.objectives)
      values[objective.name] = trial->value(objective.name).value_or(0);
    front.push_back(
        {{"trial", trial->id.value}, {"choice", space::to_json(trial->choice)}, {"values", std::move(values)}});
  }
  return front;
}

void print_json_result(const replay::Problem& problem, const replay::Replay& replayed,
                       const replay::Progress& progress) {
  Json evaluations = Json::array();
  for (std::size_t i = 0; i < replayed.evaluations.size(); ++i) {
    const auto& evaluation = replayed.evaluations[i];
    evaluations.push_back({{"trial", evaluation.trial.value},
                           {"choice", space::to_json(evaluation.choice)},
                           {"is_full", evaluation.is_full},
                           {"objectives_minimised", evaluation.point ? Json(*evaluation.point) : Json(nullptr)},
                           {"hypervolume_share", progress.share[i]}});
  }
  print_json({{"table", problem.name},
              {"true_front", problem.front.size()},
              {"front_found", progress.front_found.empty() ? 0 : progress.front_found.back()},
              {"front", front_json(replay::fully_evaluated(problem, replayed.study))},
              {"evaluations", std::move(evaluations)}});
}

void print_text(const replay::Problem& problem, const replay::Replay& replayed, const replay::Progress& progress) {
  const double reached = progress.share.empty() ? 0 : progress.share.back();
  if (problem.front.empty())
    console::print_line("{}: hypervolume {:.6g} after {} evaluations; the true front is not known", problem.name,
                        reached, replayed.evaluations.size());
  else
    console::print_line("{}: {:.2f} % of the true front's hypervolume and {} of its {} points after {} evaluations",
                        problem.name, reached * 100, progress.front_found.empty() ? 0 : progress.front_found.back(),
                        problem.front.size(), replayed.evaluations.size());
  if (!problem.front.empty())
    for (const double bound : {0.95, 0.98, 0.99})
      if (const auto n = replay::evaluations_to(progress.share, bound))
        console::print_line("  {:.0f} % after {} evaluations", bound * 100, *n);
  if (!replayed.note.empty()) console::print_line("  {}", replayed.note);
  const auto full = replay::fully_evaluated(problem, replayed.study);
  const auto front = search::pareto_front(full);
  console::print_line("front of {}:", front.size());
  for (const auto* trial : front) {
    std::string line = std::format("  trial {:<5}", trial->id.value);
    for (const auto& objective : problem.objectives)
      line += std::format(" {} {:<10.5g}", objective.name, trial->value(objective.name).value_or(0));
    console::print_line("{} {}", line, space::to_text(trial->choice));
  }
}

Exit replay_table(const ReplayCall& call) {
  const auto problem = problem_of(call.table);
  if (!problem) return report_errors(problem.error());
  const auto replayed = run(*problem, call);
  if (!replayed) return report_error(replayed.error());
  const auto progress = replay::measure(*problem, replayed->evaluations);
  if (!progress) return report_error(progress.error());
  if (call.json)
    print_json_result(*problem, *replayed, *progress);
  else
    print_text(*problem, *replayed, *progress);
  return Exit::done;
}

}  // namespace

void add_replay(CLI::App& app, Action& chosen) {
  auto call = std::make_shared<ReplayCall>();  // shared by the parser, which fills it, and the action
  auto* command = add_command(
      app, "replay", "Try a search strategy on a table of networks that were evaluated before, in seconds.",
      "edgewise replay cells.yaml --strategy random --evaluations 100", chosen, [call] { return replay_table(*call); });
  command
      ->add_option(
          "table", call->table,
          "descriptor of a table (which columns are parameters and objectives), or a test problem such as zdt1")
      ->required();
  command->add_option("--strategy", call->options.strategy, "what proposes the networks")->capture_default_str();
  command->add_option("--evaluations", call->evaluations, "evaluations in all, the initial ones included")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--initial", call->initial, "random choices before the strategy is asked")->capture_default_str();
  command->add_option("--workers", call->workers, "evaluations at once, simulated")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seed", call->options.common.seed, "another number, another search")->capture_default_str();
  command->add_option("--set", call->set, "an option of the strategy, as in a job file: initial=20 (again for more)")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->take_all();
  command->add_flag("--json", call->json, "all evaluations as JSON, for programs");
}

}  // namespace edgewise::cli
