/// Which image belongs to which split.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "data/format_internal.hpp"

namespace edgewise::data {

struct Splits {
  std::vector<std::optional<Split>> of;  ///< by record; nothing: the image is in no split and left out
  std::vector<std::string> labels;       ///< by record, when the lists name classes ("path label"); else empty
  std::vector<std::string> remarks;
};

/// From the lists that the user named; else from the labels themselves; else from the usual lists (train.txt and val.txt beside the
/// data, ImageSets/Main); else by a hash. What a list leaves out is in no split.
/// @error a list that is missing, names an unknown image (file:line) or one twice
Result<Splits> assign_splits(const Place& place, const Records& records);

/// The split of `name` (an image, or a group): depends on the name and `seed` alone, so that it stays when files are added.
Split hashed_split(std::uint64_t seed, const std::string& name, double validation_share, double test_share);

}  // namespace edgewise::data
