#include "device/agent_device.hpp"

#include <chrono>
#include <format>
#include <thread>

#include "base/file.hpp"
#include "base/quiet.hpp"
#include "device/conversation_internal.hpp"

namespace edgewise::device {

namespace {

namespace fs = std::filesystem;
using agent::Message;
using Clock = std::chrono::steady_clock;

constexpr int most_attempts = 3;                         // at one measurement, when it was disturbed
constexpr std::chrono::milliseconds pause_between{250};  // attempts: what disturbs often ends soon
constexpr double infer_timeout_s = 120.0;                // for one answer
constexpr double control_timeout_s = 30.0;               // for the control model, which takes milliseconds

constexpr const char* see_to_the_agent =
    "see to the agent (EDGEWISE_AGENT may name it), the provider and this machine's memory: no model can be run";

/// The control: y = ReLU(x) of four numbers, an ONNX file of opset 17. An agent that runs it is not what is broken.
constexpr std::string_view control_bytes{
    "\010\010:;"
    "\012\014\012\001x\022\001y\"\004Relu\022\001gZ\023\012\001x\022\016\012\014\010\001\022\010\012\002\010\001\012"
    "\002"
    "\010\004b\023\012\001y\022\016\012\014\010\001\022\010\012\002\010\001\012\002\010\004B\002\020\021",
    67};

/// A file with the control, which goes with the result. @error when it cannot be written, for whatever reason
Result<PartFile> control_file() {
  std::error_code error;
  TRY(PartFile file, PartFile::create(fs::temp_directory_path(error) / "edgewise-agent"));
  TRY_DO(file.write(control_bytes));
  return file;
}

Clock::time_point after(double seconds) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

Status check(const MeasureOptions& options) {
  const auto refuse = [](const char* name, auto value, const char* range) {
    return invalid(std::format("\"{}\" {} is not {}", name, value, range));
  };
  if (options.threads < 1) return refuse("threads", options.threads, "at least 1");
  if (options.min_runs < 1) return refuse("min_runs", options.min_runs, "at least 1");
  if (options.max_runs < options.min_runs || options.max_runs > 1'000'000)
    return refuse("max_runs", options.max_runs, "within \"min_runs\" .. 1000000");
  if (!(options.max_seconds >= 0.001 && options.max_seconds <= 3600))
    return refuse("max_seconds", options.max_seconds, "within 0.001 .. 3600");
  if (!(options.timeout_s > 0 && options.timeout_s <= 86400))
    return refuse("timeout_s", options.timeout_s, "within 0 .. 86400");
  return {};
}

Result<fs::path> find_model(const fs::path& onnx) {
  std::error_code error;
  if (!fs::is_regular_file(onnx, error))
    return fail(ErrorCode::not_found, std::format("there is no model file \"{}\"", onnx.string()), "check the path");
  return fs::absolute(onnx, error);
}

class AgentDevice final : public Device {
 public:
  AgentDevice(AgentPlace place, const MeasureOptions& options, Waiting waiting)
      : place_(std::move(place)), options_(options), waiting_(std::move(waiting)) {}

  [[nodiscard]] std::string name() const override { return place_.device; }
  [[nodiscard]] Source source() const override { return Source::measured; }
  [[nodiscard]] bool shares_this_machine() const override { return place_.is_this_machine; }
  [[nodiscard]] bool runs_models() const override { return true; }

  Status ready() override {
    TRY_DO(check(options_));
    auto control = runs_control();
    if (!control && control.error().next.empty()) control.error().next = see_to_the_agent;
    return control;
  }

  Result<Reading> measure(const Candidate& candidate) override {
    TRY_DO(check(options_));
    if (!candidate.file) return invalid(std::format("the device {} measures files; there is none", name()));
    TRY(const fs::path file, candidate.file());
    TRY(const fs::path model, find_model(file));
    std::optional<QuietMachine> quiet;
    if (shares_this_machine()) {
      TRY(auto entered, QuietMachine::enter(waiting_));
      quiet.emplace(std::move(entered));
    }
    return measure_well(model).transform(reading_of);
  }

  Result<std::vector<Tensors>> infer(const fs::path& onnx, std::span<const Tensors> samples) override {
    TRY(const fs::path model, find_model(onnx));
    auto outputs = once_more([&] { return infer_by(model, samples, waiting_); });
    if (!outputs) return blamed(std::move(outputs).error(), [&] { return infers_control(); });
    return outputs;
  }

  Result<std::vector<TensorType>> inputs(const fs::path& onnx) override {
    TRY(const fs::path model, find_model(onnx));
    auto types = once_more([&]() -> Result<std::vector<TensorType>> {
      TRY(const auto loaded, load(model, waiting_));
      return agent::types_from_json(loaded.answer.fields.value("inputs", Json()));
    });
    if (!types) return blamed(std::move(types).error(), [&] { return infers_control(); });
    return types;
  }

 private:
  /// An agent that somebody killed or stopped says nothing about its model: another one is asked.
  template <class Ask>
  static auto once_more(Ask ask) -> decltype(ask()) {
    auto answer = ask();
    if (answer || answer.error().code != ErrorCode::exhausted) return answer;
    auto again = ask();
    if (!again && again.error().code == ErrorCode::exhausted) again.error().message += ", and so was the one before it";
    return again;
  }

  /// The first undisturbed of a few measurements, else the least disturbed.
  Result<Measurement> measure_well(const fs::path& model) const {
    auto begin = Clock::now();
    auto deadline = after(options_.timeout_s);
    auto first = once_more([&] {
      begin = Clock::now();
      deadline = after(options_.timeout_s);
      return measure_once(model, options_, deadline);
    });
    if (!first) return blamed(std::move(first).error(), [&] { return runs_control(); });
    Measurement best = std::move(*first);
    const auto each = Clock::now() - begin;
    int attempts = 1;
    for (; best.disturbed && attempts < most_attempts && Clock::now() + 2 * each < deadline; ++attempts) {
      std::this_thread::sleep_for(pause_between);
      const auto again = measure_once(model, options_, deadline);
      if (!again) break;  // the first measurement stands, with its flag
      // Disturbances only ever add time: of several disturbed measurements the fastest was disturbed least.
      if (!again->disturbed || again->latency_ms < best.latency_ms) best = *again;
    }
    if (best.disturbed && attempts > 1)
      best.disturbance += std::format("; the least disturbed of {} measurements", attempts);
    return best;
  }

  /// By an agent of its own, so that the peak of memory is this model's.
  Result<Measurement> measure_once(const fs::path& model, const MeasureOptions& options,
                                   Clock::time_point deadline) const {
    TRY(const auto conversation, Conversation::start(place_.open, model.filename().string(), deadline, waiting_));
    const Message load{.fields = {{"do", "load"},
                                  {"model", model.string()},
                                  {"provider", options.provider},
                                  {"threads", options.threads},
                                  {"urgent", true}},
                       .tensors = {}};
    TRY_DO(conversation->ask(load, deadline, "loading").transform([](const Message&) {}));
    const Message request{.fields = {{"do", "measure"},
                                     {"min_runs", options.min_runs},
                                     {"max_runs", options.max_runs},
                                     {"max_seconds", options.max_seconds}},
                          .tensors = {}};
    TRY(const Message answer, conversation->ask(request, deadline, "measuring"));
    auto measurement = measurement_from_json(answer.fields);
    if (!measurement)
      return fail(ErrorCode::unavailable, "the agent's answer is no measurement: " + measurement.error().message);
    measurement->device = name();
    return measurement;
  }

  struct Loaded {
    std::unique_ptr<Conversation> conversation;
    Message answer;
  };
  /// A model that outputs are asked of.
  Result<Loaded> load(const fs::path& model, const Waiting& waiting) const {
    Loaded loaded;
    TRY(loaded.conversation,
        Conversation::start(place_.open, model.filename().string(), after(infer_timeout_s), waiting));
    const Message request{.fields = {{"do", "load"}, {"model", model.string()}}, .tensors = {}};
    TRY(loaded.answer, loaded.conversation->ask(request, after(infer_timeout_s), "loading"));
    return loaded;
  }

  Result<std::vector<Tensors>> infer_by(const fs::path& model, std::span<const Tensors> samples,
                                        const Waiting& waiting) const {
    TRY(const auto loaded, load(model, waiting));
    std::vector<Tensors> outputs;
    for (const Tensors& sample : samples) {
      TRY(Message answer, loaded.conversation->ask({.fields = {{"do", "infer"}}, .tensors = sample},
                                                   after(infer_timeout_s), "running"));
      if (answer.tensors.empty())
        return fail(ErrorCode::unavailable, "the agent's answer has no outputs", "use the agent of this version");
      outputs.push_back(std::move(answer.tensors));
    }
    return outputs;
  }

  /// Who is at fault when an agent died, hung or talked nonsense: the model, when a fresh agent runs the control. Then
  /// this is `invalid_input`; else nothing can be measured at present and the error stays `unavailable`.
  template <class Control>
  static std::unexpected<Error> blamed(Error error, Control&& runs) {
    if (error.code != ErrorCode::unavailable) return std::unexpected(std::move(error));
    const Status control = runs();
    if (control) {
      error.code = ErrorCode::invalid_input;
      if (error.next.empty())
        error.next = "other models run here: this one is at fault; choose another network or provider";
      return std::unexpected(std::move(error));
    }
    if (control.error() == error) {  // it says all
      if (error.next.empty()) error.next = see_to_the_agent;
      return std::unexpected(std::move(error));
    }
    error.message += std::format("; nor does the agent run a network of one ReLU ({})", control.error().message);
    error.next = see_to_the_agent;
    return std::unexpected(std::move(error));
  }

  Status runs_control() const {
    TRY(const PartFile file, control_file());
    MeasureOptions options = options_;
    options.min_runs = options.max_runs = 5;
    options.max_seconds = 0.05;
    return once_more([&] { return measure_once(file.path(), options, after(control_timeout_s)); })
        .transform([](const Measurement&) {});
  }

  Status infers_control() const {
    TRY(const PartFile file, control_file());
    const std::vector<Tensors> samples{{agent::float_tensor("x", {1, 4}, std::vector<float>{-1, 0, 1, 2})}};
    TRY(const auto outputs, once_more([&] { return infer_by(file.path(), samples, {}); }));
    if (outputs != std::vector<Tensors>{{agent::float_tensor("y", {1, 4}, std::vector<float>{0, 0, 1, 2})}})
      return fail(ErrorCode::unavailable, "its outputs are wrong");
    return {};
  }

  AgentPlace place_;
  MeasureOptions options_;
  Waiting waiting_;
};

}  // namespace

std::unique_ptr<Device> make_agent_device(AgentPlace place, const MeasureOptions& options, Waiting waiting) {
  return std::make_unique<AgentDevice>(std::move(place), options, std::move(waiting));
}

}  // namespace edgewise::device
