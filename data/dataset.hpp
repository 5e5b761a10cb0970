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
#include "base/json.hpp"

namespace edgewise::data {

enum class Task { classification, box };
std::string_view to_text(Task task);  ///< "classification", "box"

/// Corners in pixels of the image file: real numbers, the outer edges, x0 < x1 and y0 < y1.
struct Box {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  friend bool operator==(const Box&, const Box&) = default;
};
/// Area of the intersection over area of the union; 0 when a box is empty.
double intersection_over_union(const Box& a, const Box& b);

enum class Split { train, validation, test };
std::string_view to_text(Split split);  ///< "train", "validation", "test"

/// One labelled image.
struct Item {
  std::filesystem::path image;         ///< the file; for a built-in set a name for messages ("builtin:faces/17")
  std::int64_t width = 0, height = 0;  ///< after `orientation`
  int orientation = 1;  ///< EXIF, that the stored pixels are turned by; box, width and height are of the turned picture
  std::optional<std::int64_t> label;  ///< index into DataSet::classes (classification)
  std::optional<Box> box;             ///< (box)
  std::string group;                  ///< items of one group never cross a split; empty: a group of its own
  Split split = Split::train;
};

/// Where the images are and how to read them: the `data:` section of the job file.
struct DataSpec {
  std::string path;         ///< folder, annotation file, or "builtin:faces", "builtin:drainage"
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
  std::string name;  ///< for people
  Task task = Task::classification;
  std::vector<std::string> classes;  ///< classification: by label
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
/// @error not_found / invalid_input with file:line:column of the annotation or the image's path, and what the format
/// expects: unknown format, no image at all, an image that is missing or unreadable, a box with no area or outside the
/// image by more than 1 pixel (smaller excesses are clipped), NaN, a class that appears in one split only as a warning
/// in `remarks`, fewer than 2 classes, an empty split, a name that could be several files, boxes that cannot be meant
/// as their format says (shares where pixels are expected)
Result<DataSet> load(const DataSpec& spec, Task task);

}  // namespace edgewise::data
