/// Layers by name on top of GraphBuilder, of which families and blocks are put together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "space/family.hpp"

namespace edgewise::space {

/// A value inside the network under construction (`space::Value` is a parameter's value).
using Wire = graph::GraphBuilder::Value;

/// How a layer's weight is drawn, from the number of inputs and outputs that one weight plane sees.
using InitRule = graph::WeightInit (*)(std::int64_t fan_in, std::int64_t fan_out);
graph::WeightInit default_init(std::int64_t fan_in, std::int64_t fan_out);     ///< PyTorch's: uniform, 1/sqrt(fan in)
graph::WeightInit he_fan_out_init(std::int64_t fan_in, std::int64_t fan_out);  ///< normal, sqrt(2/fan out)
graph::WeightInit he_fan_in_init(std::int64_t fan_in, std::int64_t fan_out);   ///< normal, sqrt(2/fan in)
graph::WeightInit he_uniform_init(std::int64_t fan_in, std::int64_t fan_out);  ///< uniform, sqrt(6/fan in)
graph::WeightInit sigmoid_init(std::int64_t fan_in, std::int64_t fan_out);     ///< uniform, sqrt(3/fan out)
graph::WeightInit small_init(std::int64_t fan_in, std::int64_t fan_out);       ///< normal, 0.01
graph::WeightInit truncated_init(std::int64_t fan_in, std::int64_t fan_out);   ///< truncated normal, 0.02

/// Geometry of a convolution with square kernels.
struct Window {
  std::int64_t kernel = 1, stride = 1;
  std::optional<std::int64_t> padding;  ///< kernel / 2 when absent
  std::int64_t groups = 1;
  std::int64_t dilation = 1;
};

/// Adds layers under torchvision's module paths. What a network does everywhere alike (initial weights of convolutions,
/// batch norm's constants) is set once.
class Net {
 public:
  using Kind = graph::ActivationKind;

  Net(const Frame& frame, InitRule conv_init, graph::BatchNorm2d norm = {});

  [[nodiscard]] Wire input() const { return builder_.input(); }
  [[nodiscard]] std::int64_t channels(Wire x) const;  ///< extent of axis 0; 1 after a mistake

  Wire conv(const std::string& name, Wire x, std::int64_t out, Window window, bool bias = false,
            InitRule init = nullptr);
  Wire norm(const std::string& name, Wire x);
  Wire activation(const std::string& name, Wire x, Kind kind = Kind::relu);
  /// SCOPE.0 convolution, SCOPE.1 batch norm, SCOPE.2 activation unless absent.
  Wire conv_norm(const std::string& scope, Wire x, std::int64_t out, Window window,
                 std::optional<Kind> kind = Kind::relu);
  Wire max_pool(const std::string& name, Wire x, Window window, bool ceil_mode = false);  ///< padding 0 when absent
  Wire average_to(const std::string& name, Wire x, std::int64_t size);
  Wire flatten(const std::string& name, Wire x);
  Wire linear(const std::string& name, Wire x, std::int64_t out, InitRule init = default_init);
  Wire dropout(const std::string& name, Wire x, double p);
  Wire add(const std::string& name, Wire a, Wire b);
  /// Squeeze-and-excitation (Hu, Shen, Sun, CVPR 2018) on two 1x1 convolutions.
  Wire squeeze_excitation(const std::string& scope, Wire x, std::int64_t squeezed, Kind gate);
  /// Any other operator.
  Wire op(const std::string& name, graph::Operator op, const std::vector<Wire>& inputs);

  /// Puts the frame's head on the last map; the network is used up.
  /// Shape of a value, without the batch; {} after a mistake.
  [[nodiscard]] graph::Shape shape(Wire x) const { return builder_.shape(x); }
  [[nodiscard]] graph::GraphBuilder& builder() { return builder_; }

  Result<graph::Graph> finish(Wire last, const graph::Classifier& classifier, const Frame& frame);

 private:
  graph::GraphBuilder builder_;
  InitRule conv_init_;
  graph::BatchNorm2d norm_;
};

/// `value` to the nearest multiple of `divisor`, never more than 10 % below it (the rule of the MobileNet family).
std::int64_t round_to_multiple(double value, std::int64_t divisor);

/// A residual block (He et al. 2016): two convolutions of `kernel`, or, as a bottleneck, 1x1 - `kernel` - 1x1 to four
/// times the width. A 1x1 projection stands for the identity where the shape changes.
struct ResidualBlock {
  std::int64_t width = 64, stride = 1, kernel = 3;
  bool bottleneck = false;
  std::int64_t groups = 1, dilation = 1;  ///< of the wide convolutions
  [[nodiscard]] std::int64_t out_channels() const { return bottleneck ? 4 * width : width; }
};
Wire residual_block(Net& net, const std::string& scope, Wire x, const ResidualBlock& block);

/// A unit of ShuffleNetV2 (Ma et al. 2018): half of the channels pass untouched; at another stride than 1 both halves
/// are computed from all channels. `out` must be even, and at stride 1 what comes in.
struct ShuffleUnit {
  std::int64_t out = 2, stride = 1, kernel = 3;
  bool shuffles_first = false;  ///< the unit takes channels alternately, instead of shuffling what it gives
};
Wire shuffle_unit(Net& net, const std::string& scope, Wire x, const ShuffleUnit& unit);

/// Channels, input size and outputs within what can be built at all.
Status check_frame(const Frame& frame);

}  // namespace edgewise::space
