/// What every label format gives, and the registry of formats.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "data/dataset.hpp"
#include "data/splits/split_name_internal.hpp"

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
  Task task = Task::box;
  std::vector<std::filesystem::path> files;  ///< below `root`, sorted; empty when the user named a label file
};

/// One label format. A new one is a source file with a `read` and a line in format.cpp.
struct Format {
  std::string_view name;
  std::string_view expects;  ///< one sentence: what lies where
  bool (*is_at)(const Place&);
  Result<Records> (*read)(const Place&);
};
std::span<const Format> formats();

/// Resolves DataSpec::path and finds the format.
struct Opened {
  Place place;
  const Format* format;
};
Result<Opened> open_place(const DataSpec& spec, Task task);

/// A path that the user wrote: absolute, below the data folder, or from the current folder.
std::filesystem::path resolved(const std::filesystem::path& root, const std::string& written);
/// Sorted entries of a folder; empty when there is none. Hidden ones are left out.
std::vector<std::filesystem::path> entries(const std::filesystem::path& folder);
/// The first 64 KiB of a file as UTF-8, as far as they can be decoded; empty when it cannot be read.
std::string head_of(const std::filesystem::path& file);
bool has_image_extension(const std::filesystem::path& path);
/// The first of `names` that is a folder below `root`; empty when there is none.
std::filesystem::path first_folder(const std::filesystem::path& root, std::initializer_list<const char*> names);
/// Lines of a class list ("classes.txt"), without blank ones; empty when the file is missing.
Result<std::vector<std::string>> read_class_names(const std::filesystem::path& file);
/// A reason of LeftOut that several readers give.
inline constexpr std::string_view without_label = "without a label";
inline constexpr std::string_view names_no_split = "its name tells no split, others do";
inline constexpr std::string_view repeats_other_parts = "repeats the training and validation parts";
/// "2 images of instances_extra.json belong to no split: its name tells none, others do".
std::string in_no_split(std::size_t images, const std::string& part);
/// Sets the splits that folders tell, by the first level of folders whose names tell any, and says which label files
/// that leaves out; the others go to `label_files`.
/// @param folders  by record: the folders that its label (or picture) lies in, from the top
/// @param files    by record: its label file, or none at all
void set_splits_by_folder(const std::vector<std::vector<std::string>>& folders,
                          const std::vector<std::filesystem::path>& files, Records& records);
/// Reads `files`, each of which has labels of many images, into one; their names (or else their folders') tell splits.
Result<Records> read_parts(const Place& place, const std::vector<std::filesystem::path>& files,
                           const std::function<Result<Records>(const std::filesystem::path&)>& read);

// The pure text parsers: no file is touched, any bytes are survived. Files come through `read_text` or `read_xml`, so
// that they are UTF-8. `file` is for messages.
Result<Records> parse_csv(std::string_view text, const std::string& file, Task task, const std::string& group_column);
Result<Records> parse_fddb(std::string_view text, const std::string& file);
/// `names` may be empty: then classes are called by their number.
Result<std::vector<LabelledBox>> parse_yolo(std::string_view text, const std::string& file,
                                            std::span<const std::string> names);
Result<Record> parse_voc(std::string_view text, const std::string& file);
Result<Records> parse_coco(std::string_view text, const std::string& file);

// Formats, for the registry.
bool is_folder(const Place&);
Result<Records> read_folder(const Place&);
bool is_csv(const Place&);
Result<Records> read_csv(const Place&);
bool is_fddb(const Place&);
Result<Records> read_fddb(const Place&);
bool is_yolo(const Place&);
Result<Records> read_yolo(const Place&);
bool is_voc(const Place&);
Result<Records> read_voc(const Place&);
bool is_coco(const Place&);
Result<Records> read_coco(const Place&);

/// A box whose corners are in order and that has an area, or the error that names what is wrong.
Result<Box> checked_box(double x0, double y0, double x1, double y1, const std::string& where);

}  // namespace edgewise::data
