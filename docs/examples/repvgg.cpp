// A block for space files (docs/spaces.md): a 3x3 and a 1x1 convolution side by side, which one convolution can stand
// for when they are trained (Ding et al., CVPR 2021).
#include "base/catalogue.hpp"
#include "space/blocks/block.hpp"

namespace edgewise {

namespace {

Result<space::Wire> build(const space::Site& at) {
  const auto out = at.whole("out"), stride = at.whole("stride");
  const auto wide = at.net.conv_norm(at.inner("wide"), at.x, out, {.kernel = 3, .stride = stride}, {});
  const auto narrow = at.net.conv_norm(at.inner("narrow"), at.x, out, {.kernel = 1, .stride = stride}, {});
  return at.net.activation(at.inner("relu"), at.net.add(at.inner("add"), wide, narrow));
}

const Registration added{
    space::blocks(),
    space::Block{.name = "repvgg",
                 .sentence = "a 3x3 and a 1x1 convolution side by side",
                 .arguments = {space::whole("out", {}, 1, 65536, "channels that it gives"),
                               space::whole("stride", 1, 1, 8, "how many times smaller the map becomes")},
                 .build = build}};

}  // namespace

}  // namespace edgewise
