#include "search/strategies.hpp"

#include <algorithm>
#include <format>

#include "search/strategies_internal.hpp"

namespace edgewise::search {

namespace {

Status check_common(const Common& common) {
  if (common.trials < 0) return invalid(std::format("trials is {}; it must be 0 (no bound) or more", common.trials));
  const auto& effort = common.effort;
  if (effort.units() < 1)
    return invalid(
        std::format("{} is {}; at least {} is needed", effort.varied, effort.units() * effort.unit, effort.unit));
  if (common.rank.empty()) return {};
  auto rank = study::Expression::parse(common.rank);
  if (!rank) return fail_with(rank.error(), std::format("the rank \"{}\"", common.rank));
  if (common.recorded.empty()) return {};
  for (const std::string& name : rank->names()) {
    if (std::ranges::contains(common.recorded, name)) continue;
    const std::string nearest = nearest_word(name, common.recorded);
    return invalid(
        std::format("the rank uses \"{}\", which no trial records; there are {}", name, quoted_list(common.recorded)),
        nearest.empty() ? "" : std::format("did you mean \"{}\"?", nearest));
  }
  return {};
}

}  // namespace

Catalogue<StrategyEntry>& strategies() {
  static Catalogue<StrategyEntry> all(
      "strategy",
      {auto_entry(), grid_entry(), random_entry(), staged_entry(), halving_entry(), hyperband_entry(), asha_entry(),
       mobo_entry(), evolution_entry(), lhs_entry(), local_entry(), nsga2_entry(), sobol_entry(), tpe_entry()});
  return all;
}

void Options::fields(config::Options& o) {
  o.word("strategy", strategy, strategies().names(), "what proposes the candidates");
  o.integer("trials", common.trials, {0, 1e6},
            "candidates at most; 0: the whole space (grid, staged) or 40 (the others)");
  declare_options(o);
}

void Options::declare_options(config::Options& o) {
  std::vector<const StrategyEntry*> by_place;
  for (const auto& entry : strategies().entries()) by_place.push_back(&entry);
  std::ranges::stable_sort(by_place, {}, &StrategyEntry::place);
  auto next = by_place.begin();
  for (; next != by_place.end() && (*next)->place < place_of_rank; ++next) settings.fields(**next, o);
  o.text("rank", common.rank,
         "expression that ranks candidates, larger is better, e.g. `iou - 0.5 * latency_ms / 33`; empty: non-dominated "
         "sorting, then crowding");
  o.word("features", common.features, {"all", "counts", "none"},
         "what models see of a candidate's network beside its choice: all features of the graph, what it counts and "
         "costs, or nothing");
  for (; next != by_place.end(); ++next) settings.fields(**next, o);
}

int last_units(const Options& options) {
  const auto* entry = strategies().find(options.strategy);
  if (!entry || !entry->last_units) return options.common.effort.units();
  return entry->last_units(options.settings.of(*entry));
}

Status set_option(Options& options, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    return invalid(std::format("\"{}\" sets nothing", text), "write NAME=VALUE, for example initial=20");
  const std::string name = text.substr(0, equals);
  TRY(auto value, config::parse_yaml(text.substr(equals + 1), name));
  config::Node root{.kind = config::Node::Kind::map};
  root.entries.push_back({name, {}, std::move(value)});
  const auto mistakes = config::read(root, name, [&](config::Options& o) { options.declare_options(o); });
  if (mistakes.empty()) return {};
  return invalid(mistakes.front().message, mistakes.front().next);
}

Result<std::unique_ptr<Strategy>> make_strategy(const Options& options, const space::Space& space) {
  TRY(const auto* entry, strategies().at(options.strategy));
  TRY_DO(check_common(options.common));
  Common common = options.common;
  if (common.features == "none") common.description = nullptr;
  if (common.features == "counts" && common.description)
    common.description = Description::of_groups(common.description, {"counts", "costs"});
  TRY(auto strategy, entry->make(common, options.settings.of(*entry), space));
  return make_queued(options.common.start_with, space, std::move(strategy));
}

}  // namespace edgewise::search
