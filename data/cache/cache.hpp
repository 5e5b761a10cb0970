/// Images decoded and resized once, memory-mapped, shared by all processes.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/size.hpp"
#include "data/dataset.hpp"
#include "task/task.hpp"

namespace edgewise::data {

/// All pictures of a data set at one size. The mapping is read-only and shared: ten workers hold one copy in
/// memory. A const object may be used from several threads.
class Cache {
 public:
  ~Cache();
  Cache(Cache&&) noexcept;
  Cache& operator=(Cache&&) noexcept;

  [[nodiscard]] Size size() const;
  [[nodiscard]] std::int64_t channels() const;
  [[nodiscard]] std::size_t count() const;  ///< items, as in the data set
  /// Pixels of one item, (height, width, channels) interleaved, RGB for photographs.
  [[nodiscard]] std::span<const std::uint8_t> pixels(std::size_t item) const;
  /// To be called now and then by who reads many pictures: those read no longer count as this process's memory, and
  /// other programs may have it. Pixels stay valid.
  void let_go() const;
  /// What a network is to give for each item: rows of the task's numbers, how many may differ between items.
  [[nodiscard]] const task::Targets& targets() const;
  [[nodiscard]] const task::Task& task() const;  ///< that made the targets

 private:
  friend Result<Cache> open_cache(const DataSet&, Size, const std::filesystem::path&,
                                  const std::function<void(std::size_t, std::size_t)>&, const std::atomic<bool>*);
  Cache();
  struct Mapping;
  std::unique_ptr<Mapping> mapping_;
};

/// Opens the cache of (set, size) below `folder`, making it first when it is missing or when an image changed (path,
/// size or modification time), or is decoded in another way (orientation, channels, range). Two processes that start at
/// once make it once (a lock; the file is renamed into place when complete). Aspect ratio is not kept: the picture is
/// stretched to that size, as the boxes are. Area filter when shrinking, linear when growing. Decoding uses all
/// processors.
/// @param progress  called with (done, all) now and then @param stop  ends it with `interrupted`
/// @error all pictures that are gone, or all that cannot be decoded, at once, at most 20 by name; an annotation that
/// lacks what the task wants; unavailable when the folder or its disk is at fault, exhausted when memory runs out.
/// Nothing half written stays
Result<Cache> open_cache(const DataSet& set, Size size, const std::filesystem::path& folder,
                         const std::function<void(std::size_t, std::size_t)>& progress = {},
                         const std::atomic<bool>* stop = nullptr);

/// Whether `open_cache` would find a file that is ready. Reads as much of it as `open_cache` does to verify it.
/// @error as `open_cache`, of its arguments and of pictures that are gone
Result<bool> is_cached(const DataSet& set, Size size, const std::filesystem::path& folder);

/// What the file of (set, size) takes on the disk.
std::uint64_t bytes_of_cache(const DataSet& set, Size size);

/// Whether a cache folder can be used: makes it, writes a small file and removes it, and asks whether there is room.
/// @param bytes  that are to be written
/// @error unavailable
Status check_cache_folder(const std::filesystem::path& folder, std::uint64_t bytes);

}  // namespace edgewise::data
