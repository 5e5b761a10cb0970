#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>

#include "base/error.hpp"
#include "train/tensor_memory_internal.hpp"

namespace edgewise::train {

namespace {

constexpr std::size_t alignment = 64;  // as LibTorch's own
// Smaller ones stay with the C library: they would cut the stretch into pieces.
constexpr std::size_t smallest_block = 16 * 1024;
// A kernel that never promises more than it has (vm.overcommit_memory=2) counts what may be written: what is in use, in
// such steps, and no more.
constexpr std::size_t opened_at_once = std::size_t{64} << 20;

std::size_t rounded_up(std::size_t bytes, std::size_t to) {
  return (bytes + to - 1) / to * to;
}

std::size_t page_bytes() {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

TensorMemory::TensorMemory(std::size_t bytes) {
  if (bytes == 0) return;
  void* const start = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return;
  start_ = static_cast<std::byte*>(start);
  bytes_ = bytes;
  add_gap(0, bytes);
}

TensorMemory::~TensorMemory() {
  if (start_) ::munmap(start_, bytes_);
}

void TensorMemory::add_gap(std::size_t begin, std::size_t bytes) {
  gaps_.emplace(begin, bytes);
  gaps_by_size_.emplace(bytes, begin);
}

void TensorMemory::remove_gap(std::map<std::size_t, std::size_t>::iterator gap) {
  gaps_by_size_.erase({gap->second, gap->first});
  gaps_.erase(gap);
}

bool TensorMemory::open(std::size_t end) {
  if (end <= open_) return true;
  const auto wanted = std::min(bytes_, rounded_up(end, opened_at_once));
  if (::mprotect(start_ + open_, wanted - open_, PROT_READ | PROT_WRITE) != 0) return false;
  open_ = wanted;
  return true;
}

void* TensorMemory::take(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > bytes_) return nullptr;
  bytes = rounded_up(bytes, alignment);
  const auto found = gaps_by_size_.lower_bound({bytes, 0});
  if (found == gaps_by_size_.end()) return nullptr;
  const auto [gap_bytes, place] = *found;
  if (!open(place + bytes)) return nullptr;
  remove_gap(gaps_.find(place));
  if (gap_bytes > bytes) add_gap(place + bytes, gap_bytes - bytes);
  blocks_.emplace(place, bytes);
  reach_ = std::max(reach_, place + bytes);
  return start_ + place;
}

bool TensorMemory::give_back(void* block) {
  auto* const at = static_cast<std::byte*>(block);
  // Pointers into different objects have an order by std::less alone.
  if (!start_ || std::less<>{}(at, start_) || !std::less<>{}(at, start_ + bytes_)) return false;
  const std::lock_guard lock(mutex_);
  auto place = static_cast<std::size_t>(at - start_);
  const auto found = blocks_.find(place);
  EDGEWISE_ASSERT(found != blocks_.end(), "a tensor's memory is given back once");
  auto bytes = found->second;
  blocks_.erase(found);
  auto after = gaps_.lower_bound(place);
  if (after != gaps_.end() && after->first == place + bytes) {
    bytes += after->second;
    remove_gap(after);
  }
  after = gaps_.lower_bound(place);
  if (after != gaps_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == place) {
      place = before->first;
      bytes += before->second;
      remove_gap(before);
    }
  }
  add_gap(place, bytes);
  return true;
}

void TensorMemory::release_gaps() {
  const std::lock_guard lock(mutex_);
  const auto page = page_bytes();
  for (const auto& [place, bytes] : gaps_) {
    const auto begin = rounded_up(place, page), end = (place + bytes) / page * page;
    if (begin < end) ::madvise(start_ + begin, end - begin, MADV_DONTNEED);
  }
}

std::size_t TensorMemory::reach_bytes() const {
  const std::lock_guard lock(mutex_);
  return reach_;
}

namespace {

/// Tensors may outlive everything, so this is never destroyed.
TensorMemory& tensor_memory() {
#ifdef EDGEWISE_SANITIZED
  static auto& memory = *new TensorMemory(0);  // every tensor keeps its guarded edges
#else
  // All the memory there is: what a network needs beyond it would not fit anyway.
  static auto& memory = *new TensorMemory(static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * page_bytes());
#endif
  return memory;
}

/// LibTorch's allocator for the processor, with large blocks from the kept memory.
class KeepingAllocator : public at::Allocator {
 public:
  at::DataPtr allocate(std::size_t bytes) override {
    void* const block = bytes < smallest_block ? nullptr : tensor_memory().take(bytes);
    if (!block) return c10::GetDefaultCPUAllocator()->allocate(bytes);
    return {block, block, &free, at::Device(at::kCPU)};
  }
  at::DeleterFnPtr raw_deleter() const override { return &free; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { std::memcpy(to, from, bytes); }

 private:
  // Also of blocks that were allocated before this allocator was there.
  static void free(void* block) {
    if (block && !tensor_memory().give_back(block)) c10::GetDefaultCPUAllocator()->raw_deleter()(block);
  }
};

}  // namespace

void keep_tensor_memory() {
  static std::once_flag once;
  std::call_once(once, [] { c10::SetCPUAllocator(new KeepingAllocator); });
}

void release_tensor_memory() {
  tensor_memory().release_gaps();
}

}  // namespace edgewise::train
