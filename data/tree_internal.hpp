/// The files below a data folder, and which picture a name means.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace edgewise::data {

/// Whoever names a home folder, or a label file in one, does not want to wait for all of it.
inline constexpr std::size_t most_entries = 3'000'000;

/// All regular files below `folder`, sorted. Hidden ones, studies and "__MACOSX" (doubles that archives of a Mac carry)
/// are left out; pipes and devices are no files. Links to folders are followed last, and only where they lead to what
/// was not met; one that leads to a folder around `folder` is not. At most `most_entries` are looked at.
std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder);

/// `path` from `root` on, with "/" between the parts, "" for `root`; `path` itself when it does not begin with `root`.
std::string name_below(const std::filesystem::path& root, const std::filesystem::path& path);

/// The folders from `root` to `file`; none when it does not lie below.
std::vector<std::string> folders_below(const std::filesystem::path& root, const std::filesystem::path& file);

/// A path that the user wrote: absolute, below the data folder, or from the current folder.
std::filesystem::path resolved(const std::filesystem::path& root, const std::string& written);
/// Sorted entries of a folder; empty when there is none. Hidden ones are left out.
std::vector<std::filesystem::path> entries(const std::filesystem::path& folder);
/// The first of `names` that is a folder below `root`; empty when there is none.
std::filesystem::path first_folder(const std::filesystem::path& root, std::initializer_list<const char*> names);

/// Whether a file's ending is that of a picture of a kind that is read.
bool has_image_extension(const std::filesystem::path& path);
/// A text for people that lies in a data folder: README, LICENSE, notes and the like, under any extension.
bool is_note(const std::filesystem::path& file);

/// The parts of a path that others wrote: "\" counts as "/"; "." and empty parts are left out.
std::vector<std::string> parts_of_path(std::string_view written);
/// `parts` from `first` to before `last`, joined with "/".
std::string joined_parts(const std::vector<std::string>& parts, std::size_t first, std::size_t last);
std::string joined_parts(const std::vector<std::string>& parts, std::size_t first = 0);

/// Pictures below a folder, by name.
class Pictures {
 public:
  Pictures(const std::filesystem::path& root, const std::vector<std::filesystem::path>& files);
  [[nodiscard]] bool has(const std::string& name) const { return by_name_.contains(name); }
  /// Pictures whose name without its extension is `stem` ("images/a").
  [[nodiscard]] const std::vector<std::string>& of_stem(const std::string& stem) const;
  /// Whether a picture lies in this folder ("images") or below it.
  [[nodiscard]] bool has_folder(const std::string& folder) const { return folders_.contains(folder); }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::unordered_map<std::string, std::vector<std::string>> by_stem_;
  std::unordered_map<std::string, std::size_t> folders_;
};

/// "a/b.png" without the extension: "a/b".
std::string without_extension(const std::string& name);

}  // namespace edgewise::data
