/// All files below a folder, each once.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace edgewise::data {

/// Files by what they are, not by how their path is written: a folder may be reached by several.
class Identities {
 public:
  std::string of(const std::filesystem::path& file) {
    return folder_id(file.parent_path()) + "/" + file.filename().string();
  }
  const std::string& folder_id(const std::filesystem::path& folder);

 private:
  std::unordered_map<std::string, std::string> known_;
};

struct Walked {
  std::vector<std::filesystem::path> files;   ///< pictures and label files
  std::vector<std::filesystem::path> closed;  ///< folders that cannot be read
  std::size_t entries = 0;
};

/// One pass over the tree, without recursion: a chain of folders may be as deep as the file system allows.
/// @param visited  identities of folders: those in it are not entered again
void walk(const std::filesystem::path& top, Identities& identities, std::unordered_set<std::string>& visited,
          const std::function<bool(const std::filesystem::path&)>& is_wanted, Walked& walked);

}  // namespace edgewise::data
