#include "study/artifact.hpp"

#include <algorithm>
#include <format>
#include <utility>

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "study/json_internal.hpp"

namespace edgewise::study {

namespace fs = std::filesystem;

Result<Artifact> artifact_of(const std::string& kind, const fs::path& file, const fs::path& study_folder) {
  Artifact artifact{.kind = kind, .path = file.lexically_relative(study_folder).string()};
  TRY_DO(check_artifacts({artifact}));
  TRY(artifact.sha256, sha256_of(file));
  std::error_code code;
  const auto bytes = fs::file_size(file, code);
  if (code) return fail(ErrorCode::unavailable, std::format("cannot read \"{}\": {}", file.string(), code.message()));
  artifact.bytes = static_cast<std::int64_t>(bytes);
  return artifact;
}

namespace {

constexpr std::size_t max_artifact_bytes = std::size_t{2} << 30;  // of an ONNX file: one protocol buffer

/// Where the file really is, all links followed.
Result<fs::path> place_of_artifact(const fs::path& path, const fs::path& study_folder, const std::string& what) {
  std::error_code code;
  const fs::path folder = fs::canonical(study_folder, code);
  const fs::path place = code ? fs::path() : fs::weakly_canonical(study_folder / path, code);
  if (code)
    return fail(ErrorCode::unavailable,
                std::format("{} cannot be found at \"{}\": {}", what, (study_folder / path).string(), code.message()));
  if (std::ranges::mismatch(folder, place).in1 != folder.end())
    return invalid(
        std::format("{} is not within the study's folder: \"{}\" leads to \"{}\"", what, path.string(), place.string()),
        "if you trust the file, put it where the link is");
  return place;
}

}  // namespace

Result<std::string> read_artifact(const Artifact& artifact, const fs::path& study_folder, const std::string& what) {
  TRY_DO(check_artifacts({artifact}));
  TRY(const fs::path place, place_of_artifact(artifact.path, study_folder, what));
  std::error_code code;
  if (!fs::exists(place, code))
    return fail(ErrorCode::not_found, std::format("{} is missing: there is no \"{}\"", what, place.string()));
  const auto damaged = [&](const std::string& how) { return invalid(std::format("{} is damaged: {}", what, how)); };
  const auto check_size = [&](std::uintmax_t bytes) -> Status {
    if (!artifact.bytes || std::cmp_equal(bytes, *artifact.bytes)) return {};
    return damaged(std::format("it has {} bytes, {} were measured", bytes, *artifact.bytes));
  };
  // Told by its size alone where that is enough: a file that took its place may be of any size.
  if (const auto bytes = fs::file_size(place, code); !code) TRY_DO(check_size(bytes));
  TRY(std::string content, read_file(place, max_artifact_bytes));
  TRY_DO(check_size(content.size()));
  if (artifact.sha256) {
    TRY(const std::string sha256, sha256_of_bytes(content));
    if (sha256 != *artifact.sha256) return damaged("its content is not what was measured (sha256)");
  }
  return content;
}

}  // namespace edgewise::study
