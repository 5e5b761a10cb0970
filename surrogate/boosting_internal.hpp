/// XGBoost's C interface (Chen, Guestrin, KDD 2016) as values: owned handles, error codes as `Error`s.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "surrogate/surrogate.hpp"

namespace edgewise::surrogate {

/// XGBoost reads rows one after the other, as float.
using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

using BoosterSettings = std::vector<std::pair<const char*, std::string>>;

/// Trees that add up. One thread, silent, reproducible.
class Booster {
 public:
  /// @param weights (n) or empty; of each row. @param ranking: all rows are one group that a ranking objective orders
  /// @error invalid_input: what XGBoost says
  static Result<Booster> train(const Rows& inputs, const std::vector<float>& targets, const std::vector<float>& weights,
                               bool ranking, const BoosterSettings& settings, int rounds);
  Booster(Booster&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Booster& operator=(Booster&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Booster();
  [[nodiscard]] Vector predict(const Rows& inputs) const;  // (n)
  /// Of a booster with one tree: the leaf that each row falls into; ids are 0 .. fewer than the nodes of the tree.
  [[nodiscard]] std::vector<std::size_t> leaves(const Rows& inputs) const;  // (n)

 private:
  explicit Booster(void* handle) : handle_(handle) {}
  void* handle_ = nullptr;
};

}  // namespace edgewise::surrogate
