/// Private to space/: looking into YAML.
#pragma once

#include <algorithm>
#include <string>

#include "base/config.hpp"

namespace edgewise::space {

/// The value of a key; null where the node is no map or has no such key.
inline const config::Node* child(const config::Node& node, const std::string& key) {
  const auto found = std::ranges::find(node.entries, key, &config::Node::Entry::key);
  return found == node.entries.end() ? nullptr : &found->value;
}

}  // namespace edgewise::space
