#include <algorithm>
#include <cmath>
#include <format>
#include <map>

#include "search/fronts.hpp"
#include "search/rungs/rungs_internal.hpp"

namespace edgewise::search {

namespace {

/// An entry as numbers.
struct Standing {
  const study::Trial* trial;
  std::vector<double> objectives;  // minimised
  double violation = 0;
};

std::optional<Standing> standing(const study::Settings& settings, const Entry& entry) {
  Standing result{.trial = entry.trial};
  for (const auto& objective : settings.objectives) {
    const auto found = entry.values.find(objective.name);
    if (found == entry.values.end() || !std::isfinite(found->second)) return std::nullopt;
    result.objectives.push_back(
        tamed(objective.direction == study::Direction::maximize ? -found->second : found->second));
  }
  for (const auto& constraint : settings.constraints)
    result.violation += std::max(0.0, tamed(constraint.comparison.excess(entry.values).value_or(0.0)));
  return result;
}

/// Appends the feasible ones rank by rank until there are `count`.
void append_by_dominance(const std::vector<Standing>& feasible, std::size_t count,
                         std::vector<const study::Trial*>& best_first) {
  Matrix points;
  for (const auto& one : feasible) points.push_back(one.objectives);
  const auto ranks = non_dominated_ranks(points);
  std::map<std::size_t, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < ranks.size(); ++i) members[ranks[i]].push_back(i);
  for (const auto& [rank, indices] : members) {
    const std::size_t left = count - std::min(count, best_first.size());
    if (left == 0) return;
    Matrix of_rank;
    for (const std::size_t i : indices) of_rank.push_back(points[i]);
    std::vector<std::size_t> order(indices.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    if (indices.size() > left) {
      // A huge value may leave no volume to tell them apart; then the order of the trials has to do.
      const auto reference = reference_point({}, of_rank);
      if (reference)
        if (auto chosen = greedy_hypervolume_subset(of_rank, left, *reference)) order = *std::move(chosen);
    }
    order.resize(std::min(order.size(), left));
    for (const std::size_t i : order) best_first.push_back(feasible[indices[i]].trial);
  }
}

}  // namespace

std::vector<int> rung_units(int full, int reduction) {
  std::vector<int> rungs;
  for (int left = full; left >= 1 && rungs.size() < most_rungs; left /= reduction) rungs.push_back(left);
  std::ranges::reverse(rungs);
  return rungs;
}

void add_to_rung(Rung& rung, const study::Trial& trial, int stage) {
  if (trial.stage < stage || (trial.stage == stage && trial.state == study::State::rejected)) return;
  if (trial.stage == stage && (trial.state == study::State::waiting || trial.state == study::State::running)) {
    ++rung.active;
    return;
  }
  ++rung.ended;
  if (trial.stage > stage) ++rung.promoted;
  if (trial.stage == stage && trial.state != study::State::complete) return;
  Entry entry{&trial, numbers(trial.known)};
  bool has_result = false;
  for (const auto& result : trial.results) {
    if (result.stage > stage) continue;
    has_result = has_result || result.stage == stage;
    for (const auto& [name, value] : result.values) entry.values[name] = value.value;
  }
  if (has_result) rung.completed.push_back(std::move(entry));
}

Ranking best_for_promotion(const study::Settings& settings, std::vector<Entry> entries, std::size_t count,
                           const std::optional<study::Expression>& rank) {
  if (rank) {
    Ranking ranking = rank_entries(settings, std::move(entries), rank);
    ranking.best_first.resize(std::min(count, ranking.best_first.size()));
    return ranking;
  }
  std::ranges::sort(entries, {}, [](const Entry& entry) { return entry.trial->id; });
  std::vector<Standing> feasible, broken;
  for (const auto& entry : entries)
    if (auto one = standing(settings, entry)) (one->violation > 0 ? broken : feasible).push_back(*std::move(one));
  Ranking ranking{.feasible = feasible.size(), .unranked = entries.size() - feasible.size() - broken.size()};
  append_by_dominance(feasible, count, ranking.best_first);
  std::ranges::stable_sort(broken, {}, &Standing::violation);
  for (const auto& one : broken)
    if (ranking.best_first.size() < count) ranking.best_first.push_back(one.trial);
  return ranking;
}

int usable_reduction(const Common& common, int wanted) {
  if (common.offered.size() < 2) return wanted;
  const int full = common.effort.units();
  while (rung_units(full, wanted).front() < common.offered.front() && wanted <= full) ++wanted;
  return wanted;
}

Result<RungSettings> make_rung_settings(const Common& common, const RungOptions& options) {
  if (options.reduction < 2)
    return invalid(std::format("reduction is {}; at least 2 is needed", options.reduction),
                   "with reduction: 3 one of three trials goes on to the next rung");
  const int reduction = usable_reduction(common, static_cast<int>(options.reduction));
  RungSettings settings{.reduction = static_cast<std::size_t>(reduction)};
  for (const int units : rung_units(common.effort.units(), reduction))
    settings.rungs.push_back(common.effort.of(units));
  if (!common.rank.empty()) {
    TRY(settings.rank, study::Expression::parse(common.rank));
  }
  if (common.trials > 0) settings.trials = static_cast<std::size_t>(common.trials);
  return settings;
}

std::string tell_promotion(const Ranking& ranking, std::size_t kept, std::size_t completed,
                           const std::optional<study::Expression>& rank) {
  std::string told = std::format("the best {} of {} by {}", kept, completed,
                                 rank ? "\"" + rank->text() + "\"" : "non-dominated rank and hypervolume");
  if (kept > ranking.feasible)
    told += std::format("; {} of them {} a constraint, because only {} {} all", kept - ranking.feasible,
                        kept - ranking.feasible == 1 ? "breaks" : "break", ranking.feasible,
                        ranking.feasible == 1 ? "keeps" : "keep");
  if (ranking.unranked > 0) told += std::format("; {} left out, whose values are missing", ranking.unranked);
  return told;
}

}  // namespace edgewise::search
