// ONNX files come from anywhere: whatever the bytes are, the places of external data come out as parts of them, or an
// error.
#include "agent/external_data.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto places = edgewise::agent::external_places(bytes)) {
    for (const auto& place : *places)
      if (!bytes.contains(place)) std::abort();
  }
  return 0;
}
