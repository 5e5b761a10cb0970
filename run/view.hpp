/// What a person sees while a search runs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "study/study.hpp"

namespace edgewise::run {

/// What one worker is doing.
struct WorkerState {
  std::int64_t trial = -1;  ///< -1: nothing
  std::string phase, label;
  int epoch = 0, epochs = 0;
  std::size_t batch = 0, batches = 0;
};

/// A moment of a search.
struct Moment {
  const study::Study* study = nullptr;
  std::vector<WorkerState> workers;
  std::string note;  ///< the strategy's last word
  double elapsed_s = 0;
  double left_s = -1;       ///< below 0: not known yet
  std::size_t planned = 0;  ///< stage evaluations in the whole plan; 0: not known
  std::size_t done = 0;     ///< of them
};

class View {
 public:
  virtual ~View() = default;
  /// A line that stays.
  virtual void say(const std::string& line) = 0;
  /// The picture of the moment; called about five times a second.
  virtual void show(const Moment& moment) = 0;
  /// A stage of a trial ended.
  virtual void ended(const Moment& moment, const study::Trial& trial) = 0;
  /// Takes a live picture away.
  virtual void close() = 0;
};

/// A live picture on a terminal (standard error), plain lines elsewhere, nothing but errors with `quiet`.
std::unique_ptr<View> make_view(bool quiet);

}  // namespace edgewise::run
