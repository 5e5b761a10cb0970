/// Weights and inputs for the tests of exported networks.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "graph/weights.hpp"
#include "tests/test_folder.hpp"

namespace edgewise::deploy {

/// Weights that keep the size of activations, with batch norms that are far from the identity: folding must do
/// something.
inline graph::Weights random_weights(const graph::Graph& graph, std::uint64_t seed) {
  auto random = RandomStream::named(seed, "test weights");
  graph::Weights weights;
  for (const graph::TensorSpec& spec : graph.tensors()) {
    std::size_t count = 1;
    for (const auto extent : spec.shape) count *= static_cast<std::size_t>(extent);
    graph::Tensor tensor{.shape = spec.shape, .values = std::vector<float>(count)};
    const double fan_in = spec.shape.size() > 1 ? static_cast<double>(count) / static_cast<double>(spec.shape[0]) : 1.0;
    for (float& value : tensor.floats()) {
      double drawn = 0;
      if (spec.name.ends_with("running_var") || spec.shape.size() == 3)
        drawn = random.uniform(0.5, 1.5);
      else if (spec.shape.size() == 1 && spec.name.ends_with(".weight"))
        drawn = random.uniform(0.5, 1.5);
      else if (spec.shape.size() >= 2)
        drawn = random.uniform(-1.0, 1.0) * std::sqrt(4.5 / fan_in);
      else if (!spec.name.ends_with("num_batches_tracked"))
        drawn = 0.2 * random.normal();
      value = static_cast<float>(drawn);
    }
    weights.emplace(spec.name, std::move(tensor));
  }
  return weights;
}

inline std::vector<float> random_inputs(const graph::Shape& shape, std::size_t samples, std::uint64_t seed) {
  auto random = RandomStream::named(seed, "test inputs");
  std::size_t count = samples;
  for (const auto extent : shape) count *= static_cast<std::size_t>(extent);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(2.0 * random.normal());
  return values;
}

}  // namespace edgewise::deploy
