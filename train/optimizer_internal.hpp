/// Weight updates. Only for the sources and tests of train/.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace edgewise::train {

/// Whether weight decay applies to a tensor of this node: to the weights of convolutions and linear layers only.
bool is_decayed(const graph::Node& node, const std::string& tensor_name);

/// Adam (Kingma, Ba, ICLR 2015), AdamW (Loshchilov, Hutter, ICLR 2019) and SGD with momentum, by LibTorch's fused
/// kernels: one pass over each tensor. torch::optim makes a dozen passes, each with temporaries, which costs AlexNet
/// more time than its convolutions.
class Optimizer {
 public:
  struct Options {
    std::string name = "adamw";  ///< as Settings::optimizer
    double weight_decay = 0, momentum = 0.9;
    double clip_norm = 0;  ///< 0: not clipped
  };
  Optimizer(Options options, std::vector<torch::Tensor> decayed, std::vector<torch::Tensor> plain);

  void clear_gradients();
  /// One update with the gradients at hand. Returns their norm before clipping (NaN or infinite: nothing was changed),
  /// or 0 when it is not computed because clipping is off.
  double step(double learning_rate);

  /// What continues an interrupted training: moments of all parameters, first the decayed, then the plain.
  [[nodiscard]] std::vector<torch::Tensor> state() const;
  [[nodiscard]] std::int64_t steps() const { return static_cast<std::int64_t>(steps_.item<float>()); }
  void set_steps(std::int64_t steps) { steps_.fill_(static_cast<double>(steps)); }

 private:
  struct Group {
    std::vector<torch::Tensor> parameters, first, second;
    double weight_decay = 0;
  };
  void update(Group& group, double learning_rate, const std::optional<torch::Tensor>& scale);
  Options options_;
  std::vector<Group> groups_;
  torch::Tensor steps_;
};

}  // namespace edgewise::train
