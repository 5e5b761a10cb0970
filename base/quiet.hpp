/// The machine-wide agreement that latency is never measured while this machine trains.
#pragma once

#include <chrono>

#include "base/error.hpp"
#include "base/file.hpp"

namespace edgewise {

/// Held by a trainer while it computes one batch; between batches a waiting measurement goes first.
/// Two locks make a turnstile: a measurement closes the gate, then waits until the batches under way are done. With one
/// lock, trainers that take it again at once would keep a measurement waiting for ever.
class BusyMachine {
 public:
  static Result<BusyMachine> enter();

 private:
  explicit BusyMachine(FileLock busy) : busy_(std::move(busy)) {}
  FileLock busy_;
};

/// Held during a measurement: no trainer of this user on this machine computes meanwhile.
class QuietMachine {
 public:
  /// @param patience  how long batches under way may take; a trainer that takes longer is held to hang
  /// @error unavailable when the patience was not enough
  static Result<QuietMachine> enter(std::chrono::milliseconds patience = std::chrono::minutes(5));

 private:
  QuietMachine(FileLock gate, FileLock busy) : gate_(std::move(gate)), busy_(std::move(busy)) {}
  FileLock gate_, busy_;
};

}  // namespace edgewise
