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

/// The content of a file that a study recorded, as it was recorded: of the size and with the hash that are known. The
/// study may come from anyone, so nothing outside of its folder is read, by no path and by no link.
/// @param what  names it in messages: "the model of trial 3"
/// @error not_found when it is missing; invalid_input when it is another file than was recorded, or outside
Result<std::string> read_artifact(const Artifact& artifact, const std::filesystem::path& study_folder,
                                  const std::string& what);

}  // namespace edgewise::study
