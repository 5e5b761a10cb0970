#include "space/blocks/blocks_internal.hpp"

namespace edgewise::space {

Block residual_block_entry() {
  return {.name = "residual_block",
          .sentence = "two convolutions beside a shortcut, or narrow - wide - narrow (He, Zhang, Ren, Sun, CVPR 2016)",
          .arguments = {whole("width", {}, 1, most_channels, "channels of its wide convolutions"),
                        whole("kernel", 3, 1, most_kernel, "of the wide convolutions"),
                        whole("stride", 1, 1, most_kernel, "how many times smaller the map becomes"),
                        whole("groups", 1, 1, most_channels, "parts of the wide convolutions that do not mix"),
                        whole("dilation", 1, 1, most_kernel, "distance between the points of their kernels"),
                        truth("bottleneck", false, "narrow - wide - narrow, to four times the width")},
          .build = [](const Site& at) -> Result<Wire> {
            return residual_block(at.net, at.scope, at.x,
                                  {at.whole("width"), at.whole("stride"), at.whole("kernel"),
                                   at.given.truth("bottleneck"), at.whole("groups"), at.whole("dilation")});
          }};
}

}  // namespace edgewise::space
