#include <algorithm>
#include <format>

#include "base/quiet.hpp"
#include "data/builtin/builtin.hpp"
#include "deploy/onnx.hpp"
#include "train/train.hpp"
#include "trial/steps_internal.hpp"

namespace edgewise::trial {

namespace fs = std::filesystem;

namespace {

constexpr double largest_difference = 1e-4;
constexpr std::size_t compared_pictures = 8;

deploy::Metadata metadata(const Workplace& workplace, const Built& built, int best_epoch) {
  const auto& job = workplace.job();
  const auto channels = workplace.set().channels;
  const auto normal = train::normalisation(channels);
  return {
      {"task", job.task->name()},
      {"output", job.task->traits().output},
      {"resize", std::format("the whole picture is stretched to {}{} x {} pixels, whatever its "
                             "proportions; area filter when shrinking, "
                             "linear when growing",
                             built.size().is_square() ? "a square of " : "", built.size().width, built.size().height)},
      {"channel_order", data::has_colours(workplace.set()) ? "RGB"
                        : channels == 1                    ? "grey"
                                        : std::format("the {} channels of the data, in their order", channels)},
      {"layout", "NCHW: batch, channels, height, width"},
      {"classes", dump(Json(workplace.set().classes))},
      {"input_size", to_text(built.size())},
      {"mean", dump(Json(normal.mean))},
      {"deviation", dump(Json(normal.deviation))},
      {"pixel_range", "[0, 1] before mean and deviation"},
      {"study", job.name},
      {"trial", study::to_text(built.trial->id)},
      {"choice", dump(space::to_json(built.trial->choice))},
      {"best_epoch", std::to_string(best_epoch)}};
}

/// Some validation pictures as the network sees them, spread over the split: neighbours in a list are often alike.
std::vector<std::vector<float>> some_pictures(const data::DataSet& set, const data::Cache& cache) {
  const auto items = set.of(data::Split::validation);
  const std::size_t count = std::min(items.size(), compared_pictures);
  std::vector<std::vector<float>> pictures;
  for (std::size_t i = 0; i < count; ++i) pictures.push_back(network_input(cache, items[i * items.size() / count]));
  return pictures;
}

std::vector<float> joined(const std::vector<std::vector<float>>& parts) {
  std::vector<float> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// How far the file is from the network. Compared on real pictures: on noise, far from what a network was trained on,
/// rounding alone can pass the bound (seen: 2.7e-4 with RegNetY-400MF after one epoch).
Result<double> difference_of(Workplace& workplace, const Built& built, const graph::Weights& weights,
                             const fs::path& onnx) {
  TRY(const data::Cache* cache, workplace.cache(built.size()));
  const auto pictures = some_pictures(workplace.set(), *cache);
  TRY(const auto busy, BusyMachine::enter());  // computing would disturb another worker's measurement
  const graph::Graph& graph = built.candidate.graph;
  TRY(const auto expected, train::predict(graph, weights, joined(pictures)));
  TRY(const auto got, outputs_of(workplace.runtime(), onnx, "image", graph.input_shape(), pictures));
  return deploy::relative_difference(joined(got), expected);
}

}  // namespace

Result<Exported> export_checked(Workplace& workplace, const Built& built, const graph::Weights& weights,
                                int best_epoch) {
  Exported exported{.file = built.folder / "model.onnx", .difference = 0, .artifact = {}};
  TRY_DO(deploy::write_onnx(built.candidate.graph, weights, metadata(workplace, built, best_epoch), exported.file));
  TRY(exported.difference, difference_of(workplace, built, weights, exported.file));
  // An export that computes something else than the module is no export.
  if (!(exported.difference <= largest_difference))
    return invalid(std::format("the exported file differs from the trained network by {:.2g} (at most {:.0e} is right)",
                               exported.difference, largest_difference));
  auto artifact = study::artifact_of("onnx", exported.file, workplace.folder());
  if (!artifact) return std::unexpected(of_the_machine(std::move(artifact).error()));  // it was written just now
  exported.artifact = *std::move(artifact);
  return exported;
}

Result<study::Artifact> save_weights(const Workplace& workplace, const Built& built, const graph::Weights& weights) {
  const fs::path file = built.folder / "weights.safetensors";
  TRY_DO(train::write_safetensors(file, weights));
  auto artifact = study::artifact_of("weights", file, workplace.folder());
  if (!artifact) return std::unexpected(of_the_machine(std::move(artifact).error()));
  return artifact;
}

}  // namespace edgewise::trial
