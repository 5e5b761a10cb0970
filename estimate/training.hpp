/// Full training: the estimator that is also the truth.
#pragma once

#include "estimate/estimator.hpp"

namespace edgewise::estimate {

/// Trains the candidate to so many epochs in total; its values are those of the best epoch on the validation split.
Entry training();

}  // namespace edgewise::estimate
