// Any bytes as a yolo label file: an error or boxes that are in order, never a crash.
#include <cstdint>
#include <string>
#include <vector>

#include "data/formats/yolo.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgewise::data;
  const std::vector<std::string> names{"cat", "dog"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool is_named : {false, true})
    if (const auto boxes = parse_yolo(text, "fuzz", is_named ? std::span(names) : std::span<const std::string>{}))
      for (const LabelledBox& box : *boxes)
        if (!(box.box.x0 < box.box.x1 && box.box.y0 < box.box.y1)) __builtin_trap();
  return 0;
}
