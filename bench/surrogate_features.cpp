// How well each surrogate orders and predicts networks that it has not seen, after few it has, with and without
// features of their graphs.
//   surrogate_features --table nb201:nb201_cifar10.csv.gz --objective error --surrogate gp,random_forest --points 20,40
//   --features none,counts,all --seeds 20
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <format>
#include <memory>
#include <numeric>
#include <print>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"
#include "bench/kendall.hpp"
#include "bench/search_problems.hpp"
#include "search/bayes/coding.hpp"
#include "search/bayes/warp.hpp"

namespace edgewise::bench {

namespace {

using surrogate::Matrix, surrogate::Vector;

struct Arguments {
  std::string table, objective = "error", json;
  std::vector<std::string> surrogates{"gp"}, features{"none", "all"};
  std::vector<std::size_t> points{20, 40, 100};
  std::size_t seeds = 20, first_seed = 100, held_out = 800;
};

/// All networks of the table that have the objective, in an order of the table's own.
struct Networks {
  std::vector<space::Choice> choices;
  std::vector<double> values;  // minimised
};

Networks networks_of(const replay::Problem& problem) {
  Networks all;
  for (std::uint64_t i = 0; i < problem.space.size().value_or(0); ++i) {
    auto choice = problem.space.at(i);
    if (!choice) continue;
    const auto outcome = problem.evaluate(*choice, problem.stage_epochs.size() - 1);
    if (const auto point = replay::feasible_point(problem, outcome)) {
      all.choices.push_back(std::move(*choice));
      all.values.push_back(point->front());
    }
  }
  return all;
}

struct Score {
  double tau = 0, tau_best = 0, coverage = 0, log_density = 0, fit_ms = 0;
};

Result<Score> score(const replay::Problem& problem, const Networks& all,
                    std::shared_ptr<const search::Description> description, const std::string& name, std::size_t points,
                    const Arguments& arguments, std::uint64_t seed) {
  auto random = RandomStream::named(seed, "networks");
  const auto order = random.permutation(all.choices.size());
  std::vector<space::Choice> seen, unseen;
  std::vector<double> seen_values;
  Vector truth(static_cast<Eigen::Index>(arguments.held_out));
  for (std::size_t i = 0; i < points; ++i) {
    seen.push_back(all.choices[order[i]]);
    seen_values.push_back(all.values[order[i]]);
  }
  const search::Warp warp(seen_values);
  for (std::size_t i = 0; i < arguments.held_out; ++i) {
    const auto place = order[order.size() - 1 - i];
    unseen.push_back(all.choices[place]);
    truth(static_cast<Eigen::Index>(i)) = warp(all.values[place]);
  }
  Vector targets(static_cast<Eigen::Index>(points));
  for (std::size_t i = 0; i < points; ++i) targets(static_cast<Eigen::Index>(i)) = warp(seen_values[i]);
  const search::Coding coding(problem.space, std::move(description), seen);
  TRY(const auto model, surrogate::make_surrogate(name, coding.columns(), seed));
  const auto begun = std::chrono::steady_clock::now();
  TRY_DO(model->fit(coding(seen), targets));
  Score result;
  result.fit_ms = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count() * 1e3;
  const auto prediction = model->predict(coding(unseen));
  const Eigen::ArrayXd variance = prediction.variance.array() + model->noise_variance() + 1e-9;
  const Eigen::ArrayXd errors = (truth - prediction.mean).array();
  result.coverage = (errors.abs() <= 1.2816 * variance.sqrt()).cast<double>().mean();
  result.log_density = -0.5 * (errors.square() / variance + variance.log() + std::log(2 * M_PI)).mean();
  result.tau = kendall(prediction.mean, truth);
  // Within the best fifth.
  std::vector<Eigen::Index> best(arguments.held_out);
  std::iota(best.begin(), best.end(), Eigen::Index{0});
  std::ranges::sort(best, {}, [&](Eigen::Index i) { return truth(i); });
  best.resize(best.size() / 5);
  result.tau_best = kendall(prediction.mean(best), truth(best));
  return result;
}

std::shared_ptr<const search::Description> described(const replay::Problem& problem, const std::string& features) {
  if (features == "none") return nullptr;
  if (features == "all") return problem.description;
  std::vector<std::string> groups;
  for (std::size_t begin = 0; begin <= features.size();) {
    const auto end = std::min(features.find('+', begin), features.size());
    groups.push_back(features.substr(begin, end - begin));
    begin = end + 1;
  }
  return search::Description::of_groups(problem.description, groups);
}

Status run(const Arguments& arguments) {
  auto problem = problem_of(arguments.table, {arguments.objective});
  if (!problem) return std::unexpected(problem.error().front());
  const auto all = networks_of(*problem);
  if (all.choices.size() < arguments.held_out + std::ranges::max(arguments.points))
    return invalid(std::format("the table has {} networks: too few", all.choices.size()));
  if (!problem->description) return invalid("the table does not say what networks its rows are");
  std::println("{:<15} {:<28} {:>6} {:>7} {:>9} {:>9} {:>8} {:>8}   {} networks, {} seeds", "surrogate", "features",
               "points", "tau", "best 5th", "coverage", "density", "fit ms", all.choices.size(), arguments.seeds);
  Json rows = Json::array();
  for (const auto& name : arguments.surrogates)
    for (const auto& features : arguments.features) {
      const auto description = described(*problem, features);
      for (const auto points : arguments.points) {
        Score mean;
        for (std::size_t s = 0; s < arguments.seeds; ++s) {
          TRY(const auto one, score(*problem, all, description, name, points, arguments, arguments.first_seed + s));
          for (const auto member :
               {&Score::tau, &Score::tau_best, &Score::coverage, &Score::log_density, &Score::fit_ms})
            mean.*member += one.*member / static_cast<double>(arguments.seeds);
        }
        std::println("{:<15} {:<28} {:>6} {:>7.3f} {:>9.3f} {:>9.3f} {:>8.3f} {:>8.1f}", name, features, points,
                     mean.tau, mean.tau_best, mean.coverage, mean.log_density, mean.fit_ms);
        rows.push_back({{"surrogate", name},
                        {"features", features},
                        {"points", points},
                        {"kendall_tau", mean.tau},
                        {"kendall_tau_best_fifth", mean.tau_best},
                        {"coverage_80", mean.coverage},
                        {"log_density", mean.log_density},
                        {"fit_ms", mean.fit_ms}});
      }
    }
  if (!arguments.json.empty()) return write_file(arguments.json, rows.dump(1) + "\n");
  return {};
}

}  // namespace

}  // namespace edgewise::bench

int main(int argc, char** argv) {
  using namespace edgewise;
  bench::Arguments arguments;
  CLI::App app("How well surrogates predict networks that they have not seen");
  app.add_option("--table", arguments.table, "nb201:FILE, or a descriptor of `edgewise replay`")->required();
  app.add_option("--objective", arguments.objective, "of nb201: error, raspi4_ms, ...");
  app.add_option("--surrogate", arguments.surrogates)->delimiter(',');
  app.add_option("--features", arguments.features, "none, all, or groups joined by +")->delimiter(',');
  app.add_option("--points", arguments.points, "networks learned from")->delimiter(',');
  app.add_option("--seeds", arguments.seeds);
  app.add_option("--first-seed", arguments.first_seed);
  app.add_option("--json", arguments.json, "file for the results");
  CLI11_PARSE(app, argc, argv);
  if (const auto status = bench::run(arguments); !status) {
    std::println(stderr, "{}", to_text(status.error()));
    return 1;
  }
}
