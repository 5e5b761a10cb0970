/// Choices that fill a space evenly.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "space/space.hpp"

namespace edgewise::search {

/// Points of [0, 1)^d, one a call.
class UnitSequence {
 public:
  virtual ~UnitSequence() = default;
  virtual std::vector<double> next() = 0;
};

/// Sobol's sequence (directions of Joe and Kuo, SIAM J. Sci. Comput. 30(5), 2008, by Boost) from its origin on, with
/// Owen's nested uniform scrambling (Owen, 1995: each bit is flipped or not as a function of the bits above it). Of 2^k
/// points from the first on, each coordinate has one in each of 2^k equal intervals. Coordinates beyond Boost's table
/// of 3667 are random.
std::unique_ptr<UnitSequence> sobol_sequence(std::size_t dimensions, std::uint64_t seed);

/// Latin hypercubes of `size` points (McKay, Beckman, Conover, Technometrics 21(2), 1979), one after the other.
std::unique_ptr<UnitSequence> latin_sequence(std::size_t dimensions, std::uint64_t seed, std::size_t size);

/// Turns a sequence of points into valid choices, all different.
class SpaceFilling {
 public:
  /// @param space  borrowed
  SpaceFilling(const space::Space& space, std::uint64_t seed, std::unique_ptr<UnitSequence> sequence);
  /// Nothing when the space is exhausted. Where the sequence gives nothing new for long, the rest of a countable space
  /// follows in random order, or random choices.
  std::optional<space::Choice> next();

 private:
  std::optional<space::Choice> next_of_sequence();
  std::optional<space::Choice> next_of_rest();

  const space::Space* space_;
  RandomStream random_;
  std::unique_ptr<UnitSequence> sequence_;  // none once it gives nothing new
  std::set<space::Choice> seen_;
  std::optional<std::vector<space::Choice>> rest_;  // of a countable space, last one first
  std::uint64_t drawn_ = 0;
};

/// The first `count` choices of a scrambled Sobol sequence: valid, all different; fewer when the space has no more. The
/// first choices do not depend on `count`. An initial design for strategies with a model.
std::vector<space::Choice> space_filling(const space::Space& space, std::uint64_t seed, std::size_t count);

/// The sequence behind `space_filling`.
SpaceFilling sobol_filling(const space::Space& space, std::uint64_t seed);

}  // namespace edgewise::search
