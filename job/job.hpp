/// The job file: everything a search needs, as one YAML document.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/config.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "data/dataset.hpp"
#include "device/devices.hpp"
#include "estimate/estimator.hpp"
#include "search/strategies.hpp"
#include "space/family.hpp"
#include "study/study.hpp"
#include "task/task.hpp"
#include "train/settings.hpp"

namespace edgewise::job {

/// What a whole study may spend; 0 means no bound.
struct Budget {
  double hours = 0;
  std::int64_t trials = 0;
  std::int64_t epochs = 0;  ///< over all trials
};

/// A checked job. Every default is filled in.
struct Job {
  std::filesystem::path file;  ///< the job file; paths in it are relative to its folder
  std::string name;            ///< the file's stem
  const task::Task* task = task::tasks().entries().front().task;  ///< what the networks learn; never null
  data::DataSpec data;
  Size input = 64;                ///< of the pictures
  space::Source space;            ///< the family that is searched
  device::Selection device;       ///< where candidates are measured, and how
  estimate::Selection estimator;  ///< what tells how good they are, and what a full evaluation pays
  std::vector<study::Objective> objectives;
  std::vector<study::Constraint> constraints;
  train::Settings train;
  std::map<std::string, Settings>
      loss_options;  ///< of each task's loss, by the task's name; `train` has the task's own
  search::Options search;
  std::vector<std::string> warm_start;  ///< studies, Optuna databases and tables whose trials the strategy learns from
  std::vector<std::string> front_of;    ///< the same, whose Pareto fronts follow `search.start_with`
  bool repeats = false;  ///< train networks with equal settings again instead of taking over what is known of them
  Budget budget;
  std::int64_t seed = 1;
  std::vector<Error> remarks;  ///< what is allowed and yet strange, with its place; of a job file only
  /// What the file says of paths that are relative to it, by the path that they give.
  std::map<std::string, std::string> relative_paths;
  /// "file:line:column" of options that are checked against this machine later: "device.threads", "train.weights".
  std::map<std::string, std::string> places;
  /// Options that the file leaves open and that older studies meant otherwise: "search.strategy", "train.weights.fit".
  std::set<std::string> left_open;
};

/// Reads and checks a job file.
/// @error all mistakes of the file at once, in file order, each with file:line:column, what is allowed and the nearest
/// right word
std::expected<Job, std::vector<Error>> read_job(const std::filesystem::path& file);
/// The same from a text; `file` names it in messages.
std::expected<Job, std::vector<Error>> parse_job(const std::string& text, const std::filesystem::path& file);

/// The resolved job, as `edgewise check` prints it. `job_from_json` is the inverse.
Json to_json(const Job& job);
/// The same as a study keeps it: paths that are relative to the job file stay so, since both may be moved.
Json to_record(Job job);
/// A study's job is data, not a wish: what it says is not doubted again, and an option that it lacks means what it
/// meant when there was none.
/// @param file  where the job file lies now; empty: where the record says
Result<Job> job_from_json(const Json& json, const std::filesystem::path& file = {});
/// The job under which a study goes on: what the file leaves open means what the study says, where defaults have
/// changed.
/// @param recorded  the study's job
Result<Job> go_on(Job job, const Json& recorded);
/// The same as a YAML text that `parse_job` reads back.
std::string to_yaml(const Job& job);

/// The job under which a network of its space is trained once, for the weights alone: without constraints, objectives
/// and weights of its own, and with the weights kept.
/// @param data  labelled pictures, for `task`; empty: the job's data and task
/// @error invalid_input: there is no such task
Result<Job> for_pretraining(Job job, const std::string& data, const std::string& task);

/// Epochs, in total, of the last stage that a trial of this job's search can have.
int last_epochs(const Job& job);

/// The frame for the job's candidates, once the data set is known.
space::Frame frame(const Job& job, const data::DataSet& set);
/// The same while it is not: three channels and two classes.
space::Frame frame_without_data(const Job& job);

/// Names of all values that trials record under this job, for objectives, constraints and ranks.
std::vector<std::string> recorded_values(const task::Task& task);

/// One line an option: name, type, default, range, sentence: for the generated reference in docs/job-file.md.
std::string option_reference();

/// The study's folder for a job file or a name: "face.yaml", "face" and "face.study" all mean face.study/.
std::filesystem::path study_folder(const std::string& name_or_path);

}  // namespace edgewise::job
