#include "train/train.hpp"
#include "trial/steps_internal.hpp"

namespace edgewise::trial {

Result<std::map<std::string, double>> judge_on_test(Workplace& workplace, const study::Trial& trial) {
  TRY(const auto built, build(workplace, trial));
  TRY(const data::Cache* cache, workplace.cache(built.size()));
  if (!std::filesystem::exists(built.checkpoint())) return fail(ErrorCode::not_found, "the trial's checkpoint is gone");
  // All epochs are done, so nothing is trained: this only fetches the best weights.
  TRY(const auto outcome, train::train({.graph = &built.candidate.graph,
                                        .set = &workplace.set(),
                                        .cache = cache,
                                        .settings = built.settings,
                                        .epochs = trial.result()->fidelity.epochs(),
                                        .seed = trial.seed,
                                        .checkpoint = built.checkpoint(),
                                        .owner = owner_of(workplace, trial),
                                        .only_continue = true}));
  TRY(const auto evaluation,
      train::evaluate(built.candidate.graph, outcome.best_weights, workplace.set(), *cache, data::Split::test));
  return evaluation.metrics;
}

}  // namespace edgewise::trial
