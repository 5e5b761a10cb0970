#include <algorithm>
#include <format>

#include "surrogate/boosting_internal.hpp"
#include "surrogate/ensemble_internal.hpp"
#include "surrogate/isotonic_internal.hpp"
#include "surrogate/surrogates_internal.hpp"

namespace edgewise::surrogate {

namespace {

constexpr std::size_t ranker_members = 10;
constexpr int ranker_rounds = 25;

/// How many of the targets are smaller: ranking cares for order alone, and XGBoost wants labels that are not negative.
std::vector<float> ranks(const Vector& targets) {
  std::vector<double> sorted(targets.begin(), targets.end());
  std::ranges::sort(sorted);
  std::vector<float> result;
  for (const double target : targets)
    result.push_back(static_cast<float>(std::ranges::lower_bound(sorted, target) - sorted.begin()));
  return result;
}

/// Boosted trees that learn pairwise order (LambdaMART's pairwise loss: Burges, MSR-TR-2010-82), on bootstrap samples.
/// Members' scores are turned into the targets' units by one rising curve fitted to the scores of points out of the
/// bag; their disagreement behind that curve is the variance, calibrated by the out-of-bag errors (`Ensemble`).
class XGBoostRanker final : public Ensemble {
 public:
  XGBoostRanker(Columns columns, std::uint64_t seed)
      : Ensemble("xgboost_ranker", std::move(columns), seed, ranker_members) {}

 private:
  Status train(const Matrix& encoded, const Vector& targets, const Bags& bags, const RandomStream& random) override {
    boosters_.clear();
    const Rows rows = encoded.cast<float>();  // (n, width)
    const auto labels = ranks(targets);
    for (std::size_t m = 0; m < bags.size(); ++m) {
      const auto chosen = bags.members(m, true);  // a group has one weight, so that points drawn twice are there twice
      std::vector<float> bag_labels;
      for (const auto i : chosen) bag_labels.push_back(labels[static_cast<std::size_t>(i)]);
      // "mean" draws pairs from all of the group; the default looks at the top of the list alone, but a front needs all
      // of it. The rest is as in xgboost.cpp.
      const BoosterSettings settings{{"objective", "rank:pairwise"},
                                     {"lambdarank_pair_method", "mean"},
                                     {"lambdarank_num_pair_per_sample", "4"},
                                     {"tree_method", "exact"},
                                     {"max_depth", "3"},
                                     {"eta", "0.3"},
                                     {"lambda", "1"},
                                     {"colsample_bylevel", "0.5"},
                                     {"seed", std::to_string(random.child("booster", m).below(1U << 30U))}};
      TRY(auto booster, Booster::train(rows(chosen, Eigen::all), bag_labels, {}, true, settings, ranker_rounds));
      boosters_.push_back(std::move(booster));
    }
    fit_curve(rows, targets, bags);
    return {};
  }

  void fit_curve(const Rows& rows, const Vector& targets, const Bags& bags) {
    const Matrix all = scores(rows);  // (members, n)
    std::vector<double> unseen_scores, unseen_targets;
    for (std::size_t m = 0; m < bags.size(); ++m) {
      for (Eigen::Index i = 0; i < targets.size(); ++i) {
        if (bags.count(m, i) > 0) continue;
        unseen_scores.push_back(all(static_cast<Eigen::Index>(m), i));
        unseen_targets.push_back(targets(i));
      }
    }
    curve_ = RisingCurve(unseen_scores, unseen_targets);
  }

  [[nodiscard]] Matrix scores(const Rows& rows) const {
    Matrix result(static_cast<Eigen::Index>(boosters_.size()), rows.rows());
    for (std::size_t m = 0; m < boosters_.size(); ++m)
      result.row(static_cast<Eigen::Index>(m)) = boosters_[m].predict(rows).transpose();
    return result;
  }

  [[nodiscard]] Votes votes(const Matrix& encoded) const override {
    return {.mean = scores(encoded.cast<float>()).unaryExpr([this](double score) { return curve_(score); }),
            .variance = {}};
  }

  std::vector<Booster> boosters_;
  RisingCurve curve_;
};

}  // namespace

SurrogateEntry xgboost_ranker_entry() {
  return {.name = "xgboost_ranker",
          .sentence = "boosted trees that learn the order of the trials",
          .make = [](const Columns& columns, const Settings& /*none*/,
                     std::uint64_t seed) { return std::make_unique<XGBoostRanker>(columns, seed); },
          .is_level_outside = true};
}

}  // namespace edgewise::surrogate
