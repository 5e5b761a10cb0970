/// State dicts in memory. Only for the sources, tests and the fuzzer of train/.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "graph/weights.hpp"

namespace edgewise::train {

/// Reads the bytes of a `.pth` file: the zip of newer PyTorch versions, or the row of pickles and storages of versions
/// before 1.6, in which some of torchvision's weights are still published.
/// @param with_values  false: only names and shapes, the tensors' values stay empty
/// @error invalid_input; see read_state_dict
Result<graph::Weights> parse_state_dict(std::string_view bytes, bool with_values = true);

/// The same of the files of safetensors: a header of JSON, then the numbers.
bool is_safetensors(std::string_view bytes);
Result<graph::Weights> parse_safetensors(std::string_view bytes, bool with_values);

/// What a zip archive holds.
struct Archive {
  std::map<std::string, std::string_view> files;  ///< those stored as they are; the contents lie in the archive's bytes
  bool has_others = false;                        ///< compressed or encrypted ones, which are left out
};
/// @error invalid_input: no zip, or sizes and places that do not fit the file
Result<Archive> list_zip(std::string_view bytes);

}  // namespace edgewise::train
