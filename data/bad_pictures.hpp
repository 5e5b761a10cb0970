/// Pictures that cannot be decoded, all of them at once: who mends one file wants to hear of the others too.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/dataset.hpp"

namespace edgewise::data {

struct BadPicture {
  std::string name;    ///< its path below the folder that all pictures of the set lie in
  std::string reason;  ///< "it is cut off: the end of the JPEG is missing"
};

/// Decodes every picture from all processors, and writes no file. Pictures of a built-in set are drawn: none is bad.
/// @param progress  called with (done, all) now and then
/// @return the bad ones in the set's order
/// @error unavailable or exhausted when the machine is at fault: nothing is known of the pictures then
Result<std::vector<BadPicture>> find_bad_pictures(const DataSet& set,
                                                  const std::function<void(std::size_t, std::size_t)>& progress = {});

/// "3 of 40 pictures cannot be decoded", with the folder that their names begin in and what to do.
Error error_of(const DataSet& set, const std::vector<BadPicture>& bad);

}  // namespace edgewise::data
