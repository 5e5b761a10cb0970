#include <algorithm>
#include <format>
#include <span>

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

/// Some validation pictures as the network sees them, (n, C, H, W), spread over the split: neighbours in a list are
/// often alike.
std::vector<float> pictures_of(const data::DataSet& set, const data::Cache& cache) {
  const auto normal = train::normalisation(cache.channels());
  const auto items = set.of(data::Split::validation);
  const auto channels = static_cast<std::size_t>(cache.channels()),
             area = static_cast<std::size_t>(cache.size().area());
  std::vector<float> inputs;
  const std::size_t count = std::min(items.size(), compared_pictures);
  for (std::size_t i = 0; i < count; ++i) {
    const auto pixels = cache.pixels(items[i * items.size() / count]);
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t at = 0; at < area; ++at)
        inputs.push_back((static_cast<float>(pixels[at * channels + c]) / 255.0F - normal.mean[c]) /
                         normal.deviation[c]);
  }
  return inputs;
}

/// What the exported file gives for `inputs`, one picture after the other.
Result<std::vector<float>> outputs_of(device::Device& runtime, const fs::path& onnx, const graph::Graph& graph,
                                      std::span<const float> inputs) {
  std::vector<std::int64_t> shape{1};
  shape.insert(shape.end(), graph.input_shape().begin(), graph.input_shape().end());
  TRY(const std::size_t each, agent::elements_of(shape, inputs.size()));
  std::vector<device::Tensors> samples;
  for (std::size_t at = 0; at + each <= inputs.size(); at += each)
    samples.push_back({agent::float_tensor("image", shape, inputs.subspan(at, each))});
  TRY(const auto outputs, runtime.infer(onnx, samples));
  std::vector<float> all;
  for (const device::Tensors& sample : outputs)
    for (const device::Tensor& output : sample) {
      TRY(const auto values, agent::floats_of(output));
      all.insert(all.end(), values.begin(), values.end());
    }
  return all;
}

/// How far the file is from the network. Compared on real pictures: on noise, far from what a network was trained on,
/// rounding alone can pass the bound (seen: 2.7e-4 with RegNetY-400MF after one epoch).
Result<double> difference_of(Workplace& workplace, const Built& built, const graph::Weights& weights,
                             const fs::path& onnx) {
  TRY(const data::Cache* cache, workplace.cache(built.size()));
  const auto inputs = pictures_of(workplace.set(), *cache);
  TRY(const auto busy, BusyMachine::enter());  // computing would disturb another worker's measurement
  TRY(const auto expected, train::predict(built.candidate.graph, weights, inputs));
  TRY(const auto got, outputs_of(workplace.runtime(), onnx, built.candidate.graph, inputs));
  return deploy::relative_difference(got, expected);
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
