/// Batches in a random order, augmented in the background.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "data/cache/augment.hpp"
#include "data/cache/cache.hpp"

namespace edgewise::data {

/// One batch, ready to be wrapped as a tensor.
struct Batch {
  std::vector<std::uint8_t> pixels;  ///< (n, height, width, channels)
  task::Targets targets;             ///< of the n pictures, as the task of the cache makes them
  std::vector<std::size_t> items;    ///< of the set, that the n pictures are of
  std::size_t count = 0;             ///< n
  double waited_s = 0;               ///< its making waited so long for measurements on this machine
};

struct LoaderOptions {
  std::size_t batch = 64;
  bool shuffle = false;    ///< a new order each epoch, a function of seed and epoch
  bool drop_last = false;  ///< leave out an incomplete last batch (batch norm needs more than one sample), unless it is
                           ///< the only one and has two
  std::optional<Augment> augment;  ///< nothing: pictures as they are
  std::uint64_t seed = 1;
  int threads = 1;           ///< background threads; 0: work in the calling thread
  std::size_t prefetch = 2;  ///< batches made ahead
};

/// Goes through `items` once per epoch. Each batch is made under `BusyMachine`, so that none is made while this machine
/// measures: never hold `BusyMachine` where `next` is called, or a waiting measurement and the loader wait for each
/// other. What batch k of epoch e contains depends on seed, e and k alone, not on the threads. Not safe to use from two
/// threads.
class Loader {
 public:
  /// `cache` must outlive the loader.
  Loader(const Cache& cache, std::vector<std::size_t> items, const LoaderOptions& options);
  ~Loader();
  /// Starts epoch `epoch`; batches of an earlier one that were not taken are dropped.
  void start(int epoch);
  /// The next batch, or nothing at the epoch's end; waits while this machine measures and no batch is ready. The batch
  /// is the caller's; hand it back with `recycle` to save allocations.
  std::optional<Batch> next();
  void recycle(Batch batch);
  [[nodiscard]] std::size_t batches() const;  ///< a epoch

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace edgewise::data
