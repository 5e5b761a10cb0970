#include <sys/stat.h>

#include <algorithm>
#include <format>
#include <set>

#include "data/account/walk_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

const std::string& Identities::folder_id(const fs::path& folder) {
  const auto [it, is_new] = known_.try_emplace(folder.string());
  if (is_new) {
    struct stat found{};
    const fs::path path = folder.empty() ? fs::path(".") : folder;
    it->second = ::stat(path.c_str(), &found) == 0 ? std::format("{}:{}", found.st_dev, found.st_ino)
                                                   : "?" + folder.lexically_normal().string();
  }
  return it->second;
}

namespace {

/// Whether a link leads to a folder that the data folder itself lies in: following it would count the whole disk.
bool leads_up(const fs::path& link, const fs::path& top) {
  std::error_code error;
  const fs::path target = fs::canonical(link, error), own = fs::canonical(top, error);
  return !error && std::mismatch(target.begin(), target.end(), own.begin(), own.end()).first == target.end();
}

}  // namespace

void walk(const fs::path& top, Identities& identities, std::unordered_set<std::string>& visited,
          const std::function<bool(const fs::path&)>& is_wanted, Walked& walked) {
  std::vector<fs::path> open{top};
  std::set<fs::path> links;
  while ((!open.empty() || !links.empty()) && walked.entries < most_entries) {
    // Links come last: what lies in the folder itself keeps its own name.
    if (open.empty()) {
      open.push_back(*links.begin());
      links.erase(links.begin());
    }
    const fs::path folder = std::move(open.back());
    open.pop_back();
    if (!visited.insert(identities.folder_id(folder)).second) continue;
    std::error_code error;
    fs::directory_iterator it(folder, error);
    if (error) {
      walked.closed.push_back(folder);
      continue;
    }
    for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
      const fs::path& path = it->path();
      if (++walked.entries > most_entries) break;
      if (path.filename().native().starts_with('.')) continue;
      std::error_code ignored;
      if (it->is_directory(ignored)) {
        const bool is_link = it->is_symlink(ignored);
        if (path.extension() == ".study" || (is_link && leads_up(path, top))) continue;
        if (is_link)
          links.insert(path);
        else
          open.push_back(path);
      } else if (is_wanted(path)) {
        // A link that leads nowhere is an entry that somebody counts on; a device or a pipe is no file.
        if (it->is_regular_file(ignored) || it->is_symlink(ignored)) walked.files.push_back(path);
      }
    }
    if (error) walked.closed.push_back(folder);
  }
}

}  // namespace edgewise::data
