/// All randomness flows from one seed through named streams, so that the same seed gives the same result.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace edgewise {

/// A deterministic stream of random numbers: xoshiro256++ (Blackman, Vigna, ACM TOMS 47(4), 2021), seeded through
/// SplitMix64. The numbers are the same on every platform; the standard library's distributions are not, so none is
/// used.
class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed);

  /// The stream called `name` under `seed`; streams of different names are independent.
  static RandomStream named(std::uint64_t seed, std::string_view name);
  /// A child stream; does not advance this one.
  [[nodiscard]] RandomStream child(std::string_view name, std::uint64_t index = 0) const;

  std::uint64_t next();
  double uniform();                          ///< [0, 1)
  double uniform(double low, double high);   ///< [low, high)
  std::uint64_t below(std::uint64_t bound);  ///< 0 .. bound-1 without bias; bound > 0
  double normal();                           ///< mean 0, variance 1
  bool chance(double probability) { return uniform() < probability; }

  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }
  /// A random order of 0 .. count-1.
  std::vector<std::size_t> permutation(std::size_t count);

 private:
  std::uint64_t state_[4];
};

/// A 64-bit hash of bytes that never changes between versions (FNV-1a, finished by SplitMix64): for cache keys and
/// seeds.
std::uint64_t stable_hash(std::string_view bytes);

}  // namespace edgewise
