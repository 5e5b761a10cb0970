#include "trial/workplace.hpp"

#include <format>

#include "base/file.hpp"
#include "device/local_device.hpp"

namespace edgewise::trial {

namespace fs = std::filesystem;

namespace {

/// One worker prepares while the others wait.
Status prepare(estimate::Estimator& estimator, estimate::Workbench& bench, const fs::path& folder) {
  if (estimator.is_prepared(folder)) return {};
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return invalid(std::format("cannot make the folder \"{}\": {}", folder.string(), error.message()));
  TRY(const auto lock, FileLock::acquire(folder / "lock", FileLock::Mode::exclusive));
  if (estimator.is_prepared(folder)) return {};
  return estimator.prepare(bench, folder);
}

}  // namespace

fs::path trial_folder(const fs::path& study_folder, study::TrialId id) {
  return study_folder / "trials" / std::format("{:06}", id.value);
}

Result<std::unique_ptr<Workplace>> Workplace::open(job::Job job, fs::path folder,
                                                   std::unique_ptr<device::Device> device) {
  std::unique_ptr<Workplace> workplace(new Workplace);
  TRY(workplace->set_, data::load(job.data, *job.task));
  TRY(workplace->family_, space::make_family(job.space, job.space_options, job::frame(job, workplace->set_)));
  workplace->job_ = std::move(job);
  workplace->folder_ = std::move(folder);
  workplace->device_ = std::move(device);
  if (!workplace->device_->runs_models()) workplace->runtime_ = device::make_local_device();
  return workplace;
}

Result<const data::Cache*> Workplace::cache(std::int64_t size, const std::function<void()>& on_progress) {
  if (const auto known = caches_.find(size); known != caches_.end()) return &known->second;
  TRY(auto opened, data::open_cache(set_, size, cache_folder() / "images", [&](std::size_t, std::size_t) {
        if (on_progress) on_progress();
      }));
  return &caches_.emplace(size, std::move(opened)).first->second;
}

Result<space::Candidate> Workplace::build(const space::Choice& choice) const {
  return family_.build(choice, job::frame(job_, set_));
}

Result<Workplace::Prepared*> Workplace::estimator(const std::string& name, estimate::Workbench& bench) {
  if (const auto known = estimators_.find(name); known != estimators_.end()) return &known->second;
  TRY(const estimate::Entry* entry, estimate::estimators().at(name));
  const bool is_jobs_own = job_.estimator.name() == name;
  Prepared prepared{.estimator = entry->make(is_jobs_own ? job_.estimator.settings() : entry->settings),
                    .folder = folder_ / "estimators" / name};
  TRY_DO(prepare(*prepared.estimator, bench, prepared.folder));
  return &estimators_.emplace(name, std::move(prepared)).first->second;
}

}  // namespace edgewise::trial
