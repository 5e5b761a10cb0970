#include "agent/protocol.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <format>

#include "agent/machine.hpp"
#include "agent/timing.hpp"
#include "agent/wire.hpp"
#include "base/random.hpp"

namespace edgewise::agent {

namespace {

const std::vector<std::string> commands{"hello", "load", "measure", "infer", "unload", "quit"};

Result<std::string> text_field(const Json& request, const char* name, std::optional<std::string> otherwise = {}) {
  const auto found = request.find(name);
  if (found == request.end() && otherwise) return *otherwise;
  if (found == request.end() || !found->is_string())
    return invalid(std::format("the request needs \"{}\", a text", name));
  return found->get<std::string>();
}

Result<double> number_field(const Json& request, const char* name, double otherwise, double low, double high) {
  const auto found = request.find(name);
  if (found == request.end()) return otherwise;
  if (!found->is_number()) return invalid(std::format("\"{}\" is not a number", name));
  const auto value = found->get<double>();
  if (!(value >= low && value <= high))
    return invalid(std::format("\"{}\" {} is not within {} .. {}", name, value, low, high));
  return value;
}

Result<int> integer_field(const Json& request, const char* name, int otherwise, int low, int high) {
  TRY(const double value, number_field(request, name, otherwise, low, high));
  if (value != std::floor(value)) return invalid(std::format("\"{}\" {} is not an integer", name, value));
  return static_cast<int>(value);
}

Result<bool> flag_field(const Json& request, const char* name) {
  const auto found = request.find(name);
  if (found == request.end()) return false;
  if (!found->is_boolean()) return invalid(std::format("\"{}\" is not true or false", name));
  return found->get<bool>();
}

std::unexpected<Error> nothing_loaded() {
  return invalid("no model is loaded", "send \"load\" first");
}

/// Normal numbers, the same in every measurement: how fast some kernels run depends on their input.
std::vector<float> random_input(std::int64_t elements) {
  auto random = RandomStream::named(1, "measurement input");
  std::vector<float> values(static_cast<std::size_t>(elements));
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

}  // namespace

Agent::Agent() : processors_(usable_processors()) {}

std::string Agent::answer(std::string_view line) {
  try {
    auto request = parse_json(line, "request");
    if (!request) return dump(error_answer(request.error()));
    auto result = obey(*request);
    if (!result) return dump(error_answer(result.error()));
    Json good{{"ok", true}};
    good.update(*result);
    return dump(good);
  } catch (const std::exception& e) {
    return dump(error_answer({.code = ErrorCode::unavailable, .message = e.what(), .where = {}, .next = {}}));
  }
}

Result<Json> Agent::obey(const Json& request) {
  if (!request.is_object()) return invalid("a request is a JSON object", "send {\"do\": \"hello\"}");
  TRY(const std::string command, text_field(request, "do"));
  if (command == "hello") return hello();
  if (command == "load") return load(request);
  if (command == "measure") return measure(request);
  if (command == "infer") return infer(request);
  if (command == "unload") return unload();
  if (command == "quit") {
    is_finished_ = true;
    return Json::object();
  }
  const auto near = nearest_word(command, commands);
  return invalid(std::format("command \"{}\" is not one of {}", command, quoted_list(commands)),
                 near.empty() ? "" : std::format("did you mean \"{}\"?", near));
}

Result<Json> Agent::hello() const {
  return Json{{"agent", "edgewise-agent"},          {"protocol", protocol_version},  {"runtime", runtime_version()},
              {"providers", providers()},           {"processor", processor_name()}, {"processors", processors_.size()},
              {"clock", clock_text(processors_[0])}};
}

Result<Json> Agent::load(const Json& request) {
  TRY(const std::string model, text_field(request, "model"));
  LoadOptions options;
  TRY(options.provider, text_field(request, "provider", "cpu"));
  TRY(options.threads, integer_field(request, "threads", 1, 1, 1024));
  if (options.threads > std::ssize(processors_))
    return invalid(std::format("\"threads\" {} is more than the {} processors this machine gives", options.threads,
                               processors_.size()));
  options.processors.assign(processors_.begin(), processors_.begin() + options.threads);
  loaded_.reset();
  // Threads that the provider starts by itself inherit this.
  TRY_DO(pin_to(options.processors));
  TRY_DO(start_runtime());
  TRY(const bool is_urgent, flag_field(request, "urgent"));
  if (is_urgent) raise_priority();  // before the runtime starts its threads, which inherit it
  const bool is_reset = reset_peak_memory();
  const std::int64_t memory_before = is_reset ? resident_bytes() : peak_resident_bytes();
  const auto begin = std::chrono::steady_clock::now();
  TRY(Session session, Session::load(model, options));
  const double load_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  loaded_.emplace(std::move(session), options, load_ms, memory_before);
  return Json{{"load_ms", load_ms},
              {"model_bytes", loaded_->session.model_bytes()},
              {"input", loaded_->session.input_shape()},
              {"precision", loaded_->session.precision()}};
}

Result<Json> Agent::measure(const Json& request) {
  if (!loaded_) return nothing_loaded();
  TimingOptions options;
  TRY(options.min_runs, integer_field(request, "min_runs", options.min_runs, 1, 1'000'000));
  TRY(options.max_runs, integer_field(request, "max_runs", options.max_runs, 1, 1'000'000));
  TRY(options.max_seconds, number_field(request, "max_seconds", options.max_seconds, 0.001, 3600));
  if (options.min_runs > options.max_runs)
    return invalid(std::format("\"min_runs\" {} is more than \"max_runs\" {}", options.min_runs, options.max_runs));
  Session& session = loaded_->session;
  const LoadOptions& conditions = loaded_->options;
  TRY_DO(pin_to({conditions.processors[0]}));
  TRY_DO(session.set_input(random_input(session.input_elements())));
  TRY(Timing timing, time_runs([&] { return session.run(); }, options, conditions.processors));
  timing.is_thread_always_busy =
      conditions.provider == "cpu" || conditions.threads == 1;  // XNNPACK's pool does not spin
  const Spread spread = spread_of(timing.runs_ms);
  const std::string reasons = disturbance(timing);
  return Json{{"latency_ms", spread.median},
              {"p90_ms", spread.p90},
              {"p99_ms", spread.p99},
              {"min_ms", spread.min},
              {"spread_ms", spread.mad},
              {"runs", timing.runs_ms.size()},
              {"warmup_runs", timing.warmup_runs},
              {"load_ms", loaded_->load_ms},
              {"peak_memory_bytes", std::max<std::int64_t>(0, peak_resident_bytes() - loaded_->memory_before)},
              {"model_bytes", session.model_bytes()},
              {"disturbed", !reasons.empty()},
              {"disturbance", reasons},
              {"processor", processor_name()},
              {"provider", conditions.provider},
              {"precision", session.precision()},
              {"runtime", runtime_version()},
              {"threads", conditions.threads},
              {"clock", clock_text(conditions.processors[0])}};
}

Result<Json> Agent::infer(const Json& request) {
  if (!loaded_) return nothing_loaded();
  TRY(const std::string text, text_field(request, "data"));
  TRY(const std::vector<float> inputs, decode_floats(text));
  Session& session = loaded_->session;
  const auto each = static_cast<std::size_t>(session.input_elements());
  if (inputs.empty() || inputs.size() % each != 0)
    return invalid(std::format("\"data\" has {} numbers, not a multiple of the {} of one input", inputs.size(), each));
  std::vector<float> outputs;
  for (std::size_t i = 0; i < inputs.size(); i += each) {
    TRY_DO(session.set_input(std::span(inputs).subspan(i, each)));
    TRY_DO(session.run());
    TRY(const std::vector<float> output, session.output());
    if (outputs.size() + output.size() > max_line_numbers)
      return invalid(std::format("the outputs have more than the {} numbers of one answer", max_line_numbers),
                     "send fewer inputs at once");
    outputs.insert(outputs.end(), output.begin(), output.end());
  }
  return Json{{"inputs", inputs.size() / each}, {"data", encode_floats(outputs)}};
}

Result<Json> Agent::unload() {
  if (!loaded_) return nothing_loaded();
  loaded_.reset();
  TRY_DO(pin_to(processors_));
  return Json::object();
}

namespace {

bool write_answer(int output, std::string text) {
  text += '\n';
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t put = ::write(output, text.data() + done, text.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    done += static_cast<std::size_t>(put);
  }
  return true;
}

}  // namespace

int converse(int input, int output) {
  Agent agent;
  std::string line;
  bool is_too_long = false;
  std::vector<char> chunk(std::size_t{1} << 16);
  while (!agent.is_finished()) {
    const ssize_t got = ::read(input, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0 ? 0 : 1;
    for (ssize_t i = 0; i < got && !agent.is_finished(); ++i) {
      const char c = chunk[static_cast<std::size_t>(i)];
      if (c != '\n') {
        if (line.size() < max_line_bytes)
          line += c;
        else
          is_too_long = true;
        continue;
      }
      const Error too_long{.message = std::format("the line is longer than {} bytes", max_line_bytes),
                           .next = "send fewer inputs at once"};
      if (!write_answer(output, is_too_long ? dump(error_answer(too_long)) : agent.answer(line))) return 1;
      line.clear();
      is_too_long = false;
    }
  }
  return 0;
}

}  // namespace edgewise::agent
