/// Memory of tensors, kept for the next batch. Only for the sources and tests of train/.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace edgewise::train {

/// Blocks in one stretch of addresses. What is freed is joined with its free neighbours and handed out again, without
/// the way through the kernel and its zeroed pages; nothing but tensors lies between two blocks, so the gaps stay
/// whole. Safe to use from several threads.
class TensorMemory {
 public:
  /// Reserves `bytes` of addresses; they may be written to from when a block first reaches them, and memory is only
  /// taken as it is. A size of 0, or one that the kernel refuses, makes a stretch that has no room.
  explicit TensorMemory(std::size_t bytes);
  ~TensorMemory();
  TensorMemory(const TensorMemory&) = delete;
  TensorMemory& operator=(const TensorMemory&) = delete;

  /// A block aligned to 64 bytes, the smallest gap that fits, the lowest of several; null when there is no room.
  /// `bytes` > 0.
  void* take(std::size_t bytes);
  /// Whether `block` was taken from here and is now free again; false leaves it alone.
  bool give_back(void* block);
  /// Hands the pages of all gaps to the kernel.
  void release_gaps();
  [[nodiscard]] std::size_t reach_bytes() const;  ///< from the start to the end of the furthest block so far

 private:
  void add_gap(std::size_t begin, std::size_t bytes);
  void remove_gap(std::map<std::size_t, std::size_t>::iterator gap);
  bool open(std::size_t end);  // whether it may be written to up to there

  std::byte* start_ = nullptr;
  std::size_t bytes_ = 0;
  mutable std::mutex mutex_;
  // Guarded by the mutex; places are offsets from the start:
  std::map<std::size_t, std::size_t> gaps_;                     ///< place -> bytes
  std::set<std::pair<std::size_t, std::size_t>> gaps_by_size_;  ///< (bytes, place)
  std::unordered_map<std::size_t, std::size_t> blocks_;         ///< place -> bytes
  std::size_t reach_ = 0, open_ = 0;
};

/// From now on LibTorch's tensors of 16 KiB and more on the processor come from a TensorMemory, except under
/// AddressSanitizer. Calls after the first do nothing.
///
/// Activations of some MB come and go with every batch. The C library gives each back to the kernel and takes fresh,
/// zeroed pages for the next: a third of the time of a small network. Told to keep them (mallopt), it laid small blocks
/// between them, and the gaps that were left did not fit the next batch: MobileNetV2, 96x96, batch 64 held 0.2 GB more
/// than its tensors need.
void keep_tensor_memory();
/// Hands what it keeps and no tensor uses to the kernel: between two trainings nobody needs it.
void release_tensor_memory();

}  // namespace edgewise::train
