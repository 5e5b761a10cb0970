/// Label formats: what each gives, how it is recognised, and the catalogue of them.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/catalogue.hpp"
#include "base/error.hpp"
#include "data/dataset.hpp"
#include "data/formats/other_reading.hpp"
#include "data/splits/split_name.hpp"
#include "task/task.hpp"

namespace edgewise::data {

struct LabelledBox {
  Box box;            ///< pixels, or shares of the picture when Record::is_relative
  std::string name;   ///< class; empty when the format has none
  std::string where;  ///< file:line:column
};

/// What the labels say about one image.
struct Record {
  std::string image;        ///< as written: a path, a name or a stem
  std::string other_image;  ///< a second name to try when the first is not there
  std::vector<LabelledBox> boxes;
  bool is_relative = false;          ///< boxes are shares of the picture
  std::optional<std::string> label;  ///< class of the whole image
  std::string group;
  std::optional<Split> split;          ///< when the labels themselves say so
  std::int64_t width = 0, height = 0;  ///< as the labels state; 0: not stated
  std::string where;                   ///< file:line:column
};

/// A picture or a label file that a reader saw and does not use.
struct LeftOut {
  std::filesystem::path file;
  std::string reason;  ///< "a kind of file that is not read (.tif)"; the same words for the same reason
};

/// A list of pictures that belong to one split.
struct SplitList {
  SplitName split;
  std::filesystem::path file;
};

struct Records {
  std::vector<Record> records;
  std::vector<std::string> classes;                ///< in the set's own order; empty: the format has none
  std::vector<std::filesystem::path> folders;      ///< where the images may lie, most likely first
  std::vector<std::filesystem::path> label_files;  ///< that were read, class lists included
  std::vector<LeftOut> left_out;
  std::vector<std::string> remarks;
  std::vector<SplitList> lists;                    ///< that the set's own description names ("obj.data")
  std::vector<std::filesystem::path> list_places;  ///< where the usual lists may lie; empty: the data folder
};

/// Where a set lies.
struct Place {
  std::filesystem::path root;         ///< the data folder: image paths stay below it
  std::filesystem::path annotations;  ///< file or folder that the user named; empty: at the usual place
  DataSpec spec;
  task::Wants wants = task::Wants::one_box;  ///< what is asked of the labels
  std::vector<std::filesystem::path> files;  ///< below `root`, sorted; empty when the user named a label file
};

/// How sure a format is that what lies at a place is its own.
enum class Recognition {
  none,
  last_resort,  ///< its own, though the task cannot use it: chosen, to say so, when it can be nothing else
  possible,     ///< its own unless another format recognises it
  sure,
};

/// One label format: a source file with these functions, and a line in formats.cpp (or a Registration).
struct Format {
  std::string name;     ///< as users write it in `data.format`
  std::string expects;  ///< one sentence: what lies where
  int rank = 0;  ///< formats are asked by ascending rank whether a place is theirs: the most telling traces first
  Recognition (*recognise)(const Place&) = nullptr;
  Result<Records> (*read)(const Place&) = nullptr;
  /// Another way to read boxes of which some lie outside of their pictures, so that all lie inside; "" when none fits.
  std::string (*other_reading)(std::span<const WrittenBox>) = other_reading_of_pixels;
  std::string boxless;             ///< what a set of it is called when it has no boxes: "an image folder"
  bool has_class_folders = false;  ///< pictures lie in one folder for each class
};
/// In the order in which messages list them.
Catalogue<Format>& formats();

/// Resolves DataSpec::path and finds the format: the first one by rank that is sure, else the last one that finds it
/// possible, else a last resort.
struct Opened {
  Place place;
  const Format* format;
};
Result<Opened> open_place(const DataSpec& spec, task::Wants wants);

}  // namespace edgewise::data
