/// What a data set looks like: numbers, trivial baselines, a contact sheet.
#pragma once

#include <filesystem>
#include <string>

#include "base/json.hpp"
#include "data/cache/cache.hpp"
#include "data/dataset.hpp"

namespace edgewise::data {

/// What must be beaten: the task's metrics, on the validation split, of the best guess that does not look at the
/// pictures, and the guess itself.
Json baseline(const DataSet& set);

/// Images, sizes, classes or boxes per split, remarks, baseline: everything `edgewise data` prints.
Json statistics(const DataSet& set);

/// {"pictures": {"found", "used", "left_out": {REASON: {"count", "examples": [at most 5 paths]}}}, "labels": the same};
/// null for a built-in set.
Json account_json(const DataSet& set);

/// A PNG of up to `count` pictures of each split in a grid, with labels written and boxes drawn.
Status write_contact_sheet(const DataSet& set, const Cache& cache, const std::filesystem::path& png,
                           std::size_t count = 24);

}  // namespace edgewise::data
