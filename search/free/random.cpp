#include "search/strategies_internal.hpp"

namespace edgewise::search {

namespace {

/// Uniform draws without repetition.
class Random final : public Strategy {
 public:
  Random(const Options& options, const space::Space& space)
      : epochs_(options.epochs),
        candidates_(space, options.seed,
                    options.trials == 0 ? default_trials : static_cast<std::size_t>(options.trials), false) {}
  [[nodiscard]] std::string name() const override { return "random"; }
  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    return candidates_.ask(study, n, epochs_);
  }
  [[nodiscard]] std::vector<PlannedStage> plan() const override {
    return {{"random", candidates_.planned(), 0, epochs_}};
  }

 private:
  int epochs_;
  Candidates candidates_;
};

}  // namespace

Result<std::unique_ptr<Strategy>> make_random(const Options& options, const space::Space& space) {
  return std::make_unique<Random>(options, space);
}

}  // namespace edgewise::search
