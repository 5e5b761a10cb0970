/// What readers of label formats share.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "data/dataset.hpp"

namespace edgewise::data {

/// The first 64 KiB of a file as UTF-8, as far as they can be decoded; empty when it cannot be read.
std::string head_of(const std::filesystem::path& file);
/// Lines of a class list ("classes.txt"), without blank ones; empty when the file is missing.
Result<std::vector<std::string>> read_class_names(const std::filesystem::path& file);
/// A box whose corners are in order and that has an area, or the error that names what is wrong.
Result<Box> checked_box(double x0, double y0, double x1, double y1, const std::string& where);

}  // namespace edgewise::data
