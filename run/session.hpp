/// A study on disk together with its job, data set and family: what every command starts from.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "data/dataset.hpp"
#include "job/job.hpp"
#include "search/strategy.hpp"
#include "space/family.hpp"
#include "study/storage.hpp"

namespace edgewise::run {

struct Session {
  std::filesystem::path folder;
  job::Job job;
  data::DataSet set;
  space::Family family;
  std::unique_ptr<study::Storage> storage;
  std::optional<FileLock>
      coordinates;  ///< held by the one process that may change the study's plan; nothing where it is only read
};

/// The file in a study's folder that its coordinator holds locked.
inline constexpr const char* coordinator_lock = "coordinator.lock";
/// Makes this session the study's coordinator, unless it is already. @error conflict when another process is
Status coordinate(Session& session);

/// Hears (done, all) of the pictures of a set.
using Progress = std::function<void(std::size_t, std::size_t)>;
/// Says "WHAT: 1200 of 5000" every five seconds at most. @param say  may be empty
Progress told_now_and_then(const std::function<void(const std::string&)>& say, const std::string& what);

/// How a study is started.
struct Start {
  /// Asked before a study is made, and before one goes on that has trials to run; what it finds is the error, and no
  /// study is left behind.
  std::function<Status(const Session&)> check;
  bool will_run = false;                        ///< something is going to run, even where no trial of the study waits
  std::function<void(const std::string&)> say;  ///< progress, where it takes long; may be empty
  const std::atomic<bool>* stop = nullptr;      ///< ends it with `interrupted`
};

/// Opens the job's study as its coordinator, or makes it when there is none. Folders may have been moved since it was
/// made: what the job file says relative to itself is compared, and the pictures by what they contain.
/// @error conflict when another process coordinates it; conflict when the study was made by another version of the job
/// file (with what differs) or with other pictures (with their names): a study's settings never change, and mean what
/// they meant when it was made
Result<Session> start_study(job::Job job, const std::filesystem::path& folder, const Start& start = {});
/// Only the trials, for commands that look at results; the data set may be gone.
Result<study::Study> read_study(const std::filesystem::path& folder);

/// The network of a trial, rebuilt from the study alone. The number of classes comes from the study, so the data may be
/// gone.
Result<space::Candidate> rebuild(const study::Study& study, const space::Choice& choice);

/// The space that a job's study searches, from the study alone.
Result<space::Space> space_of(const study::Study& study);

/// Parameters, MACs, weight_mb, activation_mb: known before anything is trained.
std::map<std::string, double> known_costs(const graph::Graph& graph);

/// The strategy of the session's job. Where objectives or constraints are over values that the graph tells, it is told
/// them before a trial.
/// @param session  borrowed; must outlive the strategy @param price  `price_at_start`: the strategy `auto` decides by
/// it
Result<std::unique_ptr<search::Strategy>> make_strategy(const Session& session, const search::Price& price = {});

/// One of the study's trials: "knee", "bend", "baseline", "best:OBJECTIVE" (search::picks) or a trial's number.
/// @error invalid_input with what can be picked
Result<const study::Trial*> pick(const study::Study& study, const std::string& what);

/// SVG drawings by trial id, of the front's networks.
std::map<std::string, std::string> drawings(const study::Study& study);

}  // namespace edgewise::run
