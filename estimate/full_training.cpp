#include "estimate/full_training.hpp"

#include <algorithm>
#include <chrono>
#include <format>

#include "base/file.hpp"
#include "base/machine.hpp"
#include "base/quiet.hpp"
#include "data/builtin/builtin.hpp"
#include "deploy/onnx.hpp"
#include "graph/costs.hpp"
#include "train/train.hpp"

namespace edgewise::estimate {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr double largest_export_difference = 1e-4;
constexpr std::size_t export_check_inputs = 8;

std::string utc_now() {
  return std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

/// The job's training settings with what the choice sets.
/// @param threads  fixed for the trial; nothing: the job's
Result<train::Settings> settings_for(const job::Job& job, const space::Candidate& candidate,
                                     std::optional<int> threads) {
  train::Settings settings = job.train;
  if (threads) settings.threads = *threads;
  for (const auto& [name, value] : candidate.training) {
    if (name == "learning_rate" && std::holds_alternative<double>(value))
      settings.learning_rate = std::get<double>(value);
    else
      return invalid(std::format("the space sets the training option \"{}\", which cannot be searched", name));
  }
  return settings;
}

deploy::Metadata metadata(const Workplace& workplace, const study::Trial& trial, std::int64_t size, int best_epoch) {
  const auto& job = workplace.job();
  const auto normal = train::normalisation(workplace.set().channels);
  const auto channels = workplace.set().channels;
  return {{"task", job.task->name()},
          {"output", job.task->traits().output},
          {"resize", std::format("the whole picture is stretched to a square of {0} x {0} pixels, whatever its "
                                 "proportions; area filter when shrinking, "
                                 "linear when growing",
                                 size)},
          {"channel_order", data::has_colours(workplace.set()) ? "RGB"
                            : channels == 1                    ? "grey"
                                            : std::format("the {} channels of the data, in their order", channels)},
          {"layout", "NCHW: batch, channels, height, width"},
          {"classes", dump(Json(workplace.set().classes))},
          {"input_size", std::to_string(size)},
          {"mean", dump(Json(normal.mean))},
          {"deviation", dump(Json(normal.deviation))},
          {"pixel_range", "[0, 1] before mean and deviation"},
          {"study", job.name},
          {"trial", study::to_text(trial.id)},
          {"choice", dump(space::to_json(trial.choice))},
          {"best_epoch", std::to_string(best_epoch)}};
}

/// Some validation pictures as the network sees them, (n, C, H, W), spread over the split: neighbours in a list are
/// often alike.
std::vector<float> check_inputs(const data::DataSet& set, const data::Cache& cache) {
  const auto normal = train::normalisation(cache.channels());
  const auto items = set.of(data::Split::validation);
  const auto channels = static_cast<std::size_t>(cache.channels()),
             area = static_cast<std::size_t>(cache.size() * cache.size());
  std::vector<float> inputs;
  const std::size_t count = std::min(items.size(), export_check_inputs);
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
Result<std::vector<float>> outputs_of(device::Device& device, const fs::path& onnx, const graph::Graph& graph,
                                      std::span<const float> inputs) {
  std::vector<std::int64_t> shape{1};
  shape.insert(shape.end(), graph.input_shape().begin(), graph.input_shape().end());
  TRY(const std::size_t each, agent::elements_of(shape, inputs.size()));
  std::vector<device::Tensors> samples;
  for (std::size_t at = 0; at + each <= inputs.size(); at += each)
    samples.push_back({agent::float_tensor("image", shape, inputs.subspan(at, each))});
  TRY(const auto outputs, device.infer(onnx, samples));
  std::vector<float> all;
  for (const device::Tensors& sample : outputs) {
    TRY(const auto values, agent::floats_of(sample.front()));
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

/// An export that computes something else than the module is no export. Compared on real pictures: on noise, far from
/// what a network was trained on, rounding alone can pass the bound (seen: 2.7e-4 with RegNetY-400MF after one epoch).
Status check_export(Workplace& workplace, const data::Cache& cache, const graph::Graph& graph,
                    const graph::Weights& weights, const fs::path& onnx, double* difference) {
  const auto inputs = check_inputs(workplace.set(), cache);
  TRY(const auto busy, BusyMachine::enter());  // computing would disturb another worker's measurement
  TRY(const auto expected, train::predict(graph, weights, inputs));
  TRY(const auto got, outputs_of(workplace.device(), onnx, graph, inputs));
  *difference = deploy::relative_difference(got, expected);
  if (!(*difference <= largest_export_difference))
    return invalid(std::format("the exported file differs from the trained network by {:.2g} (at most {:.0e} is right)",
                               *difference, largest_export_difference));
  return {};
}

study::Source source_of(device::Source source) {
  switch (source) {
    case device::Source::measured:
      return study::Source::measured;
    case device::Source::predicted:
      return study::Source::predicted;
    case device::Source::told:
      return study::Source::told;
  }
  return study::Source::told;
}

void add_read(study::Values& values, const device::Device& device, const device::Reading& reading) {
  for (const auto& [name, number] : reading.values)
    values[name] = {.value = number,
                    .source = source_of(device.source()),
                    .device = device.name(),
                    .precision = reading.measurement ? reading.measurement->precision : "fp32"};
}

Json measurement_json(const device::Reading& reading) {
  return reading.measurement ? device::to_json(*reading.measurement) : Json();
}

bool bounds_a_measured_value(const job::Job& job) {
  return std::ranges::any_of(job.constraints, [&](const auto& constraint) {
    return std::ranges::any_of(constraint.comparison.names(), [&](const auto& name) {
      return std::ranges::contains(job.device.entry().quantities, name, &Quantity::name);
    });
  });
}

/// A network's cost does not depend on its weights, so what would be rejected after training is rejected before.
Result<std::optional<Estimate>> rejected_before_training(Workplace& workplace, const study::Trial& trial,
                                                         const graph::Graph& graph, const fs::path& folder) {
  if (trial.stage > 0 || !bounds_a_measured_value(workplace.job())) return std::nullopt;
  const auto start = Clock::now();
  graph::Weights untrained;
  auto random = RandomStream::named(trial.seed, "untrained");
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
  const fs::path onnx = folder / "untrained.onnx";
  TRY_DO(deploy::write_onnx(graph, untrained, {{"purpose", "measured before training"}}, onnx));
  auto measured = workplace.device().measure(device::candidate_of_file(onnx));
  std::error_code ignored;
  fs::remove(onnx, ignored);
  if (!measured) return std::unexpected(measured.error());
  study::Values values = trial.known;
  add_read(values, workplace.device(), *measured);
  auto least = study::numbers(values);
  for (const auto& [name, value] : measured->at_least) least[name] = value;
  const auto broken = study::violated(workplace.job().constraints, least);
  if (!broken) return std::nullopt;
  Estimate estimate{.state = study::State::rejected, .reason = "measured before training: " + *broken, .result = {}};
  estimate.result.values = values;
  estimate.result.measurement = measurement_json(*measured);
  estimate.result.details = Json::object();
  estimate.result.measure_s = seconds_since(start);
  estimate.result.finished = utc_now();
  return estimate;
}

}  // namespace

fs::path trial_folder(const fs::path& study_folder, study::TrialId id) {
  return study_folder / "trials" / std::format("{:06}", id.value);
}

Result<std::unique_ptr<Workplace>> Workplace::open(job::Job job, fs::path folder,
                                                   std::unique_ptr<device::Device> device) {
  std::unique_ptr<Workplace> workplace(new Workplace);
  TRY(workplace->set_, data::load(job.data, *job.task));
  TRY(workplace->family_, space::make_family(job.space, job.space_options, job::frame(job, workplace->set_)));
  workplace->job_ = std::move(job);
  workplace->folder_ = std::move(folder);
  workplace->device_ = std::move(device);
  return workplace;
}

Result<const data::Cache*> Workplace::cache(std::int64_t size, const std::function<void()>& on_progress) {
  if (const auto known = caches_.find(size); known != caches_.end()) return &known->second;
  TRY(auto opened, data::open_cache(set_, size, cache_folder() / "images", [&](std::size_t, std::size_t) {
        if (on_progress) on_progress();
      }));
  return &caches_.emplace(size, std::move(opened)).first->second;
}

Result<space::Candidate> Workplace::build(const space::Choice& choice) const {
  return family_.build(choice, job::frame(job_, set_));
}

Result<Estimate> evaluate(Workplace& workplace, const study::Trial& trial, const Listener& listener) {
  const auto start = Clock::now();
  const auto phase = [&](const char* what) {
    if (listener.on_phase) listener.on_phase(what);
  };
  TRY(const auto candidate, workplace.build(trial.choice));
  TRY(const auto settings, settings_for(workplace.job(), candidate, trial.threads));
  const fs::path folder = trial_folder(workplace.folder(), trial.id);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return invalid(std::format("cannot make the folder \"{}\": {}", folder.string(), error.message()));

  phase("measuring before training");
  TRY(const auto rejected, rejected_before_training(workplace, trial, candidate.graph, folder));
  if (rejected) return *rejected;
  const double before_s = seconds_since(start);

  phase("training");
  const std::int64_t size = candidate.graph.input_shape().back();
  TRY(const data::Cache* cache, workplace.cache(size, listener.on_progress));
  const auto training_start = Clock::now();
  const auto kept_waiting_before = seconds_kept_waiting();
  train::Request request{
      .graph = &candidate.graph,
      .network = space::network_name(workplace.family(), trial.choice),
      .set = &workplace.set(),
      .cache = cache,
      .settings = settings,
      .epochs = trial.fidelity.epochs(),
      .seed = trial.seed,
      .checkpoint = folder / (settings.restart ? std::format("stage-{}.checkpoint", trial.stage) : "checkpoint"),
      .stop = listener.stop,
      .on_epoch =
          [&](const train::Epoch& epoch) {
            if (!listener.on_epoch) return;
            listener.on_epoch({.stage = trial.stage,
                               .epoch = epoch.epoch,
                               .train_loss = epoch.train_loss,
                               .validation_loss = epoch.validation_loss,
                               .metrics = epoch.metrics,
                               .seconds = epoch.seconds,
                               .images_per_s = epoch.images_per_s});
          },
      .on_batch = listener.on_batch};
  TRY(const auto outcome, train::train(request));
  const double training_wall_s = seconds_since(training_start);
  const auto kept_waiting_after = seconds_kept_waiting();

  phase("exporting");
  const auto export_start = Clock::now();
  const fs::path onnx = folder / "model.onnx";
  TRY_DO(deploy::write_onnx(candidate.graph, outcome.best_weights, metadata(workplace, trial, size, outcome.best_epoch),
                            onnx));
  double difference = 0;
  TRY_DO(check_export(workplace, *cache, candidate.graph, outcome.best_weights, onnx, &difference));
  TRY(const auto artifact, study::artifact_of("onnx", onnx, workplace.folder()));
  const double export_s = seconds_since(export_start);

  phase("measuring");
  const auto measure_start = Clock::now();
  TRY(const auto reading, workplace.device().measure(device::candidate_of_file(onnx)));
  const double measure_s = seconds_since(measure_start);

  Estimate estimate;
  auto& result = estimate.result;
  result.stage = trial.stage;
  result.fidelity = trial.fidelity;
  result.fidelity.amounts["epochs"] = outcome.curve.empty() ? 0 : outcome.curve.back().epoch;
  result.best_epoch = outcome.best_epoch;
  result.values = study::values_of(study::Source::trained, outcome.best.metrics);
  result.values[train::validation_loss().name] = {.value = outcome.best.loss, .source = study::Source::trained};
  for (const auto& [name, value] : trial.known) result.values[name] = value;
  add_read(result.values, workplace.device(), reading);
  result.measurement = measurement_json(reading);
  result.details = {{"export_difference", difference}};
  result.artifacts.push_back(artifact);
  if (trial.threads) result.details["threads"] = *trial.threads;
  if (kept_waiting_before && kept_waiting_after)
    result.details["kept_waiting_s"] = *kept_waiting_after - *kept_waiting_before;
  if (outcome.started_from) result.details["starting_weights"] = train::to_json(*outcome.started_from);
  for (const auto& [name, detail] : outcome.best.details.items()) result.details[name] = detail;
  // Training's wall time counts as training, its waits for other workers' measurements included; epochs of earlier
  // attempts too.
  result.train_s = training_wall_s;
  for (const auto& point : trial.curve)
    if (point.stage == trial.stage) result.train_s += point.seconds;
  result.measure_s = measure_s + before_s;
  result.export_s = export_s;
  result.overhead_s = seconds_since(start) - training_wall_s - measure_s - before_s - export_s;
  result.finished = utc_now();
  if (outcome.stopped_early) {
    estimate.state = study::State::pruned;
    estimate.reason = *outcome.stopped_early;
  }
  return estimate;
}

Result<std::map<std::string, double>> judge_on_test(Workplace& workplace, const study::Trial& trial) {
  TRY(const auto candidate, workplace.build(trial.choice));
  TRY(const auto settings, settings_for(workplace.job(), candidate, trial.threads));
  TRY(const data::Cache* cache, workplace.cache(candidate.graph.input_shape().back()));
  const fs::path folder = trial_folder(workplace.folder(), trial.id);
  const fs::path checkpoint =
      folder / (settings.restart ? std::format("stage-{}.checkpoint", trial.stage) : "checkpoint");
  if (!fs::exists(checkpoint)) return fail(ErrorCode::not_found, "the trial's checkpoint is gone");
  // All epochs are done, so nothing is trained: this only fetches the best weights.
  TRY(const auto outcome, train::train({.graph = &candidate.graph,
                                        .set = &workplace.set(),
                                        .cache = cache,
                                        .settings = settings,
                                        .epochs = trial.result()->fidelity.epochs(),
                                        .seed = trial.seed,
                                        .checkpoint = checkpoint,
                                        .only_continue = true}));
  TRY(const auto evaluation,
      train::evaluate(candidate.graph, outcome.best_weights, workplace.set(), *cache, data::Split::test));
  return evaluation.metrics;
}

Result<double> training_seconds_per_image(Workplace& workplace, const space::Choice& choice, int threads) {
  constexpr double timed_s = 0.4;
  constexpr std::size_t fewest = 3, most = 64;
  TRY(const auto candidate, workplace.build(choice));
  TRY(auto settings, settings_for(workplace.job(), candidate, threads));
  TRY(const data::Cache* cache, workplace.cache(candidate.graph.input_shape().back()));
  // The real loop; the stop flag ends the epoch once enough batches after the first are timed.
  std::atomic<bool> stop = false;
  std::vector<Clock::time_point> marks;
  settings.weights.clear();
  train::Request request{.graph = &candidate.graph,
                         .set = &workplace.set(),
                         .cache = cache,
                         .settings = settings,
                         .epochs = 1,
                         .seed = 1,
                         .stop = &stop};
  request.on_batch = [&](int, std::size_t, std::size_t) {
    marks.push_back(Clock::now());
    const std::size_t timed = marks.size() - 1;
    if (timed >= most ||
        (timed >= fewest && std::chrono::duration<double>(marks.back() - marks.front()).count() >= timed_s))
      stop = true;
  };
  const auto trained = train::train(request);
  if (!trained && trained.error().code != ErrorCode::interrupted) return std::unexpected(trained.error());
  if (marks.size() < 2) return fail(ErrorCode::unavailable, "too few images to time a batch");
  std::vector<double> seconds;
  for (std::size_t i = 1; i < marks.size(); ++i)
    seconds.push_back(std::chrono::duration<double>(marks[i] - marks[i - 1]).count());
  // Other workers train at the same time: the usual batch counts, not the luckiest.
  std::ranges::nth_element(seconds, seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2));
  return seconds[seconds.size() / 2] / static_cast<double>(settings.batch);
}

}  // namespace edgewise::estimate
