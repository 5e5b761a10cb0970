// Networks without residual connections: AlexNet (Krizhevsky 2014), VGG (Simonyan, Zisserman 2015), SqueezeNet (Iandola
// et al. 2016).
#include <algorithm>
#include <format>

#include "space/backbones_internal.hpp"

namespace edgewise::space {

namespace {

Wire alexnet_features(Net& net) {
  struct Layer {
    int index;
    std::int64_t out;
    Window window;
    bool pooled;  // by a 3x3 maximum, stride 2
  };
  auto x = net.input();
  for (const auto& [index, out, window, pooled] :
       {Layer{0, 64, {.kernel = 11, .stride = 4, .padding = 2}, true}, Layer{3, 192, {.kernel = 5}, true},
        Layer{6, 384, {.kernel = 3}, false}, Layer{8, 256, {.kernel = 3}, false},
        Layer{10, 256, {.kernel = 3}, true}}) {
    x = net.conv(std::format("features.{}", index), x, out, window, true);
    x = net.activation(std::format("features.{}", index + 1), x);
    if (pooled) x = net.max_pool(std::format("features.{}", index + 2), x, {.kernel = 3, .stride = 2});
  }
  return x;
}

Wire alexnet_classifier(Net& net, Wire x, std::int64_t classes) {
  x = net.flatten("flatten", net.average_to("avgpool", x, 6));
  x = net.linear("classifier.1", net.dropout("classifier.0", x, 0.5), 4096);
  x = net.dropout("classifier.3", net.activation("classifier.2", x), 0.5);
  x = net.activation("classifier.5", net.linear("classifier.4", x, 4096));
  return net.linear("classifier.6", x, classes);
}

Wire vgg11_features(Net& net, bool batch_norm) {
  constexpr std::int64_t pool = 0;
  auto x = net.input();
  int index = 0;
  const auto name = [&index] { return std::format("features.{}", index++); };
  for (const std::int64_t out : {64L, pool, 128L, pool, 256L, 256L, pool, 512L, 512L, pool, 512L, 512L, pool}) {
    if (out == pool) {
      x = net.max_pool(name(), x, {.kernel = 2, .stride = 2});
      continue;
    }
    x = net.conv(name(), x, out, {.kernel = 3}, true);
    if (batch_norm) x = net.norm(name(), x);
    x = net.activation(name(), x);
  }
  return x;
}

Wire vgg_classifier(Net& net, Wire x, std::int64_t classes) {
  x = net.flatten("flatten", net.average_to("avgpool", x, 7));
  x = net.activation("classifier.1", net.linear("classifier.0", x, 4096, small_init));
  x = net.linear("classifier.3", net.dropout("classifier.2", x, 0.5), 4096, small_init);
  x = net.dropout("classifier.5", net.activation("classifier.4", x), 0.5);
  return net.linear("classifier.6", x, classes, small_init);
}

/// Squeeze to few channels, expand by 1x1 and 3x3 convolutions side by side (to `expanded` channels each).
Wire fire(Net& net, const std::string& scope, Wire x, std::int64_t squeezed, std::int64_t expanded) {
  const auto layer = [&](const std::string& name, Wire from, std::int64_t out, std::int64_t kernel) {
    const auto path = scope + "." + name;
    return net.activation(path + "_activation", net.conv(path, from, out, {.kernel = kernel}, true));
  };
  x = layer("squeeze", x, squeezed, 1);
  const auto narrow = layer("expand1x1", x, expanded, 1);
  const auto wide = layer("expand3x3", x, expanded, 3);
  return net.op(scope + ".cat", graph::Concat{0}, {narrow, wide});
}

/// @param pools  places in `features` that are 3x3 pools; all others after the stem are fire modules
Wire squeezenet_features(Net& net, std::int64_t stem, std::int64_t stem_kernel, const std::vector<int>& pools) {
  constexpr std::int64_t squeezed[] = {16, 16, 32, 32, 48, 48, 64, 64};
  auto x = net.conv("features.0", net.input(), stem, {.kernel = stem_kernel, .stride = 2, .padding = 0}, true);
  x = net.activation("features.1", x);
  int fires = 0;
  for (int index = 2; index <= 12; ++index) {
    const auto name = std::format("features.{}", index);
    if (std::ranges::find(pools, index) != pools.end()) {
      x = net.max_pool(name, x, {.kernel = 3, .stride = 2}, true);
    } else {
      x = fire(net, name, x, squeezed[fires], 4 * squeezed[fires]);
      ++fires;
    }
  }
  return x;
}

Wire squeezenet_classifier(Net& net, Wire x, std::int64_t classes) {
  x = net.conv("classifier.1", net.dropout("classifier.0", x, 0.5), classes, {}, true, small_init);
  return net.flatten("flatten", net.average_to("classifier.3", net.activation("classifier.2", x), 1));
}

}  // namespace

void add_alexnet(std::vector<Backbone>& all) {
  all.push_back({"alexnet", default_init, {}, alexnet_features, alexnet_classifier});
}

void add_vgg(std::vector<Backbone>& all) {
  for (const bool batch_norm : {false, true}) {
    all.push_back({batch_norm ? "vgg11_bn" : "vgg11",
                   he_fan_out_init,
                   {},
                   [batch_norm](Net& net) { return vgg11_features(net, batch_norm); },
                   vgg_classifier});
  }
}

void add_squeezenet(std::vector<Backbone>& all) {
  all.push_back({"squeezenet1_0",
                 he_uniform_init,
                 {},
                 [](Net& net) { return squeezenet_features(net, 96, 7, {2, 6, 11}); },
                 squeezenet_classifier});
  all.push_back({"squeezenet1_1",
                 he_uniform_init,
                 {},
                 [](Net& net) { return squeezenet_features(net, 64, 3, {2, 5, 8}); },
                 squeezenet_classifier});
}

}  // namespace edgewise::space
