/// Which records a set keeps, and in which split.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/account/account_internal.hpp"
#include "data/selection/rule_internal.hpp"

namespace edgewise::data {

/// Applies the rule; `fates` says of each record that is left out why.
/// @error a class that the data does not have; nothing is left
Result<std::vector<Kept>> select(const Rule& rule, const Place& place, const Records& records, const Splits& splits,
                                 std::vector<Fate>& fates);

/// What the labels' pictures are called, or why they are not found; by kept record.
using Found = std::vector<Result<std::filesystem::path>>;

/// Leaves out what leads to a file that was met under another path: it would count twice, and in two splits the
/// networks would be judged by what they learned from.
/// @error one file in two splits or of two classes
Status leave_out_same_files(std::vector<Kept>& kept, Found& found, std::vector<Fate>& fates);

/// Splits what no list decided. After the filters, so that a small set is not left without a validation split.
void decide_splits(const Place& place, Undecided undecided, std::vector<Kept>& kept, std::vector<std::string>& remarks);

}  // namespace edgewise::data
