/// Made-up studies for the tests of the report. Nothing in them was trained or measured.
#pragma once

#include <string>

#include "study/study.hpp"

namespace edgewise::sample {

/// A staged search over backbones and learning rates for one face box, as a real one looks: 84 trials in three stages,
/// some rejected, failed or infeasible, with curves and measurements. The same numbers each time.
study::Study staged_study();

/// `count` trials of a ResNet space with conditions, `objectives` (2 or 3) objectives, one stage, a confusion matrix
/// each.
study::Study resnet_study(int count, int objectives);

/// Three small trials whose numbers can be checked by hand: 0 and 1 on the front, 2 infeasible.
study::Study three_trials();

/// A study whose every text tries to break out of where it is shown.
study::Study hostile_study();

/// Settings without trials: objectives iou (maximised) and latency_ms (minimised).
study::Study empty_study();

/// `count` trials that all failed.
study::Study failed_study(int count);

}  // namespace edgewise::sample
