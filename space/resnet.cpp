#include "space/resnet.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <memory>

#include "space/backbones_internal.hpp"
#include "space/family_internal.hpp"

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

}  // namespace

std::int64_t parameter_count(const ResNet& net, const Frame& frame) {
  const auto conv_norm = [](std::int64_t in, std::int64_t out, std::int64_t kernel) {
    return in * out * kernel * kernel + 2 * out;
  };
  std::int64_t channels = net.stages.empty() ? 1 : net.stages.front().width;
  auto total = conv_norm(frame.channels, channels, net.stem_kernel_size);
  for (std::size_t stage = 0; stage < net.stages.size(); ++stage) {
    const auto [width, blocks] = net.stages[stage];
    for (std::int64_t i = 0; i < blocks; ++i) {
      const ResidualBlock block{width, stage > 0 && i == 0 ? 2 : 1, net.kernel_size, net.bottleneck};
      const auto out = block.out_channels();
      total += net.bottleneck
                   ? conv_norm(channels, width, 1) + conv_norm(width, width, net.kernel_size) + conv_norm(width, out, 1)
                   : conv_norm(channels, out, net.kernel_size) + conv_norm(out, out, net.kernel_size);
      if (block.stride != 1 || channels != out) total += conv_norm(channels, out, 1);
      channels = out;
    }
  }
  const auto linear = [](std::int64_t in, std::int64_t out) { return in * out + out; };
  if (frame.head == Head::classification) return total + linear(channels, frame.outputs);
  const auto hidden = std::max<std::int64_t>(1, channels / 2);
  return total + linear(channels, hidden) + linear(hidden, 4);
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
  const auto output =
      frame.head == Head::box
          ? layers.box_head(x)
          : layers.linear("fc", layers.flatten("flatten", layers.average_to("avgpool", x, 1)), frame.outputs);
  return std::move(layers).finish(output);
}

Result<Family> make_resnet(const Json& options, const Frame& frame) {
  // Wide, deep networks are most of all combinations and none of them suits a small device; a job that wants them
  // raises the bound.
  std::int64_t most_parameters = 2'000'000;
  auto ranges = options;
  if (options.is_object() && options.contains("max_parameters")) {
    const auto& given = options["max_parameters"];
    if (!given.is_number() || !(given.get<double>() >= 1 && given.get<double>() <= 1e9)) {
      return invalid(std::format("\"max_parameters\" is {}; it must be a number from 1 to 1e9",
                                 given.dump(-1, ' ', false, Json::error_handler_t::replace)),
                     {}, "max_parameters");
    }
    most_parameters = static_cast<std::int64_t>(given.get<double>());
    ranges.erase("max_parameters");
  }
  TRY(auto parameters, narrowed(parameters_for(frame), ranges, {"max_parameters"}));
  auto validity = [most_parameters, frame](const Choice& choice) -> std::optional<std::string> {
    const auto net = resnet_of(choice);
    const auto sized = frame_of(choice, frame);
    if (auto mistake = size_mistake(net, sized.input_size)) return mistake;
    if (const auto count = parameter_count(net, sized); count > most_parameters) {
      return std::format("the network has {} parameters, more than max_parameters {}", count, most_parameters);
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
