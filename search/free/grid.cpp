#include <algorithm>

#include "search/strategies_internal.hpp"

namespace edgewise::search {

namespace {

/// Every valid choice in the space's own order.
class Grid final : public Strategy {
 public:
  Grid(const Common& common, const space::Space& space)
      : full_(common.effort.full), candidates_(space, common.seed, static_cast<std::size_t>(common.trials), true) {}
  [[nodiscard]] std::string name() const override { return "grid"; }
  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    return candidates_.ask(study, n, full_);
  }
  [[nodiscard]] std::vector<PlannedStage> plan() const override { return {{"grid", candidates_.planned(), {}, full_}}; }

 private:
  study::Fidelity full_;
  Candidates candidates_;
};

Result<std::unique_ptr<Strategy>> make_grid(const Common& common, const Settings& /*none*/, const space::Space& space) {
  if (!space.size()) {
    const auto real = std::ranges::find_if(space.parameters(),
                                           [](const auto& p) { return std::holds_alternative<space::Real>(p.domain); });
    const std::string why =
        real == space.parameters().end() ? "it has more than 2^63 choices" : "\"" + real->name + "\" is a real number";
    return invalid("a grid needs a finite space: " + why,
                   "use the strategy \"random\", or give the parameter a list of values");
  }
  return std::make_unique<Grid>(common, space);
}

}  // namespace

StrategyEntry grid_entry() {
  return {
      .name = "grid", .sentence = "every choice of the space, in order", .make = make_grid, .needs_finite_space = true};
}

}  // namespace edgewise::search
