// Any bytes as a "data.yaml" or an "obj.data": an error or names that are none twice, never a crash.
#include <cstdint>
#include <set>
#include <string>

#include "data/formats/yolo_description_internal.hpp"
#include "data/splits/split_name.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgewise::data;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const auto& description : {parse_data_yaml(text, "fuzz"), parse_obj_data(text, "fuzz")}) {
    if (!description) continue;
    if (description->names.size() > 10'000) __builtin_trap();
    for (const auto& part : description->parts)
      if (part.where.empty()) __builtin_trap();
  }
  // A name says the same however often it is asked, and nothing when it is a part of a word.
  if (split_of_name(text).has_value() != split_name_of(text).has_value()) __builtin_trap();
  if (rest_of_name(text).size() > 2 * text.size()) __builtin_trap();
  return 0;
}
