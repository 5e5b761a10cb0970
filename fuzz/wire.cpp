// Whatever arrives over the wire, in whatever pieces, the reader gives messages or errors; a message that it gave is
// written and read back to the same.
#include "agent/wire.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgewise;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t piece = data[0] % 64 + 1;
  agent::FrameReader reader;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.add(bytes.substr(at, piece));
    while (const auto message = reader.next()) {
      if (!*message) {
        EDGEWISE_ASSERT(!message->error().message.empty(), "a mistake is told");
        continue;
      }
      static_cast<void>(agent::read_answer((*message)->fields));
      static_cast<void>(agent::types_from_json((*message)->fields));
      if (!(*message)->fields.is_object()) continue;
      const auto frame = agent::to_frame(**message);
      EDGEWISE_ASSERT(frame, "what came in one frame goes into one");
      agent::FrameReader again;
      again.add(*frame);
      const auto back = again.next();
      EDGEWISE_ASSERT(back && *back && (*back)->tensors == (*message)->tensors, "a message reads back to the same");
    }
  }
  return 0;
}
