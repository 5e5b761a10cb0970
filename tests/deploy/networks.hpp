/// The networks on which export is tested: every operator alone, the blocks of real families, random ones.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "graph/graph.hpp"

namespace edgewise::deploy {

/// One operator between an input and the output.
struct OperatorCase {
  std::string name;
  graph::Shape input;
  graph::Operator op;
};
inline void PrintTo(const OperatorCase& test, std::ostream* out) {
  *out << test.name;
}

inline Result<graph::Graph> network_of(const OperatorCase& test) {
  graph::GraphBuilder builder(test.input);
  const auto value = builder.add(test.op, {builder.input()}, "node.under.test");
  return std::move(builder).finish(value);
}

inline std::vector<OperatorCase> operator_cases() {
  using namespace graph;
  using Case = OperatorCase;
  const auto activation = [](ActivationKind kind) { return Activation{.kind = kind}; };
  return {Case{"conv", {3, 9, 8}, Conv2d{.out_channels = 5, .kernel_size = {3, 3}, .padding = {1, 1}}},
          Case{"conv_uneven",
               {4, 11, 9},
               Conv2d{.out_channels = 6,
                      .kernel_size = {5, 3},
                      .stride = {2, 3},
                      .padding = {2, 0},
                      .dilation = {1, 2},
                      .groups = 2,
                      .bias = false}},
          Case{"conv_depthwise",
               {6, 8, 8},
               Conv2d{.out_channels = 12, .kernel_size = {3, 3}, .stride = {2, 2}, .padding = {1, 1}, .groups = 6}},
          Case{"batch_norm", {5, 4, 3}, BatchNorm2d{.eps = 1e-3}}, Case{"layer_norm", {7, 10}, LayerNorm{.eps = 1e-6}},
          Case{"layer_norm_of_a_vector", {10}, LayerNorm{}}, Case{"relu", {3, 5, 5}, activation(ActivationKind::relu)},
          Case{"relu6", {3, 9, 9}, activation(ActivationKind::relu6)},
          Case{"silu", {3, 5, 5}, activation(ActivationKind::silu)},
          Case{"hardswish", {3, 9, 9}, activation(ActivationKind::hardswish)},
          Case{"hardsigmoid", {3, 9, 9}, activation(ActivationKind::hardsigmoid)},
          Case{"gelu", {3, 9, 9}, activation(ActivationKind::gelu)},
          Case{"sigmoid", {3, 5, 5}, activation(ActivationKind::sigmoid)},
          Case{"max_pool", {3, 9, 9}, MaxPool2d{.kernel_size = {3, 3}, .stride = {2, 2}, .padding = {1, 1}}},
          Case{"max_pool_ceil", {3, 8, 10}, MaxPool2d{.kernel_size = {3, 3}, .stride = {2, 2}, .ceil_mode = true}},
          // A window that would start in the right padding must not exist.
          Case{"max_pool_ceil_dropped_window",
               {2, 5, 6},
               MaxPool2d{.kernel_size = {2, 2}, .stride = {3, 3}, .padding = {1, 1}, .ceil_mode = true}},
          Case{"max_pool_ceil_large_stride",
               {2, 11, 7},
               MaxPool2d{.kernel_size = {2, 3}, .stride = {4, 5}, .padding = {0, 1}, .ceil_mode = true}},
          Case{"avg_pool", {3, 8, 8}, AvgPool2d{}},
          Case{"avg_pool_padded", {3, 9, 7}, AvgPool2d{.kernel_size = {3, 3}, .stride = {2, 2}, .padding = {1, 1}}},
          Case{"avg_pool_padding_not_counted",
               {3, 9, 7},
               AvgPool2d{.kernel_size = {3, 3}, .stride = {2, 2}, .padding = {1, 1}, .count_include_pad = false}},
          Case{"avg_pool_ceil", {3, 8, 10}, AvgPool2d{.kernel_size = {3, 3}, .stride = {2, 2}, .ceil_mode = true}},
          Case{"avg_pool_ceil_padded",
               {3, 8, 11},
               AvgPool2d{.kernel_size = {3, 3}, .stride = {2, 3}, .padding = {1, 1}, .ceil_mode = true}},
          Case{"avg_pool_ceil_padding_not_counted",
               {3, 8, 11},
               AvgPool2d{.kernel_size = {3, 3},
                         .stride = {2, 3},
                         .padding = {1, 1},
                         .ceil_mode = true,
                         .count_include_pad = false}},
          Case{"adaptive_avg_pool_global", {3, 7, 5}, AdaptiveAvgPool2d{}},
          Case{"adaptive_avg_pool_divisible", {3, 14, 6}, AdaptiveAvgPool2d{.output_size = {7, 2}}},
          Case{"adaptive_avg_pool_uneven", {3, 10, 7}, AdaptiveAvgPool2d{.output_size = {7, 3}}},
          Case{"adaptive_avg_pool_larger_than_its_input", {3, 2, 2}, AdaptiveAvgPool2d{.output_size = {7, 6}}},
          Case{"adaptive_avg_pool_of_the_same_size", {3, 6, 6}, AdaptiveAvgPool2d{.output_size = {6, 6}}},
          Case{"linear", {12}, Linear{.out_features = 5}},
          Case{"linear_without_bias", {12}, Linear{.out_features = 5, .bias = false}},
          Case{"linear_of_a_sequence", {4, 12}, Linear{.out_features = 5}},
          Case{"linear_of_an_image", {2, 3, 8}, Linear{.out_features = 5, .bias = false}},
          Case{"concat_of_one", {2, 3, 4}, Concat{.axis = 0}},
          Case{"split_first", {6, 4, 4}, Split{.axis = 0, .parts = 3, .index = 0}},
          Case{"split_last", {6, 4, 4}, Split{.axis = 0, .parts = 3, .index = 2}},
          Case{"split_inner_axis", {5, 9}, Split{.axis = 1, .parts = 3, .index = 1}},
          Case{"channel_shuffle", {12, 3, 3}, ChannelShuffle{.groups = 3}},
          Case{"reshape", {4, 3, 2}, Reshape{.shape = {6, 4}}}, Case{"flatten", {4, 3, 2}, Reshape{.shape = {24}}},
          Case{"permute", {4, 3, 2}, Permute{.order = {2, 0, 1}}}, Case{"softmax", {4, 9}, Softmax{}},
          Case{"resize_bilinear_up", {2, 5, 4}, Resize{.output_size = {9, 11}}},
          Case{"resize_bilinear_down", {2, 11, 8}, Resize{.output_size = {4, 3}}},
          Case{"resize_bilinear_to_one", {2, 6, 4}, Resize{.output_size = {1, 1}}},
          Case{"resize_nearest_up", {2, 5, 4}, Resize{.output_size = {9, 8}, .mode = ResizeMode::nearest}},
          Case{"resize_nearest_down", {2, 11, 9}, Resize{.output_size = {4, 6}, .mode = ResizeMode::nearest}},
          Case{"dropout", {3, 4, 4}, Dropout{}}, Case{"stochastic_depth", {3, 4, 4}, StochasticDepth{}},
          Case{"layer_scale", {5, 4, 3}, LayerScale{}}};
}

/// Operators of several inputs, each read in more than one place.
inline Result<graph::Graph> several_inputs() {
  using namespace graph;
  GraphBuilder builder({6, 5, 4});
  const auto image = builder.input();
  const auto left = builder.add(Conv2d{.out_channels = 6, .groups = 2}, {image});
  const auto right = builder.add(Activation{ActivationKind::sigmoid}, {image});
  const auto sum = builder.add(Add{}, {left, right, image});
  const auto gate = builder.add(AdaptiveAvgPool2d{}, {sum});
  const auto product = builder.add(Mul{}, {gate, builder.add(Mul{}, {sum, right})});
  const auto rows = builder.add(Mul{}, {product, builder.add(Split{.axis = 1, .parts = 5, .index = 3}, {image})});
  const auto joined = builder.add(Concat{.axis = 0}, {rows, image, left});
  const auto wide = builder.add(Concat{.axis = 2}, {joined, joined});
  return std::move(builder).finish(wide);
}

/// Constants of every type and casts, which also join values of a whole batch.
inline Result<graph::Graph> typed_values() {
  using namespace graph;
  GraphBuilder b({2, 3, 4});
  const auto numbers = [](auto make) {
    std::vector<decltype(make(0))> all;
    for (int i = 0; i < 24; ++i) all.push_back(make(i));
    return all;
  };
  const auto as_float = [&](GraphBuilder::Value value) { return b.add(Cast{DataType::float32}, {value}); };
  const auto constant = [&](Tensor::Values values) { return b.add(Constant{{{2, 3, 4}, std::move(values)}}, {}); };
  const auto whole = b.add(Cast{DataType::int32}, {b.input()});
  const auto shifted = b.add(Add{}, {whole, constant(numbers([](int i) { return std::int32_t{i - 12}; }))});
  const auto long_numbers = b.add(
      Mul{}, {b.add(Cast{DataType::int64}, {shifted}), constant(numbers([](int i) { return std::int64_t{3} - i; }))});
  const auto mask = as_float(constant(numbers([](int i) { return i % 3 == 0 ? Boolean::yes : Boolean::no; })));
  const auto masked = b.add(Mul{}, {b.input(), mask});
  const auto scaled = b.add(Mul{}, {masked, constant(numbers([](int i) { return 0.25F * static_cast<float>(i); }))});
  const auto half = as_float(constant(numbers([](int i) { return to_float16(0.1F * static_cast<float>(i)); })));
  const auto bytes = as_float(constant(numbers([](int i) { return static_cast<std::uint8_t>(10 * i); })));
  const auto small = as_float(constant(numbers([](int i) { return static_cast<std::int8_t>(5 * i - 60); })));
  const auto same = b.add(Cast{DataType::float32}, {scaled});  // computes nothing
  const auto all = b.add(Concat{}, {as_float(long_numbers), same, half, bytes, small});
  return std::move(b).finish(all);
}

/// Outputs in the middle, of a norm that goes into its convolution, twice the same value, and the input itself.
inline Result<graph::Graph> several_outputs() {
  using namespace graph;
  GraphBuilder b({3, 8, 8});
  const auto conv = b.add(Conv2d{.out_channels = 4, .kernel_size = {3, 3}, .padding = {1, 1}}, {b.input()});
  const auto norm = b.add(BatchNorm2d{}, {conv});
  const auto early = b.add(Activation{}, {norm});
  const auto late = b.add(BatchNorm2d{}, {b.add(Conv2d{.out_channels = 2}, {early})});
  const auto again = b.add(Dropout{}, {late});
  const auto pooled = b.add(Reshape{{4}}, {b.add(AdaptiveAvgPool2d{}, {early})});
  const std::vector<GraphBuilder::NamedValue> outputs{
      {"features/8", norm}, {"boxes", late}, {"boxes again", again}, {"scores", pooled}, {"picture", b.input()}};
  return std::move(b).finish(outputs);
}

/// Convolution, attention between the pixels of equal place in their patches, feed-forward layers, and back to an image
/// (MobileViT).
inline Result<graph::Graph> attention_block() {
  using namespace graph;
  // 8x8 pixels in patches of 2x2: 4 sequences of 16 tokens, 2 heads of 6 numbers; then back to an image.
  constexpr std::int64_t channels = 12, heads = 2, patches = 16, pixels = 4;
  GraphBuilder b({channels, 8, 8});
  auto x =
      b.add(Conv2d{.out_channels = channels, .kernel_size = {3, 3}, .padding = {1, 1}, .bias = false}, {b.input()});
  x = b.add(Activation{ActivationKind::silu}, {b.add(BatchNorm2d{}, {x})});
  const auto local = x;
  x = b.add(Reshape{{channels, 4, 2, 4, 2}}, {x});
  x = b.add(Permute{{2, 4, 1, 3, 0}}, {x});  // (2, 2, 4, 4, C)
  x = b.add(Reshape{{pixels, patches, channels}}, {x});
  const auto normal = b.add(LayerNorm{}, {x});
  const auto qkv = b.add(Linear{.out_features = 3 * channels}, {normal});
  std::vector<GraphBuilder::Value> parts;
  for (std::int64_t i = 0; i < 3; ++i) {
    const auto part = b.add(Split{.axis = 2, .parts = 3, .index = i}, {qkv});
    const auto split = b.add(Reshape{{pixels, patches, heads, channels / heads}}, {part});
    parts.push_back(b.add(Permute{{0, 2, 1, 3}}, {split}));  // (pixels, heads, patches, head)
  }
  const auto scores = b.add(MatMul{.transpose_b = true, .scale = 1.0 / std::sqrt(6.0)}, {parts[0], parts[1]});
  const auto mixed = b.add(MatMul{}, {b.add(Softmax{}, {scores}), parts[2]});
  auto y = b.add(Reshape{{pixels, patches, channels}}, {b.add(Permute{{0, 2, 1, 3}}, {mixed})});
  y = b.add(Add{}, {x, b.add(Dropout{}, {b.add(Linear{.out_features = channels}, {y})})});
  auto z = b.add(Linear{.out_features = 2 * channels}, {b.add(LayerNorm{}, {y})});
  z = b.add(Linear{.out_features = channels}, {b.add(Activation{ActivationKind::gelu}, {z})});
  y = b.add(Add{}, {y, b.add(StochasticDepth{}, {z})});
  y = b.add(Reshape{{2, 2, 4, 4, channels}}, {y});
  y = b.add(Reshape{{channels, 8, 8}}, {b.add(Permute{{4, 2, 0, 3, 1}}, {y})});
  y = b.add(Concat{}, {local, y});
  const auto output = b.add(Resize{.output_size = {13, 13}}, {y});
  return std::move(b).finish(output);
}

/// A random network of small blocks: convolutions with and without norms, squeeze-and-excitation, shuffles, pools,
/// residual sums.
inline Result<graph::Graph> random_graph(std::uint64_t seed) {
  using namespace graph;
  auto random = RandomStream::named(seed, "random graph");
  const auto size = static_cast<std::int64_t>(9 + random.below(8));
  GraphBuilder b({static_cast<std::int64_t>(1 + random.below(4)), size, size});
  auto x = b.add(Conv2d{.out_channels = 8, .kernel_size = {3, 3}, .padding = {1, 1}}, {b.input()});
  for (int block = 0; block < 6; ++block) {
    const auto kind = static_cast<ActivationKind>(random.below(7));
    switch (random.below(6)) {
      case 0: {
        const std::int64_t groups = random.chance(0.5) ? 1 : 4;
        auto y = b.add(Conv2d{.out_channels = 8,
                              .kernel_size = {3, 3},
                              .padding = {2, 2},
                              .dilation = {2, 2},
                              .groups = groups,
                              .bias = random.chance(0.5)},
                       {x});
        if (random.chance(0.5)) y = b.add(Dropout{}, {y});
        const auto before = y;
        if (random.chance(0.8)) y = b.add(BatchNorm2d{}, {y});
        y = b.add(Activation{kind}, {y});
        // Read before its norm too: then the norm must stay.
        x = random.chance(0.3) ? b.add(Add{}, {x, y, before}) : b.add(Add{}, {x, y});
        break;
      }
      case 1: {
        auto gate = b.add(Conv2d{.out_channels = 2}, {b.add(AdaptiveAvgPool2d{}, {x})});
        gate = b.add(Conv2d{.out_channels = 8}, {b.add(Activation{kind}, {gate})});
        x = b.add(Mul{}, {x, b.add(Activation{ActivationKind::hardsigmoid}, {gate})});
        break;
      }
      case 2: {
        const auto left = b.add(Split{.parts = 2, .index = 0}, {x}), right = b.add(Split{.parts = 2, .index = 1}, {x});
        x = b.add(ChannelShuffle{.groups = 2}, {b.add(Concat{}, {left, b.add(Activation{kind}, {right})})});
        break;
      }
      case 3:
        x = b.add(BatchNorm2d{}, {b.add(AvgPool2d{.kernel_size = {3, 3},
                                                  .stride = {1, 1},
                                                  .padding = {1, 1},
                                                  .count_include_pad = random.chance(0.5)},
                                        {x})});
        break;
      case 4:
        x = b.add(MaxPool2d{.kernel_size = {3, 3}, .stride = {1, 1}, .padding = {1, 1}}, {x});
        break;
      default:
        x = b.add(Add{}, {x, b.add(StochasticDepth{}, {b.add(LayerScale{}, {x})})});
    }
  }
  const auto features = b.add(Reshape{{8 * 3 * 3}}, {b.add(AdaptiveAvgPool2d{.output_size = {3, 3}}, {x})});
  const auto output = b.add(Linear{.out_features = 5}, {features});
  return std::move(b).finish(output);
}

/// All networks above under file names.
inline std::vector<std::pair<std::string, Result<graph::Graph>>> all_networks() {
  std::vector<std::pair<std::string, Result<graph::Graph>>> networks;
  for (const auto& test : operator_cases()) networks.emplace_back("operator_" + test.name, network_of(test));
  networks.emplace_back("several_inputs", several_inputs());
  networks.emplace_back("attention_block", attention_block());
  networks.emplace_back("typed_values", typed_values());
  networks.emplace_back("several_outputs", several_outputs());
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    networks.emplace_back("random_" + std::to_string(seed), random_graph(seed));
  return networks;
}

/// A convolution, its map (5, 3 p, 2 p) as patches, an activation, and the map again.
inline graph::Graph patches_and_back(std::int64_t p, bool reads_inner_value = false) {
  using namespace graph;
  const std::int64_t c = 5, down = 3, across = 2;
  GraphBuilder b({3, down * p, across * p});
  const auto map = b.add(Conv2d{.out_channels = c, .kernel_size = {3, 3}, .padding = {1, 1}}, {b.input()}, "conv");
  const auto split = b.add(Reshape{{c, down, p, across, p}}, {map}, "split");
  const auto turned = b.add(Permute{{2, 4, 1, 3, 0}}, {split}, "turned");
  const auto rows = b.add(Activation{}, {b.add(Reshape{{p * p, down * across, c}}, {turned}, "rows")}, "act");
  const auto places = b.add(Reshape{{p, p, down, across, c}}, {rows}, "places");
  const auto back =
      b.add(Reshape{{c, down * p, across * p}}, {b.add(Permute{{4, 2, 0, 3, 1}}, {places}, "back")}, "map");
  if (!reads_inner_value) return std::move(b).finish(back).value();
  const std::vector<GraphBuilder::NamedValue> outputs{{"map", back}, {"split", split}};
  return std::move(b).finish(outputs).value();
}

}  // namespace edgewise::deploy
