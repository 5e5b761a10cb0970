#include <algorithm>
#include <format>

#include "data/account/account_internal.hpp"
#include "data/image_finder_internal.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

/// Without an end that would compare unequal: "a/b/." and "a/b/" as "a/b".
fs::path closed(const fs::path& folder) {
  const fs::path normal = fs::absolute(folder.empty() ? fs::path(".") : folder).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

std::string stem_of(const std::string& name) {
  const fs::path path = fs::path(name).lexically_normal();
  return (has_image_extension(path) ? path.parent_path() / path.stem() : path).generic_string();
}

/// The same file under two names, by a link, is one file.
void leave_one_each(std::vector<fs::path>& found) {
  std::vector<fs::path> different;
  std::error_code ignored;
  for (fs::path& path : found)
    if (std::ranges::none_of(different, [&](const fs::path& other) { return fs::equivalent(path, other, ignored); }))
      different.push_back(std::move(path));
  found = std::move(different);
}

std::string quoted_paths(const std::vector<fs::path>& paths) {
  std::vector<std::string> names;
  for (const fs::path& path : paths) {
    if (names.size() == 4) break;
    names.push_back(path.string());
  }
  return quoted_list(names);
}

}  // namespace

ImageFinder::ImageFinder(const Place& place, const Records& records) {
  std::vector<fs::path> usual = records.folders;
  bounds_ = usual;
  bounds_.push_back(place.root);
  const auto tier = [&](const std::vector<fs::path>& folders) {
    Paths there;
    std::error_code ignored;
    for (const fs::path& folder : folders) {
      const fs::path normal = folder.empty() ? fs::path(".") : folder.lexically_normal();
      if (first_folder_.empty()) first_folder_ = normal;
      if (std::ranges::find(there, normal) == there.end() && fs::is_directory(normal, ignored)) there.push_back(normal);
    }
    if (!there.empty()) tiers_.push_back(std::move(there));
  };
  if (!place.spec.images.empty()) {
    const fs::path images = resolved(place.root, place.spec.images);
    bounds_.push_back(images);
    tier({images});
  }
  tier(usual);
  for (fs::path& folder : bounds_) folder = closed(folder);
  for (const Record& record : records.records)
    if (!record.other_image.empty()) names_.insert(stem_of(record.image));
}

bool ImageFinder::is_below(const fs::path& folder, const fs::path& name) const {
  // Every folder that is asked is within the bounds: only ".." or an absolute path leads out.
  if (name.is_relative() && std::ranges::find(name, fs::path("..")) == name.end()) return true;
  const fs::path absolute = fs::absolute(folder / name).lexically_normal();
  return std::ranges::any_of(bounds_, [&](const fs::path& bound) {
    return std::mismatch(bound.begin(), bound.end(), absolute.begin(), absolute.end()).first == bound.end();
  });
}

const ImageFinder::Stems& ImageFinder::listing(const fs::path& folder) {
  const auto [it, is_new] = listings_.try_emplace(folder.string());
  if (is_new)
    for (const fs::path& file : entries(folder))
      if (has_image_extension(file)) it->second[file.stem().string()].push_back(file.filename().string());
  return it->second;
}

ImageFinder::Paths ImageFinder::exact(const Paths& folders, const fs::path& name) const {
  Paths found;
  std::error_code ignored;
  for (const fs::path& folder : folders) {
    if (!is_below(folder, name)) continue;
    const fs::path path = (folder / name).lexically_normal();
    if (std::ranges::find(found, path) == found.end() && fs::is_regular_file(path, ignored)) found.push_back(path);
  }
  if (found.size() > 1) leave_one_each(found);
  return found;
}

ImageFinder::Paths ImageFinder::by_stem(const Paths& folders, const fs::path& name) {
  Paths found;
  std::error_code ignored;
  for (const fs::path& folder : folders) {
    if (!is_below(folder, name)) continue;
    const fs::path path = (folder / name).lexically_normal();
    const Stems& stems = listing(path.parent_path());
    const auto it = stems.find(path.filename().string());
    if (it == stems.end()) continue;
    for (const std::string& file : it->second)
      if (const fs::path full = path.parent_path() / file;
          std::ranges::find(found, full) == found.end() && fs::is_regular_file(full, ignored))
        found.push_back(full);
  }
  if (found.size() > 1) leave_one_each(found);
  return found;
}

ImageFinder::Paths ImageFinder::candidates(const Paths& folders, const Record& record) {
  const fs::path own = record.image, other = record.other_image;
  if (!record.other_image.empty()) {
    Paths named = own.has_parent_path() ? exact(folders, own.parent_path() / other) : Paths{};
    if (named.empty()) named = exact(folders, other);
    if (named.empty() && !has_image_extension(other)) named = by_stem(folders, other);
    if (named.size() == 1 && stem_of(other.filename().string()) != stem_of(own.filename().string())) {
      // Copied annotations keep the name of the picture they were copied from, which has an annotation of its own.
      Paths mine = exact(folders, own);
      if (mine.empty()) mine = by_stem(folders, own);
      const bool is_of_another = names_.contains(stem_of(record.other_image)) ||
                                 names_.contains(stem_of((own.parent_path() / other).generic_string()));
      if (!mine.empty() && is_of_another) {
        if (stale_++ == 0) first_stale_ = record.where;
        return mine;
      }
      if (!mine.empty() && foreign_++ == 0) first_foreign_ = record.where;
    }
    if (!named.empty()) return named;
  }
  Paths found = exact(folders, own);
  return found.empty() ? by_stem(folders, own) : found;
}

/// Files whose names differ from the wanted one in case or kind only.
ImageFinder::Paths ImageFinder::similar(const Record& record) {
  Paths found;
  if (suggestions_left_ == 0) return found;
  --suggestions_left_;
  for (const Paths& folders : tiers_)
    for (const fs::path& folder : folders) {
      if (!is_below(folder, record.image)) continue;
      const fs::path path = (folder / record.image).lexically_normal();
      const std::string wanted = lower_case(fs::path(stem_of(path.filename().string())).string());
      const Stems& stems = listing(path.parent_path());
      for (const auto& [stem, files] : stems)
        if (lower_case(stem) == wanted)
          for (const std::string& file : files) found.push_back(path.parent_path() / file);
    }
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

/// Pictures of the wanted name whose kind is not read.
ImageFinder::Paths ImageFinder::unread(const Record& record) const {
  Paths found;
  for (const Paths& folders : tiers_)
    for (const fs::path& folder : folders) {
      if (!is_below(folder, record.image)) continue;
      const fs::path path = (folder / record.image).lexically_normal();
      const std::string wanted = fs::path(stem_of(path.filename().string())).string();
      for (const fs::path& file : entries(path.parent_path()))
        if (file.stem() == wanted && is_picture(file) && !has_image_extension(file) &&
            std::ranges::find(found, file) == found.end())
          found.push_back(file);
    }
  return found;
}

Result<fs::path> ImageFinder::find(const Record& record) {
  for (const std::string* name : {&record.image, &record.other_image})
    if (std::ranges::any_of(*name, [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
      return invalid(std::format("the image name \"{}\" holds control characters", shown(*name)), "correct the name",
                     record.where);
  const auto leads_in = [&](const Paths& folders) {
    return std::ranges::any_of(folders, [&](const fs::path& folder) { return is_below(folder, record.image); });
  };
  if (!tiers_.empty() && std::ranges::none_of(tiers_, leads_in))
    return invalid(std::format("the image path \"{}\" leads out of the data folder", shown(record.image)),
                   "write paths below the data folder, or name the folder in data.images", record.where);
  for (const Paths& folders : tiers_) {
    const Paths found = candidates(folders, record);
    if (found.size() == 1) return found.front();
    if (found.size() > 1)
      return invalid(
          std::format("\"{}\" could be any of {} files: {}", shown(record.image), found.size(), quoted_paths(found)),
          "write the whole name or path, move one of them away, or name the folder in data.images", record.where);
  }
  const bool may_look = suggestions_left_ > 0;
  const Paths near = similar(record);
  if (const Paths others = near.empty() && may_look ? unread(record) : Paths{}; !others.empty())
    return fail(ErrorCode::not_found,
                std::format("the image \"{}\" is there as {} only, a kind of picture that is not read",
                            shown(record.image), quoted_paths(others)),
                "convert it to PNG or JPEG, or remove its label", record.where);
  return fail(ErrorCode::not_found, std::format("the image \"{}\" is not there", shown(record.image)),
              near.empty()
                  ? std::format("put it into \"{}\", or name the image folder in data.images", first_folder_.string())
                  : std::format("did you mean {}?", quoted_paths(near)),
              record.where);
}

std::vector<std::string> ImageFinder::remarks() const {
  std::vector<std::string> said;
  if (stale_ > 0)
    said.push_back(
        std::format("{} annotations name a picture in <filename> that has an annotation of its own: the "
                    "picture of their own name was taken; the first is {}",
                    stale_, first_stale_));
  if (foreign_ > 0)
    said.push_back(
        std::format("{} annotations name another picture in <filename> than their own name: the one in "
                    "<filename> was taken; the first is {}",
                    foreign_, first_foreign_));
  return said;
}

}  // namespace edgewise::data
