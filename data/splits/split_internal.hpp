/// Which image belongs to which split.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "data/formats/format.hpp"

namespace edgewise::data {

/// What is left to a hash of the names, once it is known which images are kept.
enum class Undecided { nothing, validation, all };

struct Splits {
  std::vector<std::optional<Split>> of;  ///< by record; nothing: the image is in no split and left out
  std::vector<std::string> labels;       ///< by record, when the lists name classes ("path label"); else empty
  Undecided undecided =
      Undecided::nothing;  ///< `validation`: some of train must become validation; `all`: all are train so far
  std::vector<std::filesystem::path> lists;  ///< that were read
  std::vector<std::string> remarks;
};

/// From the lists that the user named; else from those that the set's own description names; else from the labels
/// themselves; else from the usual lists (train.txt, val.txt, trainval.txt, test.txt beside the data or in
/// ImageSets/Main); else undecided. What a list leaves out is in no split.
/// @error a list that is missing, names an unknown image (file:line) or one twice; a group in two splits
Result<Splits> assign_splits(const Place& place, const Records& records);

/// What decides where an image goes: its group, else its own name.
std::string split_key(const Record& record);

/// The split of `name` (an image, or a group): depends on the name and `seed` alone, so that it stays when files are
/// added.
Split hashed_split(std::uint64_t seed, const std::string& name, double validation_share, double test_share);

/// The same for all; where a handful of names would leave train or validation empty, the name nearest to the border
/// crosses it.
std::vector<Split> hashed_splits(std::uint64_t seed, const std::vector<std::string>& names, double validation_share,
                                 double test_share);

}  // namespace edgewise::data
