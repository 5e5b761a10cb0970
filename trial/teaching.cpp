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

constexpr std::size_t numbers_at_once = 4 << 20;  // of the pictures that a teacher is asked for in one go

/// The trial whose result of an earlier stage is the best by the metric that picks epochs too; null when there is none.
const study::Trial* best_before(const study::Study& study, const job::Job& job, int stage) {
  const Quantity& quantity = train::picking_metric(*job.task, job.train);
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

/// The teacher's outputs for the training pictures, by item; rows of other items are empty.
/// @error invalid_input when it takes no such pictures or gives something else than the task's outputs; interrupted
Result<task::Targets> answers_of(Workplace& workplace, const fs::path& teacher, const Listener& listener) {
  const auto& set = workplace.set();
  const auto wanted = static_cast<std::size_t>(workplace.job().task->outputs(set.classes.size()));
  TRY(const auto input, input_of(workplace.runtime(), teacher, set.channels));
  const Size size(*input.shape[3], *input.shape[2]);
  TRY(const data::Cache* cache, workplace.cache(size, listener.on_progress));
  const auto training = set.of(data::Split::train);
  const auto at_once = std::max<std::size_t>(1, numbers_at_once / static_cast<std::size_t>(size.area() * set.channels));
  std::vector<std::vector<float>> answers(set.items.size());
  for (std::size_t begin = 0; begin < training.size(); begin += at_once) {
    if (listener.stop && listener.stop->load()) return fail(ErrorCode::interrupted, "asking the teacher was stopped");
    if (listener.on_progress) listener.on_progress();
    const auto some = std::span(training).subspan(begin, std::min(at_once, training.size() - begin));
    std::vector<std::vector<float>> pictures;
    for (const auto item : some) pictures.push_back(network_input(*cache, item));
    TRY(const auto busy, BusyMachine::enter({.say = listener.on_wait, .stop = listener.stop, .at_most = {}}));
    TRY(auto outputs,
        outputs_of(workplace.runtime(), teacher, input.name, {set.channels, size.height, size.width}, pictures));
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (outputs[i].size() != wanted)
        return invalid(std::format("the teacher \"{}\" gives {} numbers for a picture, the task needs {}",
                                   teacher.string(), outputs[i].size(), wanted),
                       "give a network that was trained for the same classes");
      answers[some[i]] = std::move(outputs[i]);
    }
  }
  task::Targets all;
  for (const auto& answer : answers) all.add(answer);
  return all;
}

}  // namespace

Result<const task::Targets*> taught_to(Workplace& workplace, study::Storage& storage, const study::Trial& trial,
                                       const Listener& listener) {
  const std::string& told = workplace.job().train.teacher.path;
  const bool is_last_stage = trial.fidelity.epochs() >= job::last_epochs(workplace.job());
  const bool is_file = !told.empty() && told != train::best_trial;
  if (told.empty() || (!is_last_stage && !is_file)) return nullptr;
  std::optional<fs::path> teacher;
  if (is_file) {
    teacher = told;
  } else {
    TRY(teacher, best_of_study(workplace, storage, trial));
  }
  if (!teacher) return nullptr;
  // A file is asked before the first stage: one that does not fit must not cost the stages before it is needed.
  TRY(const auto* answers, workplace.taught_by(*teacher, [&] { return answers_of(workplace, *teacher, listener); }));
  return is_last_stage ? answers : nullptr;
}

}  // namespace edgewise::trial
