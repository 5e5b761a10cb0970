/// The steps of an evaluation, a file each.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/weights.hpp"
#include "train/settings.hpp"
#include "train/train.hpp"
#include "trial/evaluate.hpp"

namespace edgewise::trial {

/// A trial that was built. (building.cpp)
struct Built {
  const study::Trial* trial = nullptr;  // borrowed
  space::Candidate candidate;
  train::Settings settings;
  std::filesystem::path folder;           // of the trial's files
  const task::Targets* taught = nullptr;  // borrowed: what a teacher says in this stage

  /// Of the pictures that its network takes.
  [[nodiscard]] Size size() const { return graph::picture_size(candidate.graph.input_shape()); }
  /// Where its training is continued.
  [[nodiscard]] std::filesystem::path checkpoint() const;
};
/// @param threads  fixed for the trial; nothing: the job's
Result<train::Settings> settings_for(const job::Job& job, const space::Candidate& candidate,
                                     std::optional<int> threads);
Result<Built> build(Workplace& workplace, const study::Trial& trial);
/// Of its checkpoint.
train::Owner owner_of(const Workplace& workplace, const study::Trial& trial);

/// The untrained network, when a bound on something measured forbids it. (rejecting.cpp)
Result<std::optional<Outcome>> rejected_before_training(Workplace& workplace, const Built& built);
/// Some weights that are as good as any for measuring.
graph::Weights untrained_weights(const graph::Graph& graph, std::uint64_t seed);

/// What a teacher says of the training pictures, by item, which this trial learns beside the labels, by the job's
/// `train.teacher`; null: nothing in this stage. Rows of other items are empty. The best trial of a study is looked for
/// once, and its file kept as teacher.onnx in the study's folder. (teaching.cpp)
/// @error invalid_input, in any stage, when a file takes no such pictures or gives something else than the task's
/// outputs; interrupted
Result<const task::Targets*> taught_to(Workplace& workplace, study::Storage& storage, const study::Trial& trial,
                                       const Listener& listener);

/// One picture as a network sees it, (C, H, W), normalised. (pictures.cpp)
std::vector<float> network_input(const data::Cache& cache, std::size_t item);
/// What a file gives for each of some pictures of this shape: all its outputs, one after the other.
/// @param input  the name of what it takes
Result<std::vector<std::vector<float>>> outputs_of(device::Device& runtime, const std::filesystem::path& onnx,
                                                   const std::string& input, const graph::Shape& shape,
                                                   std::span<const std::vector<float>> pictures);

/// What estimators may use, for one trial. (training.cpp)
class Bench final : public estimate::Workbench {
 public:
  Bench(Workplace& workplace, const Built& built, const Listener& listener)
      : workplace_(workplace), built_(built), listener_(listener) {}
  [[nodiscard]] const data::DataSet& set() const override { return workplace_.set(); }
  [[nodiscard]] Result<const data::Cache*> cache(Size size) override {
    return workplace_.cache(size, listener_.on_progress);
  }
  [[nodiscard]] const Listener& listener() const override { return listener_; }
  Result<estimate::Trained> train(const estimate::Subject& subject, int epochs) override;

 private:
  Workplace& workplace_;
  const Built& built_;
  const Listener& listener_;
};

/// An exported file that was compared with its network. (exporting.cpp)
struct Exported {
  std::filesystem::path file;
  double difference = 0;
  study::Artifact artifact;
};
Result<Exported> export_checked(Workplace& workplace, const Built& built, const graph::Weights& weights,
                                int best_epoch);

/// Writes the weights beside the exported file. (exporting.cpp)
Result<study::Artifact> save_weights(const Workplace& workplace, const Built& built, const graph::Weights& weights);

/// What the job's device says of a candidate. (measuring.cpp)
Result<device::Reading> measure(Workplace& workplace, const Built& built, const device::GiveFile& file);
/// The same with a file of untrained weights, which is made when the device asks for one, and goes again.
Result<device::Reading> measure_untrained(Workplace& workplace, const Built& built);
/// Adds a reading to what is recorded.
void record(study::StageResult& result, const device::Device& device, const device::Reading& reading);

using Clock = std::chrono::steady_clock;
inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}
std::string utc_now();  ///< "2026-11-20T22:07:32Z"

}  // namespace edgewise::trial
