/// Private to space/language/: what reading and building a program share.
#pragma once

#include "space/language/program.hpp"
#include "space/yaml_internal.hpp"

namespace edgewise::space {

/// Reads `parameters:`; names with an index range become one parameter each.
void read_parameters(const config::Node& root, const Frame& frame, Program& program, std::vector<Error>& errors);

/// What is wrong with a value for an argument, or nothing.
std::optional<std::string> argument_mistake(const Argument& declared, const Term& term);

const std::vector<std::string>& words_of_inits();
InitRule init_rule(const std::string& word);

/// Line and column at the end of "file:line:column".
config::Position place_in(const std::string& where);

}  // namespace edgewise::space
