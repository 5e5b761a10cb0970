/// Sets in several parts, whose names tell the splits.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/formats/format.hpp"

namespace edgewise::data {

/// A reason of LeftOut that several readers give.
inline constexpr std::string_view without_label = "without a label";
inline constexpr std::string_view names_no_split = "its name tells no split, others do";
inline constexpr std::string_view repeats_other_parts = "repeats the training and validation parts";
/// "2 images of instances_extra.json belong to no split: its name tells none, others do".
std::string in_no_split(std::size_t images, const std::string& part);
/// Sets the splits that folders tell, by the first level of folders whose names tell any, and says which label files
/// that leaves out; the others go to `label_files`.
/// @param folders  by record: the folders that its label (or picture) lies in, from the top
/// @param files    by record: its label file, or none at all
void set_splits_by_folder(const std::vector<std::vector<std::string>>& folders,
                          const std::vector<std::filesystem::path>& files, Records& records);
/// Reads `files`, each of which has labels of many images, into one; their names (or else their folders') tell splits.
Result<Records> read_parts(const Place& place, const std::vector<std::filesystem::path>& files,
                           const std::function<Result<Records>(const std::filesystem::path&)>& read);

}  // namespace edgewise::data
