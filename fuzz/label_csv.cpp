// Any bytes as a csv label file: an error or boxes that are in order, never a crash.
#include <cstdint>
#include <string>
#include <vector>

#include "data/formats/csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgewise::data;
  // The first byte chooses what is asked for.
  const auto wants = size > 0 && (data[0] & 1) ? edgewise::task::Wants::one_box : edgewise::task::Wants::label;
  const char* const group = size > 0 && (data[0] & 2) ? "group" : "";
  const auto text = std::string_view(reinterpret_cast<const char*>(data), size).substr(size > 0 ? 1 : 0);
  if (const auto records = parse_csv(text, "fuzz", wants, group))
    for (const Record& record : records->records)
      for (const LabelledBox& box : record.boxes)
        if (!(box.box.x0 < box.box.x1 && box.box.y0 < box.box.y1)) __builtin_trap();
  return 0;
}
