/// All pictures of a set decoded by all processors, with the faults of pictures told from those of the machine.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/size.hpp"
#include "data/bad_pictures_internal.hpp"

namespace edgewise::data {

/// What is done for one item, with a buffer for its pixels; called from several threads.
using PictureWork = std::function<Status(std::size_t item, std::span<std::uint8_t> pixels)>;

/// Decodes (or draws) an item's picture at (height, width, channels), while nobody on this machine measures.
/// @param stop  ends the wait for that with `interrupted`; may be null
Status fill_picture(const DataSet& set, std::size_t item, Size size, std::span<std::uint8_t> target,
                    const std::atomic<bool>* stop = nullptr);

/// Has `fill` make each of `count` pictures of `bytes` bytes and hands it to `take`. A picture that is refused
/// (invalid_input, not_found) stops nobody, but from then on none is taken: nothing whole can come of them.
/// @param take      may be empty
/// @param progress  called by this thread with (done, all) now and then; may be empty
/// @return those that `fill` refused, in order
/// @error any other code that `fill` gives, and all that `take` gives: they end the work; exhausted when memory runs
/// out
Result<std::vector<Refused>> fill_each(std::size_t count, std::size_t bytes, const PictureWork& fill,
                                       const PictureWork& take,
                                       const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace edgewise::data
