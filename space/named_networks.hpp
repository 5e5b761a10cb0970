/// Networks that others know by a name, whatever family builds them: "resnet18", "mobilevit_xxs".
#pragma once

#include <string>
#include <vector>

#include "space/family.hpp"

namespace edgewise::space {

struct NamedNetwork {
  std::string name;
  std::string family;     ///< of families()
  std::string parameter;  ///< whose value is the name
};

/// Of all families, in their order, those that can be built in such a frame.
std::vector<NamedNetwork> named_networks(const Frame& frame);

/// The family with nothing but the network in it. @param learning_rate  for families that choose one
/// @error invalid_input: no network has the name (with the nearest one)
Result<Source> source_of_network(const std::string& name, const Frame& frame, double learning_rate);

}  // namespace edgewise::space
