/// Labelled images: what they are, where they come from, and how they are split.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "picture/annotation.hpp"

namespace edgewise::task {
class Task;
}
namespace edgewise::data {

using picture::Box;

enum class Split { train, validation, test };
std::string_view to_text(Split split);  ///< "train", "validation", "test"

/// One labelled image.
struct Item {
  std::filesystem::path image;     ///< the file; for a built-in set a name for messages ("builtin:faces/17")
  int orientation = 1;             ///< EXIF, that the stored pixels are turned by
  picture::Annotation annotation;  ///< what the task wants of the labels; of the turned picture
  std::string group;               ///< items of one group never cross a split; empty: a group of its own
  Split split = Split::train;
};

/// Where the images are and how to read them: the `data:` section of the job file.
struct DataSpec {
  std::string path;         ///< folder, annotation file, or the name of a built-in set ("builtin:faces")
  std::string format;       ///< a name in `formats()`; empty: found out from what lies there
  std::string annotations;  ///< annotation file or folder when it is not at its usual place
  std::string images;       ///< image folder when it is not at its usual place
  std::map<std::string, std::string>
      splits;                     ///< "train" / "validation" / "test" -> list file (stems, names or "path label" lines)
  double validation_share = 0.2;  ///< when no list is given; in (0, 0.9]
  double test_share = 0.0;        ///< the same for a test split
  std::string group_column;       ///< CSV: items with equal value stay together
  std::string boxes = "only";     ///< "only": images with exactly one box; "largest": the largest box of each image
  std::vector<std::string> classes;  ///< keep these classes only (boxes: of these classes); empty: all
  std::string presence;  ///< classification by boxes: does the picture show this class? Its classes: "no X" and "X"
  double presence_share = 0.005;        ///< a box must cover more of the picture than this; in [0, 1)
  std::int64_t count = 0;               ///< built-in sets: number of images; 0: the set's default
  std::uint64_t seed = 1;               ///< of the split and of built-in sets
  std::string orientation = "applied";  ///< "applied": an EXIF orientation turns the picture, as annotation tools show
                                        ///< it; "as_stored"
  std::int64_t channels =
      0;  ///< of the pictures as networks see them; 0: 3 for grey and colour, else what the files have
  std::optional<std::array<double, 2>>
      range;  ///< values that become black and white; nothing: all that 8 or 16 bits can be
};

/// Files of one kind below the data folder: `found` is `used` and all of `left_out` together.
struct Tally {
  std::size_t found = 0, used = 0;
  std::map<std::string, std::vector<std::string>> left_out;  ///< reason -> paths below the data folder, sorted
  friend bool operator==(const Tally&, const Tally&) = default;
};
/// Where every picture and every label file went. Empty for built-in sets.
struct Account {
  Tally pictures, labels;
  friend bool operator==(const Account&, const Account&) = default;
};

/// A whole set. Immutable once loaded.
struct DataSet {
  std::string name;                  ///< for people
  const task::Task* task = nullptr;  ///< what is learned; never null once loaded
  std::vector<std::string> classes;  ///< by label; empty when none are learned
  std::vector<Item> items;
  std::int64_t channels = 3;
  std::optional<std::array<double, 2>> range;  ///< values that become 0 and 255; nothing: all that 8 or 16 bits can be
  bool is_builtin = false;
  DataSpec spec;
  std::vector<std::string> remarks;  ///< what was left out and why, e.g. "left out: 12 pictures, without a box: a.jpg";
                                     ///< those that begin with "warning: " come first
  Account account;
  [[nodiscard]] std::vector<std::size_t> of(Split split) const;  ///< indices of items
};

/// Reads labels and image headers (not the pixels).
/// @param task  its `wants` says what of the labels is taken
/// @error not_found / invalid_input with file:line:column of the annotation or the image's path, and what the format
/// expects: unknown format, no image at all, an image that is missing or unreadable, a box with no area or outside the
/// image by more than 1 pixel (smaller excesses are clipped), NaN, a class that appears in one split only as a warning
/// in `remarks`, fewer than 2 classes, an empty split, a name that could be several files, boxes that cannot be meant
/// as their format says (shares where pixels are expected)
Result<DataSet> load(const DataSpec& spec, const task::Task& task);

}  // namespace edgewise::data
