#include "search/strategies_internal.hpp"

namespace edgewise::search {

namespace {

/// Uniform draws without repetition.
class Random final : public Strategy {
 public:
  Random(const Common& common, const space::Space& space)
      : full_(common.effort.full), candidates_(space, common.seed, trials_of(common), false) {}
  [[nodiscard]] std::string name() const override { return "random"; }
  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    return candidates_.ask(study, n, full_);
  }
  [[nodiscard]] std::vector<PlannedStage> plan() const override {
    return {{"random", candidates_.planned(), {}, full_}};
  }

 private:
  study::Fidelity full_;
  Candidates candidates_;
};

Result<std::unique_ptr<Strategy>> make_random(const Common& common, const Settings& /*none*/,
                                              const space::Space& space) {
  return std::make_unique<Random>(common, space);
}

}  // namespace

StrategyEntry random_entry() {
  return {.name = "random", .sentence = "random choices, none twice", .make = make_random};
}

}  // namespace edgewise::search
