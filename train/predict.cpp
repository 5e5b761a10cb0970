#include <torch/utils.h>

#include <format>

#include "train/loop_internal.hpp"

namespace edgewise::train {

Result<std::vector<float>> predict(const graph::Graph& graph, const graph::Weights& weights,
                                   const std::vector<float>& inputs) {
  std::int64_t elements = 1;
  for (const auto extent : graph.input_shape()) elements *= extent;
  const auto n = static_cast<std::int64_t>(inputs.size()) / elements;
  if (n == 0 || static_cast<std::size_t>(n * elements) != inputs.size()) {
    return invalid(
        std::format("{} numbers are no whole number of inputs {}", inputs.size(), graph::to_text(graph.input_shape())));
  }
  return with_torch_errors<std::vector<float>>("the network cannot be computed", [&]() -> Result<std::vector<float>> {
    nn::Network network(graph);
    TRY_DO(nn::load_weights(network, weights));
    // On the processor even where there is a GPU, whose 32-bit convolutions round to the 10 bits of TF32.
    network->eval();
    const torch::InferenceMode no_gradients;
    std::vector<float> outputs;
    constexpr std::int64_t at_once = 64;
    for (std::int64_t begin = 0; begin < n; begin += at_once) {
      graph::Shape shape{std::min(at_once, n - begin)};
      shape.insert(shape.end(), graph.input_shape().begin(), graph.input_shape().end());
      auto* const values = const_cast<float*>(inputs.data()) + begin * elements;
      const auto result = network->forward(torch::from_blob(values, shape, torch::kFloat32)).contiguous();
      outputs.insert(outputs.end(), result.data_ptr<float>(), result.data_ptr<float>() + result.numel());
    }
    return outputs;
  });
}

}  // namespace edgewise::train
