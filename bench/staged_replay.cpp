// Which of a sample's true Pareto front a staged search keeps when it must choose after the cheap stage, replayed on a
// table of trained networks:
//   staged_replay nb201_cifar10.csv.gz [SAMPLE [SEEDS]]
// Draws SAMPLE (300) networks for each of SEEDS (20) seeds. Their accuracy after 12 epochs (val_acc_e12) and latency
// (raspi4_ms) are what the strategy sees; what it promotes is judged by the front of the sample at 200 epochs
// (test_acc_e200). The strategies are the product's own, asked once.
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <format>
#include <iostream>
#include <map>
#include <print>
#include <set>
#include <sstream>

#include "base/random.hpp"
#include "search/pareto.hpp"
#include "search/strategies.hpp"

namespace {

using namespace edgewise;

struct Row {
  double accuracy_e12, accuracy_e200, latency_ms;
};

Result<std::vector<Row>> read_table(const std::string& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return fail(ErrorCode::not_found, std::format("cannot open \"{}\"", path));
  std::string text;
  std::vector<char> buffer(1 << 16);
  int read = 0;
  while ((read = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()))) > 0)
    text.append(buffer.data(), static_cast<std::size_t>(read));
  gzclose(file);
  if (read < 0) return invalid(std::format("\"{}\" is damaged", path));
  std::istringstream lines(text);
  const auto fields = [](const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    return cells;
  };
  std::string line;
  std::getline(lines, line);
  const auto header = fields(line);
  std::vector<std::size_t> columns;
  for (const char* name : {"val_acc_e12", "test_acc_e200", "raspi4_ms"}) {
    const auto found = std::ranges::find(header, name);
    if (found == header.end()) return invalid(std::format("\"{}\" has no column \"{}\"", path, name));
    columns.push_back(static_cast<std::size_t>(found - header.begin()));
  }
  std::vector<Row> rows;
  while (std::getline(lines, line)) {
    const auto cells = fields(line);
    const auto value = [&](std::size_t i) {
      return columns[i] < cells.size() && !cells[columns[i]].empty() ? std::strtod(cells[columns[i]].c_str(), nullptr)
                                                                     : NAN;
    };
    const Row row{value(0), value(1), value(2)};
    if (!std::isfinite(row.accuracy_e12 + row.accuracy_e200 + row.latency_ms))
      return invalid(std::format("row {} of \"{}\" has a hole", rows.size() + 1, path));
    rows.push_back(row);
  }
  return rows;
}

struct Rule {
  std::string name;
  std::string rank;  ///< of the staged search; empty: by dominance
  bool is_halving = false;
};

std::vector<Rule> rules() {
  std::vector<Rule> all{{"halving: rank, then hypervolume", "", true},
                        {"staged: rank, then crowding", "", false},
                        {"scalar: loss x latency", "0 - (100 - accuracy) * latency_ms", false}};
  for (const char* w : {"0", "0.1", "0.2", "0.5", "1", "2", "5"})
    all.push_back(
        {std::format("scalar: accuracy - {} latency", w), std::format("accuracy - {} * latency_ms", w), false});
  return all;
}

study::Study after_first_stage(const std::vector<Row>& table, const std::vector<std::size_t>& sample) {
  study::Study study;
  study.settings.objectives = {{"accuracy", study::Direction::maximize}, {"latency_ms", study::Direction::minimize}};
  for (const std::size_t row : sample) {
    study::Trial trial{.id = {static_cast<std::int64_t>(study.trials.size())},
                       .choice = {{"row", static_cast<std::int64_t>(row)}},
                       .state = study::State::complete};
    trial.results.push_back({.fidelity = study::Fidelity::training(12),
                             .values = study::values_of(study::Source::told, {{"accuracy", table[row].accuracy_e12},
                                                                              {"latency_ms", table[row].latency_ms}})});
    study.trials.push_back(std::move(trial));
  }
  return study;
}

/// Places in the sample of what the rule lets go on.
Result<std::vector<std::size_t>> promoted(const Rule& rule, const study::Study& study, const space::Space& space,
                                          std::size_t keep) {
  const auto trials = static_cast<std::int64_t>(study.trials.size());
  const int reduction = static_cast<int>(study.trials.size() / keep);
  search::Options options{.strategy = rule.is_halving ? "halving" : "staged",
                          .common = {.trials = trials, .rank = rule.rank}};
  if (rule.is_halving) {  // two rungs
    options.common.effort.full = study::Fidelity::training(reduction);
    TRY_DO(search::set_option(options, std::format("reduction={}", reduction)));
  }
  TRY_DO(search::set_option(options, std::format("stages=[{{epochs: 12, keep: {}}}, {{epochs: 200}}]", keep)));
  TRY(const auto strategy, search::make_strategy(options, space));
  TRY(const auto advice, strategy->ask(study, study.trials.size()));
  std::vector<std::size_t> chosen;
  for (const auto& proposal : advice.proposals)
    if (proposal.promote) chosen.push_back(static_cast<std::size_t>(proposal.promote->value));
  return chosen;
}

/// The value below which that share of the values lies, between two of them by their distance.
double quantile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place), above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

std::string quartiles(const std::vector<double>& values) {
  return std::format("{:6.3f} {:6.3f} {:6.3f}", quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75));
}

Status replay(const std::string& path, std::size_t size, std::size_t seeds) {
  TRY(const auto table, read_table(path));
  if (size < 20 || size > table.size() || seeds < 1)
    return invalid(std::format("a sample has 20 to {} networks, and there is at least one seed", table.size()));
  TRY(const auto space,
      space::make_space(
          {{.name = "row", .domain = space::Integer{.low = 0, .high = static_cast<std::int64_t>(table.size()) - 1}}}));
  double slowest = 0;
  for (const auto& row : table) slowest = std::max(slowest, row.latency_ms);
  const std::vector<double> reference = {20.0, slowest};  // the focus: error below 20 %
  std::map<std::pair<std::size_t, std::string>, std::vector<double>> recalls, volumes;
  std::vector<double> front_sizes;
  for (std::size_t seed = 0; seed < seeds; ++seed) {
    auto sample = RandomStream::named(seed, "staged replay").permutation(table.size());
    sample.resize(size);
    const auto study = after_first_stage(table, sample);
    search::Matrix points;
    for (const std::size_t row : sample) points.push_back({100 - table[row].accuracy_e200, table[row].latency_ms});
    const auto ranks = search::non_dominated_ranks(points);
    const auto front_size = static_cast<double>(std::ranges::count(ranks, std::size_t{0}));
    front_sizes.push_back(front_size);
    TRY(const double whole, search::hypervolume(points, reference));
    for (const std::size_t divisor : {20, 10, 5})
      for (const auto& rule : rules()) {
        TRY(const auto chosen, promoted(rule, study, space, size / divisor));
        if (chosen.size() != size / divisor)
          return invalid(
              std::format("\"{}\" let {} of {} go on instead of {}", rule.name, chosen.size(), size, size / divisor));
        search::Matrix kept;
        double found = 0;
        for (const std::size_t i : chosen) {
          kept.push_back(points[i]);
          found += ranks[i] == 0 ? 1 : 0;
        }
        TRY(const double volume, search::hypervolume(kept, reference));
        recalls[{divisor, rule.name}].push_back(found / front_size);
        volumes[{divisor, rule.name}].push_back(whole > 0 ? volume / whole : 1.0);
      }
  }
  std::println(
      "{} of {} networks drawn, {} seeds; chosen by val_acc_e12 and raspi4_ms, judged by test_acc_e200 and raspi4_ms",
      size, table.size(), seeds);
  std::println("points on a sample's true front, quartiles: {}", quartiles(front_sizes));
  std::println(
      "recall: share of the true front among the chosen; volume: share of the sample's hypervolume (error below 20 %, "
      "latency below {:.1f} ms)",
      slowest);
  for (const std::size_t divisor : {20, 10, 5}) {
    std::println("\n{:<34} {:^20}   {:^20}", std::format("{} of {} go on", size / divisor, size), "recall 25 50 75 %",
                 "volume 25 50 75 %");
    for (const auto& rule : rules())
      std::println("{:<34} {}   {}", rule.name, quartiles(recalls[{divisor, rule.name}]),
                   quartiles(volumes[{divisor, rule.name}]));
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::println(stderr, "usage: staged_replay TABLE.csv.gz [SAMPLE [SEEDS]]");
    return 2;
  }
  const auto done = replay(argv[1], argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 300,
                           argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 20);
  if (!done) {
    std::println(stderr, "{}", edgewise::to_text(done.error()));
    return 1;
  }
}
