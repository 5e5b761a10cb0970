#include <algorithm>
#include <numeric>

#include "surrogate/isotonic_internal.hpp"

namespace edgewise::surrogate {

namespace {

struct Block {
  double score = 0.0, value = 0.0, weight = 0.0;
  void add(const Block& other) {
    const double total = weight + other.weight;
    score = (score * weight + other.score * other.weight) / total;
    value = (value * weight + other.value * other.weight) / total;
    weight = total;
  }
};

}  // namespace

RisingCurve::RisingCurve(const std::vector<double>& scores, const std::vector<double>& targets) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return scores[i]; });
  std::vector<Block> blocks;
  for (const auto i : order) {
    Block block{scores[i], targets[i], 1.0};
    while (!blocks.empty() && (blocks.back().value >= block.value || blocks.back().score >= block.score)) {
      block.add(blocks.back());
      blocks.pop_back();
    }
    blocks.push_back(block);
  }
  for (const auto& block : blocks) {
    scores_.push_back(block.score);
    values_.push_back(block.value);
  }
}

double RisingCurve::operator()(double score) const {
  if (scores_.empty()) return 0.0;
  const auto above = std::ranges::upper_bound(scores_, score) - scores_.begin();
  if (above == 0) return values_.front();
  if (above == std::ssize(scores_)) return values_.back();
  const auto right = static_cast<std::size_t>(above), left = right - 1;
  const double share = (score - scores_[left]) / (scores_[right] - scores_[left]);
  return values_[left] + share * (values_[right] - values_[left]);
}

}  // namespace edgewise::surrogate
