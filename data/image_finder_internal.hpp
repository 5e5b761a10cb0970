/// Which file a label means.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/error.hpp"
#include "data/formats/format.hpp"

namespace edgewise::data {

/// Finds image files by what the labels call them, and never leaves the data folder. A name means one file: the file of
/// exactly that name, else the one whose stem it is. Not safe from two threads.
class ImageFinder {
 public:
  /// @param records  borrowed
  ImageFinder(const Place& place, const Records& records);

  /// @error invalid_input when the name leads out of the data folder or could mean several files (all are named);
  /// not_found when there is no such file
  Result<std::filesystem::path> find(const Record& record);

  /// What people should know about names that contradict each other.
  [[nodiscard]] std::vector<std::string> remarks() const;

 private:
  using Paths = std::vector<std::filesystem::path>;
  using Stems = std::unordered_map<std::string, std::vector<std::string>>;  ///< stem -> file names, sorted

  [[nodiscard]] bool is_below(const std::filesystem::path& folder, const std::filesystem::path& name) const;
  [[nodiscard]] Paths exact(const Paths& folders, const std::filesystem::path& name) const;
  Paths by_stem(const Paths& folders, const std::filesystem::path& name);
  Paths candidates(const Paths& folders, const Record& record);
  Paths similar(const Record& record);
  [[nodiscard]] Paths unread(const Record& record) const;
  const Stems& listing(const std::filesystem::path& folder);

  std::vector<Paths>
      tiers_;  ///< folders, most likely first; a later tier is asked only when an earlier one has nothing
  Paths bounds_;
  std::filesystem::path first_folder_;     ///< for messages
  std::unordered_set<std::string> names_;  ///< what the labels call their own pictures
  std::unordered_map<std::string, Stems> listings_;
  int suggestions_left_ = 3;  ///< each looks at whole folders, and one message is shown
  std::size_t stale_ = 0, foreign_ = 0;
  std::string first_stale_, first_foreign_;
};

}  // namespace edgewise::data
