#include "trial/workplace.hpp"

#include <format>

#include "base/file.hpp"
#include "device/local_device.hpp"

namespace edgewise::trial {

namespace fs = std::filesystem;

namespace {

/// Not its parents: the folder of a study that was removed must not come back.
Status make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directory(folder, error);
  if (!error) return {};
  return fail(ErrorCode::unavailable,
              std::format("cannot make the folder \"{}\": {}", folder.string(), error.message()),
              "check that the study's folder is there, may be written and has room");
}

/// One worker prepares while the others wait.
Status prepare(estimate::Estimator& estimator, estimate::Workbench& bench, const fs::path& folder) {
  if (estimator.is_prepared(folder)) return {};
  TRY_DO(make_folder(folder.parent_path()));
  TRY_DO(make_folder(folder));
  const auto lock = FileLock::acquire(folder / "lock", FileLock::Mode::exclusive);
  if (!lock) return std::unexpected(of_the_machine(lock.error()));
  if (estimator.is_prepared(folder)) return {};
  return estimator.prepare(bench, folder);
}

}  // namespace

fs::path trial_folder(const fs::path& study_folder, study::TrialId id) {
  return study_folder / "trials" / std::format("{:06}", id.value);
}

Result<std::unique_ptr<Workplace>> Workplace::open(job::Job job, fs::path folder, std::string identity,
                                                   std::unique_ptr<device::Device> device) {
  std::unique_ptr<Workplace> workplace(new Workplace);
  TRY(workplace->set_, data::load(job.data, *job.task));
  TRY(workplace->family_, space::make_family(job.space, job::frame(job, workplace->set_)));
  workplace->job_ = std::move(job);
  workplace->folder_ = std::move(folder);
  workplace->identity_ = std::move(identity);
  workplace->device_ = std::move(device);
  if (!workplace->device_->runs_models()) workplace->runtime_ = device::make_local_device();
  return workplace;
}

Result<const data::Cache*> Workplace::cache(Size size, const std::function<void()>& on_progress) {
  if (const auto known = caches_.find(size); known != caches_.end()) return &known->second;
  auto opened = data::open_cache(set_, size, cache_folder() / "images", [&](std::size_t, std::size_t) {
    if (on_progress) on_progress();
  });
  if (!opened) return std::unexpected(of_the_machine(std::move(opened).error()));
  return &caches_.emplace(size, std::move(*opened)).first->second;
}

Result<fs::path> Workplace::make_trial_folder(study::TrialId id) const {
  const fs::path folder = trial_folder(folder_, id);
  TRY_DO(make_folder(folder.parent_path()));
  TRY_DO(make_folder(folder));
  return folder;
}

Result<const task::Targets*> Workplace::taught_by(const fs::path& teacher,
                                                  const std::function<Result<task::Targets>()>& ask) {
  if (const auto known = taught_.find(teacher); known != taught_.end()) return &known->second;
  TRY(auto answers, ask());
  return &taught_.emplace(teacher, std::move(answers)).first->second;
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
