/// Lists of pictures that say which split they are in: which picture a line means, and where lists lie.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/error.hpp"
#include "data/formats/format.hpp"
#include "data/splits/split_internal.hpp"

namespace edgewise::data {

/// Finds records by what a list calls them: a path below the data folder, one of another machine, a name or a stem.
class Names {
 public:
  /// Both borrowed.
  Names(const Place& place, const Records& records);
  struct Found {
    std::optional<std::size_t> record;
    std::optional<std::size_t> other;  ///< as good as `record`: the name could be both
  };
  /// A line that names a folder means that folder. The end of the path counts, because what comes before it may be
  /// another machine's: "data/obj_train_data/x.png", "/content/set/images/x.jpg".
  /// @param base  the part of the set that the list is of: its pictures come first where several are as good
  [[nodiscard]] Found find(std::string_view written, const std::string& base = {}) const;

 private:
  using Index = std::unordered_map<std::string, std::vector<std::size_t>>;
  using Path = std::vector<std::string>;

  /// How well a line and a name agree, the better the greater.
  struct Match {
    bool is_exact_name = false;  ///< the file's name as written, not its stem alone
    bool is_whole = false;       ///< both are the same from their beginning
    std::size_t parts = 0;       ///< that agree, from the end
    bool is_in_base = false;     ///< the picture is of the list's part of the set
    auto operator<=>(const Match&) const = default;
  };
  static Match match_of(const Path& line, const Path& name);
  [[nodiscard]] Found best_of(const Path& line, const std::vector<std::size_t>& candidates, std::string Record::* name,
                              const std::string& base) const;
  /// Whether the line leads to another file than the record's picture: one that is there, or one in another folder.
  [[nodiscard]] bool means_another_file(const Path& line, const Match& match, const Record& record) const;
  [[nodiscard]] std::optional<std::filesystem::path> file_of(const Record& record) const;

  const Place& place_;
  const Records& records_;
  Index by_stem_, by_folder_, without_folder_;
};

/// Reads lists into splits.
class ListReader {
 public:
  /// All borrowed.
  ListReader(const Place& place, const Records& records, Splits& splits);
  /// Whether a line of `file` names one of the images: other texts may be called "test.txt".
  [[nodiscard]] bool names_any(const std::filesystem::path& file) const;
  /// @param split  of the pictures in it
  /// @param is_joined  the list holds training and validation: an image of another list stays there
  /// @error a line that names no image, two, or one that is listed already (file:line)
  Status read(const SplitList& list, Split split, bool is_joined);
  /// Lines whose pictures are there and have no labels.
  [[nodiscard]] std::size_t unlabelled() const { return unlabelled_; }

 private:
  /// The record of a line, which may end with a label: `name` and `label` are its parts.
  [[nodiscard]] Names::Found find(std::string_view content, const std::string& base, std::string_view& name,
                                  std::string_view& label) const;
  [[nodiscard]] bool is_without_record(std::string_view name) const;
  [[nodiscard]] std::unexpected<Error> unknown(std::string_view name, const std::string& where) const;

  const Records& records_;
  Names names_;
  std::vector<std::string> listed_at_;  ///< by record
  std::vector<std::filesystem::path> listed_in_;
  std::unordered_set<std::string> without_record_;  ///< pictures that are there and have no labels
  std::size_t unlabelled_ = 0;
  const Place& place_;
  Splits& splits_;
};

/// The part of the set that a list is of ("VOCdevkit/VOC2007"), of several that have lists; "": all of it.
std::string base_of(const Place& place, const Records& records, const std::filesystem::path& list);
/// Whether a record's picture is of that part.
bool is_of_base(const Record& record, const std::string& base);

/// Lists that lie where they usually do, by what their names say.
struct UsualLists {
  std::vector<SplitList> used;
  std::vector<std::filesystem::path> unused;
};
/// Of all places where they may lie, below the data folder or below each of `bases`. The first folder with a training
/// list is used, else the first with any, for each base by itself.
UsualLists usual_lists(const Place& place, const std::vector<std::filesystem::path>& bases);

}  // namespace edgewise::data
