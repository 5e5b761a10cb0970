#include "space/backbones.hpp"

#include <format>

#include "space/backbones_internal.hpp"

namespace edgewise::space {

namespace {

const std::vector<Backbone>& backbones() {
  static const std::vector<Backbone> all = [] {
    std::vector<Backbone> list;
    add_alexnet(list);
    add_vgg(list);
    add_resnet18(list);
    add_squeezenet(list);
    add_densenet121(list);
    add_shufflenets(list);
    add_mobilenet_v2(list);
    add_mobilenet_v3(list);
    add_mnasnets(list);
    add_regnets(list);
    add_convnexts(list);
    return list;
  }();
  return all;
}

Result<graph::Graph> build(const Backbone& backbone, const Frame& frame) {
  Net net(frame, backbone.conv_init, backbone.norm);
  const auto last = backbone.features(net);
  return net.finish(last, [&](std::int64_t outputs) { return backbone.classifier(net, last, outputs); }, frame);
}

/// The networks halve the map at most five times, so that every one of them fits long before 1024 pixels.
constexpr std::int64_t large_enough = 1024;

}  // namespace

const std::vector<std::string>& backbone_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const auto& backbone : backbones()) list.push_back(backbone.name);
    return list;
  }();
  return names;
}

Result<graph::Graph> build_backbone(const std::string& name, const Frame& frame) {
  const Backbone* found = nullptr;
  for (const auto& backbone : backbones()) {
    if (backbone.name == name) found = &backbone;
  }
  if (found == nullptr) {
    const auto near = nearest_word(name, backbone_names());
    return invalid(std::format("backbone \"{}\" is not one of {}", name, quoted_list(backbone_names())),
                   near.empty() ? "" : std::format("did you mean \"{}\"?", near));
  }
  TRY_DO(check_frame(frame));
  auto graph = build(*found, frame);
  if (graph) return graph;

  // A network that can be built larger was only given too small an input. Growing the map never breaks a network, so
  // halving finds the first size that fits.
  auto probe = frame;
  probe.input_size = large_enough;
  if (frame.input_size.shorter() >= large_enough || !build(*found, probe)) {
    return fail_with(std::move(graph).error(), std::format("cannot build backbone \"{}\"", name));
  }
  std::int64_t too_small = frame.input_size.shorter(), fits = large_enough;
  while (fits - too_small > 1) {
    const auto edge = (fits + too_small) / 2;
    probe.input_size = edge;
    (build(*found, probe) ? fits : too_small) = edge;
  }
  return invalid(std::format("the input size {} is too small for backbone \"{}\"; the smallest is {}",
                             to_text(frame.input_size), name, fits),
                 std::format("use an input size of at least {}, or another backbone", fits));
}

}  // namespace edgewise::space
