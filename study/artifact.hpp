/// Files that a trial leaves beside the study.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace edgewise::study {

/// Recorded by whoever made the file, never guessed from a path.
struct Artifact {
  std::string kind;                   ///< "onnx"
  std::string path;                   ///< relative to the study's folder
  std::optional<std::string> sha256;  ///< of the content, 64 hexadecimal digits; nothing: recorded before schema 3
  std::optional<std::int64_t> bytes;  ///< nothing: recorded before schema 3
  friend bool operator==(const Artifact&, const Artifact&) = default;
};

/// What is to be recorded of a file that was just made.
/// @error invalid_input when it is not below the study's folder; what sha256_of says
Result<Artifact> artifact_of(const std::string& kind, const std::filesystem::path& file,
                             const std::filesystem::path& study_folder);

}  // namespace edgewise::study
