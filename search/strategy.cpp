#include "search/strategy.hpp"

#include <algorithm>
#include <array>
#include <format>

#include "search/strategies_internal.hpp"
#include "surrogate/surrogate.hpp"

namespace edgewise::search {

namespace {

struct Registered {
  const char* name;
  Result<std::unique_ptr<Strategy>> (*make)(const Options& options, const space::Space& space);
};
constexpr std::array registry{
    Registered{"auto", make_auto},     Registered{"grid", make_grid},       Registered{"random", make_random},
    Registered{"staged", make_staged}, Registered{"halving", make_halving}, Registered{"hyperband", make_hyperband},
    Registered{"asha", make_asha},     Registered{"mobo", make_mobo},       Registered{"evolution", make_evolution},
    Registered{"lhs", make_lhs},       Registered{"local", make_local},     Registered{"nsga2", make_nsga2},
    Registered{"sobol", make_sobol},   Registered{"tpe", make_tpe},
};

Status check_rank(const Options& options) {
  if (options.rank.empty()) return {};
  auto rank = study::Expression::parse(options.rank);
  if (!rank) return fail_with(rank.error(), std::format("the rank \"{}\"", options.rank));
  if (options.recorded.empty()) return {};
  for (const std::string& name : rank->names()) {
    if (std::ranges::contains(options.recorded, name)) continue;
    const std::string nearest = nearest_word(name, options.recorded);
    return invalid(
        std::format("the rank uses \"{}\", which no trial records; there are {}", name, quoted_list(options.recorded)),
        nearest.empty() ? "" : std::format("did you mean \"{}\"?", nearest));
  }
  return {};
}

}  // namespace

const std::vector<std::string>& strategy_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Registered& entry : registry) list.emplace_back(entry.name);
    return list;
  }();
  return names;
}

const std::vector<std::string>& surrogate_names() {
  return surrogate::surrogate_names();
}

Result<std::unique_ptr<Strategy>> make_strategy(const Options& options, const space::Space& space) {
  const auto* found =
      std::ranges::find_if(registry, [&](const Registered& entry) { return options.strategy == entry.name; });
  if (found == registry.end()) {
    const std::string nearest = nearest_word(options.strategy, strategy_names());
    return invalid(std::format("strategy \"{}\" is not one of {}", options.strategy, quoted_list(strategy_names())),
                   nearest.empty() ? "" : std::format("did you mean \"{}\"?", nearest));
  }
  if (options.trials < 0) return invalid(std::format("trials is {}; it must be 0 (no bound) or more", options.trials));
  if (options.epochs < 1) return invalid(std::format("epochs is {}; at least 1 is needed", options.epochs));
  TRY_DO(check_rank(options));
  TRY(auto strategy, found->make(options, space));
  return make_queued(options.start_with, space, std::move(strategy));
}

}  // namespace edgewise::search
