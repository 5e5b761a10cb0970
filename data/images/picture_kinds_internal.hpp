/// What the pictures of one set have in common: channels, and the range of their values.
#pragma once

#include <vector>

#include "base/error.hpp"
#include "data/dataset.hpp"
#include "data/images/image_internal.hpp"

namespace edgewise::data {

/// Sets `channels` and `range` of the set by its spec and its pictures, with remarks. Some pictures whose values are
/// not bytes are decoded to see which values they use.
/// @param headers  by item
/// @error channels that differ, with a picture of each; real or signed values without a range, with the values seen
Status settle_pixels(const std::vector<ImageHeader>& headers, DataSet& set);

/// How the picture of an item is decoded.
Pixels pixels_of(const DataSet& set, const Item& item);

}  // namespace edgewise::data
