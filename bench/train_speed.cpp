// Our side of bench/train_speed.py: trains one network and prints the images per second of each epoch as JSON.
//   bench_train_speed NETWORK SIZE PRECISION LABELS.csv EPOCHS CACHE_FOLDER [BATCH [THREADS]]
#include <algorithm>
#include <cstdlib>
#include <format>
#include <print>

#include "graph/costs.hpp"
#include "space/backbones.hpp"
#include "task/classification/classification.hpp"
#include "train/train.hpp"

namespace {

using namespace edgewise;
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

Result<Json> measure(const std::string& name, std::int64_t size, const std::string& precision,
                     const std::string& labels, int epochs, const std::string& cache_folder, std::int64_t batch,
                     std::int64_t threads) {
  TRY(const auto set, data::load({.path = labels}, task::classification()));
  TRY(const auto cache, data::open_cache(set, size, cache_folder));
  const auto classes = static_cast<std::int64_t>(set.classes.size());
  TRY(const auto graph, name == "mobilenet_v2_035"
                            ? mobilenet_v2(0.35, size, classes)
                            : space::build_backbone(name, {.channels = 3, .input_size = size, .outputs = classes}));
  train::Request request{.graph = &graph, .set = &set, .cache = &cache, .epochs = epochs};
  request.settings.precision = precision;
  request.settings.batch = batch;
  request.settings.threads = threads;
  Json speeds = Json::array();
  request.on_epoch = [&](const train::Epoch& epoch) { speeds.push_back(epoch.images_per_s); };
  TRY(const auto outcome, train::train(request));
  return Json{{"images_per_s", speeds},
              {"parameters", graph::costs(graph).parameters},
              {"images", set.of(data::Split::train).size()},
              {"train_loss", outcome.curve.back().train_loss}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7 || argc > 9) {
    std::println(stderr,
                 "usage: bench_train_speed NETWORK SIZE PRECISION LABELS.csv EPOCHS CACHE_FOLDER [BATCH [THREADS]]");
    return 2;
  }
  const auto result = measure(argv[1], std::atoll(argv[2]), argv[3], argv[4], std::atoi(argv[5]), argv[6],
                              argc > 7 ? std::atoll(argv[7]) : 64, argc > 8 ? std::atoll(argv[8]) : 0);
  if (!result) {
    std::println(stderr, "{}", edgewise::to_text(result.error()));
    return 1;
  }
  std::println("{}", result->dump());
}
