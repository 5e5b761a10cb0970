/// Images decoded and resized once, memory-mapped, shared by all processes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "data/dataset.hpp"
#include "task/task.hpp"

namespace edgewise::data {

/// All pictures of a data set at one square size. The mapping is read-only and shared: ten workers hold one copy in
/// memory. A const object may be used from several threads.
class Cache {
 public:
  ~Cache();
  Cache(Cache&&) noexcept;
  Cache& operator=(Cache&&) noexcept;

  [[nodiscard]] std::int64_t size() const;  ///< edge in pixels
  [[nodiscard]] std::int64_t channels() const;
  [[nodiscard]] std::size_t count() const;  ///< items, as in the data set
  /// Pixels of one item, (size, size, channels) interleaved, RGB for photographs.
  [[nodiscard]] std::span<const std::uint8_t> pixels(std::size_t item) const;
  /// To be called now and then by who reads many pictures: those read no longer count as this process's memory, and
  /// other programs may have it. Pixels stay valid.
  void let_go() const;
  /// What a network is to give for each item: rows of the task's numbers, how many may differ between items.
  [[nodiscard]] const task::Targets& targets() const;
  [[nodiscard]] const task::Task& task() const;  ///< that made the targets

 private:
  friend Result<Cache> open_cache(const DataSet&, std::int64_t, const std::filesystem::path&,
                                  const std::function<void(std::size_t, std::size_t)>&);
  Cache();
  struct Mapping;
  std::unique_ptr<Mapping> mapping_;
};

/// Opens the cache of (set, size) below `folder`, making it first when it is missing or when an image changed (path,
/// size or modification time), or is decoded in another way (orientation, channels, range). Two processes that start at
/// once make it once (a lock; the file is renamed into place when complete). Aspect ratio is not kept: the picture is
/// stretched to a square, as the boxes are. Area filter when shrinking, linear when growing. Decoding uses all
/// processors.
/// @param progress  called with (done, all) now and then
/// @error invalid_input with the image's path when one cannot be decoded, or when its annotation lacks what the task
/// wants
Result<Cache> open_cache(const DataSet& set, std::int64_t size, const std::filesystem::path& folder,
                         const std::function<void(std::size_t, std::size_t)>& progress = {});

}  // namespace edgewise::data
