#include <algorithm>

#include "base/random.hpp"
#include "trial/steps_internal.hpp"

namespace edgewise::trial {

namespace {

bool bounds_a_measured_value(const job::Job& job) {
  const auto& measured = job.device.entry().quantities;
  return std::ranges::any_of(job.constraints, [&](const auto& constraint) {
    return std::ranges::any_of(constraint.comparison.names(), [&](const auto& name) {
      return std::ranges::contains(measured, name, &Quantity::name);
    });
  });
}

}  // namespace

graph::Weights untrained_weights(const graph::Graph& graph, std::uint64_t seed) {
  graph::Weights untrained;
  auto random = RandomStream::named(seed, "untrained");
  for (const auto& tensor : graph.tensors()) {
    std::size_t count = 1;
    for (const auto extent : tensor.shape) count *= static_cast<std::size_t>(extent);
    auto& values = untrained[tensor.name];
    values.shape = tensor.shape;
    auto& numbers = values.floats();
    // Not zeros: a runtime may shortcut them, and denormal results would slow it down.
    for (std::size_t i = 0; i < count; ++i)
      numbers.push_back(static_cast<float>(tensor.trainable ? random.uniform(-0.1, 0.1) : 1.0));
  }
  return untrained;
}

Result<std::optional<Outcome>> rejected_before_training(Workplace& workplace, const Built& built) {
  const study::Trial& trial = *built.trial;
  if (trial.stage > 0 || !bounds_a_measured_value(workplace.job())) return std::nullopt;
  const auto start = Clock::now();
  TRY(const auto reading, measure_untrained(workplace, built));
  Outcome outcome{.state = study::State::rejected, .reason = {}, .result = {}};
  outcome.result.values = trial.known;
  record(outcome.result, workplace.device(), reading);
  auto least = study::numbers(outcome.result.values);
  for (const auto& [name, value] : reading.at_least) least[name] = value;
  const auto broken = study::violated(workplace.job().constraints, least);
  if (!broken) return std::nullopt;
  outcome.reason = "measured before training: " + *broken;
  outcome.result.details = Json::object();
  outcome.result.measure_s = seconds_since(start);
  outcome.result.finished = utc_now();
  return outcome;
}

}  // namespace edgewise::trial
