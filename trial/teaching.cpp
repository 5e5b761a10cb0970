#include <algorithm>
#include <chrono>
#include <format>
#include <thread>

#include "base/file.hpp"
#include "base/quiet.hpp"
#include "trial/steps_internal.hpp"

namespace edgewise::trial {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t pictures_at_once = 128;

/// The trial whose result of an earlier stage is the best by the metric that picks epochs too; null when there is none.
const study::Trial* best_before(const study::Study& study, const job::Job& job, int stage) {
  const auto& metrics = job.task->metrics();
  const auto metric = std::ranges::find(metrics, job.train.best_by, &Quantity::name);
  const Quantity& quantity = metric == metrics.end() ? metrics.front() : *metric;
  const study::Trial* best = nullptr;
  double best_value = 0;
  for (const study::Trial& trial : study.trials)
    for (const study::StageResult& result : trial.results) {
      const auto value = result.values.find(quantity.name);
      if (result.stage >= stage || value == result.values.end() || !result.artifact("onnx")) continue;
      const double good = quantity.better == Direction::maximize ? value->second.value : -value->second.value;
      if (best && good <= best_value) continue;
      best = &trial;
      best_value = good;
    }
  return best;
}

struct BestFile {
  std::int64_t trial = 0;
  std::string content;
};

/// The best trial of the stages before and its file; nothing when there is no such trial. Another worker may have just
/// written that trial's next file and not recorded it yet: then both are read again.
/// @error unavailable when the file stays another than was recorded
Result<std::optional<BestFile>> best_file(const Workplace& workplace, study::Storage& storage, int stage) {
  constexpr int tries = 10;
  for (int attempt = 1;; ++attempt) {
    TRY(const auto study, storage.load());
    const study::Trial* best = best_before(study, workplace.job(), stage);
    if (!best) return std::nullopt;
    const auto& result = *std::ranges::find_if(best->results.rbegin(), best->results.rend(),
                                               [](const auto& one) { return one.artifact("onnx") != nullptr; });
    auto content = study::read_artifact(*result.artifact("onnx"), workplace.folder(),
                                        std::format("the model of trial {}", study::to_text(best->id)));
    if (content) return BestFile{best->id.value, *std::move(content)};
    if (attempt == tries) return std::unexpected(of_the_machine(std::move(content).error()));
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

/// The file that teaches all last stages of a study: a copy, because the trial that it is of may go on. Nothing where
/// there is none yet, or it is the taught trial's own.
Result<std::optional<fs::path>> best_of_study(const Workplace& workplace, study::Storage& storage,
                                              const study::Trial& taught) {
  const fs::path file = workplace.folder() / "teacher.onnx", whose = workplace.folder() / "teacher.json";
  const auto lock = FileLock::acquire(workplace.folder() / "teacher.lock", FileLock::Mode::exclusive);
  if (!lock) return std::unexpected(of_the_machine(lock.error()));
  std::error_code ignored;
  if (!fs::exists(whose, ignored)) {
    TRY(const auto best, best_file(workplace, storage, taught.stage));
    if (!best) return std::nullopt;
    TRY_DO(write_file(file, best->content));
    TRY_DO(write_file(whose, dump(Json{{"trial", best->trial}})));
  }
  TRY(const std::string text, read_file(whose));
  TRY(const Json json, parse_json(text, whose.string()));
  // Nobody learns from itself.
  return json.value("trial", std::int64_t{-1}) == taught.id.value ? std::nullopt : std::optional(file);
}

/// What the teacher takes. @error invalid_input when it takes anything else
Result<agent::TensorType> input_of(device::Device& runtime, const fs::path& onnx, std::int64_t channels) {
  TRY(const auto inputs, runtime.inputs(onnx));
  const auto takes_pictures = [&](const agent::TensorType& input) {
    const auto& shape = input.shape;
    return input.dtype == agent::Dtype::float32 && shape.size() == 4 && shape[1] == channels && shape[2] && shape[3];
  };
  if (inputs.size() == 1 && takes_pictures(inputs.front())) return inputs.front();
  return invalid(std::format("the teacher \"{}\" does not take one picture of {} channels as 32-bit floats",
                             onnx.string(), channels),
                 "give a file that takes pictures as edgewise exports do, (1, channels, height, width)");
}

std::vector<float> picture_of(const data::Cache& cache, std::size_t item, const train::Normalisation& normal) {
  const auto pixels = cache.pixels(item);
  const auto channels = static_cast<std::size_t>(cache.channels()), area = pixels.size() / channels;
  std::vector<float> input;
  input.reserve(pixels.size());
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t at = 0; at < area; ++at)
      input.push_back((static_cast<float>(pixels[at * channels + c]) / 255.0F - normal.mean[c]) / normal.deviation[c]);
  return input;
}

}  // namespace

Result<std::optional<fs::path>> teacher_of(const Workplace& workplace, study::Storage& storage,
                                           const study::Trial& trial, const Listener& listener) {
  const std::string& told = workplace.job().train.teacher.path;
  if (told.empty() || trial.fidelity.epochs() < job::last_epochs(workplace.job())) return std::nullopt;
  if (told != train::best_trial) return fs::path(told);
  auto best = best_of_study(workplace, storage, trial);
  if (best && !*best && trial.stage == 0 && listener.on_remark)
    listener.on_remark("there is no earlier stage whose best trial it could learn from");
  return best;
}

Result<task::Targets> answers_of(Workplace& workplace, const fs::path& teacher, const Listener& listener) {
  const auto& set = workplace.set();
  TRY(const auto input, input_of(workplace.runtime(), teacher, set.channels));
  TRY(const data::Cache* pictures, workplace.cache(Size(*input.shape[3], *input.shape[2]), listener.on_progress));
  const std::vector<std::int64_t> shape{1, set.channels, *input.shape[2], *input.shape[3]};
  const auto normal = train::normalisation(set.channels);
  const auto training = set.of(data::Split::train);
  std::vector<std::vector<float>> answers(set.items.size());
  for (std::size_t begin = 0; begin < training.size(); begin += pictures_at_once) {
    if (listener.stop && listener.stop->load()) return fail(ErrorCode::interrupted, "asking the teacher was stopped");
    if (listener.on_progress) listener.on_progress();
    const auto some = std::span(training).subspan(begin, std::min(pictures_at_once, training.size() - begin));
    std::vector<device::Tensors> samples;
    for (const auto item : some)
      samples.push_back({agent::float_tensor(input.name, shape, picture_of(*pictures, item, normal))});
    TRY(const auto busy, BusyMachine::enter({.say = listener.on_wait, .stop = listener.stop, .at_most = {}}));
    TRY(const auto outputs, workplace.runtime().infer(teacher, samples));
    for (std::size_t i = 0; i < some.size(); ++i) {
      TRY(answers[some[i]], agent::floats_of(outputs[i].front()));
      const auto wanted = static_cast<std::size_t>(workplace.job().task->outputs(set.classes.size()));
      if (outputs[i].size() != 1 || answers[some[i]].size() != wanted)
        return invalid(std::format("the teacher \"{}\" gives {} numbers for a picture, the task needs {}",
                                   teacher.string(), answers[some[i]].size(), wanted),
                       "give a network that was trained for the same classes");
    }
  }
  task::Targets all;
  for (const auto& answer : answers) all.add(answer);
  return all;
}

}  // namespace edgewise::trial
