// Weights come from the internet: whatever the bytes are, the reader ends with tensors no larger than the file, or with
// an error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "train/weights/state_dict_internal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto weights = edgewise::train::parse_state_dict(bytes)) {
    std::size_t elements = 0;
    for (const auto& [name, tensor] : *weights) elements += tensor.size();
    if (elements > size) std::abort();
  }
  return 0;
}
