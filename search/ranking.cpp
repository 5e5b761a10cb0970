#include <algorithm>
#include <cmath>
#include <ranges>

#include "search/pareto.hpp"
#include "search/ranking_internal.hpp"

namespace edgewise::search {

namespace {

std::size_t broken(const study::Settings& settings, const Entry& entry) {
  return static_cast<std::size_t>(std::ranges::count_if(
      settings.constraints, [&](const auto& c) { return !c.comparison.holds(entry.values).value_or(true); }));
}

std::vector<std::size_t> order(const study::Settings& settings, const std::vector<Entry>& entries,
                               const std::optional<study::Expression>& rank) {
  if (!rank) {
    Matrix points;
    for (const Entry& entry : entries) {
      auto& point = points.emplace_back();
      for (const auto& objective : settings.objectives)
        point.push_back(objective.direction == study::Direction::maximize ? -entry.values.at(objective.name)
                                                                          : entry.values.at(objective.name));
    }
    return order_by_dominance(points);
  }
  std::vector<double> worth;
  for (const Entry& entry : entries) worth.push_back(rank->evaluate(entry.values).value());
  std::vector<std::size_t> indices(entries.size());
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  std::ranges::stable_sort(indices, [&](std::size_t a, std::size_t b) { return worth[a] > worth[b]; });
  return indices;
}

}  // namespace

Ranking rank_entries(const study::Settings& settings, std::vector<Entry> entries,
                     const std::optional<study::Expression>& rank) {
  Ranking ranking;
  std::ranges::sort(entries, {}, [](const Entry& entry) { return entry.trial->id; });
  ranking.unranked = std::erase_if(entries, [&](const Entry& entry) {
    if (rank) return !rank->evaluate(entry.values).has_value();
    return !std::ranges::all_of(settings.objectives, [&](const auto& objective) {
      const auto found = entry.values.find(objective.name);
      return found != entry.values.end() && std::isfinite(found->second);
    });
  });
  std::map<std::size_t, std::vector<Entry>> by_broken;
  for (Entry& entry : entries) by_broken[broken(settings, entry)].push_back(std::move(entry));
  for (const auto& [count, group] : by_broken) {
    if (count == 0) ranking.feasible = group.size();
    for (const std::size_t i : order(settings, group, rank)) ranking.best_first.push_back(group[i].trial);
  }
  return ranking;
}

std::vector<const study::Trial*> ranked(const study::Study& study, const std::optional<study::Expression>& rank) {
  std::vector<Entry> entries;
  for (const auto& trial : study.trials)
    if (!trial.results.empty() && trial.state != study::State::failed) entries.push_back({&trial, trial.values()});
  return rank_entries(study.settings, std::move(entries), rank).best_first;
}

}  // namespace edgewise::search
