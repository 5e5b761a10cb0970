// Any bytes as a text or an XML: an error or UTF-8 without zero bytes, never a crash.
#include <cstdint>
#include <string>

#include "base/encoding.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgewise;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const auto& text : {utf8_text(bytes, "fuzz"), utf8_xml(bytes, "fuzz")}) {
    if (!text) continue;
    // A letter in front: a text may well begin with what would be a mark.
    if (const auto again = utf8_text("a" + *text, "fuzz"); !again || *again != "a" + *text) __builtin_trap();
  }
  (void)utf8_head(bytes);
  return 0;
}
