#include "agent/session.hpp"

#include <fcntl.h>
#include <onnxruntime_cxx_api.h>
#include <onnxruntime_session_options_config_keys.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <format>
#include <optional>

#include "agent/external_data.hpp"
#include "agent/machine.hpp"
#include "agent/wire.hpp"

namespace edgewise::agent {

namespace {

constexpr std::int64_t max_input_elements = std::int64_t{1} << 28;

/// Standard error goes nowhere while this lives.
class SilentErrors {
 public:
  SilentErrors() : kept_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) {
      ::dup2(nowhere, STDERR_FILENO);
      ::close(nowhere);
    }
  }
  ~SilentErrors() {
    if (kept_ < 0) return;
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
  }
  SilentErrors(const SilentErrors&) = delete;
  SilentErrors& operator=(const SilentErrors&) = delete;

 private:
  int kept_;
};

/// The smallest model: y = x, one number, opset 17.
constexpr std::array<unsigned char, 65> identity_model{
    0x08, 0x08, 0x3a, 0x37, 0x0a, 0x10, 0x0a, 0x01, 0x78, 0x12, 0x01, 0x79, 0x22, 0x08, 0x49, 0x64, 0x65,
    0x6e, 0x74, 0x69, 0x74, 0x79, 0x12, 0x01, 0x67, 0x5a, 0x0f, 0x0a, 0x01, 0x78, 0x12, 0x0a, 0x0a, 0x08,
    0x08, 0x01, 0x12, 0x04, 0x0a, 0x02, 0x08, 0x01, 0x62, 0x0f, 0x0a, 0x01, 0x79, 0x12, 0x0a, 0x0a, 0x08,
    0x08, 0x01, 0x12, 0x04, 0x0a, 0x02, 0x08, 0x01, 0x42, 0x04, 0x0a, 0x00, 0x10, 0x11};

/// The runtime allows one environment a process; it is made on first use and lives as long as the process.
/// Debian's runtime and its shared libonnx both register the operators, which prints some 570 messages; part of that
/// happens only with the first session, and takes 0.4 s that no model should be blamed for. So a first session is made
/// here too.
Ort::Env& environment() {
  static Ort::Env env = [] {
    const SilentErrors silent;
    Ort::Env made(ORT_LOGGING_LEVEL_FATAL, "edgewise-agent");
    Ort::SessionOptions options;
    options.SetIntraOpNumThreads(1);
    const Ort::Session first(made, identity_model.data(), identity_model.size(), options);
    return made;
  }();
  return env;
}

Ort::SessionOptions session_options(const LoadOptions& options) {
  Ort::SessionOptions made;
  made.SetGraphOptimizationLevel(GraphOptimizationLevel::ORT_ENABLE_ALL);
  made.SetExecutionMode(ExecutionMode::ORT_SEQUENTIAL);
  made.SetInterOpNumThreads(1);
  made.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);
  const bool is_xnnpack = options.provider == "xnnpack";
  // XNNPACK brings a thread pool of its own; two pools of spinning threads would fight for the processors.
  made.SetIntraOpNumThreads(is_xnnpack ? 1 : options.threads);
  made.AddConfigEntry(kOrtSessionOptionsConfigAllowIntraOpSpinning, is_xnnpack && options.threads > 1 ? "0" : "1");
  if (is_xnnpack) made.AppendExecutionProvider("XNNPACK", {{"intra_op_num_threads", std::to_string(options.threads)}});
  if (!is_xnnpack && options.threads > 1) {
    std::string affinities;  // of the threads after the first, counted from 1
    for (int i = 1; i < options.threads; ++i)
      affinities += std::format("{}{}", i > 1 ? ";" : "", options.processors[static_cast<std::size_t>(i)] + 1);
    made.AddConfigEntry(kOrtSessionOptionsConfigIntraOpThreadAffinities, affinities.c_str());
  }
  return made;
}

/// Shape of the one input of a model, with an open batch as 1.
Result<std::vector<std::int64_t>> input_shape_of(const Ort::Session& session) {
  if (session.GetInputCount() != 1)
    return invalid(
        std::format("the model has {} inputs, but only models of one input can be run", session.GetInputCount()));
  if (session.GetOutputCount() < 1) return invalid("the model has no output");
  const auto type = session.GetInputTypeInfo(0);
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) return invalid("the model's input is not a tensor");
  const auto tensor = type.GetTensorTypeAndShapeInfo();
  if (tensor.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
    return invalid("the model's input is not of 32-bit floats");
  auto shape = tensor.GetShape();
  if (!shape.empty() && shape[0] < 0) shape[0] = 1;
  std::int64_t elements = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 1) return invalid("the model's input has an open axis", "export it with a fixed input size");
    if (extent > max_input_elements || (elements *= extent) > max_input_elements)
      return invalid(std::format("the model's input has more than {} numbers", max_input_elements));
  }
  return shape;
}

/// The runtime's message in one line of bounded length.
std::string reason(const Ort::Exception& e) {
  std::string text = e.what();
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  if (text.size() > 300) text = text.substr(0, 300) + "...";
  return text;
}

}  // namespace

struct Session::State {
  std::optional<Ort::Session> session;
  Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  std::vector<std::int64_t> shape;
  std::vector<float> input;
  Ort::Value input_value{nullptr};
  std::string input_name, output_name, precision = "fp32";
  std::vector<Ort::Value> outputs;
  std::int64_t model_bytes = 0;
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::load(const std::filesystem::path& model, const LoadOptions& options) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(model, error))
    return fail(ErrorCode::not_found, std::format("there is no model file \"{}\"", model.string()), "check the path");
  const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(model, error));
  if (error || bytes > max_model_bytes)
    return invalid(
        std::format("\"{}\" has {} bytes, more than the {} of an ONNX file", model.string(), bytes, max_model_bytes));
  const auto known = providers();
  if (std::ranges::find(known, options.provider) == known.end()) {
    const auto near = nearest_word(options.provider, known);
    return invalid(std::format("provider \"{}\" is not there, only {}", options.provider, quoted_list(known)),
                   near.empty() ? "" : std::format("did you mean \"{}\"?", near));
  }
  if (const auto safe = check_external_data(model); !safe)
    return fail_with(safe.error(), std::format("the agent does not accept \"{}\"", model.filename().string()));
  try {
    auto state = std::make_unique<State>();
    state->model_bytes = bytes;
    state->session.emplace(environment(), model.c_str(), session_options(options));
    TRY(state->shape, input_shape_of(*state->session));
    Ort::AllocatorWithDefaultOptions allocator;
    state->input_name = state->session->GetInputNameAllocated(0, allocator).get();
    state->output_name = state->session->GetOutputNameAllocated(0, allocator).get();
    const auto metadata = state->session->GetModelMetadata();
    if (const auto precision = metadata.LookupCustomMetadataMapAllocated("precision", allocator))
      state->precision = precision.get();
    std::size_t elements = 1;
    for (const std::int64_t extent : state->shape) elements *= static_cast<std::size_t>(extent);
    state->input.resize(elements);
    state->input_value = Ort::Value::CreateTensor<float>(state->memory, state->input.data(), state->input.size(),
                                                         state->shape.data(), state->shape.size());
    state->outputs.emplace_back(nullptr);
    return Session(std::move(state));
  } catch (const Ort::Exception& e) {
    return invalid(std::format("the runtime does not accept \"{}\": {}", model.filename().string(), reason(e)),
                   "export the model again");
  } catch (const std::bad_alloc&) {
    return invalid(std::format("\"{}\" needs more memory than this machine has", model.filename().string()),
                   "choose a smaller model");
  } catch (const std::exception& e) {
    return invalid(std::format("the runtime does not accept \"{}\": {}", model.filename().string(), e.what()));
  }
}

const std::vector<std::int64_t>& Session::input_shape() const {
  return state_->shape;
}
std::int64_t Session::input_elements() const {
  return static_cast<std::int64_t>(state_->input.size());
}
std::int64_t Session::model_bytes() const {
  return state_->model_bytes;
}
const std::string& Session::precision() const {
  return state_->precision;
}

Status Session::set_input(std::span<const float> values) {
  if (values.size() != state_->input.size())
    return invalid(std::format("an input of this model has {} numbers, not {}", state_->input.size(), values.size()));
  std::ranges::copy(values, state_->input.begin());
  return {};
}

Status Session::run() {
  const char* input_name = state_->input_name.c_str();
  const char* output_name = state_->output_name.c_str();
  try {
    state_->outputs[0] = Ort::Value{nullptr};
    state_->session->Run(Ort::RunOptions{nullptr}, &input_name, &state_->input_value, 1, &output_name,
                         state_->outputs.data(), 1);
    return {};
  } catch (const Ort::Exception& e) {
    return invalid(std::format("the runtime cannot run the model: {}", reason(e)), "export the model again");
  } catch (const std::exception& e) {
    return invalid(std::format("the runtime cannot run the model: {}", e.what()));
  }
}

Result<std::vector<float>> Session::output() const {
  try {
    const Ort::Value& value = state_->outputs[0];
    if (!value.IsTensor() || value.GetTensorTypeAndShapeInfo().GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
      return invalid("the model's first output is not a tensor of 32-bit floats");
    const auto* data = value.GetTensorData<float>();
    return std::vector<float>(data, data + value.GetTensorTypeAndShapeInfo().GetElementCount());
  } catch (const std::exception& e) {
    return invalid(std::format("the model's output cannot be read: {}", e.what()));
  }
}

Status start_runtime() {
  try {
    environment();
    return {};
  } catch (const std::exception& e) {
    return fail(ErrorCode::unavailable, std::format("ONNX Runtime cannot start: {}", e.what()));
  }
}

std::string runtime_version() {
  return "onnxruntime " + Ort::GetVersionString();
}

std::vector<std::string> providers() {
  std::vector<std::string> found;
  for (const std::string& name : Ort::GetAvailableProviders()) {
    if (name == "CPUExecutionProvider") found.emplace_back("cpu");
    if (name == "XnnpackExecutionProvider") found.emplace_back("xnnpack");
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace edgewise::agent
