/// Problems that the benchmarks know by name.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "replay/problem.hpp"
#include "search/strategies.hpp"

namespace edgewise::bench {

/// "FILE.yaml": the descriptor of a table; "nb201:PATH": NAS-Bench-201 on CIFAR-10 with the latencies of HW-NAS-Bench
/// (the shared table), with the given objectives of "error", "raspi4_ms", "pixel3_ms", "edgegpu_ms", "edgegpu_mj",
/// "params", ...; "zdt1", "zdt1:30", "dtlz2:6:3": a synthetic problem with its dimensions and objectives.
std::expected<replay::Problem, std::vector<Error>> problem_of(const std::string& table,
                                                              const std::vector<std::string>& objectives);

/// Looks at every network of a table once, so that all searches find its features known.
void look_at_all(const replay::Problem& problem);

/// Options of a strategy: "mobo", or with settings "mobo:surrogate=xgboost:acquisition=ucb" (what search::set_option
/// sets, and trials). Its epochs and stages are the problem's.
struct Entry {
  std::string label;
  search::Options options;
  bool gives_initial = false;  ///< whether the settings say how many choices fill the space first
};
Result<Entry> entry_of(const std::string& text, const std::vector<std::string>& settings,
                       const replay::Problem& problem);

}  // namespace edgewise::bench
