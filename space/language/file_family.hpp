/// Families that are files: a space with the network that each choice builds, written in the space language
/// (docs/spaces.md).
#pragma once

#include <expected>
#include <string>

#include "space/family.hpp"

namespace edgewise::space {

/// A file's text as a family. A choice is valid when the file's constraints hold and its network can be built.
/// @param file  for messages
/// @param options  of the job: a list of values or {low, high, step} for parameters, a number for settings
/// @error all mistakes of the text, with file:line:column; then what `narrowed` tells of the options
std::expected<Family, FamilyMistakes> make_file_family(const std::string& text, const std::string& file,
                                                       const Json& options, const Frame& frame);

}  // namespace edgewise::space
