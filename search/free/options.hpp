/// What strategies that begin without a model can be told.
#pragma once

#include <cstdint>

#include "base/config.hpp"
#include "search/strategy.hpp"

namespace edgewise::search {

/// The option of strategies that begin by filling the space evenly.
struct InitialOptions {
  static constexpr std::size_t usual = 10;  ///< of strategies that have no reason for another number
  std::int64_t initial = 0;                 ///< 0: the strategy's own number
  void fields(config::Options& o) {
    o.integer("initial", initial, {0, 1e6},
              "space-filling candidates before what was learned decides; 0: the strategy's own number");
  }
  [[nodiscard]] std::size_t or_else(std::size_t own) const {
    return initial > 0 ? static_cast<std::size_t>(initial) : own;
  }
};

/// The options of strategies with a population.
struct PopulationOptions {
  InitialOptions initial;       ///< 0: the population
  std::int64_t population = 0;  ///< 0: a fifth of the trials, at least 10 and at most 50
  void fields(config::Options& o) {
    initial.fields(o);
    o.integer("population", population, {0, 1e6},
              "of evolution and nsga2; 0: a fifth of the trials, at least 10 and at most 50");
  }
  [[nodiscard]] std::size_t size(const Common& common) const;
};

}  // namespace edgewise::search
