/// Files that an ONNX file names as the place of its weights, looked at before a runtime opens them.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace edgewise::agent {

/// All places of external data that tensors of an ONNX file name, wherever tensors can be: weights, sparse ones too,
/// attributes of nodes, the bodies of If, Loop and Scan, functions, training graphs. Reads Protocol Buffers without
/// building anything: linear in the number of fields.
/// @error invalid_input when the bytes are no ONNX file, or nested deeper than 300 messages (the runtime's own parser
/// stops at 100)
Result<std::set<std::string>> external_places(std::string_view onnx);

/// @error invalid_input when the file at `onnx` is no ONNX file, or names a place for weights that is not a file in its
/// own folder, symbolic links followed: else a model could have any file read and given back as numbers
Status check_external_data(const std::filesystem::path& onnx);

}  // namespace edgewise::agent
