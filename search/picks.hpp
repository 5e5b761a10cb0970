/// Which trials of a front to look at first, each with the reason in words.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "study/study.hpp"

namespace edgewise::search {

/// A front trial with a name that a user can ask for.
struct Pick {
  std::string name;                     ///< "best:iou", "knee", "bend", "baseline"
  const study::Trial* trial = nullptr;  ///< borrowed from the study
  std::string reason;  ///< one line, e.g. "closest to the baseline (trial 0) of those better in everything: iou 2.1 %
                       ///< higher, latency_ms 41 % lower"
};

/// In this order: the best of each objective, the knee (nearest to the best of every objective), the bend (where any
/// step loses more than it gains; only where the front has one), and the one closest to the baseline, which is trial 0
/// (only where it has all objectives). Empty without a front.
std::vector<Pick> picks(const study::Study& study);

/// The pick of that name: nothing when there is none.
std::optional<Pick> find_pick(const study::Study& study, const std::string& name);

/// What `trial` has more or less of than `other` in each objective, in percent of the other's value ("iou 2.1 % higher,
/// latency_ms 41 % lower"); as a difference where the other's value is 0, "the same" where there is none. Both have all
/// objectives.
std::string compared(const study::Study& study, const study::Trial& trial, const study::Trial& other);

/// Each front trial's share of the front's hypervolume that nothing else on the front covers, 0 to 1.
struct Shares {
  std::map<study::TrialId, double> of;
  std::string left_out;  ///< why there are none, in words; empty when there are, and without a front
};
/// By `hypervolume_contributions` with the nadir rule. Left out where they take too long: with more than 4 objectives,
/// or more than 5,000 points of 3 or 1,000 of 4; and with values so large that there is no volume.
Shares contribution_shares(const study::Study& study);

/// The few trials that stand for a long front.
struct Cover {
  std::vector<const study::Trial*> trials;  ///< in the front's order
  double share =
      0;  ///< no front trial is better than the nearest of them by more than this share of an objective's range
};
/// An epsilon-front of at most `most` trials; nothing when the front is not longer than that.
std::optional<Cover> front_cover(const study::Study& study, std::size_t most);

}  // namespace edgewise::search
