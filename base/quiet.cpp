#include "base/quiet.hpp"

#include <unistd.h>

#include <cstdlib>
#include <format>
#include <thread>

namespace edgewise {

namespace {

// In a folder that all processes of this user share, whatever cache or study they use: the processor is shared too.
Result<std::filesystem::path> lock_folder() {
  const char* own = std::getenv("EDGEWISE_LOCKS");
  const std::filesystem::path folder = own && *own ? own : std::format("/tmp/edgewise-{}", ::getuid());
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return invalid(std::format("cannot make the folder \"{}\": {}", folder.string(), error.message()));
  return folder;
}

}  // namespace

Result<BusyMachine> BusyMachine::enter() {
  TRY(const auto folder, lock_folder());
  TRY(const FileLock gate, FileLock::acquire(folder / "gate.lock", FileLock::Mode::shared));
  TRY(FileLock busy, FileLock::acquire(folder / "busy.lock", FileLock::Mode::shared));
  return BusyMachine(std::move(busy));
}

Result<QuietMachine> QuietMachine::enter(std::chrono::milliseconds patience) {
  TRY(const auto folder, lock_folder());
  TRY(FileLock gate, FileLock::acquire(folder / "gate.lock", FileLock::Mode::exclusive));
  // The gate is closed: whoever is inside leaves within a batch and nobody follows, so asking again and again suffices.
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto busy = FileLock::try_acquire(folder / "busy.lock", FileLock::Mode::exclusive);
    if (busy) return QuietMachine(std::move(gate), std::move(*busy));
    if (busy.error().code != ErrorCode::unavailable) return std::unexpected(busy.error());
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(
          ErrorCode::unavailable,
          std::format("a training on this machine has not finished a batch for {} s, so nothing can be measured",
                      std::chrono::duration<double>(patience).count()),
          "look for an \"edgewise-worker\" that hangs or is stopped, and end it");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace edgewise
