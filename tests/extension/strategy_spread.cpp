// A strategy in one file: what it can be told, what it does, and the entry that makes it known. Linked into a program,
// it is in `search.strategy` of job files, in `--strategy` and `--set` of the command line, in the reference of
// options, and in the conformance suite of strategies (tests/search/conformance_test.cpp). No other file knows of it.
#include <limits>
#include <set>

#include "search/candidates.hpp"
#include "search/strategies.hpp"

namespace edgewise::search {

namespace {

/// 1. Its own options, with their defaults. `fields` gives parser, defaults and reference; what is wrong in more than
/// one option is told there too, by o.problem().
struct SpreadOptions {
  std::int64_t draws = 20;
  void fields(config::Options& o) {
    o.integer("draws", draws, {1, 10000}, "of spread: random choices of which the farthest from all others is tried");
  }
};

/// In how many parameters two choices differ.
std::size_t distance(const space::Choice& a, const space::Choice& b) {
  std::size_t differ = a.size() + b.size();
  for (const auto& [name, value] : a)
    if (const auto other = b.find(name); other != b.end()) differ -= other->second == value ? 2 : 1;
  return differ;
}

/// 2. The strategy: a function of the study, its settings and its seed. What it draws, it draws from a stream with its
/// own name and the trial's number, so that a search that was stopped goes on as if it had not been.
class Spread final : public Strategy {
 public:
  Spread(const Common& common, const SpreadOptions& options, const space::Space& space)
      : seed_(common.seed),
        draws_(static_cast<std::size_t>(options.draws)),
        bound_{.trials = trials_of(common), .fidelity = common.effort.full},
        space_(&space) {}

  [[nodiscard]] std::string name() const override { return "spread"; }
  [[nodiscard]] std::vector<PlannedStage> plan() const override {
    return {{"spread", planned_trials(*space_, bound_.trials), {}, bound_.fidelity}};
  }
  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    return ask_bounded(study, n, bound_, [&](std::size_t count) { return next(study, count); });
  }

 private:
  [[nodiscard]] NewChoices next(const study::Study& study, std::size_t count) const {
    std::set<space::Choice> known;
    for (const auto& trial : study.trials) known.insert(trial.choice);
    NewChoices result;
    while (result.choices.size() < count) {
      const auto choice = farthest(known, study.trials.size() + result.choices.size());
      result.is_exhausted = !choice;
      if (!choice) break;
      known.insert(*choice);
      result.choices.push_back(*choice);
    }
    return result;
  }

  [[nodiscard]] std::optional<space::Choice> farthest(const std::set<space::Choice>& known, std::size_t number) const {
    auto random = RandomStream::named(seed_, "spread").child("trial", number);
    std::optional<space::Choice> best;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < draws_; ++i) {
      auto choice = space_->sample(random);
      if (!choice) break;
      if (known.contains(*choice)) continue;
      std::size_t nearest = std::numeric_limits<std::size_t>::max();
      for (const auto& other : known) nearest = std::min(nearest, distance(*choice, other));
      if (best && nearest <= longest) continue;
      best = *std::move(choice);
      longest = nearest;
    }
    if (best) return best;
    // Nearly all is known: a random one of the rest, if there is one.
    return random_choice(*space_, seed_, number, [&](const space::Choice& choice) { return known.contains(choice); });
  }

  std::uint64_t seed_;
  std::size_t draws_;
  Bound bound_;
  const space::Space* space_;  // borrowed: it outlives the strategy
};

/// 3. The entry. In the product it stands in the list of strategies() in search/strategies.cpp; from outside of it, a
/// Registration adds it before main.
const Registration spread{strategies(),
                          StrategyEntry{.name = "spread",
                                        .sentence = "tries what differs most from all that was tried",
                                        .settings = Settings(SpreadOptions{}),
                                        .make = [](const Common& common, const Settings& settings,
                                                   const space::Space& space) -> Result<std::unique_ptr<Strategy>> {
                                          return std::make_unique<Spread>(common, settings.as<SpreadOptions>(), space);
                                        }}};

}  // namespace

}  // namespace edgewise::search
