#include "base/quiet.hpp"

#include <unistd.h>

#include <cstdlib>
#include <format>

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

Result<QuietMachine> QuietMachine::enter() {
  TRY(const auto folder, lock_folder());
  TRY(FileLock gate, FileLock::acquire(folder / "gate.lock", FileLock::Mode::exclusive));
  TRY(FileLock busy, FileLock::acquire(folder / "busy.lock", FileLock::Mode::exclusive));
  return QuietMachine(std::move(gate), std::move(busy));
}

}  // namespace edgewise
