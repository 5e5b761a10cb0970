#include <algorithm>
#include <array>
#include <set>

#include "data/formats/format.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

/// Whether a folder is the data folder or around it: what lies there is not the data.
bool is_around(const fs::path& folder, const fs::path& root) {
  return std::mismatch(folder.begin(), folder.end(), root.begin(), root.end()).first == folder.end();
}

}  // namespace

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::set<fs::path> entered, links;
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error) return files;
  std::vector<fs::path> open{folder};
  std::size_t met = 0;
  while (!open.empty() || !links.empty()) {
    // Links come last: what lies in the folder itself keeps its own name.
    const bool is_link = open.empty();
    const fs::path at = is_link ? *links.begin() : open.back();
    if (is_link)
      links.erase(links.begin());
    else
      open.pop_back();
    const fs::path real = fs::canonical(at, error);
    if (error || (is_link && is_around(real, root)) || !entered.insert(real).second) continue;
    // Kinds come with the entries: asking for each of a million files would take seconds.
    for (fs::directory_iterator it(at, fs::directory_options::skip_permission_denied, error), end;
         !error && it != end && met < most_entries; it.increment(error), ++met) {
      const fs::path& path = it->path();
      const std::string name = path.filename().string();
      if (name.starts_with('.')) continue;
      std::error_code ignored;
      if (it->is_directory(ignored)) {
        if (name == "__MACOSX" || path.extension() == ".study") continue;
        if (it->is_symlink(ignored))
          links.insert(path);
        else
          open.push_back(path);
      } else if (it->is_regular_file(ignored)) {
        files.push_back(path);
      }
    }
  }
  std::ranges::sort(files);
  return files;
}

std::string name_below(const fs::path& root, const fs::path& path) {
  const std::string start = (root / "").generic_string();
  std::string name = path.generic_string();
  if (name.starts_with(start))
    name.erase(0, start.size());
  else if (name + "/" == start)
    name.clear();
  return name;
}

std::vector<std::string> folders_below(const fs::path& root, const fs::path& file) {
  auto parts = parts_of_path(name_below(root, file));
  const bool is_below = name_below(root, file) != file.generic_string() || root.empty() || root == ".";
  if (parts.empty() || !is_below) return {};
  parts.pop_back();
  return parts;
}

bool is_note(const fs::path& file) {
  const std::string name = lower_case(file.filename().string());
  static constexpr std::array beginnings{"readme",  "license",  "licence", "changelog",    "changes", "notes",
                                         "copying", "citation", "authors", "requirements", "todo"};
  // "notes.json" is a note, "notesheet.csv" is not.
  return std::ranges::any_of(beginnings, [&](std::string_view start) {
    if (!name.starts_with(start)) return false;
    const char next = name.size() > start.size() ? name[start.size()] : '.';
    return !(next >= 'a' && next <= 'z');
  });
}

std::vector<std::string> parts_of_path(std::string_view written) {
  std::vector<std::string> parts;
  while (!written.empty()) {
    const std::size_t end = written.find_first_of("/\\");
    const std::string_view part = written.substr(0, end);
    if (!part.empty() && part != ".") parts.emplace_back(part);
    written.remove_prefix(end == std::string_view::npos ? written.size() : end + 1);
  }
  return parts;
}

std::string joined_parts(const std::vector<std::string>& parts, std::size_t first, std::size_t last) {
  std::string joined;
  for (std::size_t i = first; i < last && i < parts.size(); ++i) joined += (i > first ? "/" : "") + parts[i];
  return joined;
}

std::string joined_parts(const std::vector<std::string>& parts, std::size_t first) {
  return joined_parts(parts, first, parts.size());
}

std::string without_extension(const std::string& name) {
  const std::size_t slash = name.rfind('/'), dot = name.rfind('.');
  const std::size_t start = slash == std::string::npos ? 0 : slash + 1;
  return dot == std::string::npos || dot <= start ? name : name.substr(0, dot);
}

Pictures::Pictures(const fs::path& root, const std::vector<fs::path>& files) {
  for (const fs::path& file : files) {
    if (!has_image_extension(file)) continue;
    const std::string name = name_below(root, file);
    by_name_.emplace(name, names_.size());
    by_stem_[without_extension(name)].push_back(name);
    for (std::size_t slash = name.rfind('/'); slash != std::string::npos && slash > 0;
         slash = name.rfind('/', slash - 1))
      if (!folders_.try_emplace(name.substr(0, slash), names_.size()).second) break;
    names_.push_back(name);
  }
}

const std::vector<std::string>& Pictures::of_stem(const std::string& stem) const {
  static const std::vector<std::string> none;
  const auto it = by_stem_.find(stem);
  return it == by_stem_.end() ? none : it->second;
}

fs::path resolved(const fs::path& root, const std::string& written) {
  const fs::path path = written;
  if (path.is_absolute()) return path;
  std::error_code ignored;
  if (fs::exists(root / path, ignored) || !fs::exists(path, ignored)) return (root / path).lexically_normal();
  return path;
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && it != end; it.increment(error))
    if (!it->path().filename().string().starts_with('.')) found.push_back(it->path());
  std::ranges::sort(found);
  return found;
}

bool has_image_extension(const fs::path& path) {
  const std::string extension = lower_case(path.extension().string());
  static constexpr std::array known{".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff"};
  return std::ranges::find(known, extension) != known.end();
}

fs::path first_folder(const fs::path& root, std::initializer_list<const char*> names) {
  std::error_code ignored;
  for (const char* name : names)
    if (fs::is_directory(root / name, ignored)) return root / name;
  return {};
}

}  // namespace edgewise::data
