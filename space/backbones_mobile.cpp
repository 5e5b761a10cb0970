// Networks for phones: ShuffleNet V2 (Ma et al. 2018), MobileNetV2 (Sandler et al. 2018), MobileNetV3 (Howard et al.
// 2019), MnasNet-B1 (Tan et al. 2019).
#include <format>

#include "space/backbones_internal.hpp"

namespace edgewise::space {

namespace {

using Kind = Net::Kind;

// ---- ShuffleNet V2

Wire shufflenet_features(Net& net, std::int64_t width) {
  constexpr int units[] = {4, 8, 4};
  auto x = net.conv_norm("conv1", net.input(), 24, {.kernel = 3, .stride = 2});
  x = net.max_pool("maxpool", x, {.kernel = 3, .stride = 2, .padding = 1});
  for (int stage = 0; stage < 3; ++stage) {
    for (int unit = 0; unit < units[stage]; ++unit) {
      x = shuffle_unit(net, std::format("stage{}.{}", stage + 2, unit), x,
                       {.out = width << stage, .stride = unit == 0 ? 2 : 1});
    }
  }
  return net.conv_norm("conv5", x, 1024, {});
}

// ---- MobileNetV2

struct Stack {
  std::int64_t expansion, width, blocks, stride, kernel = 3;
};

Wire mobilenet_v2_block(Net& net, const std::string& scope, Wire x, const Stack& stack, std::int64_t stride) {
  const auto in = net.channels(x), hidden = in * stack.expansion;
  auto y = x;
  int index = 0;
  const auto name = [&] { return std::format("{}.conv.{}", scope, index++); };
  if (stack.expansion != 1) y = net.conv_norm(name(), y, hidden, {}, Kind::relu6);
  y = net.conv_norm(name(), y, hidden, {.kernel = 3, .stride = stride, .groups = hidden}, Kind::relu6);
  y = net.conv(name(), y, stack.width, {});
  y = net.norm(name(), y);
  return stride == 1 && in == stack.width ? net.add(scope + ".add", x, y) : y;
}

Wire mobilenet_v2_features(Net& net) {
  auto x = net.conv_norm("features.0", net.input(), 32, {.kernel = 3, .stride = 2}, Kind::relu6);
  int index = 1;
  for (const auto& stack : {Stack{1, 16, 1, 1}, Stack{6, 24, 2, 2}, Stack{6, 32, 3, 2}, Stack{6, 64, 4, 2},
                            Stack{6, 96, 3, 1}, Stack{6, 160, 3, 2}, Stack{6, 320, 1, 1}}) {
    for (std::int64_t block = 0; block < stack.blocks; ++block) {
      x = mobilenet_v2_block(net, std::format("features.{}", index++), x, stack, block == 0 ? stack.stride : 1);
    }
  }
  return net.conv_norm(std::format("features.{}", index), x, 1280, {}, Kind::relu6);
}

/// Global average, dropout and one linear layer: MobileNetV2 and MnasNet.
Wire pooled_classifier(Net& net, Wire x, std::int64_t classes, InitRule init) {
  x = net.flatten("flatten", net.average_to("global_pool", x, 1));
  return net.linear("classifier.1", net.dropout("classifier.0", x, 0.2), classes, init);
}

// ---- MobileNetV3

struct Bottleneck {
  std::int64_t kernel, hidden, out;
  bool squeeze;
  Kind kind;
  std::int64_t stride;
};

constexpr auto relu = Kind::relu, swish = Kind::hardswish;
const std::vector<Bottleneck> mobilenet_v3_large = {
    {3, 16, 16, false, relu, 1},   {3, 64, 24, false, relu, 2},   {3, 72, 24, false, relu, 1},
    {5, 72, 40, true, relu, 2},    {5, 120, 40, true, relu, 1},   {5, 120, 40, true, relu, 1},
    {3, 240, 80, false, swish, 2}, {3, 200, 80, false, swish, 1}, {3, 184, 80, false, swish, 1},
    {3, 184, 80, false, swish, 1}, {3, 480, 112, true, swish, 1}, {3, 672, 112, true, swish, 1},
    {5, 672, 160, true, swish, 2}, {5, 960, 160, true, swish, 1}, {5, 960, 160, true, swish, 1}};
const std::vector<Bottleneck> mobilenet_v3_small = {
    {3, 16, 16, true, relu, 2},   {3, 72, 24, false, relu, 2},  {3, 88, 24, false, relu, 1},
    {5, 96, 40, true, swish, 2},  {5, 240, 40, true, swish, 1}, {5, 240, 40, true, swish, 1},
    {5, 120, 48, true, swish, 1}, {5, 144, 48, true, swish, 1}, {5, 288, 96, true, swish, 2},
    {5, 576, 96, true, swish, 1}, {5, 576, 96, true, swish, 1}};

Wire mobilenet_v3_block(Net& net, const std::string& scope, Wire x, const Bottleneck& block) {
  const auto in = net.channels(x);
  auto y = x;
  int index = 0;
  const auto name = [&] { return std::format("{}.block.{}", scope, index++); };
  if (block.hidden != in) y = net.conv_norm(name(), y, block.hidden, {}, block.kind);
  y = net.conv_norm(name(), y, block.hidden, {.kernel = block.kernel, .stride = block.stride, .groups = block.hidden},
                    block.kind);
  if (block.squeeze) {
    const std::int64_t quarter = block.hidden / 4;
    const auto squeezed = round_to_multiple(static_cast<double>(quarter), 8);
    y = net.squeeze_excitation(name(), y, squeezed, Kind::hardsigmoid);
  }
  y = net.conv_norm(name(), y, block.out, {}, {});
  return block.stride == 1 && in == block.out ? net.add(scope + ".add", y, x) : y;
}

Wire mobilenet_v3_features(Net& net, const std::vector<Bottleneck>& blocks) {
  auto x = net.conv_norm("features.0", net.input(), 16, {.kernel = 3, .stride = 2}, Kind::hardswish);
  int index = 1;
  for (const auto& block : blocks) x = mobilenet_v3_block(net, std::format("features.{}", index++), x, block);
  return net.conv_norm(std::format("features.{}", index), x, 6 * blocks.back().out, {}, Kind::hardswish);
}

Wire mobilenet_v3_classifier(Net& net, Wire x, std::int64_t hidden, std::int64_t classes) {
  x = net.flatten("flatten", net.average_to("avgpool", x, 1));
  x = net.activation("classifier.1", net.linear("classifier.0", x, hidden, small_init), Kind::hardswish);
  return net.linear("classifier.3", net.dropout("classifier.2", x, 0.2), classes, small_init);
}

// ---- MnasNet

Wire mnasnet_block(Net& net, const std::string& scope, Wire x, const Stack& stack, std::int64_t stride) {
  const auto in = net.channels(x), hidden = in * stack.expansion;
  const auto layers = scope + ".layers.";
  auto y = net.activation(layers + "2", net.norm(layers + "1", net.conv(layers + "0", x, hidden, {})));
  y = net.conv(layers + "3", y, hidden, {.kernel = stack.kernel, .stride = stride, .groups = hidden});
  y = net.activation(layers + "5", net.norm(layers + "4", y));
  y = net.norm(layers + "7", net.conv(layers + "6", y, stack.width, {}));
  return stride == 1 && in == stack.width ? net.add(scope + ".add", y, x) : y;
}

Wire mnasnet_features(Net& net, double width) {
  const auto scaled = [width](std::int64_t channels) {
    return round_to_multiple(static_cast<double>(channels) * width, 8);
  };
  const auto stem = scaled(32);
  auto x = net.conv("layers.0", net.input(), stem, {.kernel = 3, .stride = 2});
  x = net.activation("layers.2", net.norm("layers.1", x));
  x = net.conv("layers.3", x, stem, {.kernel = 3, .groups = stem});
  x = net.activation("layers.5", net.norm("layers.4", x));
  x = net.norm("layers.7", net.conv("layers.6", x, scaled(16), {}));
  int index = 8;
  for (auto stack : {Stack{3, 24, 3, 2, 3}, Stack{3, 40, 3, 2, 5}, Stack{6, 80, 3, 2, 5}, Stack{6, 96, 2, 1, 3},
                     Stack{6, 192, 4, 2, 5}, Stack{6, 320, 1, 1, 3}}) {
    stack.width = scaled(stack.width);
    for (std::int64_t block = 0; block < stack.blocks; ++block) {
      x = mnasnet_block(net, std::format("layers.{}.{}", index, block), x, stack, block == 0 ? stack.stride : 1);
    }
    ++index;
  }
  return net.activation("layers.16", net.norm("layers.15", net.conv("layers.14", x, 1280, {})));
}

}  // namespace

Wire shuffle_unit(Net& net, const std::string& scope, Wire x, const ShuffleUnit& unit) {
  const auto half = unit.out / 2, stride = unit.stride, kernel = unit.kernel;
  if (stride == 1 && unit.shuffles_first)  // even channels come first then, odd ones after them
    x = net.op(scope + ".shuffle", graph::ChannelShuffle{half}, {x});
  auto left = x, right = x;
  if (stride == 1) {
    left = net.op(scope + ".split_0", graph::Split{0, 2, 0}, {x});
    right = net.op(scope + ".split_1", graph::Split{0, 2, 1}, {x});
  } else {
    const auto branch = scope + ".branch1.";
    const auto in = net.channels(x);
    left = net.norm(branch + "1", net.conv(branch + "0", left, in, {.kernel = kernel, .stride = stride, .groups = in}));
    left = net.activation(branch + "4", net.norm(branch + "3", net.conv(branch + "2", left, half, {})));
  }
  const auto branch = scope + ".branch2.";
  right = net.activation(branch + "2", net.norm(branch + "1", net.conv(branch + "0", right, half, {})));
  right =
      net.norm(branch + "4", net.conv(branch + "3", right, half, {.kernel = kernel, .stride = stride, .groups = half}));
  right = net.activation(branch + "7", net.norm(branch + "6", net.conv(branch + "5", right, half, {})));
  const auto joined = net.op(scope + ".cat", graph::Concat{0}, {left, right});
  if (unit.shuffles_first) return joined;
  return net.op(scope + ".shuffle", graph::ChannelShuffle{2}, {joined});
}

void add_shufflenets(std::vector<Backbone>& all) {
  const auto add = [&all](const char* name, std::int64_t width) {
    all.push_back({name,
                   default_init,
                   {},
                   [width](Net& net) { return shufflenet_features(net, width); },
                   [](Net& net, Wire x, std::int64_t classes) {
                     return net.linear("fc", net.flatten("flatten", net.average_to("global_pool", x, 1)), classes);
                   }});
  };
  add("shufflenet_v2_x0_5", 48);
  add("shufflenet_v2_x1_0", 116);
}

void add_mobilenet_v2(std::vector<Backbone>& all) {
  all.push_back(
      {"mobilenet_v2", he_fan_out_init, {}, mobilenet_v2_features, [](Net& net, Wire x, std::int64_t classes) {
         return pooled_classifier(net, x, classes, small_init);
       }});
}

void add_mobilenet_v3(std::vector<Backbone>& all) {
  const auto add = [&all](const char* name, const std::vector<Bottleneck>& blocks, std::int64_t hidden) {
    all.push_back({name,
                   he_fan_out_init,
                   {.eps = 1e-3, .momentum = 0.01},
                   [&blocks](Net& net) { return mobilenet_v3_features(net, blocks); },
                   [hidden](Net& net, Wire x, std::int64_t classes) {
                     return mobilenet_v3_classifier(net, x, hidden, classes);
                   }});
  };
  add("mobilenet_v3_small", mobilenet_v3_small, 1024);
  add("mobilenet_v3_large", mobilenet_v3_large, 1280);
}

void add_mnasnets(std::vector<Backbone>& all) {
  const auto add = [&all](const char* name, double width) {
    all.push_back(
        {name,
         he_fan_out_init,
         {.momentum = 1 - 0.9997},
         [width](Net& net) { return mnasnet_features(net, width); },
         [](Net& net, Wire x, std::int64_t classes) { return pooled_classifier(net, x, classes, sigmoid_init); }});
  };
  add("mnasnet0_5", 0.5);
  add("mnasnet1_0", 1.0);
  add("mnasnet1_3", 1.3);
}

}  // namespace edgewise::space
