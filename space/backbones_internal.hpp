/// Private to space/: the backbones, a file for each kind.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "space/net.hpp"

namespace edgewise::space {

/// One backbone: how it begins, its features, and the classifier on them.
struct Backbone {
  std::string name;
  InitRule conv_init;
  graph::BatchNorm2d norm;
  std::function<Wire(Net&)> features;
  std::function<Wire(Net&, Wire features, std::int64_t classes)> classifier;
};

void add_alexnet(std::vector<Backbone>& all);
void add_vgg(std::vector<Backbone>& all);
void add_squeezenet(std::vector<Backbone>& all);
void add_resnet18(std::vector<Backbone>& all);
void add_densenet121(std::vector<Backbone>& all);
void add_regnets(std::vector<Backbone>& all);
void add_shufflenets(std::vector<Backbone>& all);
void add_mobilenet_v2(std::vector<Backbone>& all);
void add_mobilenet_v3(std::vector<Backbone>& all);
void add_mnasnets(std::vector<Backbone>& all);
void add_convnexts(std::vector<Backbone>& all);

}  // namespace edgewise::space
