/// How long a study has been searched, over all calls.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "study/study.hpp"

namespace edgewise::run {

/// Seconds on the wall, kept in `clock.json` in the study's folder.
class SearchClock {
 public:
  explicit SearchClock(const std::filesystem::path& folder) : file_(folder / "clock.json") {}

  /// What earlier calls spent: what the file says, else (a study of an earlier version, whose searches had one worker
  /// unless asked for more) as far as its finished stages tell.
  /// @param say  hears of a file that cannot be read
  void read(const study::Study& study, const std::function<void(const std::string&)>& say);
  [[nodiscard]] Status write() const;

  [[nodiscard]] double elapsed_s() const;  ///< of this call
  [[nodiscard]] double searched_s() const { return before_s_ + elapsed_s(); }

 private:
  std::filesystem::path file_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double before_s_ = 0;
};

}  // namespace edgewise::run
