#include "replay/problem.hpp"

#include <algorithm>
#include <cmath>
#include <format>

#include "search/graph_description.hpp"
#include "space/benchmark_networks.hpp"

namespace edgewise::replay {

namespace {

bool dominates_or_equals(const std::vector<double>& a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] > b[i]) return false;
  return true;
}

double minimised(const study::Objective& objective, double value) {
  return objective.direction == study::Direction::maximize ? -value : value;
}

Outcome outcome_of(const TableRow* row, std::size_t stage) {
  if (!row) return {{}, "the table has no row for this choice"};
  if (!row->missing.empty()) return {{}, row->missing};
  return {row->values[stage], {}};
}

}  // namespace

search::Matrix front_of(search::Matrix points) {
  std::ranges::sort(points);
  search::Matrix front;
  // A point is dominated only by points that come before it in this order.
  for (auto& point : points)
    if (std::ranges::none_of(front, [&](const auto& other) { return dominates_or_equals(other, point); }))
      front.push_back(std::move(point));
  return front;
}

std::optional<std::vector<double>> feasible_point(const Problem& problem, const Outcome& outcome) {
  if (!outcome.failure.empty()) return std::nullopt;
  std::vector<double> point;
  for (const auto& objective : problem.objectives) {
    const auto found = outcome.values.find(objective.name);
    if (found == outcome.values.end() || !std::isfinite(found->second)) return std::nullopt;
    point.push_back(minimised(objective, found->second));
  }
  for (const auto& constraint : problem.constraints)
    if (!constraint.comparison.holds(outcome.values).value_or(true)) return std::nullopt;
  return point;
}

Result<Problem> table_problem(const Table& table) {
  Problem problem{.name = table.name(),
                  .space = table.space(),
                  .constraints = table.constraints(),
                  .stage_epochs = table.stage_epochs()};
  std::vector<std::string> known;
  for (const auto& objective : table.objectives()) {
    problem.objectives.push_back({objective.name, objective.direction});
    problem.reference.push_back(minimised(problem.objectives.back(), objective.reference));
    if (objective.is_known) known.push_back(objective.name);
  }
  problem.evaluate = [table](const space::Choice& choice, std::size_t stage) {
    return outcome_of(table.find(choice), stage);
  };
  if (!known.empty())
    problem.known = [table, known](const space::Choice& choice) {
      std::map<std::string, double> values;
      const TableRow* row = table.find(choice);
      if (!row) return values;
      for (const std::string& name : known)
        if (const auto found = row->values.back().find(name); found != row->values.back().end()) values.insert(*found);
      return values;
    };
  if (table.networks()) {
    TRY(const auto* networks, space::benchmark_networks().at(table.networks()->kind));
    if (const auto one = networks->build(table.rows().front().network, table.networks()->frame); !one)
      return fail_with(one.error(), "networks");
    problem.description = search::described_by_graph(
        [table, networks](const space::Choice& choice) -> std::optional<graph::Graph> {
          const TableRow* row = table.find(choice);
          if (!row) return std::nullopt;
          auto graph = networks->build(row->network, table.networks()->frame);
          return graph ? std::optional(std::move(*graph)) : std::nullopt;
        },
        /*is_looked_up=*/table.rows().size() <= search::Description::usually_kept);
  }
  if (!table.rows().front().canonical.empty())
    problem.canonical = [table](const space::Choice& choice) {
      const TableRow* row = table.find(choice);
      return row ? row->canonical : std::string();
    };
  search::Matrix points;
  for (const TableRow& row : table.rows())
    if (auto point = feasible_point(problem, outcome_of(&row, problem.stage_epochs.size() - 1)))
      points.push_back(std::move(*point));
  if (points.empty())
    return invalid(std::format("no row of \"{}\" keeps all constraints", table.name()), "loosen them");
  problem.front = front_of(std::move(points));
  return problem;
}

}  // namespace edgewise::replay
