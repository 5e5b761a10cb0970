/// Learning rates over time. Only for the sources and tests of train/.
#pragma once

#include <cstdint>

#include "train/settings.hpp"

namespace edgewise::train {

/// One stretch of training with its own schedule: a trial that is promoted from 3 to 6 epochs has the stretches [0, 3)
/// and [3, 6), and the schedule, warm-up included, runs anew in the second (a warm restart: Loshchilov, Hutter, ICLR
/// 2017).
struct Stretch {
  int begin = 0, end = 1;  ///< epochs done before and after
};

/// The rate of one iteration: the schedule's value times a linear warm-up from 0.
/// @param iteration  from 0, within the stretch
/// @param batches    iterations an epoch
double learning_rate(const Settings& settings, const Stretch& stretch, std::int64_t iteration, std::int64_t batches);

}  // namespace edgewise::train
