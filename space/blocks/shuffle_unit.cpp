#include <format>

#include "space/blocks/blocks_internal.hpp"

namespace edgewise::space {

Block shuffle_unit_entry() {
  return {
      .name = "shuffle_unit",
      .sentence = "half of the channels pass untouched, then all are shuffled (Ma et al., ECCV 2018)",
      .arguments = {whole("out", {}, 2, most_channels, "channels that it gives, an even number"),
                    whole("stride", 1, 1, most_kernel, "how many times smaller the map becomes"),
                    whole("kernel", 3, 1, most_kernel, "of the depthwise convolutions"),
                    word("shuffle", "after", {"after", "before"},
                         "after: what the unit gives is shuffled, as torchvision has it; before: it takes every other "
                         "channel, as the authors have it")},
      .build = [](const Site& at) -> Result<Wire> {
        const auto out = at.whole("out"), stride = at.whole("stride"), in = at.net.channels(at.x);
        if (out % 2 != 0) return invalid(std::format("\"out\" is {}; it must be even", out));
        if (stride == 1 && in != out)
          return invalid(std::format("at stride 1 it gives as many channels as it gets, {} and not {}", in, out));
        return shuffle_unit(at.net, at.scope, at.x,
                            {out, stride, at.whole("kernel"), at.given.word("shuffle") == "before"});
      }};
}

}  // namespace edgewise::space
