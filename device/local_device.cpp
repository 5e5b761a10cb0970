#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <format>
#include <thread>

#include "agent/wire.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/quiet.hpp"
#include "device/device.hpp"

namespace edgewise::device {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr int most_attempts = 3;            // at one measurement, when it was disturbed
constexpr Milliseconds pause_between{250};  // attempts: what disturbs often ends soon
constexpr Milliseconds rounding{10};        // a wait counts in whole milliseconds and may end that much early
constexpr Milliseconds patience{10'000};    // without a word to whoever waits
constexpr double infer_timeout_s = 120.0;   // for one answer
constexpr double control_timeout_s = 30.0;  // for the control model, which takes milliseconds

/// The control: y = ReLU(x) of four numbers, an ONNX file of opset 17. An agent that runs it is not what is broken.
constexpr std::string_view control_bytes{
    "\010\010:;"
    "\012\014\012\001x\022\001y\"\004Relu\022\001gZ\023\012\001x\022\016\012\014\010\001\022\010\012\002\010\001\012"
    "\002"
    "\010\004b\023\012\001y\022\016\012\014\010\001\022\010\012\002\010\001\012\002\010\004B\002\020\021",
    67};

/// An empty file of a name of its own in the folder for temporary ones, removed by the destructor; what killed
/// processes left there goes too.
Result<PartFile> temporary_file() {
  std::error_code error;
  return PartFile::create(fs::temp_directory_path(error) / "edgewise-agent");
}

/// A file for what the agent writes to standard error: a crash explains itself there. Without one the agent writes to
/// this program's standard error.
class ErrorLog {
 public:
  [[nodiscard]] fs::path path() const { return file_ ? file_->path() : fs::path(); }
  /// The last line that says something, shortened; "" when there is none.
  [[nodiscard]] std::string last_words() const {
    if (path().empty()) return {};
    auto text = read_file(path(), std::size_t{1} << 20).value_or("");
    const auto end = text.find_last_not_of(" \r\n");
    if (end == std::string::npos) return {};
    const auto begin = text.rfind('\n', end);
    text = text.substr(begin == std::string::npos ? 0 : begin + 1, end - (begin == std::string::npos ? -1 : begin));
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    return text.size() > 200 ? text.substr(0, 200) + "..." : text;
  }

 private:
  Result<PartFile> file_ = temporary_file();
};

Result<fs::path> find_agent(const fs::path& given) {
  if (!given.empty()) return given;
  std::error_code error;
  const fs::path beside = program_folder() / "edgewise-agent";
  if (fs::exists(beside, error)) return beside;
  if (const char* named = std::getenv("EDGEWISE_AGENT"); named && *named) return fs::path(named);
  return fail(ErrorCode::unavailable, std::format("there is no program \"{}\"", beside.string()),
              "build the target edgewise-agent, or name the program in EDGEWISE_AGENT");
}

/// One conversation with one agent process. After an error of the agent itself the conversation is over.
class Conversation {
 public:
  static Result<std::unique_ptr<Conversation>> start(const fs::path& agent, std::string model, const Waiting& waiting) {
    auto made = std::unique_ptr<Conversation>(new Conversation(std::move(model), waiting));
    TRY(auto child, ChildProcess::start({agent.string()}, {.error_log = made->log_.path(), .own_group = true}));
    made->child_.emplace(std::move(child));
    return made;
  }

  /// Sends a request and waits for its answer until `deadline`. `doing` is what the agent does meanwhile: "loading".
  Result<Json> ask(const Json& request, Clock::time_point deadline, const std::string& doing) {
    const auto wait = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now());
    if (wait <= Milliseconds::zero()) return died(doing, "no time was left", true);
    if (const auto sent = child_->write_line(dump(request)); !sent) return died(doing, sent.error().message, false);
    const auto line = wait_for_line(deadline, doing);
    if (!line) return died(doing, line.error().message, !child_->poll() && Clock::now() + rounding >= deadline);
    const auto answer = parse_json(*line, "answer");
    if (!answer) return died(doing, "the agent answered with something that is not JSON", false);
    auto result = agent::read_answer(*answer);
    if (!result) return fail_with(result.error(), std::format("{} \"{}\"", doing, model_));
    return result;
  }

 private:
  Conversation(std::string model, const Waiting& waiting) : model_(std::move(model)), waiting_(waiting) {}

  /// The agent's next line; `waiting_` hears now and then that there is none yet.
  Result<std::string> wait_for_line(Clock::time_point deadline, const std::string& doing) {
    const auto begin = Clock::now();
    const std::chrono::duration<double> limit = deadline - begin;
    for (;;) {
      const auto asked = Clock::now();
      const auto wait = std::clamp(std::chrono::ceil<Milliseconds>(deadline - asked), Milliseconds::zero(), patience);
      auto line = child_->read_line(wait);
      if (line || Clock::now() - asked + rounding < wait || child_->poll()) return line;
      const std::chrono::duration<double> passed = Clock::now() - begin;
      if (Clock::now() + rounding >= deadline)
        return fail(ErrorCode::unavailable, std::format("no answer within {:.1f} s", limit.count()));
      if (waiting_)
        waiting_(std::format("{} \"{}\": {:.0f} s of {:.0f} s at most", doing, model_, passed.count(), limit.count()));
    }
  }

  std::unexpected<Error> died(const std::string& doing, std::string reason, bool is_timeout) {
    child_->kill();
    const std::string words = log_.last_words();
    if (!words.empty()) reason += std::format(" (\"{}\")", words);
    return fail(ErrorCode::unavailable, std::format("{} \"{}\": {}", doing, model_, reason),
                is_timeout ? "allow a longer \"timeout_s\" or choose a smaller model" : "");
  }

  ErrorLog log_;
  std::optional<ChildProcess> child_;
  std::string model_;
  const Waiting& waiting_;
};

Status check(const MeasureOptions& options) {
  const auto refuse = [](const char* name, double value, const char* range) {
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

class LocalDevice final : public Device {
 public:
  LocalDevice(fs::path agent, Waiting waiting) : agent_(std::move(agent)), waiting_(std::move(waiting)) {}

  [[nodiscard]] std::string name() const override { return "local"; }

  Result<Measurement> measure(const fs::path& onnx, const MeasureOptions& options) override {
    TRY_DO(check(options));
    TRY(const fs::path agent, find_agent(agent_));
    TRY(const fs::path model, find_model(onnx));
    const auto quiet = QuietMachine::enter();
    if (!quiet) return std::unexpected(quiet.error());
    const auto begin = Clock::now();
    const auto deadline =
        begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.timeout_s));
    auto first = measure_once(agent, model, options, deadline);
    if (!first) return blamed(std::move(first).error(), [&] { return runs_control(agent, options); });
    Measurement best = std::move(*first);
    const auto each = Clock::now() - begin;
    int attempts = 1;
    for (; best.disturbed && attempts < most_attempts && Clock::now() + 2 * each < deadline; ++attempts) {
      std::this_thread::sleep_for(pause_between);
      const auto again = measure_once(agent, model, options, deadline);
      if (!again) break;  // the first measurement stands, with its flag
      // Disturbances only ever add time: of several disturbed measurements the fastest was disturbed least.
      if (!again->disturbed || again->latency_ms < best.latency_ms) best = *again;
    }
    if (best.disturbed && attempts > 1)
      best.disturbance += std::format("; the least disturbed of {} measurements", attempts);
    return best;
  }

  Result<std::vector<float>> infer(const fs::path& onnx, const std::vector<float>& inputs) override {
    TRY(const fs::path agent, find_agent(agent_));
    TRY(const fs::path model, find_model(onnx));
    auto outputs = infer_by(agent, model, inputs, waiting_);
    if (!outputs) return blamed(std::move(outputs).error(), [&] { return infers_control(agent); });
    return outputs;
  }

 private:
  static Result<std::vector<float>> infer_by(const fs::path& agent, const fs::path& model,
                                             const std::vector<float>& inputs, const Waiting& waiting = {}) {
    TRY(const auto conversation, Conversation::start(agent, model.filename().string(), waiting));
    const auto deadline = [] {
      return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(infer_timeout_s));
    };
    TRY(const Json loaded, conversation->ask({{"do", "load"}, {"model", model.string()}}, deadline(), "loading"));
    TRY(const std::size_t each, input_elements(loaded));
    if (inputs.size() % each != 0)
      return invalid(std::format("{} numbers are not a multiple of the {} of one input of \"{}\"", inputs.size(), each,
                                 model.filename().string()));
    if (each > agent::max_line_numbers)
      return invalid(std::format("an input of {} numbers is more than the {} that can be sent to the agent", each,
                                 agent::max_line_numbers),
                     "choose a smaller input size");
    // A few inputs a line: a model may give more numbers than it takes.
    const std::size_t a_line = std::max<std::size_t>(1, agent::max_line_numbers / 8 / each);
    std::vector<float> outputs;
    for (std::size_t done = 0; done < inputs.size();) {
      const std::size_t count = std::min(a_line * each, inputs.size() - done);
      const Json request{{"do", "infer"}, {"data", agent::encode_floats(std::span(inputs).subspan(done, count))}};
      TRY(const Json answer, conversation->ask(request, deadline(), "running"));
      const auto data = answer.find("data");
      if (data == answer.end() || !data->is_string())
        return fail(ErrorCode::unavailable, "the agent's answer has no outputs", "use the agent of this version");
      TRY(const auto part, agent::decode_floats(data->get_ref<const std::string&>()));
      outputs.insert(outputs.end(), part.begin(), part.end());
      done += count;
    }
    return outputs;
  }

  /// By an agent of its own, so that the peak of memory is this model's.
  Result<Measurement> measure_once(const fs::path& agent, const fs::path& model, const MeasureOptions& options,
                                   Clock::time_point deadline) const {
    TRY(const auto conversation, Conversation::start(agent, model.filename().string(), waiting_));
    const Json load{{"do", "load"},
                    {"model", model.string()},
                    {"provider", options.provider},
                    {"threads", options.threads},
                    {"urgent", true}};
    TRY_DO(conversation->ask(load, deadline, "loading").transform([](const Json&) {}));
    const Json request{{"do", "measure"},
                       {"min_runs", options.min_runs},
                       {"max_runs", options.max_runs},
                       {"max_seconds", options.max_seconds}};
    TRY(const Json answer, conversation->ask(request, deadline, "measuring"));
    auto measurement = measurement_from_json(answer);
    if (!measurement)
      return fail(ErrorCode::unavailable, "the agent's answer is no measurement: " + measurement.error().message);
    measurement->device = name();
    return measurement;
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
    error.message += std::format("; nor does the agent run a network of one ReLU ({})", control.error().message);
    error.next = "see to the agent, the provider and this machine's memory: no model can be run";
    return std::unexpected(std::move(error));
  }

  /// A file with the control, which goes with the result. @error when it cannot be written, for whatever reason
  static Result<PartFile> control_file() {
    TRY(PartFile file, temporary_file());
    TRY_DO(file.write(control_bytes));
    return file;
  }

  Status runs_control(const fs::path& agent, MeasureOptions options) const {
    TRY(const PartFile file, control_file());
    options.min_runs = options.max_runs = 5;
    options.max_seconds = 0.05;
    const auto deadline =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(control_timeout_s));
    return measure_once(agent, file.path(), options, deadline).transform([](const Measurement&) {});
  }

  static Status infers_control(const fs::path& agent) {
    TRY(const PartFile file, control_file());
    TRY(const auto outputs, infer_by(agent, file.path(), {-1, 0, 1, 2}));
    if (outputs != std::vector<float>{0, 0, 1, 2}) return fail(ErrorCode::unavailable, "its outputs are wrong");
    return {};
  }

  static Result<std::size_t> input_elements(const Json& loaded) {
    const auto shape = loaded.find("input");
    std::int64_t elements = shape != loaded.end() && shape->is_array() ? 1 : 0;
    if (elements == 1)
      for (const Json& extent : *shape) {
        const bool fits = extent.is_number_integer() && extent > 0 && extent < (1 << 28);
        elements = fits && elements < (1 << 30) ? elements * extent.get<std::int64_t>() : 0;
      }
    if (elements <= 0)
      return fail(ErrorCode::unavailable, "the agent's answer has no input shape", "use the agent of this version");
    return static_cast<std::size_t>(elements);
  }

  fs::path agent_;
  Waiting waiting_;
};

}  // namespace

std::unique_ptr<Device> make_local_device(const fs::path& agent, const Waiting& waiting) {
  return std::make_unique<LocalDevice>(agent, waiting);
}

}  // namespace edgewise::device
