#include "search/bayes/beliefs.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <iterator>
#include <limits>
#include <map>

namespace edgewise::search {

namespace {

/// Trials whose values models are fitted to: the largest of 3, 5, 7, ..., 21, 23, ..., then a tenth more each time, at
/// most 50, that have ended.
std::size_t fitted_trials(std::size_t ended) {
  std::size_t trials = std::min<std::size_t>(ended, 3);
  const auto step = [&] { return std::clamp<std::size_t>(trials / 10, 2, 50); };
  while (trials + step() <= ended) trials += step();
  return trials;
}

/// Of the trials that models are fitted to so many are kept, the best by dominance: what an ask costs has a bound.
/// Those after them all are.
constexpr std::size_t most_fitted = 500;

constexpr double impossible = -1e9;  // logarithm of the probability of what is known to break a constraint

/// Where hypervolume of an objective begins to count, if what lies beyond a wide gap is left out. @param front  its
/// values on the front; @param worst  its largest value at all
double limit_before_gap(std::vector<double> front, double worst) {
  std::ranges::sort(front);
  const Warp warp(front);
  const bool is_positive = front.front() > 0;
  const auto logarithm = [&](double value) { return is_positive ? std::log(value) : warp(value); };
  bool is_cut = false;
  // A gap in the front that is wider than all of the rest: what lies beyond it is no compromise that anybody looks for.
  while (front.size() >= 4) {
    const double last = logarithm(front.back()), before = logarithm(front[front.size() - 2]);
    if (!(last - before > before - logarithm(front.front()))) break;
    front.pop_back();
    is_cut = true;
  }
  return is_cut ? std::min(worst, front.back() + 0.5 * (front.back() - front.front())) : worst;
}

}  // namespace

/// A model as fitted to the first trials.
struct Beliefs::Fit {
  std::size_t trials = 0;
  std::uint64_t data = 0;  // hash of what it was fitted to
  std::unique_ptr<surrogate::Surrogate> surrogate;
};

Beliefs::Memory::Memory() = default;
Beliefs::Memory::~Memory() = default;

/// One modelled quantity.
struct Beliefs::Model {
  std::unique_ptr<surrogate::Surrogate> surrogate;
  std::vector<double> targets;  // of the rows in Parts::inputs, and of what was assumed
  mutable std::map<std::uint64_t, surrogate::Surrogate::Path> paths;  // beliefs live within one ask: one thread's
};

struct Beliefs::Parts {
  const space::Space* space = nullptr;
  const study::Settings* settings = nullptr;
  BeliefOptions options;
  std::optional<Coding> coding;
  surrogate::Matrix inputs;     // of the observations that models learn from
  std::size_t fitted_rows = 0;  // the first of them, which hyperparameters are fitted to
  std::vector<Warp> warps;
  std::vector<std::optional<Model>> objectives;   // nothing: known before
  std::vector<std::optional<Model>> constraints;  // nothing: known before, or never told
  std::optional<Model> failing;                   // +1 failed, -1 ended well

  /// Whether what lies beyond a wide gap in the front draws the search to where there is nothing: models that see lists
  /// of choices alone do not know better.
  [[nodiscard]] bool leaves_out_gaps() const {
    return !options.description && std::ranges::none_of(space->parameters(), [](const auto& parameter) {
      return std::holds_alternative<space::Real>(parameter.domain);
    });
  }

  [[nodiscard]] Result<std::unique_ptr<surrogate::Surrogate>> make_surrogate() const {
    TRY(const auto* entry, surrogate::surrogates().at(options.surrogate));
    return entry->make(coding->columns(), options.surrogates.of(*entry), options.seed);
  }

  [[nodiscard]] std::uint64_t hash(const std::vector<double>& values, std::size_t rows) const {
    std::string bytes;
    const auto append = [&](double value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
    for (std::size_t i = 0; i < rows; ++i) {
      append(values[i]);
      for (Eigen::Index c = 0; c < inputs.cols(); ++c) append(inputs(static_cast<Eigen::Index>(i), c));
    }
    return stable_hash(bytes);
  }

  /// What was fitted to the first trials, from memory where it is the same.
  Result<const Fit*> fitted(const std::string& what, const std::vector<double>& values, bool is_warped,
                            Memory& memory) const {
    const std::size_t trials = fitted_rows;
    const std::uint64_t data = hash(values, trials);
    auto& fit = memory.fits_[what];
    if (fit && fit->trials == trials && fit->data == data) return fit.get();
    auto fresh = std::make_unique<Fit>(Fit{.trials = trials, .data = data});
    TRY(fresh->surrogate, make_surrogate());
    if (fresh->surrogate->has_hyperparameters()) {
      const std::vector<double> first(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(trials));
      surrogate::Vector targets(static_cast<Eigen::Index>(trials));
      const Warp warp = is_warped ? Warp(first) : Warp();
      for (std::size_t i = 0; i < trials; ++i)
        targets(static_cast<Eigen::Index>(i)) = is_warped ? warp(first[i]) : first[i];
      TRY_DO(fresh->surrogate->fit(inputs.topRows(static_cast<Eigen::Index>(trials)), targets));
    }
    fit = std::move(fresh);
    return fit.get();
  }

  /// A model of the targets with the hyperparameters of a fit.
  Result<Model> taught(const Fit& fit, std::vector<double> values) const {
    Model model{.surrogate = fit.surrogate->clone(), .targets = std::move(values), .paths = {}};
    const auto targets = surrogate::Vector::Map(model.targets.data(), static_cast<Eigen::Index>(model.targets.size()));
    if (model.surrogate) {
      TRY_DO(model.surrogate->update(inputs, targets));
    } else {
      TRY(model.surrogate, make_surrogate());
      TRY_DO(model.surrogate->fit(inputs, targets));
    }
    return model;
  }

  /// Objective as it is minimised, from values that are known before a trial; nothing when they do not tell.
  [[nodiscard]] std::optional<double> known_objective(const std::map<std::string, double>& known, std::size_t m) const {
    const auto& objective = settings->objectives[m];
    const auto found = known.find(objective.name);
    if (found == known.end() || !std::isfinite(found->second)) return std::nullopt;
    return objective.direction == study::Direction::maximize ? -found->second : found->second;
  }
};

Beliefs::Beliefs(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Beliefs::Beliefs(Beliefs&&) noexcept = default;
Beliefs& Beliefs::operator=(Beliefs&&) noexcept = default;
Beliefs::~Beliefs() = default;

Result<Beliefs> Beliefs::learn(const space::Space& space, const study::Study& study, const History& history,
                               const BeliefOptions& options, Memory* kept) {
  Memory none;
  Memory& memory = kept ? *kept : none;
  Beliefs beliefs(std::make_unique<Parts>());
  auto& parts = *beliefs.parts_;
  parts.space = &space;
  parts.settings = &study.settings;
  parts.options = options;
  beliefs.objectives_ = study.settings.objectives.size();

  // Trials of a warm start may come from another space: only what this one has can be learned from.
  std::vector<const Observation*> rows;
  for (const auto& observation : history.observations)
    if (space.check(observation.trial->choice)) rows.push_back(&observation);
  parts.fitted_rows = fitted_trials(rows.size());
  if (parts.fitted_rows > most_fitted) {
    std::vector<Observation> first;
    for (const auto* row : std::span(rows).first(parts.fitted_rows)) first.push_back(*row);
    auto order = order_by_constrained_dominance(first);
    order.resize(most_fitted);
    std::ranges::sort(order);
    std::vector<const Observation*> kept;
    for (const auto i : order) kept.push_back(rows[i]);
    kept.insert(kept.end(), rows.begin() + static_cast<std::ptrdiff_t>(parts.fitted_rows), rows.end());
    rows = std::move(kept);
    parts.fitted_rows = most_fitted;
  }
  std::vector<space::Choice> choices;
  for (const auto* row : rows) choices.push_back(row->trial->choice);
  parts.coding.emplace(space, options.description, std::span(choices).first(parts.fitted_rows));
  parts.inputs = (*parts.coding)(choices);
  const auto known =
      options.known && !choices.empty() ? options.known(choices.front()) : std::map<std::string, double>{};

  parts.objectives.resize(beliefs.objectives_);
  for (std::size_t m = 0; m < beliefs.objectives_; ++m) {
    std::vector<double> values;
    for (const auto* row : rows) values.push_back(row->objectives[m]);
    if (values.empty()) {
      parts.warps.emplace_back();
      continue;
    }
    const auto& warp = parts.warps.emplace_back(values);
    if (parts.known_objective(known, m)) continue;
    TRY(const auto* fit, parts.fitted("objective " + study.settings.objectives[m].name, values, true, memory));
    for (double& v : values) v = warp(v);
    TRY(parts.objectives[m], parts.taught(*fit, std::move(values)));
  }
  parts.constraints.resize(study.settings.constraints.size());
  for (std::size_t c = 0; c < parts.constraints.size() && !rows.empty(); ++c) {
    const auto names = study.settings.constraints[c].comparison.names();
    if (std::ranges::all_of(names, [&](const auto& name) { return known.contains(name); })) continue;
    std::vector<double> values;
    for (const auto* row : rows) values.push_back(row->excess[c]);
    // In units of its quartile distance and without the far ends, but with its sign.
    std::vector<double> sorted = values;
    std::ranges::sort(sorted);
    const double spread = sorted[sorted.size() * 3 / 4] - sorted[sorted.size() / 4];
    const double unit =
        spread > 0 ? spread : std::max(1e-12, std::max(std::abs(sorted.front()), std::abs(sorted.back())));
    for (double& v : values) v = std::asinh(v / unit);
    TRY(const auto* fit, parts.fitted("constraint " + study.settings.constraints[c].text, values, false, memory));
    TRY(parts.constraints[c], parts.taught(*fit, std::move(values)));
  }
  for (const auto* row : rows) {
    if (!row->is_feasible()) continue;
    auto& point = beliefs.points_.emplace_back();
    for (std::size_t m = 0; m < beliefs.objectives_; ++m) point.push_back(parts.warps[m](row->objectives[m]));
    beliefs.choices_.push_back(row->trial->choice);
  }
  std::vector<const study::Trial*> failed;
  for (const auto* trial : history.failed)
    if (trial->state != study::State::rejected && space.check(trial->choice)) failed.push_back(trial);
  if (!failed.empty()) {
    auto both = choices;
    for (const auto* trial : failed) both.push_back(trial->choice);
    auto& model = parts.failing.emplace();
    model.targets.assign(choices.size(), -1.0);
    model.targets.resize(both.size(), 1.0);
    TRY(model.surrogate, parts.make_surrogate());
    TRY_DO(model.surrogate->fit((*parts.coding)(both),
                                surrogate::Vector::Map(model.targets.data(), static_cast<Eigen::Index>(both.size()))));
  }
  for (const auto* trial : history.pending)
    if (space.check(trial->choice)) TRY_DO(beliefs.assume(trial->choice));
  return beliefs;
}

Result<Belief> Beliefs::about(std::span<const space::Choice> candidates) const {
  const auto& parts = *parts_;
  const auto inputs = (*parts.coding)(candidates);
  const std::size_t n = candidates.size();
  Belief belief{.mean = Matrix(n, std::vector<double>(objectives_)),
                .variance = Matrix(n, std::vector<double>(objectives_)),
                .log_feasible = std::vector<double>(n)};
  std::vector<std::map<std::string, double>> known(n);
  if (parts.options.known)
    for (std::size_t i = 0; i < n; ++i) known[i] = parts.options.known(candidates[i]);
  for (std::size_t m = 0; m < objectives_; ++m) {
    if (const auto& model = parts.objectives[m]) {
      const auto prediction = model->surrogate->predict(inputs);
      for (std::size_t i = 0; i < n; ++i) {
        belief.mean[i][m] = prediction.mean(static_cast<Eigen::Index>(i));
        belief.variance[i][m] = prediction.variance(static_cast<Eigen::Index>(i));
      }
      continue;
    }
    for (std::size_t i = 0; i < n; ++i) {
      const auto value = parts.known_objective(known[i], m);
      if (!value) {
        belief.log_feasible[i] = impossible;  // what cannot be told of it cannot be: a network that cannot be built
        continue;
      }
      belief.mean[i][m] = parts.warps[m](*value);
    }
  }
  const auto must_be_below = [&](const Model& model, double limit) {
    const auto prediction = model.surrogate->predict(inputs);
    for (std::size_t i = 0; i < n; ++i) {
      const auto row = static_cast<Eigen::Index>(i);
      const double deviation = std::sqrt(prediction.variance(row) + 1e-6);
      belief.log_feasible[i] += log_normal_probability((limit - prediction.mean(row)) / deviation);
    }
  };
  for (std::size_t c = 0; c < parts.constraints.size(); ++c) {
    if (const auto& model = parts.constraints[c]) {
      must_be_below(*model, 0.0);
      continue;
    }
    for (std::size_t i = 0; i < n; ++i)
      if (parts.settings->constraints[c].comparison.holds(known[i]) == false) belief.log_feasible[i] = impossible;
  }
  if (parts.failing) must_be_below(*parts.failing, 0.0);
  return belief;
}

Matrix Beliefs::drawn(std::span<const space::Choice> candidates, std::uint64_t number) const {
  const auto& parts = *parts_;
  const auto inputs = (*parts.coding)(candidates);
  Matrix values(candidates.size(), std::vector<double>(objectives_));
  for (std::size_t m = 0; m < objectives_; ++m) {
    const auto& model = parts.objectives[m];
    if (!model) {
      for (std::size_t i = 0; i < candidates.size(); ++i)
        values[i][m] = parts.warps[m](parts.known_objective(parts.options.known(candidates[i]), m).value_or(0.0));
      continue;
    }
    auto found = model->paths.find(number);
    if (found == model->paths.end()) {
      auto random = RandomStream::named(parts.options.seed, "thompson").child("trial", number).child("objective", m);
      found = model->paths.emplace(number, model->surrogate->path(random)).first;
    }
    const auto drawn = found->second(inputs);
    for (std::size_t i = 0; i < candidates.size(); ++i) values[i][m] = drawn(static_cast<Eigen::Index>(i));
  }
  return values;
}

Status Beliefs::assume(const space::Choice& choice) {
  auto& parts = *parts_;
  if (parts.inputs.rows() == 0) return {};
  TRY(const auto belief, about(std::span(&choice, 1)));
  const auto row = (*parts.coding)(std::span(&choice, 1));
  const bool learns = std::ranges::any_of(
      parts.objectives, [](const auto& model) { return model && model->surrogate->has_hyperparameters(); });
  if (learns) {
    parts.inputs.conservativeResize(parts.inputs.rows() + 1, Eigen::NoChange);
    parts.inputs.bottomRows(1) = row;
    const auto believe = [&](std::optional<Model>& model) -> Status {
      if (!model) return {};
      model->targets.push_back(model->surrogate->predict(row).mean(0));
      model->paths.clear();
      return model->surrogate->update(parts.inputs, surrogate::Vector::Map(model->targets.data(), parts.inputs.rows()));
    };
    for (auto& model : parts.objectives) TRY_DO(believe(model));
    for (auto& model : parts.constraints) TRY_DO(believe(model));
  }
  if (belief.log_feasible.front() < std::log(0.5)) return {};
  points_.push_back(belief.mean.front());
  choices_.push_back(choice);
  return {};
}

std::vector<space::Choice> Beliefs::front_choices() const {
  const auto ranks = non_dominated_ranks(points_);
  std::vector<space::Choice> front;
  for (std::size_t i = 0; i < points_.size(); ++i)
    if (ranks[i] == 0) front.push_back(choices_[i]);
  return front;
}

std::vector<double> Beliefs::reference() const {
  const auto ranks = non_dominated_ranks(points_);
  std::vector<double> reference;
  for (std::size_t m = 0; m < objectives_; ++m) {
    const Warp& warp = parts_->warps[m];
    std::vector<double> front;
    double best = std::numeric_limits<double>::infinity(), worst = -best;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      best = std::min(best, points_[i][m]);
      worst = std::max(worst, points_[i][m]);
      if (ranks[i] == 0) front.push_back(warp.inverse(points_[i][m]));
    }
    const double limit = parts_->leaves_out_gaps() ? warp(limit_before_gap(front, warp.inverse(worst))) : worst;
    // Points at the limit still count a little; and where all values are alike, something must be left to improve on.
    reference.push_back(limit + 0.05 * std::max(limit - best, 0.1));
  }
  return reference;
}

std::vector<Improvement::Units> Beliefs::units() const {
  std::vector<Improvement::Units> units;
  for (const auto& warp : parts_->warps) units.emplace_back([&warp](double z) { return warp.inverse(z); });
  return units;
}

}  // namespace edgewise::search
