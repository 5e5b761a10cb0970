// Space files of networks: any bytes give a family or mistakes with a message; what it draws is built, or refused with
// a message.
#include <cstdint>
#include <cstdlib>

#include "space/family.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgewise;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  const space::Frame frame{.channels = 3, .input_size = 16, .head = {}, .outputs = 2};
  const auto family = space::read_family(space::Source{"s.yaml", text}, frame);
  if (!family) {
    if (family.error().first().message.empty()) std::abort();
    return 0;
  }
  RandomStream random(1);
  for (int i = 0; i < 3; ++i) {
    const auto choice = family->space.draw(random);
    const auto built = family->build(choice, frame);
    const bool is_valid = family->space.check(choice).has_value();
    if (built.has_value() != is_valid) std::abort();
    if (!built && built.error().message.empty()) std::abort();
  }
  return 0;
}
