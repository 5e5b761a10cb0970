// How honest and how good each surrogate is: coverage of its 80 % interval, error, order and time, on points it has not
// seen.
//   surrogate_coverage [TABLE.csv.gz] [--seeds N] [--only NAME] [--json]
// TABLE: rows of NAS-Bench-201 with the columns ops (six digits 0-4), test_acc_e200 and raspi4_ms; without it the
// synthetic problem alone.
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <format>
#include <functional>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <print>
#include <ranges>
#include <string>
#include <vector>

#include "bench/kendall.hpp"
#include "surrogate/surrogate.hpp"

namespace {

using namespace edgewise;
using surrogate::Column, surrogate::Columns, surrogate::Matrix, surrogate::Vector;

constexpr Eigen::Index train_points = 100, held_out_points = 400, many_points = 400;

struct Points {
  Matrix inputs;   // (n, columns)
  Vector targets;  // (n)
};
/// Something that hands out points of its own choice, different ones for each draw of a seed.
struct Problem {
  std::string name;
  Columns columns;
  std::function<Points(Eigen::Index count, RandomStream random)> draw;
};

/// Two categories, three numbers, one number that exists for one category only; noise of a tenth of the variance.
Problem synthetic() {
  const Columns columns{{Column::Kind::category, 4}, {Column::Kind::category, 3}, {}, {}, {}, {}};
  return {"synthetic", columns, [](Eigen::Index count, RandomStream random) {
            constexpr double effect[4] = {0.0, 1.0, -0.5, 0.4}, frequency[3] = {1.0, 2.0, 3.0};
            Points points{Matrix(count, 6), Vector(count)};
            for (Eigen::Index i = 0; i < count; ++i) {
              auto row = points.inputs.row(i);
              row(0) = static_cast<double>(random.below(4));
              row(1) = static_cast<double>(random.below(3));
              for (Eigen::Index c = 2; c < 6; ++c) row(c) = random.uniform();
              const auto first = static_cast<int>(row(0)), second = static_cast<int>(row(1));
              double value = effect[first] + std::sin(2.0 * frequency[second] * row(2)) +
                             2.0 * std::pow(row(3) - 0.6, 2.0) + 0.5 * row(2) * row(4);
              if (first == 0) {
                value += 0.8 * row(5);
              } else {
                row(5) = std::numeric_limits<double>::quiet_NaN();
              }
              points.targets(i) = value + 0.2 * random.normal();
            }
            return points;
          }};
}

Result<std::string> read_compressed(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) return fail(ErrorCode::not_found, std::format("cannot open \"{}\"", path));
  std::string text(std::size_t{1} << 16U, '\0'), all;
  for (int got = 1; got > 0;) {
    got = gzread(file.get(), text.data(), static_cast<unsigned>(text.size()));
    if (got < 0) return invalid(std::format("\"{}\" is damaged", path));
    all.append(text, 0, static_cast<std::size_t>(got));
  }
  return all;
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (const auto part : std::views::split(text, by)) parts.emplace_back(part.begin(), part.end());
  return parts;
}

Result<std::vector<Problem>> table_problems(const std::string& path) {
  TRY(const auto text, read_compressed(path));
  const auto lines = split(text, '\n');
  const auto header = split(lines.front(), ',');
  const auto place = [&](std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(header, name) - header.begin());
  };
  const auto ops = place("ops"), accuracy = place("test_acc_e200"), latency = place("raspi4_ms");
  if (std::max({ops, accuracy, latency}) == header.size())
    return invalid(std::format("\"{}\" lacks ops, test_acc_e200 or raspi4_ms", path));
  const auto number = [](std::string_view word) {
    double value = 0.0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    return value;
  };
  auto table = std::make_shared<std::pair<Matrix, Matrix>>(Matrix(std::ssize(lines), 6),
                                                           Matrix(std::ssize(lines), 2));  // shared by both problems
  Eigen::Index rows = 0;
  for (const auto line : lines | std::views::drop(1)) {
    const auto words = split(line, ',');
    if (words.size() != header.size()) continue;
    for (Eigen::Index c = 0; c < 6; ++c) table->first(rows, c) = words[ops][static_cast<std::size_t>(c)] - '0';
    table->second.row(rows) << std::log(100.0 - number(words[accuracy])), std::log(number(words[latency]));
    ++rows;
  }
  std::vector<Problem> problems;
  for (const auto& [name, column] : {std::pair{"nb201 log error", 0}, std::pair{"nb201 log raspi4 ms", 1}}) {
    problems.push_back({name, Columns(6, Column{Column::Kind::category, 5, 0}),
                        [table, rows, column](Eigen::Index count, RandomStream random) {
                          const auto order = random.permutation(static_cast<std::size_t>(rows));
                          Points points{Matrix(count, 6), Vector(count)};
                          for (Eigen::Index i = 0; i < count; ++i) {
                            const auto row = static_cast<Eigen::Index>(order[static_cast<std::size_t>(i)]);
                            points.inputs.row(i) = table->first.row(row);
                            points.targets(i) = table->second(row, column);
                          }
                          return points;
                        }});
  }
  return problems;
}

struct Score {
  double coverage = 0.0, error = 0.0, tau = 0.0, fit_ms = 0.0, fit_many_ms = 0.0, noise = 0.0;
};

Result<double> timed_fit(surrogate::Surrogate& model, const Matrix& inputs, const Vector& targets) {
  // Time on the processor: the models use one thread, and what else runs on the machine is not theirs.
  const auto start = std::clock();
  TRY_DO(model.fit(inputs, targets));
  return 1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

Result<Score> score(const Problem& problem, const std::string& name, std::uint64_t seed) {
  // One draw without replacement: what is held out was not learned from.
  const auto all = problem.draw(held_out_points + many_points, RandomStream::named(seed, problem.name));
  const auto standard = [](const Vector& values, const Vector& of) -> Vector {
    const double mean = of.mean(), deviation = std::sqrt((of.array() - mean).square().mean());
    return (values.array() - mean) / deviation;
  };
  const Vector seen = all.targets.head(train_points), unseen = all.targets.tail(held_out_points),
               many = all.targets.head(many_points);
  TRY(const auto model, surrogate::make_surrogate(name, problem.columns, seed));
  Score result;
  TRY(result.fit_many_ms, timed_fit(*model, all.inputs.topRows(many_points), standard(many, many)));
  TRY(result.fit_ms, timed_fit(*model, all.inputs.topRows(train_points), standard(seen, seen)));
  const auto prediction = model->predict(all.inputs.bottomRows(held_out_points));
  const Vector truth = standard(unseen, seen), errors = truth - prediction.mean;
  const Eigen::ArrayXd deviations = (prediction.variance.array() + model->noise_variance()).sqrt();
  result.coverage = (errors.array().abs() <= 1.2816 * deviations).cast<double>().mean();
  result.error = std::sqrt(errors.squaredNorm() / (truth.array() - truth.mean()).square().sum());
  result.tau = bench::kendall(prediction.mean, truth);
  result.noise = model->noise_variance() / deviations.square().mean();
  return result;
}

Status run(int argc, char** argv) {
  std::vector<Problem> problems{synthetic()};
  int seeds = 10;
  std::string only;
  bool json = false;
  for (int k = 1; k < argc; ++k) {
    const std::string word = argv[k];
    if (word == "--json") {
      json = true;
    } else if (word == "--seeds" && k + 1 < argc) {
      seeds = std::max(1, std::atoi(argv[++k]));
    } else if (word == "--only" && k + 1 < argc) {
      only = argv[++k];
    } else {
      TRY(auto more, table_problems(word));
      std::ranges::move(more, std::back_inserter(problems));
    }
  }
  auto rows = nlohmann::json::array();
  if (!json) {
    std::println("{:<20} {:<15} {:>9} {:>8} {:>6} {:>12} {:>9} {:>9}   (coverage of the seeds)", "problem", "surrogate",
                 "coverage", "RMSE/sd", "tau", "noise share", "ms n=100", "ms n=400");
  }
  for (const auto& problem : problems) {
    for (const auto& name : surrogate::surrogates().names()) {
      if (!only.empty() && name != only) continue;
      Score mean;
      std::vector<double> coverages;
      for (int seed = 0; seed < seeds; ++seed) {
        TRY(const auto one, score(problem, name, static_cast<std::uint64_t>(seed)));
        for (const auto member :
             {&Score::coverage, &Score::error, &Score::tau, &Score::fit_ms, &Score::fit_many_ms, &Score::noise}) {
          mean.*member += one.*member / seeds;
        }
        coverages.push_back(one.coverage);
      }
      const auto [lowest, highest] = std::ranges::minmax(coverages);
      if (json) {
        rows.push_back({{"problem", problem.name},
                        {"surrogate", name},
                        {"seeds", seeds},
                        {"coverage", mean.coverage},
                        {"coverage_lowest", lowest},
                        {"coverage_highest", highest},
                        {"rmse_per_deviation", mean.error},
                        {"kendall_tau", mean.tau},
                        {"noise_share", mean.noise},
                        {"fit_100_ms", mean.fit_ms},
                        {"fit_400_ms", mean.fit_many_ms}});
      } else {
        std::println("{:<20} {:<15} {:>9.3f} {:>8.3f} {:>6.3f} {:>12.2f} {:>9.1f} {:>9.1f}   ({:.2f}-{:.2f})",
                     problem.name, name, mean.coverage, mean.error, mean.tau, mean.noise, mean.fit_ms, mean.fit_many_ms,
                     lowest, highest);
      }
    }
  }
  if (json) std::println("{}", rows.dump(2));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto status = run(argc, argv); !status) {
    std::print(stderr, "{}", to_text(status.error()));
    return 1;
  }
}
