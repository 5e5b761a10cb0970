#include "space/resnet.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "graph/costs.hpp"
#include "space/net_internal.hpp"
#include "space/family_options.hpp"

namespace edgewise::space {

namespace {

constexpr int most_stages = 4;

/// Stages halve the map, so that a network with a deeper trunk than its input has pixels would only convolve padding.
std::optional<std::string> size_mistake(const ResNet& net, std::int64_t input_size) {
  const auto shrinks_by = net.stem_stride << (net.stages.size() - 1);
  if (shrinks_by <= input_size) return {};
  return std::format("stem stride {} and {} stages shrink an input of {} pixels below 1", net.stem_stride,
                     net.stages.size(), input_size);
}

ResNet resnet_of(const Choice& choice) {
  ResNet net;
  const auto filters = number_in(choice, "filters"), growth = number_in(choice, "width_growth");
  for (std::int64_t stage = 0; stage < integer_in(choice, "stages"); ++stage) {
    const auto width = filters * std::pow(growth, static_cast<double>(stage));
    net.stages.push_back({round_to_multiple(width, 4), integer_in(choice, std::format("blocks{}", stage + 1))});
  }
  net.bottleneck = std::get<std::string>(choice.at("block")) == "bottleneck";
  net.kernel_size = integer_in(choice, "kernel_size");
  net.stem_kernel_size = integer_in(choice, "stem_kernel_size");
  net.stem_stride = integer_in(choice, "stem_stride");
  return net;
}

Frame frame_of(const Choice& choice, Frame frame) {
  if (choice.contains("input_size")) frame.input_size = integer_in(choice, "input_size");
  return frame;
}

std::vector<FamilyParameter> parameters_for(const Frame& frame) {
  std::vector<FamilyParameter> all;
  const auto add = [&all](std::string name, Domain own, Domain known, std::string description,
                          std::optional<Condition> condition = {}) {
    all.push_back({{std::move(name), std::move(own), std::move(condition), std::move(description)}, std::move(known)});
  };
  add("stages", Integer{1, most_stages}, Integer{1, most_stages},
      "groups of blocks; each after the first halves the map");
  for (int stage = 1; stage <= most_stages; ++stage) {
    std::optional<Condition> condition;
    if (stage > 1) condition = Condition{"stages", {}};
    for (int deep = stage; condition && deep <= most_stages; ++deep) condition->values.push_back(std::to_string(deep));
    add(std::format("blocks{}", stage), Integer{1, 4}, Integer{1, 16},
        std::format("residual blocks in stage {}", stage), condition);
  }
  const Categorical blocks{{"basic", "bottleneck"}};
  add("block", blocks, blocks, "two wide convolutions, or narrow - wide - narrow with four times as many channels");
  add("kernel_size", Integer{3, 7, 2}, Integer{1, 11, 2}, "of the blocks' wide convolutions");
  add("stem_kernel_size", Integer{3, 7, 2}, Integer{1, 11, 2}, "of the first convolution");
  add("stem_stride", Integer{1, 2}, Integer{1, 4}, "of the first convolution");
  add("filters", Integer{8, 64, 8, true}, Integer{4, 256, 4, true}, "channels of the first stage");
  add("width_growth", Categorical{{"1", "1.5", "2"}}, Real{1.0, 4.0},
      "how many times wider each stage is than the one before");
  // From half the job's input size up to it: what is smaller is cheaper, what is larger shows nothing new.
  const auto steps = frame.input_size / 2 / 16;
  add("input_size", Integer{frame.input_size - 16 * steps, frame.input_size, 16}, Integer{8, 1024},
      "height and width of the input in pixels");
  add("learning_rate", Real{1e-4, 1e-2, true}, Real{1e-7, 1.0, true}, "the optimizer's highest step size");
  all.back().is_optional = true;
  return all;
}

Wire classifier(Net& net, Wire x, std::int64_t outputs) {
  return net.linear("fc", net.flatten("flatten", net.average_to("avgpool", x, 1)), outputs);
}

/// What the frame's head costs on a last map. Each is built once: a space asks for every choice that it looks at. Safe
/// to use from several threads.
class HeadCosts {
 public:
  explicit HeadCosts(const Frame& frame) : frame_(frame) {}
  ResNetCosts of(std::int64_t channels, std::int64_t size) {
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] = known_.try_emplace({channels, size});
    if (!is_new) return found->second;
    Frame alone = frame_;
    alone.channels = channels;
    alone.input_size = size;
    Net net(alone, he_fan_out_init);
    const auto graph =
        net.finish(net.input(), [&](std::int64_t outputs) { return classifier(net, net.input(), outputs); }, alone);
    if (!graph) return {};  // what is wrong with it, the network that is built with it tells
    const auto costs = graph::costs(*graph);
    return found->second = {costs.parameters, costs.macs};
  }

 private:
  const Frame frame_;
  std::mutex mutex_;
  std::map<std::pair<std::int64_t, std::int64_t>, ResNetCosts> known_;
};

ResNetCosts costs_of(const ResNet& net, const Frame& frame, HeadCosts& heads) {
  ResNetCosts total;
  auto size = frame.input_size;
  const auto conv_norm = [&](std::int64_t in, std::int64_t out, std::int64_t kernel) {
    const auto weights = in * out * kernel * kernel;
    total.parameters += weights + 2 * out;
    total.macs += weights * size * size;
  };
  // Odd kernels padded by half: a stride divides the size, rounded up.
  const auto shrink = [&size](std::int64_t stride) { size = (size + stride - 1) / stride; };

  shrink(net.stem_stride);
  auto channels = net.stages.empty() ? 1 : net.stages.front().width;
  conv_norm(frame.channels, channels, net.stem_kernel_size);
  for (std::size_t stage = 0; stage < net.stages.size(); ++stage) {
    const auto [width, blocks] = net.stages[stage];
    for (std::int64_t i = 0; i < blocks; ++i) {
      const ResidualBlock block{width, stage > 0 && i == 0 ? 2 : 1, net.kernel_size, net.bottleneck};
      const auto out = block.out_channels();
      if (net.bottleneck) conv_norm(channels, width, 1);  // still at the size before the stride
      shrink(block.stride);
      conv_norm(net.bottleneck ? width : channels, width, net.kernel_size);
      conv_norm(width, out, net.bottleneck ? 1 : net.kernel_size);
      if (block.stride != 1 || channels != out) conv_norm(channels, out, 1);
      channels = out;
    }
  }
  const auto head = heads.of(channels, size);
  return {total.parameters + head.parameters, total.macs + head.macs};
}

}  // namespace

ResNetCosts resnet_costs(const ResNet& net, const Frame& frame) {
  HeadCosts heads(frame);
  return costs_of(net, frame, heads);
}

Result<graph::Graph> build_resnet(const ResNet& net, const Frame& frame) {
  TRY_DO(check_frame(frame));
  if (net.stages.empty()) return invalid("a residual network needs at least one stage");
  if (const auto mistake = size_mistake(net, frame.input_size)) return invalid(*mistake);
  Net layers(frame, he_fan_out_init);
  auto x = layers.conv("conv1", layers.input(), net.stages.front().width,
                       {.kernel = net.stem_kernel_size, .stride = net.stem_stride});
  x = layers.activation("relu", layers.norm("bn1", x));
  for (std::size_t stage = 0; stage < net.stages.size(); ++stage) {
    for (std::int64_t block = 0; block < net.stages[stage].blocks; ++block) {
      x = residual_block(layers, std::format("layer{}.{}", stage + 1, block), x,
                         {net.stages[stage].width, stage > 0 && block == 0 ? 2 : 1, net.kernel_size, net.bottleneck});
    }
  }
  return layers.finish(x, [&](std::int64_t outputs) { return classifier(layers, x, outputs); }, frame);
}

Result<Family> make_resnet(const Json& options, const Frame& frame) {
  // Most combinations are far too large for a small device and take most of a search's time; a job that wants them
  // raises these bounds.
  struct Bound {
    std::string key;
    std::int64_t most;
  };
  std::vector<Bound> bounds = {{"max_parameters", 2'000'000}, {"max_macs", 400'000'000}};
  auto ranges = options;
  for (auto& [key, most] : bounds) {
    if (!options.is_object() || !options.contains(key)) continue;
    const auto& given = options[key];
    if (!given.is_number() || !(given.get<double>() >= 1 && given.get<double>() <= 1e12)) {
      return invalid(std::format("\"{}\" is {}; it must be a number from 1 to 1e12", key, dump(given)), {}, key);
    }
    most = static_cast<std::int64_t>(given.get<double>());
    ranges.erase(key);
  }
  TRY(auto parameters, narrowed(parameters_for(frame), ranges, {bounds[0].key, bounds[1].key}));
  const auto heads = std::make_shared<HeadCosts>(frame);  // shared by the copies of the space
  auto validity = [bounds, frame, heads](const Choice& choice) -> std::optional<std::string> {
    const auto net = resnet_of(choice);
    const auto sized = frame_of(choice, frame);
    if (auto mistake = size_mistake(net, sized.input_size)) return mistake;
    const auto costs = costs_of(net, sized, *heads);
    for (const auto& [have, what, bound] :
         {std::tuple{costs.parameters, "parameters", bounds[0]}, {costs.macs, "MACs", bounds[1]}}) {
      if (have > bound.most)
        return std::format("the network has {} {}, more than {} {}", have, what, bound.key, bound.most);
    }
    return {};
  };
  TRY(auto space, make_space(std::move(parameters), std::move(validity)));
  auto shared = std::make_shared<const Space>(space);  // the builder outlives the family it came from
  auto build = [shared](const Choice& choice, const Frame& wanted) -> Result<Candidate> {
    TRY_DO(shared->check(choice));
    TRY(auto graph, build_resnet(resnet_of(choice), frame_of(choice, wanted)));
    Candidate candidate{std::move(graph), {}};
    if (choice.contains("learning_rate")) candidate.training["learning_rate"] = number_in(choice, "learning_rate");
    return candidate;
  };
  return Family{"resnet", std::move(space), std::move(build)};
}

}  // namespace edgewise::space
