/// Random architectures for properties that must hold for every graph.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "graph/graph.hpp"

namespace edgewise::graph {

inline std::int64_t elements_of(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

inline std::int64_t between(RandomStream& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

/// Numbers of any type, as many as the shape needs.
inline Tensor random_tensor(RandomStream& random, Shape shape) {
  const auto type =
      random.chance(0.5) ? DataType::float32 : static_cast<DataType>(random.below(data_type_names.size()));
  Tensor tensor{std::move(shape), empty_values(type)};
  std::visit(
      [&]<class T>(std::vector<T>& values) {
        for (std::int64_t i = 0; i < elements_of(tensor.shape); ++i) {
          if constexpr (std::is_same_v<T, float>)
            values.push_back(static_cast<float>(random.normal()));
          else if constexpr (std::is_same_v<T, Float16>)
            values.push_back(to_float16(static_cast<float>(random.normal())));
          else
            values.push_back(static_cast<T>(random.below(2)));
        }
      },
      tensor.values);
  return tensor;
}

inline Pair random_pair(RandomStream& random, std::int64_t low, std::int64_t high) {
  return {between(random, low, high), between(random, low, high)};
}

/// Any operator but the input with attributes that often fit a value of shape `shape`.
inline Operator random_operator(RandomStream& random, const Shape& shape) {
  const bool flip = random.chance(0.5);
  const auto rank = static_cast<std::int64_t>(shape.size());
  switch (random.below(23)) {
    case 0:
    case 1:
      return Conv2d{.out_channels = between(random, 1, 3) * 2,
                    .kernel_size = random_pair(random, 1, 4),
                    .stride = random_pair(random, 1, 3),
                    .padding = random_pair(random, 0, 3),
                    .dilation = random_pair(random, 1, 2),
                    .groups = flip ? 1 : 2,
                    .bias = random.chance(0.5)};
    case 2:
      return BatchNorm2d{.eps = flip ? 1e-5 : 0.001, .momentum = random.uniform()};
    case 3:
      return LayerNorm{.eps = flip ? 1e-6 : 1e-5};
    case 4:
      return Activation{static_cast<ActivationKind>(random.below(7))};
    case 5:
      return MaxPool2d{random_pair(random, 2, 3), random_pair(random, 1, 3), random_pair(random, 0, 1), flip};
    case 6:
      return AvgPool2d{random_pair(random, 2, 3), random_pair(random, 1, 3), random_pair(random, 0, 1), flip,
                       random.chance(0.5)};
    case 7:
      return AdaptiveAvgPool2d{random_pair(random, 1, 4)};
    case 8:
      return Linear{between(random, 1, 9), flip};
    case 9:
      return Add{};
    case 10:
      return Mul{};
    case 11:
      return Concat{between(random, 0, rank - 1)};
    case 12:
      return Split{between(random, 0, rank - 1), 2, between(random, 0, 1)};
    case 13:
      return ChannelShuffle{2};
    case 14:
      return Reshape{flip ? Shape{elements_of(shape)} : Shape{elements_of(shape) / shape.back(), shape.back()}};
    case 15: {
      Permute op;
      for (const std::size_t axis : random.permutation(shape.size()))
        op.order.push_back(static_cast<std::int64_t>(axis));
      return op;
    }
    case 16:
      return MatMul{flip, random.uniform(-2.0, 2.0)};
    case 17:
      return Softmax{};
    case 18:
      return Resize{random_pair(random, 1, 9), flip ? ResizeMode::nearest : ResizeMode::bilinear};
    case 19:
      return Dropout{random.uniform()};
    case 20:
      return StochasticDepth{random.uniform()};
    case 21:
      return Cast{static_cast<DataType>(random.below(data_type_names.size()))};
    default:
      return LayerScale{random.normal()};
  }
}

/// A valid graph with up to `steps` random operators; what is left unread is flattened and joined at the end, or with
/// `several_outputs` given as it is.
inline Graph random_graph(RandomStream random, int steps, bool several_outputs = false) {
  GraphBuilder builder({between(random, 1, 4) * 2, between(random, 1, 12), between(random, 1, 12)});
  std::vector<GraphBuilder::Value> values{builder.input()};
  std::vector<bool> read{false};
  for (int step = 0; step < steps; ++step) {
    // Mostly the newest value, so that chains grow.
    const auto pick = [&] {
      return random.chance(0.6) ? values.size() - 1 : static_cast<std::size_t>(random.below(values.size()));
    };
    std::vector<std::size_t> inputs{pick()};
    if (random.chance(0.1)) builder.begin_part("part " + std::to_string(step));
    if (random.chance(0.05)) {
      values.push_back(builder.add(Constant{random_tensor(random, builder.shape(values[inputs[0]]))}, {}));
      read.push_back(false);
      continue;
    }
    const Operator op = random_operator(random, builder.shape(values[inputs[0]]));
    const bool takes_several = std::holds_alternative<Add>(op) || std::holds_alternative<Mul>(op) ||
                               std::holds_alternative<Concat>(op) || std::holds_alternative<MatMul>(op);
    if (takes_several) inputs.push_back(pick());
    if (takes_several && random.chance(0.3)) inputs.push_back(pick());
    std::vector<Shape> shapes;
    std::vector<DataType> types;
    std::vector<GraphBuilder::Value> chosen;
    for (const std::size_t input : inputs) {
      chosen.push_back(values[input]);
      shapes.push_back(builder.shape(values[input]));
      types.push_back(builder.type(values[input]));
    }
    if (const auto shape = infer_shape(op, shapes); !shape || elements_of(*shape) > 5000) continue;
    if (!infer_type(op, types)) continue;
    for (const std::size_t input : inputs) read[input] = true;
    std::string name = random.chance(0.1) ? "blöck <" + std::to_string(step) + "> & \"'" : "";
    const WeightInit init =
        random.chance(0.2) ? WeightInit{static_cast<Init>(random.below(8)), random.uniform()} : WeightInit{};
    values.push_back(builder.add(op, chosen, std::move(name), init));
    read.push_back(false);
  }
  std::vector<GraphBuilder::Value> loose;
  std::vector<GraphBuilder::NamedValue> outputs;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (read[i]) continue;
    if (several_outputs) {
      outputs.push_back({"output " + std::to_string(i), values[i]});
      continue;
    }
    auto value = values[i];
    if (builder.type(value) != DataType::float32) value = builder.add(Cast{DataType::float32}, {value});
    loose.push_back(builder.add(Reshape{{elements_of(builder.shape(value))}}, {value}));
  }
  if (loose.size() > 1) loose = {builder.add(Concat{0}, loose)};
  auto graph = several_outputs ? std::move(builder).finish(outputs) : std::move(builder).finish(loose.front());
  EDGEWISE_ASSERT(graph.has_value(), "a random graph must be valid");
  return std::move(*graph);
}

}  // namespace edgewise::graph
