/// Private to job/: the `space:` section.
#pragma once

#include <expected>
#include <filesystem>

#include "base/config.hpp"
#include "space/family.hpp"

namespace edgewise::job {

/// Declares the section and makes the family. Mistakes in its options are told at their place; those of a space file
/// have places of their own and are the caller's to tell.
/// @param folder  that a space file's path is relative to
std::expected<space::Family, space::FamilyMistakes> read_space(config::Options& o, space::Source& space,
                                                               const space::Frame& frame,
                                                               const std::filesystem::path& folder, bool is_recorded);

}  // namespace edgewise::job
