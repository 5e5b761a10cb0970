// Any bytes as a coco label file: an error or boxes that are in order, never a crash.
#include <cstdint>
#include <string>
#include <vector>

#include "data/formats/coco.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgewise::data;
  if (const auto records = parse_coco({reinterpret_cast<const char*>(data), size}, "fuzz"))
    for (const Record& record : records->records)
      for (const LabelledBox& box : record.boxes)
        if (!(box.box.x0 < box.box.x1 && box.box.y0 < box.box.y1)) __builtin_trap();
  return 0;
}
