/// What was found wrong with pictures, as one error.
#pragma once

#include <string_view>
#include <vector>

#include "data/bad_pictures.hpp"

namespace edgewise::data {

/// An item of a set, and what is wrong with its picture. The error's message has the picture's path in quotes.
struct Refused {
  std::size_t item = 0;
  Error error;
};

/// How pictures that share a mistake are spoken of.
struct Verdict {
  std::string_view of_many;  ///< "cannot be decoded"
  std::string_view of_one;   ///< the reason that says no more than that: "it cannot be decoded"
  std::string_view next;     ///< what to do about many
};
inline constexpr Verdict not_to_be_decoded{
    "cannot be decoded", "it cannot be decoded",
    "mend or remove these files (or leave them out of the lists), then run the same command again"};
inline constexpr Verdict not_to_be_found{
    "cannot be found", "the image is gone",
    "put these files back (or leave them out of the lists), then run the same command again"};
inline constexpr Verdict not_to_be_read{
    "cannot be read", "it cannot be read",
    "check the permissions of these files, and the disk that they lie on, then run the same command again"};

/// Many: `3 of 40 pictures cannot be decoded: "a.jpg" (it is cut off), "b.jpg", ... and 5 more`, at most 20 by name. A
/// single one: its own error.
/// @param refused  one or more, in the set's order
Error error_of(const DataSet& set, const std::vector<Refused>& refused, const Verdict& verdict);

}  // namespace edgewise::data
