#include <cmath>
#include <format>

#include "space/blocks/blocks_internal.hpp"

namespace edgewise::space {

namespace {

Result<Wire> build_inverted_residual(const Site& at) {
  const auto in = at.net.channels(at.x), out = at.whole("out"), stride = at.whole("stride");
  const double expand = at.given.number("expand");
  const auto wide = expand == 1 ? in : round_to_multiple(static_cast<double>(in) * expand, at.whole("divisor"));
  const auto kind = at.kind();
  int index = 0;
  const auto name = [&] { return std::format("{}.block.{}", at.scope, index++); };
  auto y = at.x;
  if (expand != 1) y = at.net.conv_norm(name(), y, wide, {}, kind);
  y = at.net.conv_norm(name(), y, wide, {.kernel = at.whole("kernel"), .stride = stride, .groups = wide}, kind);
  if (const double share = at.given.number("squeeze"); share > 0)
    y = at.net.squeeze_excitation(name(), y, round_to_multiple(static_cast<double>(wide) * share, at.whole("divisor")),
                                  Net::Kind::hardsigmoid);
  y = at.net.conv_norm(name(), y, out, {}, {});
  return stride == 1 && in == out ? at.net.add(at.inner("add"), at.x, y) : y;
}

}  // namespace

Block inverted_residual_entry() {
  return {
      .name = "inverted_residual",
      .sentence =
          "wide through a 1x1 convolution, one map at a time through a depthwise one, narrow again; beside a "
          "shortcut where the shape stays (Sandler et al., CVPR 2018)",
      .arguments = {whole("out", {}, 1, most_channels, "channels that it gives"),
                    number("expand", 1, 0.1, 64, "how many times wider it is inside; 1: no first convolution"),
                    whole("kernel", 3, 1, most_kernel, "of the depthwise convolution"),
                    whole("stride", 1, 1, most_kernel, "how many times smaller the map becomes"),
                    number("squeeze", 0, 0, 1, "squeeze-and-excitation to such a share of the inner channels; 0: none"),
                    whole("divisor", 1, 1, 256, "the inner channels are rounded to a multiple of it"),
                    activation_argument()},
      .build = build_inverted_residual};
}

}  // namespace edgewise::space
