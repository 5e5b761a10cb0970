// Replays searches on tables: strategies x seeds from the same initial designs, in parallel processes.
//   search_bench --table nb201:nb201_cifar10.csv.gz --objectives error,raspi4_ms --strategy random,nsga2 --evaluations
//   400 --seeds 20 --json out.json
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <format>
#include <iostream>
#include <map>
#include <print>

#include "base/file.hpp"
#include "base/json.hpp"
#include "bench/search_problems.hpp"
#include "replay/measure.hpp"
#include "search/bayes/parts.hpp"
#include "search/fronts.hpp"

namespace edgewise::bench {

namespace {

struct Arguments {
  std::string table, json, problem, attain;
  std::vector<std::string> objectives{"error", "raspi4_ms"}, strategies, settings;
  std::size_t evaluations = 400, seeds = 20, first_seed = 0, initial = 10, workers = 1, batch = 1, jobs = 2;
  double budget_epochs = 0;
  std::vector<std::string> features{"all"};
  bool without_known = false, evaluate = false;
};

double rounded(double value, double unit) {
  return std::round(value / unit) * unit;
}

/// One search from beginning to end, as JSON.
Result<Json> run(const Entry& entry, const replay::Problem& problem, const Arguments& arguments, std::size_t seed) {
  search::Options options = entry.options;
  auto& common = options.common;
  common.seed = seed;
  if (common.trials == 0) common.trials = static_cast<std::int64_t>(arguments.evaluations);
  if (!entry.gives_initial) TRY_DO(search::set_option(options, std::format("initial={}", arguments.initial)));
  TRY(const auto strategy, replay::strategy_for(problem, options));
  replay::ReplayOptions replay_options{.evaluations = arguments.evaluations,
                                       .budget_epochs = arguments.budget_epochs,
                                       .workers = arguments.workers,
                                       .batch = arguments.batch,
                                       .seed = seed};
  if (strategy->plan().size() > 1) replay_options.initial_epochs = strategy->plan().front().after.epochs();
  TRY(replay_options.initial, replay::initial_design(problem.space, seed, arguments.initial));
  TRY(const auto replayed, replay::replay(*strategy, problem, replay_options));
  TRY(const auto progress, replay::measure(problem, replayed.evaluations));
  Json json{{"strategy", entry.label}, {"seed", seed}, {"note", replayed.note}};
  auto& share = json["share"] = Json::array();
  for (const double s : progress.share) share.push_back(problem.front.empty() ? s : rounded(s, 1e-6));
  json["front_found"] = progress.front_found;
  search::Matrix points;
  for (const auto& evaluation : replayed.evaluations)
    if (evaluation.is_full && evaluation.point) points.push_back(*evaluation.point);
  json["front"] = replay::front_of(std::move(points));
  if (problem.stage_epochs.size() > 1) {  // what was paid, in full evaluations
    auto& paid = json["paid"] = Json::array();
    for (const auto& evaluation : replayed.evaluations)
      paid.push_back(rounded(evaluation.epochs / problem.stage_epochs.back(), 1e-3));
  }
  auto& ask_ms = json["ask_ms"] = Json::array();
  for (const double s : replayed.ask_s) ask_ms.push_back(rounded(s * 1e3, 1e-3));
  return json;
}

/// Runs `count` tasks in child processes, `jobs` at a time; each writes its JSON to a file of its own. Processes, so
/// that libraries with threads or global state are no concern.
class Pool {
 public:
  explicit Pool(std::size_t jobs) : jobs_(jobs) {}
  ~Pool() {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  template <class Task>
  Result<std::vector<Json>> run(std::size_t count, const Task& task) {
    // Not named by the process alone: in containers that share /tmp the numbers of processes are the same.
    std::string name = (std::filesystem::temp_directory_path() / "search_bench_XXXXXX").string();
    if (!::mkdtemp(name.data()))
      return fail(ErrorCode::unavailable, std::format("cannot make the folder \"{}\"", name));
    folder_ = name;
    std::map<pid_t, std::size_t> children;
    std::size_t next = 0, done = 0;
    bool is_broken = false;
    while (next < count || !children.empty()) {
      if (next < count && children.size() < jobs_) {
        const pid_t child = ::fork();
        if (child < 0) return fail(ErrorCode::unavailable, "cannot start a process");
        if (child == 0) ::_exit(work(next, task));
        children[child] = next++;
        continue;
      }
      int status = 0;
      const pid_t ended = ::waitpid(-1, &status, 0);
      if (ended < 0 || children.erase(ended) == 0) continue;
      is_broken = is_broken || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
      if (++done; is_terminal_) std::print(stderr, "\r{} of {} searches done", done, count);
    }
    if (is_terminal_) std::println(stderr, "");
    std::vector<Json> results;
    for (std::size_t i = 0; i < count; ++i) {
      auto json = read_json(file(i));
      if (json)
        results.push_back(std::move(*json));
      else
        is_broken = true;
    }
    if (is_broken) return invalid("a search did not end well; its error stands above");
    return results;
  }

 private:
  [[nodiscard]] std::filesystem::path file(std::size_t i) const { return folder_ / std::format("{}.json", i); }

  template <class Task>
  int work(std::size_t i, const Task& task) const {
    const Result<Json> result = task(i);
    if (!result) {
      std::println(stderr, "\n{}", to_text(result.error()));
      return 1;
    }
    return write_file(file(i), result->dump()) ? 0 : 1;
  }

  std::size_t jobs_;
  std::filesystem::path folder_;
  bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
};

void choose_features(replay::Problem& problem, const std::vector<std::string>& groups) {
  if (!problem.description || groups == std::vector<std::string>{"none"}) {
    problem.description = nullptr;
    return;
  }
  look_at_all(problem);
  if (groups != std::vector<std::string>{"all"})
    problem.description = search::Description::of_groups(problem.description, groups);
}

std::string shown(std::optional<double> value) {
  return value ? std::format("{:.0f}", *value) : "-";
}

/// "36 (30-44)": median and quartiles; "-" beyond the evaluations that were paid for.
std::string quartiles(const std::vector<std::optional<double>>& values) {
  return std::format("{} ({}-{})", shown(replay::quantile(values, 0.5)), shown(replay::quantile(values, 0.25)),
                     shown(replay::quantile(values, 0.75)));
}

void print_summary(const std::vector<Entry>& entries, const std::vector<Json>& runs, std::size_t evaluations) {
  std::println("{:<28} {:>7} {:>7} {:>7} {:>7}  {:<16} {:<16} {:<16} {:>12} {:>9}", "strategy", "at 30", "at 70",
               "at 120", "at end", "to 95 %", "to 98 %", "to 99 %", "front points", "ms/ask");
  for (const auto& entry : entries) {
    std::map<std::size_t, std::vector<std::optional<double>>> at;
    std::map<double, std::vector<std::optional<double>>> to;
    std::vector<std::optional<double>> found, ask_ms;
    for (const auto& run : runs) {
      if (run["strategy"] != entry.label) continue;
      const auto share = run["share"].get<std::vector<double>>();
      if (share.empty()) continue;
      for (const std::size_t n : {std::size_t{30}, std::size_t{70}, std::size_t{120}, evaluations})
        at[n].push_back(share[std::min(n, share.size()) - 1]);
      for (const double bound : {0.95, 0.98, 0.99}) {
        const auto n = replay::evaluations_to(share, bound);
        to[bound].push_back(n ? std::optional<double>(*n) : std::nullopt);
      }
      found.push_back(run["front_found"].back().get<double>());
      for (const double ms : run["ask_ms"]) ask_ms.push_back(ms);
    }
    if (found.empty()) continue;
    if (ask_ms.empty()) ask_ms.push_back(0.0);
    std::println("{:<28} {:>7.4f} {:>7.4f} {:>7.4f} {:>7.4f}  {:<16} {:<16} {:<16} {:>12} {:>9.2f}", entry.label,
                 *replay::quantile(at[30], 0.5), *replay::quantile(at[70], 0.5), *replay::quantile(at[120], 0.5),
                 *replay::quantile(at[evaluations], 0.5), quartiles(to[0.95]), quartiles(to[0.98]), quartiles(to[0.99]),
                 quartiles(found), *replay::quantile(ask_ms, 0.5));
  }
}

/// Where the true front is not known, shares become those of the best search's hypervolume.
std::vector<Json> scaled_to_best(std::vector<Json> runs) {
  double best = 0;
  for (const auto& run : runs)
    if (!run["share"].empty()) best = std::max(best, run["share"].back().get<double>());
  for (auto& run : runs)
    for (auto& share : run["share"]) share = best > 0 ? share.get<double>() / best : 0.0;
  return runs;
}

/// Adds to results of two objectives, our own or those of search_peers.py, what the best, half and all of a strategy's
/// runs attain.
Status add_attainment(Json& results) {
  if (results["objectives"].size() != 2) return {};
  std::map<std::string, std::vector<search::Matrix>> fronts;
  for (const auto& run : results["runs"])
    if (run.contains("front")) fronts[run["strategy"]].push_back(run["front"].get<search::Matrix>());
  auto& attainment = results["attainment"] = Json::object();
  for (const auto& [strategy, runs] : fronts) {
    auto& surfaces = attainment[strategy] = {{"runs", runs.size()}};
    for (const auto& [name, k] :
         {std::pair{"best", std::size_t{1}}, {"median", (runs.size() + 1) / 2}, {"worst", runs.size()}}) {
      TRY(surfaces[name], search::attainment_surface(runs, k));
    }
  }
  return {};
}

Json description(const replay::Problem& problem, const Arguments& arguments) {
  Json objectives = Json::array();
  for (const auto& objective : problem.objectives)
    objectives.push_back({{"name", objective.name},
                          {"direction", objective.direction == study::Direction::maximize ? "maximize" : "minimize"}});
  return {
      {"table", problem.name},          {"source", arguments.table},          {"objectives", objectives},
      {"reference", problem.reference}, {"front_size", problem.front.size()}, {"evaluations", arguments.evaluations},
      {"seeds", arguments.seeds},       {"initial", arguments.initial},       {"workers", arguments.workers},
      {"batch", arguments.batch}};
}

Json to_json(const space::Parameter& parameter) {
  if (const auto* categorical = std::get_if<space::Categorical>(&parameter.domain))
    return {{"name", parameter.name}, {"values", categorical->values}};
  if (const auto* integer = std::get_if<space::Integer>(&parameter.domain))
    return {{"name", parameter.name},
            {"low", integer->low},
            {"high", integer->high},
            {"step", integer->step},
            {"log", integer->log_scale}};
  const auto& real = std::get<space::Real>(parameter.domain);
  return {{"name", parameter.name}, {"low", real.low}, {"high", real.high}, {"log", real.log_scale}};
}

std::optional<std::vector<double>> point_of(const replay::Problem& problem, const space::Choice& choice) {
  return replay::feasible_point(problem, problem.evaluate(choice, problem.stage_epochs.size() - 1));
}

/// The problem for programs in other languages: all its choices with their values, or, where the space is infinite,
/// none of them (--evaluate tells them).
Result<Json> whole_problem(const replay::Problem& problem, const Arguments& arguments) {
  const auto size = problem.space.size();
  if (size && *size > 1'000'000)
    return invalid("only a space of at most 1,000,000 choices, or an infinite one, can be written out");
  Json json = description(problem, arguments);
  auto& parameters = json["parameters"] = Json::array();
  for (const auto& parameter : problem.space.parameters()) parameters.push_back(to_json(parameter));
  json["front"] = problem.front;
  if (size) {
    auto& rows = json["rows"] = Json::array();
    for (std::uint64_t i = 0; i < *size; ++i) {
      const auto choice = problem.space.at(i);
      if (!choice) continue;
      const auto point = point_of(problem, *choice);
      rows.push_back({space::to_json(*choice), point ? Json(*point) : Json(nullptr)});
    }
  }
  auto& designs = json["designs"] = Json::array();
  for (std::size_t seed = arguments.first_seed; seed < arguments.first_seed + arguments.seeds; ++seed) {
    TRY(const auto design, replay::initial_design(problem.space, seed, arguments.initial));
    Json choices = Json::array();
    for (const auto& choice : design) choices.push_back(space::to_json(choice));
    designs.push_back({{"seed", seed}, {"choices", std::move(choices)}});
  }
  return json;
}

/// A choice a line in, its minimised objectives a line out; null where it has none.
Status evaluate_lines(const replay::Problem& problem) {
  for (std::string line; std::getline(std::cin, line);) {
    TRY(const Json json, parse_json(line, "choice"));
    TRY(const auto choice, space::choice_from_json(problem.space, json));
    const auto point = point_of(problem, choice);
    std::println("{}", (point ? Json(*point) : Json(nullptr)).dump());
    std::fflush(stdout);
  }
  return {};
}

Status attain(const std::filesystem::path& file) {
  TRY(Json results, read_json(file));
  TRY_DO(add_attainment(results));
  return write_file(file, results.dump());
}

Status run_all(const replay::Problem& problem, const Arguments& arguments) {
  if (!arguments.problem.empty()) {
    TRY(const Json json, whole_problem(problem, arguments));
    TRY_DO(write_file(arguments.problem, json.dump()));
  }
  if (arguments.strategies.empty()) return {};
  std::vector<Entry> entries;
  for (const auto& text : arguments.strategies) {
    TRY(auto entry, entry_of(text, arguments.settings, problem));
    TRY_DO(replay::strategy_for(problem, entry.options).transform([](const auto&) {}));
    entries.push_back(std::move(entry));
  }
  Pool pool(arguments.jobs);
  TRY(auto runs, pool.run(entries.size() * arguments.seeds, [&](std::size_t i) {
    return run(entries[i / arguments.seeds], problem, arguments, arguments.first_seed + i % arguments.seeds);
  }));
  std::println("{}: {} evaluations, {} seeds from {}, {} initial, {} {}; front of {} points", problem.name,
               arguments.evaluations, arguments.seeds, arguments.first_seed, arguments.initial, arguments.workers,
               arguments.workers == 1 ? "worker" : "workers", problem.front.size());
  if (problem.front.empty()) std::println("the true front is not known: shares are of the best of these searches");
  print_summary(entries, problem.front.empty() ? scaled_to_best(runs) : runs, arguments.evaluations);
  if (arguments.json.empty()) return {};
  Json json = description(problem, arguments);
  json["settings"] = arguments.settings;
  json["runs"] = std::move(runs);
  if (problem.front.size() <= 200) json["front"] = problem.front;
  TRY_DO(add_attainment(json));
  return write_file(arguments.json, json.dump());
}

int main_function(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{
      "Replays searches on tables from the same initial designs and measures how fast they reach the true front."};
  app.add_option("--table", arguments.table,
                 "descriptor FILE.yaml, nb201:PATH of the shared table, or a synthetic problem: zdt1:6, dtlz2:6:3");
  app.add_option("--objectives", arguments.objectives, "of nb201: error and costs (columns)")->delimiter(',');
  app.add_option("--strategy", arguments.strategies, "names, or with settings: mobo:surrogate=xgboost:acquisition=ucb")
      ->delimiter(',');
  app.add_option(
      "--set", arguments.settings,
      "key=value for all strategies: surrogate, acquisition, solver, selection, rank, initial, population, ...");
  app.add_option("--evaluations", arguments.evaluations, "of each search, the initial design included")
      ->check(CLI::PositiveNumber);
  app.add_option("--seeds", arguments.seeds, "searches of each strategy")->check(CLI::PositiveNumber);
  app.add_option("--first-seed", arguments.first_seed, "number of the first seed");
  app.add_option("--initial", arguments.initial,
                 "random choices, the same for all strategies, that each search begins with");
  app.add_option("--workers", arguments.workers, "evaluations at once, simulated")->check(CLI::PositiveNumber);
  app.add_option("--batch", arguments.batch,
                 "asked for at once, after the initial design; the next batch when all of it has ended")
      ->check(CLI::PositiveNumber)
      ->excludes("--workers");
  app.add_option("--budget-epochs", arguments.budget_epochs,
                 "of tables with stages: epochs of a search, over all trials; 0: no bound");
  app.add_option("--jobs", arguments.jobs, "searches at once, in processes")->check(CLI::PositiveNumber);
  app.add_option("--json", arguments.json, "file to write the results to");
  app.add_option("--write-problem", arguments.problem,
                 "file to write the whole problem and the initial designs to, for bench/search_peers.py");
  app.add_flag(
      "--evaluate", arguments.evaluate,
      "read choices of the table or problem as lines of JSON, write their minimised objectives, and do nothing else");
  app.add_option(
      "--attain", arguments.attain,
      "add the attainment surfaces to this file of results (also of bench/search_peers.py), and do nothing else");
  app.add_option("--features", arguments.features,
                 "groups of features of the networks that models see: all, none, or names")
      ->delimiter(',');
  app.add_flag("--without-known", arguments.without_known, "hide what the table says is known before an evaluation");
  app.add_flag_callback(
      "--list-parts",
      [] {
        const auto print = [](const std::string& part, const std::vector<std::string>& names) {
          std::string line = part;
          for (const auto& name : names) line += " " + name;
          std::println("{}", line);
        };
        print("surrogate", surrogate::surrogates().names());
        print("acquisition", search::acquisitions().names());
        print("solver", search::solvers().names());
        print("selection", search::selections().names());
        std::exit(0);
      },
      "print the parts of mobo, a line each, and do nothing else");
  CLI11_PARSE(app, argc, argv);
  ::setenv("OMP_NUM_THREADS", "1", 0);
  if (!arguments.attain.empty()) {
    const auto status = attain(arguments.attain);
    if (!status) std::println(stderr, "{}", to_text(status.error()));
    return status ? 0 : 1;
  }
  if (arguments.table.empty()) {
    std::println(stderr, "error: --table is needed");
    return 2;
  }
  auto problem = problem_of(arguments.table, arguments.objectives);
  if (!problem) {
    for (const auto& error : problem.error()) std::println(stderr, "{}", to_text(error));
    return 1;
  }
  if (arguments.without_known) problem->known = {};
  choose_features(*problem, arguments.features);
  if (const auto status = arguments.evaluate ? evaluate_lines(*problem) : run_all(*problem, arguments); !status) {
    std::println(stderr, "{}", to_text(status.error()));
    return 1;
  }
  return 0;
}

}  // namespace

}  // namespace edgewise::bench

int main(int argc, char** argv) {
  return edgewise::bench::main_function(argc, argv);
}
