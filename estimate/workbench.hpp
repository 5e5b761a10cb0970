/// What a worker offers to estimators, so that none of them needs LibTorch, checkpoints or a device of its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "data/cache/cache.hpp"
#include "data/dataset.hpp"
#include "graph/weights.hpp"
#include "space/family.hpp"
#include "study/study.hpp"

namespace edgewise::estimate {

/// One candidate that is to be estimated; both borrowed.
struct Subject {
  const study::Trial* trial = nullptr;          ///< its choice, seed, and what earlier stages gave
  const space::Candidate* candidate = nullptr;  ///< its network and training settings
};

/// What an evaluation tells while it runs. All may be empty.
struct Listener {
  std::function<void(const study::CurvePoint&)> on_epoch;
  std::function<void(int epoch, std::size_t batch, std::size_t batches)> on_batch;
  std::function<void(const std::string& what)>
      on_phase;                       ///< "measuring before training", "training", "exporting", "measuring"
  std::function<void()> on_progress;  ///< still alive
  std::function<void(const std::string&)> on_wait;    ///< whom it waits for, when it waits long; a sign of life, too
  std::function<void(const std::string&)> on_remark;  ///< what is strange and yet goes on
  const std::atomic<bool>* stop = nullptr;
};

/// A network that was trained.
struct Trained {
  graph::Weights weights;                    ///< of the best epoch
  std::map<std::string, double> metrics;     ///< of it on the validation split: the task's
  double validation_loss = 0;                ///< of it
  int epochs = 0, best_epoch = 0;            ///< in total, earlier stages included
  std::optional<std::string> stopped_early;  ///< why; the best epoch before it counts
  Json details = Json::object();             ///< what else is worth recording
  double seconds = 0;                        ///< that this call took, waits for measurements included
};

/// Only for the thread that made it.
class Workbench {
 public:
  virtual ~Workbench() = default;
  [[nodiscard]] virtual const data::DataSet& set() const = 0;
  /// The pictures of the set at one size, decoded when nobody has yet.
  virtual Result<const data::Cache*> cache(Size size) = 0;
  [[nodiscard]] virtual const Listener& listener() const = 0;
  /// Trains the network to so many epochs in total, continuing what earlier stages of the trial left.
  /// @error interrupted when the listener's `stop` became true; unavailable when the machine is at fault; exhausted
  /// when memory ran out
  virtual Result<Trained> train(const Subject& subject, int epochs) = 0;
};

}  // namespace edgewise::estimate
