#include <array>
#include <cerrno>
#include <cstdlib>
#include <format>
#include <string>
#include <system_error>
#include <utility>

#include "study/storages/sqlite_copy_internal.hpp"

namespace edgewise::study {

namespace fs = std::filesystem;

namespace {

/// What a file was made of when it was last looked at; a file that is missing has none of it.
struct Stamp {
  std::uintmax_t bytes = 0;
  fs::file_time_type written;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

/// The file itself, its write-ahead log, and the journal of a file that was taken out of that mode. The index of the
/// log ("-shm") is made anew from it.
constexpr std::array<const char*, 3> copied_suffixes{"", "-wal", "-journal"};

std::array<Stamp, copied_suffixes.size()> stamps_of(const fs::path& file) {
  std::array<Stamp, copied_suffixes.size()> stamps;
  for (std::size_t i = 0; i < stamps.size(); ++i) {
    const fs::path part = with_suffix(file, copied_suffixes[i]);
    std::error_code missing;
    stamps[i].bytes = fs::file_size(part, missing);
    if (!missing) stamps[i].written = fs::last_write_time(part, missing);
    if (missing) stamps[i] = {};
  }
  return stamps;
}

std::unexpected<Error> cannot_copy(const fs::path& file, const fs::path& place, const std::string& why) {
  return fail(ErrorCode::unavailable,
              std::format("the study \"{}\" cannot be read where it is, nor be copied into \"{}\": {}", file.string(),
                          place.string(), why),
              "set TMPDIR to a folder that may be written and has room, or copy the study's folder yourself");
}

Status copy_parts(const fs::path& file, const fs::path& target) {
  for (const char* suffix : copied_suffixes) {
    const fs::path from = with_suffix(file, suffix), to = with_suffix(target, suffix);
    std::error_code code;
    fs::remove(to, code);  // of an earlier attempt
    if (*suffix != '\0' && !fs::exists(from, code)) continue;
    fs::copy_file(from, to, code);
    // The file's own permissions come with it.
    if (!code) fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write, code);
    if (code)
      return cannot_copy(file, target.parent_path(), std::format("{}: {}", from.filename().string(), code.message()));
  }
  return {};
}

}  // namespace

Result<PrivateCopy> PrivateCopy::make(const fs::path& file) {
  std::error_code code;
  const fs::path place = fs::temp_directory_path(code);
  if (code) return cannot_copy(file, place, code.message());
  std::string name = (place / "edgewise-study-XXXXXX").string();
  if (!::mkdtemp(name.data())) return cannot_copy(file, place, std::generic_category().message(errno));
  PrivateCopy copy{fs::path(name)};
  // Without a lock a writer may come between file and log: then neither matches the other.
  constexpr int attempts = 5;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto before = stamps_of(file);
    TRY_DO(copy_parts(file, copy.file()));
    if (stamps_of(file) == before) return copy;
  }
  return fail(ErrorCode::unavailable,
              std::format("the study \"{}\" changed each of the {} times it was copied", file.string(), attempts),
              "try again when less is written to it");
}

PrivateCopy::~PrivateCopy() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

}  // namespace edgewise::study
