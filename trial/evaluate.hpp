/// What happens to one trial: build, reject before training, estimate, export, check, measure.
#pragma once

#include <map>
#include <string>

#include "estimate/workbench.hpp"
#include "study/storage.hpp"
#include "study/study.hpp"
#include "trial/workplace.hpp"

namespace edgewise::trial {

using estimate::Listener;

struct Outcome {
  study::State state = study::State::complete;  ///< complete, pruned or rejected
  std::string reason;
  study::StageResult result;
};

/// Pays `trial.fidelity` in total to its estimator (training continues the trial's checkpoint). What that trained is
/// exported, the file compared with the module in the runtime, and measured; what stays untrained is measured as it is.
/// When a constraint bounds something measured (latency, memory), the untrained network is measured first and rejected
/// before any training if it breaks the bound: weights do not change what a network costs.
/// @param storage  of the study, in which a teacher is looked for
/// @error interrupted when asked to stop; unavailable when the machine is at fault (disk, pictures, agent), which has
/// to be mended first; exhausted when memory ran out or the agent was killed, and an attempt alone may do; anything
/// else is the reason why the trial failed
Result<Outcome> evaluate(Workplace& workplace, study::Storage& storage, const study::Trial& trial,
                         const Listener& listener);

/// Metrics of a finished trial's best weights on the test split. Looked at once, when a search has ended.
Result<std::map<std::string, double>> judge_on_test(Workplace& workplace, const study::Trial& trial);

/// Seconds to train on one image, forward and backward, of the network of `choice` with so many threads: the median of
/// a few batches after a warm-up one.
Result<double> training_seconds_per_image(Workplace& workplace, const space::Choice& choice, int threads);

}  // namespace edgewise::trial
