/// What strategies can be told that train all candidates for few epochs and the best of them for more.
#pragma once

#include <cstdint>
#include <vector>

#include "base/config.hpp"

namespace edgewise::search {

/// One stage of a staged search: pay `amount` in total, then keep the best `keep`.
struct Stage {
  std::int64_t amount = 10;  ///< units of what is varied: epochs of training
  std::int64_t keep = 0;     ///< of the last stage: ignored
  friend bool operator==(const Stage&, const Stage&) = default;
};

struct StagedOptions {
  std::vector<Stage> stages{{10, 8}, {30, 2}, {60, 0}};
  void fields(config::Options& o);
};

/// The option of the halving strategies.
struct RungOptions {
  std::int64_t reduction = 3;
  void fields(config::Options& o) {
    o.integer("reduction", reduction, {2, 1000},
              "of halving, hyperband and asha: one in so many goes on to so many times the epochs");
  }
};

/// Stages of these amounts (growing, at least one): of `trials` in the first, one in `reduction` goes on each time.
std::vector<Stage> stages_of(const std::vector<int>& amounts, std::size_t trials, std::size_t reduction = 3);

}  // namespace edgewise::search
