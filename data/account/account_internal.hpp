/// Where every picture and every label file of a data folder went.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/formats/format.hpp"

namespace edgewise::data {

/// Reasons that a filter of the user's own gives: they are counted, but are no cause for a warning.
inline constexpr std::string_view of_chosen_classes = " of the chosen classes";
inline constexpr std::string_view other_classes = "of other classes";
inline constexpr std::string_view same_file = "the same file as another, through a link";
inline constexpr std::string_view in_no_list = "in no list";
inline constexpr std::string_view no_split = "whose labels name no split";

/// What became of one record.
struct Fate {
  std::filesystem::path picture;  ///< empty: no such file
  std::string reason;             ///< why it is left out; empty: it is used
};

/// Whether a file's ending is that of a picture, of a kind that is read or not.
bool is_picture(const std::filesystem::path& file);

/// Walks the data folder (and `images:`) once and counts each file once. Hidden files and folders, and studies, are not
/// counted. Links to folders are followed, each folder is visited once.
/// @param fates  by record
/// @param lists  split lists that were read
/// @param set    its remarks grow: what was left out, classes that vanish, folders that cannot be read
Account take_account(const Opened& opened, const Records& records, const std::vector<Fate>& fates,
                     const std::vector<std::filesystem::path>& lists, DataSet& set);

/// Remarks without repetitions, those that begin with "warning: " first.
std::vector<std::string> in_order(const std::vector<std::string>& remarks);

}  // namespace edgewise::data
