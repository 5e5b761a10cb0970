/// Trials from best to worst, by the values of one stage or by the latest ones.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "study/study.hpp"

namespace edgewise::search {

/// A trial with the values that it is to be judged by.
struct Entry {
  const study::Trial* trial = nullptr;  // borrowed
  std::map<std::string, double> values;
};

struct Ranking {
  std::vector<const study::Trial*>
      best_first;            ///< the feasible ones, then the others by the number of constraints they break
  std::size_t feasible = 0;  ///< how many of them keep all constraints
  std::size_t unranked = 0;  ///< entries without a value that the ranking needs; they are left out
};

/// Depends on the entries, not on their order: equal ones go by trial number.
Ranking rank_entries(const study::Settings& settings, std::vector<Entry> entries,
                     const std::optional<study::Expression>& rank);

}  // namespace edgewise::search
