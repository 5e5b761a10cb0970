/// The estimator that is also the truth: train the candidate, export it, measure the exported file.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "data/cache/cache.hpp"
#include "device/device.hpp"
#include "job/job.hpp"
#include "study/study.hpp"

namespace edgewise::estimate {

/// What all trials of a worker share: the data, its caches by size, the device.
class Workplace {
 public:
  /// Loads the data set. @param folder  the study's folder
  static Result<std::unique_ptr<Workplace>> open(job::Job job, std::filesystem::path folder,
                                                 std::unique_ptr<device::Device> device);

  [[nodiscard]] const job::Job& job() const { return job_; }
  [[nodiscard]] const data::DataSet& set() const { return set_; }
  [[nodiscard]] const space::Family& family() const { return family_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] device::Device& device() { return *device_; }
  /// @param on_progress  called now and then while pictures are decoded for the first time
  [[nodiscard]] Result<const data::Cache*> cache(std::int64_t size, const std::function<void()>& on_progress = {});
  [[nodiscard]] Result<space::Candidate> build(const space::Choice& choice) const;

 private:
  Workplace() = default;
  job::Job job_;
  std::filesystem::path folder_;
  data::DataSet set_;
  space::Family family_;
  std::unique_ptr<device::Device> device_;
  std::map<std::int64_t, data::Cache> caches_;
};

/// What an evaluation tells while it runs.
struct Listener {
  std::function<void(const study::CurvePoint&)> on_epoch;
  std::function<void(int epoch, std::size_t batch, std::size_t batches)> on_batch;
  std::function<void(const std::string& what)>
      on_phase;                       ///< "measuring before training", "training", "exporting", "measuring"
  std::function<void()> on_progress;  ///< still alive
  const std::atomic<bool>* stop = nullptr;
};

struct Estimate {
  study::State state = study::State::complete;  ///< complete, pruned or rejected
  std::string reason;
  study::StageResult result;
};

/// Files of one trial below the study's folder: "trials/000017".
std::filesystem::path trial_folder(const std::filesystem::path& study_folder, study::TrialId id);

/// Trains to `trial.fidelity` in total (continuing the trial's checkpoint), exports the best epoch, compares the file
/// with the module in the runtime, measures it. When a constraint bounds something measured (latency, memory), the
/// untrained network is measured first and rejected before any training if it breaks the bound: weights do not change
/// what a network costs.
/// @error interrupted when asked to stop; unavailable when the machine is at fault (disk, memory, agent) and another
/// attempt may do; anything else is the reason why the trial failed
Result<Estimate> evaluate(Workplace& workplace, const study::Trial& trial, const Listener& listener);

/// Metrics of a finished trial's best weights on the test split. Looked at once, when a search has ended.
Result<std::map<std::string, double>> judge_on_test(Workplace& workplace, const study::Trial& trial);

/// Seconds to train on one image, forward and backward, of the network of `choice` with so many threads: the median of
/// a few batches after a warm-up one.
Result<double> training_seconds_per_image(Workplace& workplace, const space::Choice& choice, int threads);

}  // namespace edgewise::estimate
