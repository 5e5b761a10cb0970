#include <algorithm>
#include <boost/random/sobol.hpp>

#include "base/random.hpp"
#include "search/free/space_filling_internal.hpp"

namespace edgewise::search {

namespace {

constexpr unsigned bits = 32;
constexpr std::size_t most_dimensions = 3667;  // of Boost's table
using Engine = boost::random::sobol_engine<std::uint32_t, bits>;

/// Whether Owen's scrambling flips the bit below `prefix`: a hash of its place in the tree (the finisher of
/// SplitMix64).
std::uint32_t is_flipped(std::uint64_t key, unsigned depth, std::uint32_t prefix) {
  std::uint64_t z = key + 0x9e3779b97f4a7c15ULL * ((static_cast<std::uint64_t>(prefix) << 6U | depth) + 1);
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return static_cast<std::uint32_t>((z ^ (z >> 31U)) >> 63U);
}

std::uint32_t scrambled(std::uint64_t key, std::uint32_t word) {
  std::uint32_t result = 0;
  for (unsigned depth = 0; depth < bits; ++depth) {
    const unsigned place = bits - 1 - depth;
    const std::uint32_t prefix = depth == 0 ? 0 : word >> (place + 1);
    result |= ((word >> place & 1U) ^ is_flipped(key, depth, prefix)) << place;
  }
  return result;
}

class Sobol final : public UnitSequence {
 public:
  Sobol(std::size_t dimensions, std::uint64_t seed)
      : random_(RandomStream::named(seed, "sobol")),
        dimensions_(dimensions),
        engine_(std::clamp<std::size_t>(dimensions, 1, most_dimensions)) {
    for (std::size_t d = 0; d < dimensions; ++d) keys_.push_back(random_.child("dimension", d).next());
  }

  std::vector<double> next() override {
    std::vector<double> point(dimensions_);
    auto beyond = random_.child("beyond", count_);
    for (std::size_t d = 0; d < dimensions_; ++d) {
      if (d >= most_dimensions) {
        point[d] = beyond.uniform();
        continue;
      }
      const std::uint32_t word = count_ == 0 ? 0 : engine_();  // Boost leaves the origin out, which belongs to the net
      point[d] = (static_cast<double>(scrambled(keys_[d], word)) + 0.5) * 0x1.0p-32;
    }
    ++count_;
    return point;
  }

 private:
  RandomStream random_;
  std::size_t dimensions_;
  Engine engine_;
  std::vector<std::uint64_t> keys_;
  std::uint64_t count_ = 0;
};

class Latin final : public UnitSequence {
 public:
  Latin(std::size_t dimensions, std::uint64_t seed, std::size_t size)
      : random_(RandomStream::named(seed, "latin hypercube")),
        dimensions_(dimensions),
        size_(std::max<std::size_t>(size, 1)) {}

  std::vector<double> next() override {
    if (count_ % size_ == 0) begin_cube();
    auto inside = cube_.child("inside", count_ % size_);
    std::vector<double> point;
    for (std::size_t d = 0; d < dimensions_; ++d)
      point.push_back((static_cast<double>(cells_[d][count_ % size_]) + inside.uniform()) / static_cast<double>(size_));
    ++count_;
    return point;
  }

 private:
  void begin_cube() {
    cube_ = random_.child("cube", count_ / size_);
    cells_.clear();
    for (std::size_t d = 0; d < dimensions_; ++d) cells_.push_back(cube_.child("dimension", d).permutation(size_));
  }

  RandomStream random_;
  std::size_t dimensions_, size_;
  RandomStream cube_{0};
  std::vector<std::vector<std::size_t>> cells_;  // of each dimension: the interval of each point
  std::size_t count_ = 0;
};

}  // namespace

std::unique_ptr<UnitSequence> sobol_sequence(std::size_t dimensions, std::uint64_t seed) {
  return std::make_unique<Sobol>(dimensions, seed);
}

std::unique_ptr<UnitSequence> latin_sequence(std::size_t dimensions, std::uint64_t seed, std::size_t size) {
  return std::make_unique<Latin>(dimensions, seed, size);
}

}  // namespace edgewise::search
