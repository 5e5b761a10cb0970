#include <algorithm>
#include <bit>

#include "search/free/model_free_internal.hpp"

namespace edgewise::search {

namespace {

constexpr int looks_without_index = 4;
constexpr std::uint64_t draws_in_vain = 100;

std::uint64_t hash_of(const space::Choice& choice) {
  std::uint64_t hash = 0;
  for (const auto& [name, value] : choice) {
    std::uint64_t of_value = 0;
    if (const auto* text = std::get_if<std::string>(&value)) of_value = stable_hash(*text);
    if (const auto* whole = std::get_if<std::int64_t>(&value)) of_value = static_cast<std::uint64_t>(*whole);
    if (const auto* real = std::get_if<double>(&value))
      of_value = std::bit_cast<std::uint64_t>(*real + 0.0);  // -0.0 equals 0.0
    hash = (hash ^ of_value ^ stable_hash(name)) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 29U;
  }
  return hash;
}

class FillingTurn final : public Turn {
 public:
  explicit FillingTurn(SpaceFilling filling) : filling_(std::move(filling)) {}
  std::optional<space::Choice> next(const RandomStream& /*random*/, const Known& known) override {
    while (auto choice = filling_.next())
      if (!known.contains(*choice)) return choice;
    return std::nullopt;
  }
  void take(const space::Choice& /*choice*/) override {}

 private:
  SpaceFilling filling_;
};

class ModelFree final : public Strategy {
 public:
  ModelFree(const Common& common, const space::Space& space, Rule rule)
      : space_(&space),
        rule_(std::move(rule)),
        seed_(common.seed),
        bound_{.trials = trials_of(common), .fidelity = common.effort.full},
        prior_(common.prior) {}

  [[nodiscard]] std::string name() const override { return rule_.name; }
  [[nodiscard]] std::vector<PlannedStage> plan() const override {
    return {{rule_.name, planned_trials(*space_, bound_.trials), {}, bound_.fidelity}};
  }
  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    return ask_bounded(study, n, bound_, [&](std::size_t count) { return next(study, count); });
  }

 private:
  /// One ask in the making.
  struct Ask {
    Known known;
    History history;
    std::size_t usable = 0;  // trials that ended well or are pending
    std::unique_ptr<Turn> initial, turn;
  };

  [[nodiscard]] NewChoices next(const study::Study& study, std::size_t n) const {
    Ask ask{.known = Known(study), .history = outcomes_of(study, prior_)};
    ask.usable = ask.history.observations.size() + ask.history.pending.size();
    NewChoices result;
    while (result.choices.size() < n) {
      auto choice = next_of(study, ask, study.trials.size() + result.choices.size());
      if (!choice) {
        result.is_exhausted = true;
        break;
      }
      ask.known.take(*choice);
      if (ask.turn) ask.turn->take(*choice);
      ++ask.usable;
      result.choices.push_back(*std::move(choice));
    }
    return result;
  }

  [[nodiscard]] std::optional<space::Choice> next_of(const study::Study& study, Ask& ask, std::size_t number) const {
    const bool is_initial = ask.usable < rule_.initial || (rule_.initial > 0 && ask.history.observations.empty());
    auto choice = is_initial ? next_of_filling(ask) : next_of_rule(study, ask, number);
    if (choice) return choice;
    return random_choice(*space_, seed_, number, [&](const space::Choice& c) { return ask.known.contains(c); });
  }

  [[nodiscard]] std::optional<space::Choice> next_of_filling(Ask& ask) const {
    if (!ask.initial) ask.initial = filling_turn(sobol_filling(*space_, seed_));
    return ask.initial->next(RandomStream(seed_), ask.known);
  }

  [[nodiscard]] std::optional<space::Choice> next_of_rule(const study::Study& study, Ask& ask,
                                                          std::size_t number) const {
    if (!ask.turn) {
      ask.turn = rule_.begin({study, ask.history});
      for (const auto& choice : ask.known.taken()) ask.turn->take(choice);
    }
    return ask.turn->next(RandomStream::named(seed_, rule_.name).child("trial", number), ask.known);
  }

  const space::Space* space_;  // borrowed
  Rule rule_;
  std::uint64_t seed_;
  Bound bound_;
  std::vector<study::Trial> prior_;
};

}  // namespace

bool Past::is_own(const study::Trial& trial) const {
  const auto number = static_cast<std::size_t>(trial.id.value);
  return number < study.trials.size() && &study.trials[number] == &trial;
}

std::unique_ptr<Turn> filling_turn(SpaceFilling filling) {
  return std::make_unique<FillingTurn>(std::move(filling));
}

bool Known::contains(const space::Choice& choice) const {
  if (std::ranges::contains(taken_, choice)) return true;
  if (looks_ < looks_without_index) {
    ++looks_;
    return study_->find(choice) != nullptr;
  }
  if (index_.empty() && !study_->trials.empty()) {
    index_.reserve(study_->trials.size());
    for (const auto& trial : study_->trials) index_.push_back({hash_of(trial.choice), &trial.choice});
    std::ranges::sort(index_, {}, &Entry::hash);
  }
  const auto same = std::ranges::equal_range(index_, hash_of(choice), {}, &Entry::hash);
  return std::ranges::any_of(same, [&](const Entry& entry) { return *entry.choice == choice; });
}

Result<std::unique_ptr<Strategy>> make_model_free(const Common& common, const space::Space& space, Rule rule) {
  return std::make_unique<ModelFree>(common, space, std::move(rule));
}

std::size_t PopulationOptions::size(const Common& common) const {
  if (population > 0) return static_cast<std::size_t>(population);
  return std::clamp<std::size_t>(trials_of(common) / 5, 10, 50);
}

std::optional<space::Choice> draw_new(const space::Space& space, const RandomStream& random, const Known& known,
                                      const std::function<std::optional<space::Choice>(RandomStream&)>& draw) {
  for (std::uint64_t i = 0; i < draws_in_vain; ++i) {
    auto stream = random.child("draw", i);
    auto choice = draw(stream);
    if (!choice) return std::nullopt;
    if (space.check(*choice) && !known.contains(*choice)) return choice;
  }
  return std::nullopt;
}

}  // namespace edgewise::search
