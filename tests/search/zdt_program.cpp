// Searches ZDT problems, or times suggestions; for tests/search/zdt_parity.py.
//   zdt_program search STRATEGY PROBLEM DIMENSIONS TRIALS SEEDS   prints the hypervolume (reference 1.1, 1.1 and 11,
//   11) of each seed zdt_program time STRATEGY                                     prints processor ms per suggestion
//   (median, least) at 100, 1,000 and 5,000 trials
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <print>

#include "tests/search/zdt.hpp"

using namespace edgewise;
using namespace edgewise::search;

namespace {

void run_searches(const std::string& strategy, int problem, int dimensions, int trials, int seeds) {
  for (int seed = 1; seed <= seeds; ++seed) {
    const auto study =
        search_zdt({.strategy = strategy, .common = {.trials = trials, .seed = static_cast<std::uint64_t>(seed)}},
                   problem, dimensions);
    std::println("{} {}", volume_of(study, {1.1, 1.1}), volume_of(study, {11, 11}));
  }
}

/// Five mixed parameters, two objectives; the same as in zdt_parity.py.
space::Space mixed_space() {
  return space::make_space(
             {{.name = "kind", .domain = space::Categorical{{"a", "b", "c", "d"}}},
              {.name = "activation", .domain = space::Categorical{{"x", "y", "z"}}},
              {.name = "depth", .domain = space::Integer{.low = 1, .high = 12}},
              {.name = "width", .domain = space::Real{.low = 0.25, .high = 2.0}},
              {.name = "learning_rate", .domain = space::Real{.low = 1e-5, .high = 1e-1, .log_scale = true}}})
      .value();
}

std::vector<double> mixed_values(const space::Choice& choice, RandomStream& random) {
  const double depth = static_cast<double>(std::get<std::int64_t>(choice.at("depth"))),
               width = std::get<double>(choice.at("width"));
  const double rate = std::log10(std::get<double>(choice.at("learning_rate"))) + 3;
  return {rate * rate + 1 / depth + 0.3 * random.uniform(),
          depth * width + (std::get<std::string>(choice.at("kind"))[0] - 'a')};
}

void time_suggestions(const std::string& name) {
  const auto space = mixed_space();
  for (const std::size_t trials : {100, 1000, 5000}) {
    RandomStream random(1);
    auto study = two_minimised();
    while (study.trials.size() < trials) {
      const auto choice = space.sample(random).value();
      add_complete(study, choice, mixed_values(choice, random));
    }
    const auto strategy = make_strategy({.strategy = name, .common = {.trials = 1'000'000}}, space).value();
    std::vector<double> times;
    for (int i = 0; i < 25; ++i) {
      const auto begin = std::clock();  // of the processor: one thread is at work, and others may be on the machine
      const auto advice = strategy->ask(study, 1).value();
      times.push_back(1e3 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
      add_complete(study, advice.proposals[0].choice, mixed_values(advice.proposals[0].choice, random));
    }
    std::ranges::sort(times);
    std::println("{} {} {}", trials, times[12], times[0]);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() == 6 && words[0] == "search") {
    run_searches(words[1], std::atoi(words[2].c_str()), std::atoi(words[3].c_str()), std::atoi(words[4].c_str()),
                 std::atoi(words[5].c_str()));
  } else if (words.size() == 2 && words[0] == "time") {
    time_suggestions(words[1]);
  } else {
    std::println(stderr,
                 "usage: zdt_program search STRATEGY PROBLEM DIMENSIONS TRIALS SEEDS | zdt_program time STRATEGY");
    return 2;
  }
  return 0;
}
