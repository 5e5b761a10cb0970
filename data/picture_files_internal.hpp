/// The picture files of a set: short names, and what the file system knows of them.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset.hpp"

namespace edgewise::data {

/// Pictures by their paths below the folder that they all lie in: a set that was moved has the same ones.
struct PictureNames {
  std::filesystem::path folder;    ///< absolute; empty for a built-in set
  std::vector<std::string> names;  ///< by item, "/" between the parts; for a built-in set what its items call them
};
PictureNames picture_names(const DataSet& set);

/// Sizes and times of change, by item, of a set that is not built in.
/// @error all pictures that are not there, at once
Result<std::vector<struct stat>> states_of_pictures(const DataSet& set);

}  // namespace edgewise::data
