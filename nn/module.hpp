/// A graph as a LibTorch module.
#pragma once

#include <torch/nn/module.h>

#include <optional>
#include <vector>

#include "base/random.hpp"
#include "graph/graph.hpp"
#include "graph/weights.hpp"

namespace edgewise::nn {

/// Number format of activations and products. Parameters, normalisation statistics and the output are 32-bit floats in
/// both.
enum class Precision { fp32, bf16 };

/// Computes a graph. Parameters and buffers stand for `Graph::tensors()`, in that order; because LibTorch allows no dot
/// in a parameter's name, it is registered with "/" in the place of ".". `weights` and `load_weights` use the graph's
/// own names. Values between nodes are kept channels-last, which is what oneDNN and cuDNN compute fastest. Not safe to
/// use from two threads.
class NetworkImpl : public torch::nn::Module {
 public:
  /// Weights are drawn from `random` as each node's `init` says; they depend on the stream and the tensor's name alone.
  /// Without a stream they are 0, to be loaded: drawing takes a second for every 1e8 of them.
  explicit NetworkImpl(graph::Graph graph, std::optional<RandomStream> random = std::nullopt);
  ~NetworkImpl() override;

  /// (n, C, H, W) -> (n, outputs...), in 32-bit floats. Values are freed as soon as no later node needs them.
  /// Throws c10::Error when the input does not fit; the callers in `train/` turn it into an error.
  /// Asserts that the network has one output alone.
  torch::Tensor forward(torch::Tensor input);
  /// The same for all outputs, in the order of `Graph::outputs()` and in the graph's data types.
  std::vector<torch::Tensor> outputs(torch::Tensor input);
  [[nodiscard]] const graph::Graph& graph() const { return graph_; }
  /// Outputs of every node for one input, for tests.
  std::vector<torch::Tensor> trace(torch::Tensor input);

  /// Parameters and buffers in the order of `Graph::tensors()`, sharing memory with the module.
  [[nodiscard]] std::vector<torch::Tensor> tensors();
  /// To be called after the contents of `tensors()` were written from outside.
  void tensors_changed();
  [[nodiscard]] graph::Weights weights() const;
  Status load_weights(const graph::Weights& weights);

  void set_precision(Precision precision) { precision_ = precision; }
  [[nodiscard]] Precision precision() const { return precision_; }
  /// Restarts the random numbers of dropout and stochastic depth.
  void seed(std::uint64_t seed);
  /// How fast batch norms forget in training: update k (from 1) has the weight max(the node's momentum, `floor`, 1/k),
  /// so that the running statistics start as the mean over the batches seen instead of from 0 and 1. With `floor` 0
  /// (the default) the node's momentum alone counts, as in PyTorch.
  void set_norm_momentum_floor(double floor) { norm_momentum_floor_ = floor; }

 private:
  // What `forward` needs per node is prepared once; see module.cpp.
  struct Step;
  // What a constant takes from the input.
  struct Batch {
    std::int64_t size = 0;
    torch::Device device;
  };
  torch::Tensor compute(Step& step, const std::vector<torch::Tensor>& values, const Batch& batch, bool is_fused);
  // The type that stands for a type of the graph at the current precision.
  [[nodiscard]] torch::ScalarType computed_as(graph::DataType type) const;
  torch::Tensor normalise(Step& step, const torch::Tensor& input, bool is_fused);
  void fuse_activations(const std::vector<std::size_t>& uses);
  torch::Tensor keep_mask(torch::IntArrayRef shape, double drop, const torch::Tensor& like);
  [[nodiscard]] torch::Tensor cast(const torch::Tensor& parameter) const;

  graph::Graph graph_;
  std::vector<Step> steps_;
  at::Generator generator_;
  Precision precision_ = Precision::fp32;
  double norm_momentum_floor_ = 0.0;
};
TORCH_MODULE(Network);

/// Draws a tensor of `shape` (a weight: (out, in, ...)) as `init` says. Kaiming (He et al., ICCV 2015) and Xavier
/// (Glorot, Bengio, AISTATS 2010) take their spread from the fans unless `spread` is given; trunc_normal is cut at two
/// standard deviations.
torch::Tensor draw(const graph::WeightInit& init, const graph::Shape& shape, RandomStream random);

/// The state dict as plain data, in 32-bit floats.
graph::Weights weights(const Network& network);
/// @error as graph::check_weights
Status load_weights(Network& network, const graph::Weights& weights);

}  // namespace edgewise::nn
