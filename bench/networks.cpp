#include "bench/networks.hpp"

#include <algorithm>

#include "space/backbones.hpp"

namespace edgewise {
namespace {

using Value = graph::GraphBuilder::Value;

std::int64_t divisible(double channels) {
  const auto rounded = std::max<std::int64_t>(8, static_cast<std::int64_t>(channels + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * channels ? rounded + 8 : rounded;
}

/// MobileNetV2 (Sandler et al., CVPR 2018) with all widths but the last multiplied by `width`, as torchvision's
/// `width_mult` does.
Result<graph::Graph> mobilenet_v2(double width, std::int64_t size, std::int64_t classes) {
  graph::GraphBuilder b({3, size, size});
  const auto unit = [&](Value x, std::int64_t out, std::int64_t kernel, std::int64_t stride, bool depthwise,
                        bool active) {
    const auto groups = depthwise ? b.shape(x).at(0) : 1;
    x = b.add(graph::Conv2d{.out_channels = out,
                            .kernel_size = {kernel, kernel},
                            .stride = {stride, stride},
                            .padding = {kernel / 2, kernel / 2},
                            .groups = groups,
                            .bias = false},
              {x});
    x = b.add(graph::BatchNorm2d{}, {x});
    return active ? b.add(graph::Activation{graph::ActivationKind::relu6}, {x}) : x;
  };
  auto x = unit(b.input(), divisible(32 * width), 3, 2, false, true);
  struct Stage {
    std::int64_t expansion, channels, blocks, stride;
  };
  for (const auto& stage : {Stage{1, 16, 1, 1}, Stage{6, 24, 2, 2}, Stage{6, 32, 3, 2}, Stage{6, 64, 4, 2},
                            Stage{6, 96, 3, 1}, Stage{6, 160, 3, 2}, Stage{6, 320, 1, 1}}) {
    const auto out = divisible(static_cast<double>(stage.channels) * width);
    for (std::int64_t block = 0; block < stage.blocks; ++block) {
      const auto in = b.shape(x).at(0), stride = block == 0 ? stage.stride : 1;
      auto y = stage.expansion == 1 ? x : unit(x, in * stage.expansion, 1, 1, false, true);
      y = unit(y, in * stage.expansion, 3, stride, true, true);
      y = unit(y, out, 1, 1, false, false);
      x = stride == 1 && in == out ? b.add(graph::Add{}, {x, y}) : y;
    }
  }
  x = unit(x, 1280, 1, 1, false, true);
  x = b.add(graph::AdaptiveAvgPool2d{}, {x});
  x = b.add(graph::Reshape{{1280}}, {x});
  x = b.add(graph::Dropout{0.2}, {x});
  x = b.add(graph::Linear{.out_features = classes}, {x}, {}, {graph::Init::normal, 0.01});
  return std::move(b).finish(x);
}

}  // namespace

Result<graph::Graph> bench_network(const std::string& name, std::int64_t size, std::int64_t classes) {
  if (name == "mobilenet_v2_035") return mobilenet_v2(0.35, size, classes);
  return space::build_backbone(name, {.channels = 3, .input_size = size, .outputs = classes});
}

}  // namespace edgewise
