// How a family of networks is added: this file. Linked into a program it can be named in a job's `space:` section, and
// its parameters narrowed there, like those of any other.
//
// The family: plain convolutions, each halving the map.
#include <format>

#include "space/family.hpp"
#include "space/family_options.hpp"

namespace edgewise::space {
namespace {

constexpr std::int64_t most_layers = 4;

Result<graph::Graph> build_plain(std::int64_t layers, std::int64_t filters, const Frame& frame) {
  graph::GraphBuilder builder({frame.channels, frame.input_size.height, frame.input_size.width});
  auto x = builder.input();
  for (std::int64_t i = 0; i < layers; ++i) {
    x = builder.add(graph::Conv2d{.out_channels = filters << i,
                                  .kernel_size = {3, 3},
                                  .stride = {2, 2},
                                  .padding = {1, 1},
                                  .dilation = {1, 1},
                                  .groups = 1,
                                  .bias = false},
                    {x}, std::format("conv{}", i + 1));
    x = builder.add(graph::BatchNorm2d{}, {x}, std::format("norm{}", i + 1));
    x = builder.add(graph::Activation{graph::ActivationKind::relu}, {x}, std::format("relu{}", i + 1));
  }
  // The maps on the way are found by their strides. Without a classifier of its own the last one is pooled.
  return finish(builder, {graph::maps_towards(builder, x), {}}, frame);
}

Result<Family> make_plain(const Json& options, const Frame&) {
  std::vector<FamilyParameter> all;
  all.push_back({{.name = "layers", .domain = Integer{1, 3}, .condition = {}, .description = "convolutions"},
                 Integer{1, most_layers}});
  all.push_back({{.name = "filters",
                  .domain = Integer{8, 32, 8},
                  .condition = {},
                  .description = "channels of the first one; each later one has twice as many"},
                 Integer{4, 64, 4}});
  TRY(auto parameters, narrowed(std::move(all), options));
  TRY(auto space, make_space(std::move(parameters)));
  const auto shared = std::make_shared<const Space>(space);  // the builder outlives the family it came from
  auto build = [shared](const Choice& choice, const Frame& frame) -> Result<Candidate> {
    TRY_DO(shared->check(choice));
    TRY(auto graph, build_plain(integer_in(choice, "layers"), integer_in(choice, "filters"), frame));
    return Candidate{std::move(graph), {}};
  };
  return Family{"plain", std::move(space), std::move(build), ""};
}

const Registration added{families(), FamilyMaker{"plain", make_plain}};

}  // namespace
}  // namespace edgewise::space
