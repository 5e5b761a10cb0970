/// Writes a study of many trials with long curves, to time what must stay quick when a study is large. Nothing in it
/// was trained or measured; it is recorded as a worker records it, so that it holds what a real study holds.
///
///     scale_study FOLDER --trials 10000 --epochs 50 --waiting 1
///     scale_study FOLDER --one-more 50
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <set>

#include "base/console.hpp"
#include "base/random.hpp"
#include "device/measurement.hpp"
#include "job/job.hpp"
#include "run/followed_study.hpp"
#include "run/session.hpp"
#include "study/storage.hpp"

using namespace edgewise;

namespace {

constexpr const char* job_text = R"(task: box
data: {path: builtin:faces, input: 64}
space: resnet
objectives: {iou: maximize, latency_ms: minimize}
constraints: [latency_ms < 33, memory_mb < 100]
search: {strategy: random}
)";

Result<study::Settings> settings() {
  const auto job = job::parse_job(job_text, "scale.yaml");
  if (!job) return std::unexpected(job.error().front());
  study::Settings all{.name = job->name, .objectives = job->objectives, .constraints = job->constraints};
  all.job = job::to_json(*job);
  all.job["frame"] = {{"channels", 3}, {"outputs", 4}, {"classes", Json::array()}};
  all.environment = {{"edgewise", "made up by bench/scale.cpp"}};
  all.created = "2026-01-15T08:30:00Z";
  return all;
}

/// What a trial of this size would show: larger networks are better and slower, and chance has its share.
struct Truth {
  double quality, latency_ms, memory_mb, pace;
  explicit Truth(RandomStream& random) {
    const double size = random.uniform();
    quality = 0.55 + 0.35 * std::sqrt(size) + 0.02 * random.normal();
    latency_ms = 0.4 + 40 * size * size + 0.5 * random.uniform();
    memory_mb = 10 + 110 * size;
    pace = random.uniform(2, 15);
  }
};

study::CurvePoint point(const Truth& truth, int epoch, RandomStream& random) {
  const double iou =
      std::clamp(truth.quality * (1 - 0.6 * std::exp(-epoch / truth.pace)) + 0.01 * random.normal(), 0.01, 0.99);
  const double loss = 0.9 * std::pow(1 - iou, 1.3);
  return {.stage = 0,
          .epoch = epoch,
          .train_loss = loss * (0.97 - 0.004 * epoch),
          .validation_loss = loss,
          .metrics = {{"iou", iou}, {"iou50", std::min(0.999, iou * 1.13)}},
          .seconds = 2 + truth.latency_ms,
          .images_per_s = 4000 / (2 + truth.latency_ms)};
}

study::StageResult result(const study::Trial& trial, const Truth& truth) {
  const auto best =
      std::ranges::max_element(trial.curve, {}, [](const study::CurvePoint& one) { return one.metrics.at("iou"); });
  device::Measurement measured{.latency_ms = truth.latency_ms,
                               .p90_ms = truth.latency_ms * 1.1,
                               .p99_ms = truth.latency_ms * 1.3,
                               .min_ms = truth.latency_ms * 0.97,
                               .spread_ms = truth.latency_ms * 0.02,
                               .runs = 120,
                               .warmup_runs = 14,
                               .load_ms = 5,
                               .peak_memory_bytes = static_cast<std::int64_t>(truth.memory_mb * 1e6),
                               .model_bytes = 4'000'000,
                               .device = "local",
                               .processor = "a processor with a name of usual length, 2 cores",
                               .provider = "cpu",
                               .runtime = "onnxruntime 1.21.0",
                               .clock = "unknown"};
  study::StageResult result{.stage = 0, .fidelity = trial.fidelity, .best_epoch = best->epoch};
  result.values = study::values_of(study::Source::trained, best->metrics);
  result.values["validation_loss"] = {.value = best->validation_loss, .source = study::Source::trained};
  result.values["latency_ms"] = {.value = truth.latency_ms, .source = study::Source::measured};
  result.values["memory_mb"] = {.value = truth.memory_mb, .source = study::Source::measured};
  for (const auto& [name, value] : trial.known) result.values[name] = value;
  result.measurement = device::to_json(measured);
  result.details = {{"export_difference", 1.1e-6}, {"threads", 1}, {"kept_waiting_s", 0.25}};
  result.artifacts = {{.kind = "onnx", .path = std::format("trials/{:06}/model.onnx", trial.id.value)}};
  for (const auto& one : trial.curve) result.train_s += one.seconds;
  result.measure_s = 1.4;
  result.export_s = 0.3;
  result.overhead_s = 0.2;
  result.finished = "2026-01-15T09:00:00Z";
  return result;
}

Status train(study::Storage& storage, RandomStream& random) {
  TRY(auto claim, storage.claim("bench:1"));
  EDGEWISE_ASSERT(claim.has_value(), "a trial that was just added waits");
  const Truth truth(random);
  auto& trial = claim->trial;
  for (int epoch = 1; epoch <= trial.fidelity.epochs(); ++epoch) {
    trial.curve.push_back(point(truth, epoch, random));
    TRY_DO(storage.record(*claim, trial.curve.back()));
  }
  return storage.finish(*claim, study::State::complete, result(trial, truth), "");
}

Status write_study(const std::filesystem::path& folder, std::size_t trials, int epochs, std::size_t waiting) {
  TRY(auto all, settings());
  TRY(const auto space, run::space_of({.settings = all}));
  TRY(const auto storage, study::create_storage(folder.string(), all));
  std::set<space::Choice> used;
  for (std::size_t i = 0; i < trials + waiting; ++i) {
    auto random = RandomStream::named(all.seed, "scale").child("trial", i);
    study::Trial trial{.fidelity = study::Fidelity::training(epochs), .seed = i};
    do {
      TRY(trial.choice, space.sample(random));
    } while (!used.insert(trial.choice).second);
    const double parameters = 1e5 + 1e6 * random.uniform();
    trial.known =
        study::values_of(study::Source::computed, {{"parameters", parameters}, {"macs", 1e7 + 1e8 * random.uniform()}});
    TRY_DO(storage->add({trial}, i));
    if (i < trials) TRY_DO(train(*storage, random));
    if ((i + 1) % 1000 == 0) console::print_line("{} trials", i + 1);
  }
  return {};
}

/// What one more epoch of a waiting trial costs a coordinator that follows the study, one line each in milliseconds: to
/// notice and read it, and to look whether anything ended.
Status time_epochs(const std::filesystem::path& folder, int epochs) {
  TRY(const auto storage, study::open_storage(folder.string()));
  TRY(const auto worker, study::open_storage(folder.string()));
  run::FollowedStudy followed(*storage);
  TRY_DO(followed.refresh().transform([](bool) {}));
  followed.take_changed();
  TRY(const auto claim, worker->claim("bench:1"));
  if (!claim) return invalid("no trial waits in the study", "write it with --waiting 1");
  auto random = RandomStream::named(1, "one more");
  const Truth truth(random);
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    TRY_DO(worker->record(*claim, point(truth, epoch, random)));
    const auto start = std::chrono::steady_clock::now();
    TRY_DO(followed.refresh().transform([](bool) {}));
    const auto changed = followed.take_changed();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    EDGEWISE_ASSERT(changed == std::vector{claim->id}, "one trial changed");
    console::print_line("{:.4f}", took.count());
  }
  return worker->release(*claim);
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("Writes a study of many trials with long curves.");
  std::string folder;
  std::size_t trials = 10000, waiting = 0;
  int epochs = 50;
  app.add_option("folder", folder, "where; it must not hold a study")->required();
  app.add_option("--trials", trials, "complete trials")->capture_default_str();
  app.add_option("--epochs", epochs, "epochs of each")->capture_default_str();
  app.add_option("--waiting", waiting, "trials that wait beside them")->capture_default_str();
  int one_more = 0;
  app.add_option("--one-more", one_more, "of a study that is there: time so many epochs in a coordinator");
  CLI11_PARSE(app, count, arguments);
  std::filesystem::create_directories(folder);
  const Status done = one_more > 0 ? time_epochs(folder, one_more) : write_study(folder, trials, epochs, waiting);
  if (!done) console::say(to_text(done.error()));
  return done ? 0 : 1;
}
