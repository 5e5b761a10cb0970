#include "agent/protocol.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <format>
#include <set>

#include "agent/machine.hpp"
#include "agent/timing.hpp"
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

/// The same numbers in every measurement: how fast some kernels run depends on their input.
Tensor random_input(const TensorType& input) {
  auto random = RandomStream::named(1, "measurement input");
  Tensor tensor{.name = input.name, .dtype = input.dtype, .shape = {}, .bytes = {}};
  std::size_t elements = 1;
  for (const auto& extent : input.shape) {
    tensor.shape.push_back(extent.value_or(1));
    elements *= static_cast<std::size_t>(tensor.shape.back());
  }
  tensor.bytes.resize(elements * bytes_each(input.dtype));
  if (input.dtype == Dtype::float32) {
    for (std::size_t i = 0; i < elements; ++i) {
      const auto value = static_cast<float>(random.normal());
      std::memcpy(tensor.bytes.data() + i * sizeof value, &value, sizeof value);
    }
  } else if (input.dtype == Dtype::float64) {
    for (std::size_t i = 0; i < elements; ++i) {
      const double value = random.normal();
      std::memcpy(tensor.bytes.data() + i * sizeof value, &value, sizeof value);
    }
  } else if (bytes_each(input.dtype) == 1 && input.dtype != Dtype::boolean) {
    for (char& byte : tensor.bytes) byte = static_cast<char>(random.below(256));
  }
  // All others stay 0: wide integers are places in something else, where 0 always is one.
  return tensor;
}

/// Of the versions that a device speaks the one that this agent speaks too.
Status agree_on_version(const Json& request) {
  const auto offered = request.find("protocols");
  if (offered == request.end()) return {};
  if (!offered->is_array()) return invalid("\"protocols\" is not a list of versions");
  std::string versions;
  for (const Json& version : *offered) {
    if (version == protocol_version) return {};
    versions += std::format("{}{}", versions.empty() ? "" : ", ", dump(version).substr(0, 20));
    if (versions.size() > 200) break;
  }
  return fail(ErrorCode::unavailable,
              std::format("the agent speaks version {} of the protocol, the device only {}", protocol_version,
                          versions.empty() ? "none" : versions),
              "use the agent and the device of one version");
}

Message message_of(Json fields) {
  return {.fields = std::move(fields), .tensors = {}};
}

}  // namespace

Agent::Agent() : processors_(usable_processors()) {}

Message Agent::answer(const Message& request) {
  try {
    auto result = obey(request);
    if (!result) return message_of(error_answer(result.error()));
    Json good{{"ok", true}};
    good.update(result->fields);
    result->fields = std::move(good);
    return *std::move(result);
  } catch (const std::exception& e) {
    return message_of(error_answer({.code = ErrorCode::unavailable, .message = e.what(), .where = {}, .next = {}}));
  }
}

Result<Message> Agent::obey(const Message& message) {
  const Json& request = message.fields;
  if (!request.is_object()) return invalid("a request is a JSON object", "send {\"do\": \"hello\"}");
  TRY(const std::string command, text_field(request, "do"));
  if (std::ranges::find(commands, command) == commands.end()) {
    const auto near = nearest_word(command, commands);
    return invalid(std::format("command \"{}\" is not one of {}", command, quoted_list(commands)),
                   near.empty() ? "" : std::format("did you mean \"{}\"?", near));
  }
  if (command == "hello") return hello(request);
  if (!is_greeted_)
    return fail(ErrorCode::unavailable,
                std::format("the agent speaks version {} of the protocol, which begins with \"hello\"; a device that "
                            "sends \"{}\" first speaks version 1",
                            protocol_version, command),
                "use the agent and the device of one version");
  if (command == "load") return load(request);
  if (command == "measure") return measure(request);
  if (command == "infer") return infer(message);
  if (command == "unload") return unload();
  is_finished_ = true;
  return message_of(Json::object());
}

Result<Message> Agent::hello(const Json& request) {
  TRY_DO(agree_on_version(request));
  is_greeted_ = true;
  return message_of({{"agent", "edgewise-agent"},
                     {"protocol", protocol_version},
                     {"runtime", runtime_version()},
                     {"providers", providers()},
                     {"processor", processor_name()},
                     {"processors", processors_.size()},
                     {"clock", clock_text(processors_[0])}});
}

Result<Message> Agent::load(const Json& request) {
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
  const Session& model_now = loaded_->session;
  return message_of({{"load_ms", load_ms},
                     {"model_bytes", model_now.model_bytes()},
                     {"inputs", to_json(model_now.inputs())},
                     {"outputs", to_json(model_now.outputs())},
                     {"precision", model_now.precision()}});
}

Result<Message> Agent::measure(const Json& request) {
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
  for (const TensorType& input : session.inputs()) TRY_DO(session.set_input(random_input(input)));
  TRY(Timing timing, time_runs([&] { return session.run(); }, options, conditions.processors));
  timing.is_thread_always_busy =
      conditions.provider == "cpu" || conditions.threads == 1;  // XNNPACK's pool does not spin
  const Spread spread = spread_of(timing.runs_ms);
  const std::string reasons = disturbance(timing);
  return message_of({{"latency_ms", spread.median},
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
                     {"clock", clock_text(conditions.processors[0])}});
}

Result<Message> Agent::infer(const Message& request) {
  if (!loaded_) return nothing_loaded();
  Session& session = loaded_->session;
  std::set<std::string> given;
  for (const Tensor& tensor : request.tensors) {
    TRY_DO(session.set_input(tensor));
    if (!given.insert(tensor.name).second) return invalid(std::format("the input \"{}\" is given twice", tensor.name));
  }
  for (const TensorType& input : session.inputs())
    if (!given.contains(input.name)) return invalid(std::format("the input \"{}\" is not given", input.name));
  TRY_DO(session.run());
  Message answer;
  TRY(answer.tensors, session.read_outputs());
  return answer;
}

Result<Message> Agent::unload() {
  if (!loaded_) return nothing_loaded();
  loaded_.reset();
  TRY_DO(pin_to(processors_));
  return message_of(Json::object());
}

namespace {

bool write_all(int output, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(output, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

std::string answer_frame(Agent& agent, const Result<Message>& request) {
  auto frame = to_frame(request ? agent.answer(*request) : message_of(error_answer(request.error())));
  if (!frame) frame = to_frame(message_of(error_answer(frame.error())));
  EDGEWISE_ASSERT(frame, "a frame without tensors is never too large");
  return *std::move(frame);
}

}  // namespace

int converse(int input, int output) {
  Agent agent;
  FrameReader reader;
  std::vector<char> chunk(std::size_t{1} << 16);
  while (!agent.is_finished() && !reader.is_lost()) {
    const ssize_t got = ::read(input, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0 ? 0 : 1;
    reader.add({chunk.data(), static_cast<std::size_t>(got)});
    while (!agent.is_finished()) {
      const auto request = reader.next();
      if (!request) break;
      if (!write_all(output, answer_frame(agent, *request))) return 1;
    }
  }
  return agent.is_finished() ? 0 : 1;
}

}  // namespace edgewise::agent
