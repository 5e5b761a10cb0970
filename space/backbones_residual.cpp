// ResNet (He et al. 2016), DenseNet (Huang et al. 2017), RegNet (Radosavovic et al. 2020), ConvNeXt (Liu et al. 2022).
#include <algorithm>
#include <cmath>
#include <format>

#include "space/backbones_internal.hpp"

namespace edgewise::space {

namespace {

// ---- ResNet-18

Wire resnet18_features(Net& net) {
  auto x = net.conv("conv1", net.input(), 64, {.kernel = 7, .stride = 2});
  x = net.activation("relu", net.norm("bn1", x));
  x = net.max_pool("maxpool", x, {.kernel = 3, .stride = 2, .padding = 1});
  for (int stage = 1; stage <= 4; ++stage) {
    for (int block = 0; block < 2; ++block) {
      x = residual_block(net, std::format("layer{}.{}", stage, block), x,
                         {.width = 32 << stage, .stride = stage > 1 && block == 0 ? 2 : 1});
    }
  }
  return x;
}

// ---- DenseNet-121

Wire dense_layer(Net& net, const std::string& scope, Wire x) {
  constexpr std::int64_t growth = 32, bottleneck = 4 * growth;
  auto y = net.activation(scope + ".relu1", net.norm(scope + ".norm1", x));
  y = net.conv(scope + ".conv1", y, bottleneck, {});
  y = net.activation(scope + ".relu2", net.norm(scope + ".norm2", y));
  y = net.conv(scope + ".conv2", y, growth, {.kernel = 3});
  // Joining step by step computes the same as joining all layers each time, and fewer values are alive at once.
  return net.op(scope + ".cat", graph::Concat{0}, {x, y});
}

Wire densenet121_features(Net& net) {
  constexpr int layers[] = {6, 12, 24, 16};
  auto x = net.conv("features.conv0", net.input(), 64, {.kernel = 7, .stride = 2});
  x = net.activation("features.relu0", net.norm("features.norm0", x));
  x = net.max_pool("features.pool0", x, {.kernel = 3, .stride = 2, .padding = 1});
  for (int block = 1; block <= 4; ++block) {
    for (int layer = 1; layer <= layers[block - 1]; ++layer) {
      x = dense_layer(net, std::format("features.denseblock{}.denselayer{}", block, layer), x);
    }
    if (block == 4) break;
    const auto scope = std::format("features.transition{}", block);
    const auto half = net.channels(x) / 2;
    x = net.activation(scope + ".relu", net.norm(scope + ".norm", x));
    x = net.op(scope + ".pool", graph::AvgPool2d{}, {net.conv(scope + ".conv", x, half, {})});
  }
  return net.activation("features.relu5", net.norm("features.norm5", x));
}

// ---- RegNet

/// Widths rise along a line and are rounded to a geometric series; equal neighbours form a stage (Radosavovic et al.
/// 2020, eq. 2-4).
struct RegNet {
  const char* name;
  int depth;
  double first_width, slope, ratio;
  std::int64_t group_width;
  bool squeeze;
};

struct RegNetStage {
  std::int64_t width, depth, groups;
};

std::vector<RegNetStage> regnet_stages(const RegNet& net) {
  std::vector<RegNetStage> stages;
  std::int64_t last = 0;
  for (int i = 0; i < net.depth; ++i) {
    const auto level = std::nearbyint(std::log1p(net.slope * i / net.first_width) / std::log(net.ratio));
    const auto width = static_cast<std::int64_t>(std::nearbyint(net.first_width * std::pow(net.ratio, level) / 8)) * 8;
    if (width != last) stages.push_back({width, 0, 1});
    last = width;
    ++stages.back().depth;
  }
  for (auto& stage : stages) {
    const auto group = std::min(net.group_width, stage.width);
    stage.width = round_to_multiple(static_cast<double>(stage.width), group);
    stage.groups = stage.width / group;
  }
  return stages;
}

Wire regnet_block(Net& net, const std::string& scope, Wire x, const RegNetStage& stage, std::int64_t stride,
                  bool squeeze) {
  const auto in = net.channels(x);
  const auto shortcut =
      stride != 1 || in != stage.width ? net.conv_norm(scope + ".proj", x, stage.width, {.stride = stride}, {}) : x;
  auto y = net.conv_norm(scope + ".f.a", x, stage.width, {});
  y = net.conv_norm(scope + ".f.b", y, stage.width, {.kernel = 3, .stride = stride, .groups = stage.groups});
  if (squeeze) {
    const auto squeezed = static_cast<std::int64_t>(std::nearbyint(0.25 * static_cast<double>(in)));
    y = net.squeeze_excitation(scope + ".f.se", y, squeezed, Net::Kind::sigmoid);
  }
  y = net.conv_norm(scope + ".f.c", y, stage.width, {}, {});
  return net.activation(scope + ".activation", net.add(scope + ".add", shortcut, y));
}

Wire regnet_features(Net& net, const RegNet& design) {
  auto x = net.conv_norm("stem", net.input(), 32, {.kernel = 3, .stride = 2});
  int number = 0;
  for (const auto& stage : regnet_stages(design)) {
    ++number;
    for (std::int64_t block = 0; block < stage.depth; ++block) {
      const auto scope = std::format("trunk_output.block{}.block{}-{}", number, number, block);
      x = regnet_block(net, scope, x, stage, block == 0 ? 2 : 1, design.squeeze);
    }
  }
  return x;
}

// ---- ConvNeXt

const std::vector<std::int64_t> channels_last = {1, 2, 0}, channels_first = {2, 0, 1};
constexpr double layer_norm_eps = 1e-6;

/// Layer norm over the channels of an image.
Wire image_layer_norm(Net& net, const std::string& name, Wire x) {
  x = net.op(name + ".channels_last", graph::Permute{channels_last}, {x});
  x = net.op(name, graph::LayerNorm{layer_norm_eps}, {x});
  return net.op(name + ".channels_first", graph::Permute{channels_first}, {x});
}

Wire convnext_block(Net& net, const std::string& scope, Wire x, double drop) {
  const auto width = net.channels(x);
  const auto block = scope + ".block.";
  auto y = net.conv(block + "0", x, width, {.kernel = 7, .groups = width}, true);
  y = net.op(block + "1", graph::Permute{channels_last}, {y});
  y = net.op(block + "2", graph::LayerNorm{layer_norm_eps}, {y});
  y = net.activation(block + "4", net.linear(block + "3", y, 4 * width, truncated_init), Net::Kind::gelu);
  y = net.op(block + "6", graph::Permute{channels_first}, {net.linear(block + "5", y, width, truncated_init)});
  y = net.op(scope + ".layer_scale", graph::LayerScale{1e-6}, {y});
  if (drop > 0) y = net.op(scope + ".stochastic_depth", graph::StochasticDepth{drop}, {y});
  return net.add(scope + ".add", y, x);
}

Wire convnext_features(Net& net, int third_stage, double last_drop) {
  const int layers[] = {3, 3, third_stage, 3};
  const double blocks = 9 + third_stage;
  auto x = net.conv("features.0.0", net.input(), 96, {.kernel = 4, .stride = 4, .padding = 0}, true);
  x = image_layer_norm(net, "features.0.1", x);
  int done = 0;
  for (int stage = 0; stage < 4; ++stage) {
    if (stage > 0) {
      const auto scope = std::format("features.{}", 2 * stage);
      x = image_layer_norm(net, scope + ".0", x);
      x = net.conv(scope + ".1", x, 96 << stage, {.kernel = 2, .stride = 2, .padding = 0}, true);
    }
    for (int layer = 0; layer < layers[stage]; ++layer, ++done) {
      x = convnext_block(net, std::format("features.{}.{}", 2 * stage + 1, layer), x, last_drop * done / (blocks - 1));
    }
  }
  return x;
}

Wire convnext_classifier(Net& net, Wire x, std::int64_t classes) {
  x = image_layer_norm(net, "classifier.0", net.average_to("avgpool", x, 1));
  return net.linear("classifier.2", net.flatten("classifier.1", x), classes, truncated_init);
}

}  // namespace

Wire residual_block(Net& net, const std::string& scope, Wire x, const ResidualBlock& block) {
  const auto out = block.out_channels();
  const bool projected = block.stride != 1 || net.channels(x) != out;
  const auto layer = [&](int number, Wire from, std::int64_t to, Window window) {
    return net.norm(std::format("{}.bn{}", scope, number),
                    net.conv(std::format("{}.conv{}", scope, number), from, to, window));
  };
  const Window wide{.kernel = block.kernel,
                    .stride = block.stride,
                    .padding = block.dilation * (block.kernel / 2),
                    .groups = block.groups,
                    .dilation = block.dilation};
  Wire y;
  if (block.bottleneck) {
    y = net.activation(scope + ".relu", layer(1, x, block.width, {}));
    y = net.activation(scope + ".relu_2", layer(2, y, block.width, wide));
    y = layer(3, y, out, {});
  } else {
    y = net.activation(scope + ".relu", layer(1, x, out, wide));
    Window second = wide;
    second.stride = 1;
    y = layer(2, y, out, second);
  }
  const auto shortcut = projected ? net.conv_norm(scope + ".downsample", x, out, {.stride = block.stride}, {}) : x;
  return net.activation(scope + (block.bottleneck ? ".relu_3" : ".relu_2"), net.add(scope + ".add", y, shortcut));
}

void add_resnet18(std::vector<Backbone>& all) {
  all.push_back({"resnet18", he_fan_out_init, {}, resnet18_features, [](Net& net, Wire x, std::int64_t classes) {
                   return net.linear("fc", net.flatten("flatten", net.average_to("avgpool", x, 1)), classes);
                 }});
}

void add_densenet121(std::vector<Backbone>& all) {
  all.push_back({"densenet121", he_fan_in_init, {}, densenet121_features, [](Net& net, Wire x, std::int64_t classes) {
                   return net.linear("classifier", net.flatten("flatten", net.average_to("global_pool", x, 1)),
                                     classes);
                 }});
}

void add_regnets(std::vector<Backbone>& all) {
  for (const auto& design :
       {RegNet{"regnet_y_400mf", 16, 48, 27.89, 2.09, 8, true}, RegNet{"regnet_y_800mf", 14, 56, 38.84, 2.4, 16, true},
        RegNet{"regnet_x_400mf", 22, 24, 24.48, 2.54, 16, false},
        RegNet{"regnet_x_800mf", 16, 56, 35.73, 2.28, 16, false}}) {
    all.push_back({design.name,
                   he_fan_out_init,
                   {},
                   [design](Net& net) { return regnet_features(net, design); },
                   [](Net& net, Wire x, std::int64_t classes) {
                     return net.linear("fc", net.flatten("flatten", net.average_to("avgpool", x, 1)), classes,
                                       small_init);
                   }});
  }
}

void add_convnexts(std::vector<Backbone>& all) {
  all.push_back({"convnext_tiny",
                 truncated_init,
                 {},
                 [](Net& net) { return convnext_features(net, 9, 0.1); },
                 convnext_classifier});
  all.push_back({"convnext_small",
                 truncated_init,
                 {},
                 [](Net& net) { return convnext_features(net, 27, 0.4); },
                 convnext_classifier});
}

}  // namespace edgewise::space
