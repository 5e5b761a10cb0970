#include <cerrno>
#include <cstring>
#include <format>

#include "data/bad_pictures_internal.hpp"
#include "data/parallel_internal.hpp"
#include "data/picture_files_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

PictureNames picture_names(const DataSet& set) {
  PictureNames all;
  all.names.reserve(set.items.size());
  if (set.is_builtin) {
    for (const Item& item : set.items) all.names.push_back(item.image.string());
    return all;
  }
  std::error_code ignored;
  for (const Item& item : set.items)
    all.names.push_back(fs::absolute(item.image, ignored).lexically_normal().generic_string());
  if (all.names.empty()) return all;
  std::string folder = all.names.front();
  folder.resize(folder.rfind('/') + 1);
  for (const std::string& name : all.names)
    while (!name.starts_with(folder)) folder.resize(folder.rfind('/', folder.size() - 2) + 1);
  for (std::string& name : all.names) name.erase(0, folder.size());
  all.folder = folder.size() > 1 ? folder.substr(0, folder.size() - 1) : folder;
  return all;
}

Result<std::vector<struct stat>> states_of_pictures(const DataSet& set) {
  std::vector<struct stat> states(set.items.size());
  std::vector<int> errors(set.items.size(), 0);
  parallel_for(
      set.items.size(),
      [&](std::size_t i) {
        if (::stat(set.items[i].image.c_str(), &states[i]) != 0) errors[i] = errno;
        return true;
      },
      1024);
  std::vector<Refused> gone;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (errors[i] == 0) continue;
    const std::string path = set.items[i].image.string();
    Error error{ErrorCode::not_found,
                std::format("the image \"{}\" is gone", path),
                {},
                "put it back, or remove it from the labels"};
    if (errors[i] != ENOENT) {
      error.code = ErrorCode::invalid_input;
      error.message = std::format("the image \"{}\" cannot be looked at: {}", path, std::strerror(errors[i]));
      error.next = "check its path and permissions";
    }
    gone.push_back({i, std::move(error)});
  }
  if (!gone.empty()) return std::unexpected(error_of(set, gone, not_to_be_found));
  return states;
}

}  // namespace edgewise::data
