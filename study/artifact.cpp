#include "study/artifact.hpp"

#include <format>

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

}  // namespace edgewise::study
