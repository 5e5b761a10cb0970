/// The families that are files of `spaces/`: their texts are part of the program.
#pragma once

#include <string>
#include <vector>

namespace edgewise::space {

struct BuiltInSpace {
  std::string name;  ///< the file's, without its ending
  std::string text;
};
/// By name.
const std::vector<BuiltInSpace>& built_in_spaces();

}  // namespace edgewise::space
