#include <algorithm>

#include "surrogate/boosting_internal.hpp"
#include "surrogate/ensemble_internal.hpp"
#include "surrogate/surrogates_internal.hpp"

namespace edgewise::surrogate {

namespace {

constexpr std::size_t trees = 30;

/// A regression forest whose variance is the law of total variance over trees and leaves (Hutter, Xu, Hoos,
/// Leyton-Brown, Artificial Intelligence 206, 2014, section 4.3.2): between the trees' means plus the mean variance of
/// the targets within the leaves. We differ by the out-of-bag calibration (`Ensemble`) instead of a lower bound on the
/// variance in a leaf. The trees are XGBoost's, one a bag.
class RandomForest final : public Ensemble {
 public:
  RandomForest(Columns columns, std::uint64_t seed) : Ensemble("random_forest", std::move(columns), seed, trees) {}

 private:
  struct Leaf {
    double weight = 0.0, mean = 0.0, variance = 0.0;
  };
  struct Tree {
    Booster booster;
    std::vector<Leaf> leaves;  // by id; ids of inner nodes stay empty
  };

  Status train(const Matrix& encoded, const Vector& targets, const Bags& bags, const RandomStream& random) override {
    trees_.clear();
    const Rows rows = encoded.cast<float>();  // (n, width)
    for (std::size_t m = 0; m < bags.size(); ++m) {
      const auto chosen = bags.members(m, false);
      std::vector<float> labels, weights;
      for (const auto i : chosen) {
        labels.push_back(static_cast<float>(targets(i)));
        weights.push_back(static_cast<float>(bags.count(m, i)));
      }
      // 5/6 of the columns a split, as SMAC does; a leaf has two draws or more, so that it can have a variance.
      // (Columns by split: the histogram method only. With fewer than 256 values a column it is exact.)
      const BoosterSettings settings{{"objective", "reg:squarederror"},
                                     {"base_score", "0"},
                                     {"eta", "1"},
                                     {"lambda", "0"},
                                     {"tree_method", "hist"},
                                     {"max_depth", "20"},
                                     {"min_child_weight", "2"},
                                     {"colsample_bynode", "0.8333"},
                                     {"seed", std::to_string(random.child("tree", m).below(1U << 30U))}};
      const Rows seen = rows(chosen, Eigen::all);
      TRY(auto booster, Booster::train(seen, labels, weights, false, settings, 1));
      auto leaves = describe(booster.leaves(seen), labels, weights);
      trees_.push_back({std::move(booster), std::move(leaves)});
    }
    return {};
  }

  static std::vector<Leaf> describe(const std::vector<std::size_t>& ids, const std::vector<float>& labels,
                                    const std::vector<float>& weights) {
    std::vector<Leaf> leaves(*std::ranges::max_element(ids) + 1);
    for (std::size_t k = 0; k < ids.size(); ++k) {
      leaves[ids[k]].weight += weights[k];
      leaves[ids[k]].mean += weights[k] * labels[k];
    }
    for (auto& leaf : leaves) leaf.mean /= std::max(leaf.weight, 1.0);
    for (std::size_t k = 0; k < ids.size(); ++k) {
      auto& leaf = leaves[ids[k]];
      leaf.variance += weights[k] / leaf.weight * (labels[k] - leaf.mean) * (labels[k] - leaf.mean);
    }
    return leaves;
  }

  [[nodiscard]] Votes votes(const Matrix& encoded) const override {
    const Rows rows = encoded.cast<float>();
    const auto size = static_cast<Eigen::Index>(trees_.size());
    Votes result{.mean = Matrix(size, rows.rows()), .variance = Matrix(size, rows.rows())};
    for (Eigen::Index m = 0; m < size; ++m) {
      const auto& tree = trees_[static_cast<std::size_t>(m)];
      const auto ids = tree.booster.leaves(rows);
      for (Eigen::Index i = 0; i < rows.rows(); ++i) {
        const auto& leaf = tree.leaves[ids[static_cast<std::size_t>(i)]];
        result.mean(m, i) = leaf.mean;
        result.variance(m, i) = leaf.variance;
      }
    }
    return result;
  }

  std::vector<Tree> trees_;
};

}  // namespace

SurrogateEntry random_forest_entry() {
  return {.name = "random_forest",
          .sentence = "a random forest",
          .make = [](const Columns& columns, const Settings& /*none*/,
                     std::uint64_t seed) { return std::make_unique<RandomForest>(columns, seed); },
          .is_level_outside = true};
}

}  // namespace edgewise::surrogate
