/// What all trials of a worker share.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "data/cache/cache.hpp"
#include "device/device.hpp"
#include "estimate/estimator.hpp"
#include "job/job.hpp"
#include "study/study.hpp"

namespace edgewise::trial {

/// The data, its caches by size, the device, the estimators.
class Workplace {
 public:
  /// Loads the data set. @param folder  the study's folder
  /// @param identity  of the study and its data, by which its checkpoints are known
  static Result<std::unique_ptr<Workplace>> open(job::Job job, std::filesystem::path folder, std::string identity,
                                                 std::unique_ptr<device::Device> device);

  [[nodiscard]] const job::Job& job() const { return job_; }
  [[nodiscard]] const data::DataSet& set() const { return set_; }
  [[nodiscard]] const space::Family& family() const { return family_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const std::string& identity() const { return identity_; }
  /// Makes the folder of a trial's files, but never the study's. @error unavailable when that is gone, or the disk full
  Result<std::filesystem::path> make_trial_folder(study::TrialId id) const;
  /// Where candidates are measured.
  [[nodiscard]] device::Device& device() { return *device_; }
  /// What runs exported files: the device, or this machine where the device runs none.
  [[nodiscard]] device::Device& runtime() { return runtime_ ? *runtime_ : *device_; }
  /// @param on_progress  called now and then while pictures are decoded for the first time
  /// @error unavailable: whatever is wrong with pictures or their cache, no network is at fault
  [[nodiscard]] Result<const data::Cache*> cache(Size size, const std::function<void()>& on_progress = {});
  /// What a teacher says of the pictures, asked for once. @param ask  gives it
  Result<const task::Targets*> taught_by(const std::filesystem::path& teacher,
                                         const std::function<Result<task::Targets>()>& ask);
  [[nodiscard]] Result<space::Candidate> build(const space::Choice& choice) const;

  /// An estimator with what its estimates share.
  struct Prepared {
    std::unique_ptr<estimate::Estimator> estimator;
    std::filesystem::path folder;
  };
  /// By name, prepared by this worker or by another one. @error invalid_input when there is none of this name
  Result<Prepared*> estimator(const std::string& name, estimate::Workbench& bench);

 private:
  Workplace() = default;
  job::Job job_;
  std::filesystem::path folder_;
  std::string identity_;
  data::DataSet set_;
  space::Family family_;
  std::unique_ptr<device::Device> device_, runtime_;  // the second only when the first runs no models
  std::map<Size, data::Cache> caches_;
  std::map<std::string, Prepared> estimators_;
  std::map<std::filesystem::path, task::Targets> taught_;
};

/// Files of one trial below the study's folder: "trials/000017".
std::filesystem::path trial_folder(const std::filesystem::path& study_folder, study::TrialId id);

}  // namespace edgewise::trial
