// Pools, and the layers of classifiers: one operator each.
#include "space/blocks/blocks_internal.hpp"

namespace edgewise::space {

namespace {

std::vector<Argument> pool_arguments() {
  return {whole("kernel", 2, 1, most_kernel, "height and width of what is looked at"),
          whole("stride", 2, 1, most_kernel, "how many times smaller the map becomes"),
          whole("padding", 0, 0, most_kernel, "around the map")};
}

}  // namespace

Block max_pool_entry() {
  return {.name = "max_pool",
          .sentence = "the largest of each patch",
          .arguments = pool_arguments(),
          .build = [](const Site& at) -> Result<Wire> {
            return at.net.max_pool(
                at.scope, at.x,
                {.kernel = at.whole("kernel"), .stride = at.whole("stride"), .padding = at.whole("padding")});
          }};
}

Block average_pool_entry() {
  return {.name = "average_pool",
          .sentence = "the mean of each patch",
          .arguments = pool_arguments(),
          .build = [](const Site& at) -> Result<Wire> {
            const auto kernel = at.whole("kernel"), stride = at.whole("stride"), padding = at.whole("padding");
            return at.net.op(at.scope,
                             graph::AvgPool2d{{kernel, kernel}, {stride, stride}, {padding, padding}, false, false},
                             {at.x});
          }};
}

Block global_pool_entry() {
  return {.name = "global_pool",
          .sentence = "the mean of each channel",
          .arguments = {},
          .build = [](const Site& at) -> Result<Wire> { return at.net.average_to(at.scope, at.x, 1); }};
}

Block flatten_entry() {
  return {.name = "flatten",
          .sentence = "a map as one row of numbers",
          .arguments = {},
          .build = [](const Site& at) -> Result<Wire> { return at.net.flatten(at.scope, at.x); }};
}

Block linear_entry() {
  return {.name = "linear",
          .sentence = "every number of every number",
          .arguments = {whole("out", {}, 1, 1e6, "numbers that it gives")},
          .build = [](const Site& at) -> Result<Wire> { return at.net.linear(at.scope, at.x, at.whole("out")); }};
}

Block dropout_entry() {
  return {
      .name = "dropout",
      .sentence = "in training leaves out numbers by chance",
      .arguments = {number("share", 0.2, 0, 0.99, "of the numbers")},
      .build = [](const Site& at) -> Result<Wire> { return at.net.dropout(at.scope, at.x, at.given.number("share")); }};
}

}  // namespace edgewise::space
