/// An exported network against the LibTorch module, both on random weights and inputs.
#pragma once

#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "deploy/onnx.hpp"
#include "device/local_device.hpp"
#include "nn/module.hpp"
#include "tests/deploy/random_weights.hpp"

namespace edgewise::deploy {

/// What the LibTorch module gives for `inputs`, (n, shape...): its first output, which is the agent's answer too.
inline std::vector<float> module_outputs(const graph::Graph& graph, const graph::Weights& weights,
                                         const std::vector<float>& inputs) {
  nn::Network network(graph, RandomStream(1));
  if (const auto loaded = nn::load_weights(network, weights); !loaded)
    throw std::runtime_error(to_text(loaded.error()));
  network->eval();
  const torch::NoGradGuard no_grad;
  std::vector<std::int64_t> sizes{-1};
  sizes.insert(sizes.end(), graph.input_shape().begin(), graph.input_shape().end());
  const auto input =
      torch::from_blob(const_cast<float*>(inputs.data()), {static_cast<std::int64_t>(inputs.size())}).view(sizes);
  const auto output = network->outputs(input).front().to(torch::kFloat).contiguous().flatten();
  return {output.data_ptr<float>(), output.data_ptr<float>() + output.numel()};
}

/// What the exported file gives for `inputs`, (n, shape...), in ONNX Runtime.
inline std::vector<float> exported_outputs(const graph::Graph& graph, const std::filesystem::path& path,
                                           const std::vector<float>& inputs) {
  std::vector<std::int64_t> shape{1};
  shape.insert(shape.end(), graph.input_shape().begin(), graph.input_shape().end());
  const std::size_t each = agent::elements_of(shape, inputs.size()).value();
  std::vector<device::Tensors> samples;
  for (std::size_t at = 0; at < inputs.size(); at += each)
    samples.push_back({agent::float_tensor("image", shape, std::span(inputs).subspan(at, each))});
  const auto outputs = device::make_local_device()->infer(path, samples);
  if (!outputs) throw std::runtime_error(to_text(outputs.error()));
  std::vector<float> all;
  for (const auto& sample : *outputs) {
    const auto values = agent::floats_of(sample.front()).value();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

/// Largest relative difference of the exported file in ONNX Runtime to the LibTorch module.
/// @throws std::runtime_error with the error of the export or the run
inline double export_difference(const graph::Graph& graph, std::uint64_t seed, std::size_t samples = 2) {
  const TestFolder folder;
  const auto weights = random_weights(graph, seed);
  const auto inputs = random_inputs(graph.input_shape(), samples, seed);
  const auto path = folder / "model.onnx";
  if (const auto written = write_onnx(graph, weights, {}, path); !written)
    throw std::runtime_error(to_text(written.error()));
  const auto outputs = exported_outputs(graph, path, inputs);
  const auto expected = module_outputs(graph, weights, inputs);
  // Outputs near 0 would agree whatever the export does.
  if (std::abs(std::ranges::max(expected, {}, [](float x) { return std::abs(x); })) < 0.01F)
    throw std::runtime_error("the outputs are too small to tell a difference");
  return relative_difference(outputs, expected);
}

}  // namespace edgewise::deploy
