#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "train/tensor_memory_internal.hpp"

namespace edgewise::train {
namespace {

constexpr std::size_t kib = 1024, mib = 1024 * kib;

std::span<std::uint8_t> bytes(void* block, std::size_t size) {
  return {static_cast<std::uint8_t*>(block), size};
}

TEST(TensorMemory, KeepsEveryBlockApartFromTheOthers) {
  TensorMemory memory(mib);
  struct Block {
    std::span<std::uint8_t> bytes;
    std::uint8_t mark;
  };
  std::vector<Block> blocks;
  RandomStream random(3);
  int refused = 0;
  for (int step = 0; step < 5000; ++step) {
    if (!blocks.empty() && random.uniform(0, 1) < 0.48) {
      std::swap(blocks[static_cast<std::size_t>(random.uniform(0, static_cast<double>(blocks.size())))], blocks.back());
      const auto& block = blocks.back();
      ASSERT_TRUE(std::ranges::all_of(block.bytes, [&](auto byte) { return byte == block.mark; })) << "step " << step;
      ASSERT_TRUE(memory.give_back(block.bytes.data()));
      blocks.pop_back();
      continue;
    }
    const auto size = static_cast<std::size_t>(random.uniform(1, 60'000));
    void* const block = memory.take(size);
    if (!block) {
      ++refused;
      continue;
    }
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0U);
    blocks.push_back({bytes(block, size), static_cast<std::uint8_t>(step)});
    std::ranges::fill(blocks.back().bytes, blocks.back().mark);
  }
  EXPECT_GT(refused, 0) << "the case of no room was not met";
  for (const auto& block : blocks) ASSERT_TRUE(memory.give_back(block.bytes.data()));
  EXPECT_NE(memory.take(mib), nullptr) << "all gaps are one again";
}

TEST(TensorMemory, TakesTheSmallestGapThatFitsAndOfEqualOnesTheLowest) {
  TensorMemory memory(mib);
  std::vector<void*> blocks;
  for (const std::size_t size : {64 * kib, kib, 16 * kib, kib, 32 * kib, kib, 16 * kib, kib})
    blocks.push_back(memory.take(size));
  for (const std::size_t gap : {0, 2, 4, 6}) memory.give_back(blocks[gap]);
  EXPECT_EQ(memory.take(15 * kib), blocks[2]);
  EXPECT_EQ(memory.take(16 * kib), blocks[6]);
  EXPECT_EQ(memory.take(20 * kib), blocks[4]);
  EXPECT_EQ(memory.take(40 * kib), blocks[0]);
}

TEST(TensorMemory, HasNoRoomBeyondItsSize) {
  TensorMemory memory(64 * kib), none(0);
  EXPECT_EQ(memory.take(64 * kib + 1), nullptr);
  EXPECT_EQ(memory.take(SIZE_MAX), nullptr);
  EXPECT_NE(memory.take(64 * kib), nullptr);
  EXPECT_EQ(memory.take(1), nullptr);
  EXPECT_EQ(none.take(1), nullptr);
}

TEST(TensorMemory, LeavesBlocksOfOthersAlone) {
  TensorMemory memory(64 * kib), other(64 * kib), none(0);
  void* const block = other.take(kib);
  EXPECT_FALSE(memory.give_back(block));
  EXPECT_FALSE(none.give_back(block));
  EXPECT_TRUE(other.give_back(block));
}

// What a training does: values that stay until the backward pass, which frees them in reverse order while it makes
// gradients of their sizes, and keeps a small one from each step.
TEST(TensorMemory, ReachesNoFurtherInLaterBatches) {
  TensorMemory memory(64 * mib);
  const std::vector<std::size_t> sizes{4 * mib, 8 * mib, 2 * mib, 2 * mib, 512 * kib, 512 * kib, 256 * kib};
  std::vector<void*> small;
  std::size_t first_reach = 0;
  for (int batch = 0; batch < 20; ++batch) {
    for (auto* const block : small) memory.give_back(block);
    small.clear();
    std::vector<void*> values;
    for (const auto size : sizes) values.push_back(memory.take(size));
    void* gradient = memory.take(sizes.back());
    for (auto i = sizes.size(); i-- > 0;) {
      memory.give_back(values[i]);
      small.push_back(memory.take(20 * kib));
      void* const next = memory.take(sizes[i > 0 ? i - 1 : 0]);
      memory.give_back(gradient);
      gradient = next;
    }
    memory.give_back(gradient);
    if (batch == 1) first_reach = memory.reach_bytes();
  }
  EXPECT_EQ(memory.reach_bytes(), first_reach);
  EXPECT_LT(memory.reach_bytes(), 27 * mib) << "17.25 MiB of values and a gradient of 8 MiB";
}

TEST(TensorMemory, HandsGapsToTheKernelAndKeepsBlocks) {
  TensorMemory memory(mib);
  void *const gap = memory.take(256 * kib), *const block = memory.take(256 * kib + 100);
  std::ranges::fill(bytes(gap, 256 * kib), std::uint8_t{7});
  std::ranges::fill(bytes(block, 256 * kib + 100), std::uint8_t{8});
  memory.give_back(gap);
  memory.release_gaps();
  EXPECT_TRUE(std::ranges::all_of(bytes(block, 256 * kib + 100), [](auto byte) { return byte == 8; }));
  const auto again = bytes(memory.take(256 * kib), 256 * kib);
  EXPECT_EQ(again.data(), gap);
  EXPECT_TRUE(std::ranges::all_of(again, [](auto byte) { return byte == 0; }))
      << "pages that were handed back come zeroed";
}

TEST(TensorMemory, ServesTensorsAndFreesThoseOfBefore) {
  auto before = torch::full({100'000}, 1.0F);
  void* const raw_before = c10::GetAllocator(torch::kCPU)->raw_allocate(100'000);
  keep_tensor_memory();
  keep_tensor_memory();
  EXPECT_NE(c10::GetAllocator(torch::kCPU), c10::GetDefaultCPUAllocator());
  c10::GetAllocator(torch::kCPU)->raw_deallocate(raw_before);  // as oneDNN's scratch memory is freed
  void* const raw = c10::GetAllocator(torch::kCPU)->raw_allocate(100'000);
  auto large = torch::full({100'000}, 2.0F), tiny = torch::full({3}, 3.0F), empty = torch::empty({0});
  before.reset();
  release_tensor_memory();
  EXPECT_TRUE((large == 2.0F).all().item<bool>());
  EXPECT_TRUE((large.clone() + tiny.sum() == 11.0F).all().item<bool>());
  c10::GetAllocator(torch::kCPU)->raw_deallocate(raw);
}

}  // namespace
}  // namespace edgewise::train
