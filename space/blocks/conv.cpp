// Convolutions, and what stands around them.
#include "space/blocks/blocks_internal.hpp"

namespace edgewise::space {

namespace {

std::vector<Argument> convolution_arguments() {
  return {whole("out", {}, 1, most_channels, "channels that it gives"),
          whole("kernel", 1, 1, most_kernel, "height and width of the kernel"),
          whole("stride", 1, 1, most_kernel, "how many times smaller the map becomes"),
          whole("groups", 1, 1, most_channels, "parts that do not mix; as many as channels: depthwise"),
          whole("dilation", 1, 1, most_kernel, "distance between the kernel's points")};
}

Window window_of(const Site& at) {
  const auto kernel = at.whole("kernel"), dilation = at.whole("dilation");
  return {.kernel = kernel,
          .stride = at.whole("stride"),
          .padding = dilation * (kernel - 1) / 2 + (kernel % 2 == 0 ? dilation : 0),
          .groups = at.whole("groups"),
          .dilation = dilation};
}

}  // namespace

Block conv_entry() {
  auto arguments = convolution_arguments();
  arguments.push_back(truth("bias", false, "adds a number to each channel"));
  return {.name = "conv",
          .sentence = "a convolution alone, padded by half its kernel",
          .arguments = std::move(arguments),
          .build = [](const Site& at) -> Result<Wire> {
            return at.net.conv(at.scope, at.x, at.whole("out"), window_of(at), at.given.truth("bias"));
          }};
}

Block conv_norm_entry() {
  auto arguments = convolution_arguments();
  arguments.push_back(activation_argument());
  return {.name = "conv_norm",
          .sentence = "a convolution, batch norm and an activation",
          .arguments = std::move(arguments),
          .build = [](const Site& at) -> Result<Wire> {
            return at.net.conv_norm(at.scope, at.x, at.whole("out"), window_of(at), at.kind());
          }};
}

Block norm_entry() {
  return {.name = "norm", .sentence = "batch norm", .arguments = {}, .build = [](const Site& at) -> Result<Wire> {
            return at.net.norm(at.scope, at.x);
          }};
}

Block activation_entry() {
  auto arguments = std::vector{activation_argument()};
  return {.name = "activation",
          .sentence = "an activation alone",
          .arguments = std::move(arguments),
          .build = [](const Site& at) -> Result<Wire> {
            const auto kind = at.kind();
            return kind ? at.net.activation(at.scope, at.x, *kind) : at.x;
          }};
}

}  // namespace edgewise::space
