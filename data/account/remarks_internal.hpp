/// What people are told about files that were left out.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "data/account/account_internal.hpp"
#include "data/account/walk_internal.hpp"

namespace edgewise::data {

inline constexpr std::string_view through_a_link = "used through a link";

/// The account, and what was seen while it was taken.
struct Counted {
  std::filesystem::path root;
  Account account;
  Walked walked;
  std::unordered_set<std::string> above;                 ///< by identity: folders around those of records
  std::map<std::string, std::filesystem::path> folders;  ///< by identity: those that records name
  std::unordered_map<std::string, std::pair<std::size_t, std::size_t>> below;  ///< by path: pictures found and used
  /// Below the data folder; the path itself elsewhere.
  [[nodiscard]] std::string shown_path(const std::filesystem::path& path) const;
};

/// Adds to the set's remarks: what was left out, classes that vanish, folders that cannot be read.
void remark(const Opened& opened, const Records& records, const std::vector<Fate>& fates, const Counted& counted,
            Identities& identities, DataSet& set);

}  // namespace edgewise::data
