/// Never pay twice: trials that are the same network with the same training settings, however different their choices
/// look.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "study/study.hpp"

namespace edgewise::search {

/// Finds the trial that a new one would repeat.
class Twins {
 public:
  /// What a choice builds, as space::identity tells it; nothing when it cannot be built.
  using Identify = std::function<std::optional<std::string>(const space::Choice&)>;
  explicit Twins(Identify identify) : identify_(std::move(identify)) {}

  /// Makes `trial` what its twin makes of it (see `take_over`) and returns true; false when it is the first of its
  /// kind. Its number follows those of the study and of `added`, the trials that are about to be added before it.
  bool answer(study::Trial& trial, const std::string& identity, const study::Study& study,
              const std::vector<study::Trial>& added, bool has_stages);

 private:
  Identify identify_;
  std::map<std::string, std::size_t> first_;  // the number of the first trial of each kind
  std::size_t seen_ = 0;                      // trials of the study that are in `first_`
};

/// What a trial becomes whose twin is known. Complete with the twin's results, at no cost, where the search has one
/// stage. Rejected with the twin's number as the reason where it has several (a copy would be promoted beside its twin
/// and be paid for after all), and where the twin has no result, or none yet: the strategy goes on without it, and its
/// values come from the twin.
void take_over(study::Trial& trial, const study::Trial& twin, study::TrialId id, bool has_stages);

}  // namespace edgewise::search
