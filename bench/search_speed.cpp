// Time of one suggestion with many trials recorded, and the memory it takes: five mixed parameters, two objectives (or
// one); or a table whose networks are described, looked up or built for it.
//   search_speed --strategy random --trials 1000 [--set surrogate=gp] [--asks 5] [--objectives 2]
//   search_speed --strategy mobo --trials 1000 --table nb201:nb201_cifar10.csv.gz --features looked-up
// One strategy and one number of trials a process, so that the peak of memory is its own. Prints one line of JSON.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <format>
#include <fstream>
#include <print>

#include "base/json.hpp"
#include "bench/search_problems.hpp"
#include "replay/replay.hpp"

namespace edgewise::bench {

namespace {

/// A smooth trade-off that uses all parameters. bench/search_speed.py has the same.
replay::Problem mixed_problem(std::size_t objectives) {
  replay::Problem problem{.name = "mixed", .reference = std::vector(objectives, 10.0)};
  problem.space =
      space::make_space({{.name = "c1", .domain = space::Categorical{{"a", "b", "c", "d"}}},
                         {.name = "c2", .domain = space::Categorical{{"a", "b", "c"}}},
                         {.name = "x", .domain = space::Real{0, 1}},
                         {.name = "rate", .domain = space::Real{.low = 1e-5, .high = 1e-1, .log_scale = true}},
                         {.name = "n", .domain = space::Integer{.low = 1, .high = 64}}})
          .value();
  for (std::size_t i = 0; i < objectives; ++i) problem.objectives.push_back({std::format("f{}", i + 1)});
  problem.evaluate = [](const space::Choice& choice, std::size_t) {
    const double c1 = std::get<std::string>(choice.at("c1"))[0] - 'a',
                 c2 = std::get<std::string>(choice.at("c2"))[0] - 'a';
    const double x = std::get<double>(choice.at("x")), rate = std::log10(std::get<double>(choice.at("rate")));
    const double n = static_cast<double>(std::get<std::int64_t>(choice.at("n"))) / 64;
    return replay::Outcome{{{"f1", (rate + 3) * (rate + 3) + x * x + 0.3 * c1 + 1 - n},
                            {"f2", (x - 1) * (x - 1) + 0.2 * (3 - c1) + 0.3 * c2 + 2 * n}},
                           {}};
  };
  return problem;
}

std::int64_t peak_memory_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      std::int64_t kb = 0;
      status >> kb;
      return kb;
    }
  return 0;
}

struct Arguments {
  std::string strategy = "random";
  std::vector<std::string> settings;
  std::string table, features = "none";
  std::size_t trials = 100, asks = 5, objectives = 2;
};

/// The mixed problem, or the error of a table's networks against their latency on a Raspberry Pi.
Result<replay::Problem> problem_for(const Arguments& arguments) {
  if (arguments.table.empty()) return mixed_problem(arguments.objectives);
  auto problem = problem_of(arguments.table, {"error", "raspi4_ms"});
  if (!problem) return std::unexpected(problem.error().front());
  if (arguments.features == "looked-up") {
    look_at_all(*problem);
  } else if (arguments.features == "built") {
    // As in a search of ours: what nobody has asked for yet has to be built.
    const auto whole = problem->description;
    problem->description = std::make_shared<search::Description>(
        whole->columns(),
        [whole](const space::Choice& choice) {
          const auto row = whole->rows(std::span(&choice, 1));
          return std::vector<double>(row.data(), row.data() + row.size());
        },
        /*is_looked_up=*/false);
  } else {
    problem->description = nullptr;
  }
  return std::move(*problem);
}

/// Records random trials, then asks once for each further one: what the strategy may keep from ask to ask counts as in
/// a real search, so the first ask, which keeps nothing yet, is told apart.
Result<Json> time_asks(const Arguments& arguments) {
  TRY(const auto problem, problem_for(arguments));
  TRY(auto entry, entry_of(arguments.strategy, arguments.settings, problem));
  entry.options.common.trials = static_cast<std::int64_t>(arguments.trials + arguments.asks);
  TRY(const auto strategy, search::make_strategy(entry.options, problem.space));
  const auto memory_before = peak_memory_kb();
  replay::ReplayOptions options{.evaluations = arguments.trials + arguments.asks};
  TRY(options.initial, replay::initial_design(problem.space, 1, arguments.trials));
  TRY(const auto replayed, replay::replay(*strategy, problem, options));
  auto later = std::vector(replayed.ask_s.begin() + (replayed.ask_s.size() > 1 ? 1 : 0), replayed.ask_s.end());
  if (later.empty()) return invalid(std::format("\"{}\" proposed nothing: {}", arguments.strategy, replayed.note));
  std::ranges::sort(later);
  return Json{{"strategy", arguments.strategy},
              {"objectives", arguments.table.empty() ? arguments.objectives : 2},
              {"features", arguments.features},
              {"trials", arguments.trials},
              {"first_ms", replayed.ask_s.front() * 1e3},
              {"median_ms", later[later.size() / 2] * 1e3},
              {"max_ms", later.back() * 1e3},
              {"asks", later.size()},
              {"peak_mb", static_cast<double>(peak_memory_kb()) / 1024},
              {"start_mb", static_cast<double>(memory_before) / 1024}};
}

}  // namespace

}  // namespace edgewise::bench

int main(int argc, char** argv) {
  using namespace edgewise;
  bench::Arguments arguments;
  CLI::App app{"Times one suggestion after many recorded trials."};
  app.add_option("--strategy", arguments.strategy, "name, or with settings: mobo:surrogate=xgboost");
  app.add_option("--set", arguments.settings, "key=value");
  app.add_option("--trials", arguments.trials, "recorded before the first ask")->check(CLI::PositiveNumber);
  app.add_option("--asks", arguments.asks, "timed; the first is told apart")->check(CLI::PositiveNumber);
  app.add_option("--objectives", arguments.objectives, "1 or 2")->check(CLI::Range(1, 2));
  auto* table = app.add_option("--table", arguments.table, "with a network for each row, instead of the mixed problem");
  app.add_option("--features", arguments.features, "of the table's networks: looked up, built when asked for, or none")
      ->check(CLI::IsMember({"none", "looked-up", "built"}))
      ->needs(table);
  CLI11_PARSE(app, argc, argv);
  const auto result = bench::time_asks(arguments);
  if (!result) {
    std::println(stderr, "{}", to_text(result.error()));
    return 1;
  }
  std::println("{}", result->dump());
  return 0;
}
