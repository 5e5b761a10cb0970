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

constexpr std::size_t max_input_elements = std::size_t{1} << 28;

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

constexpr std::array<std::pair<ONNXTensorElementDataType, Dtype>, 13> element_types{
    {{ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, Dtype::float32},
     {ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, Dtype::float64},
     {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, Dtype::float16},
     {ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, Dtype::bfloat16},
     {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, Dtype::int8},
     {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16, Dtype::int16},
     {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, Dtype::int32},
     {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, Dtype::int64},
     {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, Dtype::uint8},
     {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16, Dtype::uint16},
     {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32, Dtype::uint32},
     {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64, Dtype::uint64},
     {ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, Dtype::boolean}}};

std::optional<Dtype> dtype_of(ONNXTensorElementDataType type) {
  const auto found = std::ranges::find(element_types, type, &decltype(element_types)::value_type::first);
  return found == element_types.end() ? std::nullopt : std::optional(found->second);
}
ONNXTensorElementDataType element_type_of(Dtype dtype) {
  const auto found = std::ranges::find(element_types, dtype, &decltype(element_types)::value_type::second);
  EDGEWISE_ASSERT(found != element_types.end(), "every data type has one of the runtime");
  return found->first;
}

/// What an input or output is, with an open batch as 1. `kind` is "input" or "output".
Result<TensorType> type_of(std::string name, const Ort::TypeInfo& info, const char* kind) {
  if (info.GetONNXType() != ONNX_TYPE_TENSOR) return invalid(std::format("the model's {} is not a tensor", kind));
  const auto tensor = info.GetTensorTypeAndShapeInfo();
  const auto dtype = dtype_of(tensor.GetElementType());
  if (!dtype) return invalid(std::format("the model's {} is not of numbers", kind));
  TensorType type{.name = std::move(name), .dtype = *dtype, .shape = {}};
  for (const std::int64_t extent : tensor.GetShape())
    type.shape.push_back(extent < 0 ? std::nullopt : std::optional(extent));
  if (!type.shape.empty() && !type.shape[0]) type.shape[0] = 1;
  return type;
}

/// The shape of an input, of which nothing may be open.
Result<std::vector<std::int64_t>> input_shape(const TensorType& type) {
  std::vector<std::int64_t> shape;
  for (const auto& extent : type.shape) {
    if (!extent || *extent < 1)
      return invalid("the model's input has an open axis", "export it with a fixed input size");
    shape.push_back(*extent);
  }
  if (!elements_of(shape, max_input_elements))
    return invalid(std::format("the model's input has more than {} numbers", max_input_elements));
  return shape;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t extent : shape) text += std::format("{}{}", text.empty() ? "" : ", ", extent);
  return "(" + text + ")";
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
  std::vector<TensorType> inputs, outputs;
  std::vector<Tensor> held;  // for each input the memory that the runtime reads: complete before it learns the places
  std::vector<const char*> input_names, output_names;
  std::vector<Ort::Value> input_values, output_values;
  std::string precision = "fp32";
  std::int64_t model_bytes = 0;

  Status describe();
  Status hold_inputs();
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
    TRY_DO(state->describe());
    TRY_DO(state->hold_inputs());
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

Status Session::State::describe() {
  Ort::AllocatorWithDefaultOptions allocator;
  for (std::size_t i = 0; i < session->GetInputCount(); ++i) {
    TRY(TensorType type,
        type_of(session->GetInputNameAllocated(i, allocator).get(), session->GetInputTypeInfo(i), "input"));
    inputs.push_back(std::move(type));
  }
  for (std::size_t i = 0; i < session->GetOutputCount(); ++i) {
    TRY(TensorType type,
        type_of(session->GetOutputNameAllocated(i, allocator).get(), session->GetOutputTypeInfo(i), "output"));
    outputs.push_back(std::move(type));
  }
  if (inputs.empty()) return invalid("the model has no input");
  if (outputs.empty()) return invalid("the model has no output");
  const auto metadata = session->GetModelMetadata();
  if (const auto found = metadata.LookupCustomMetadataMapAllocated("precision", allocator)) precision = found.get();
  return {};
}

Status Session::State::hold_inputs() {
  for (const TensorType& input : inputs) {
    TRY(auto shape, input_shape(input));
    TRY(const std::size_t elements, elements_of(shape, max_input_elements));
    held.push_back({.name = input.name,
                    .dtype = input.dtype,
                    .shape = std::move(shape),
                    .bytes = std::string(elements * bytes_each(input.dtype), '\0')});
  }
  for (Tensor& tensor : held) {
    input_names.push_back(tensor.name.c_str());
    input_values.push_back(Ort::Value::CreateTensor(memory, tensor.bytes.data(), tensor.bytes.size(),
                                                    tensor.shape.data(), tensor.shape.size(),
                                                    element_type_of(tensor.dtype)));
  }
  for (const TensorType& output : outputs) {
    output_names.push_back(output.name.c_str());
    output_values.emplace_back(nullptr);
  }
  return {};
}

const std::vector<TensorType>& Session::inputs() const {
  return state_->inputs;
}
const std::vector<TensorType>& Session::outputs() const {
  return state_->outputs;
}
std::int64_t Session::model_bytes() const {
  return state_->model_bytes;
}
const std::string& Session::precision() const {
  return state_->precision;
}

Status Session::set_input(const Tensor& tensor) {
  const auto found = std::ranges::find(state_->held, tensor.name, &Tensor::name);
  if (found == state_->held.end()) {
    std::vector<std::string> names;
    for (const TensorType& input : state_->inputs) names.push_back(input.name);
    return invalid(std::format("the model has no input \"{}\", only {}", tensor.name, quoted_list(names)));
  }
  if (tensor.dtype != found->dtype || tensor.shape != found->shape || tensor.bytes.size() != found->bytes.size())
    return invalid(std::format("the input \"{}\" of this model is {} {}, not {} {}", found->name, to_text(found->dtype),
                               shape_text(found->shape), to_text(tensor.dtype), shape_text(tensor.shape)));
  std::ranges::copy(tensor.bytes, found->bytes.begin());
  return {};
}

Status Session::run() {
  try {
    for (Ort::Value& value : state_->output_values) value = Ort::Value{nullptr};
    state_->session->Run(Ort::RunOptions{nullptr}, state_->input_names.data(), state_->input_values.data(),
                         state_->input_values.size(), state_->output_names.data(), state_->output_values.data(),
                         state_->output_values.size());
    return {};
  } catch (const Ort::Exception& e) {
    return invalid(std::format("the runtime cannot run the model: {}", reason(e)), "export the model again");
  } catch (const std::exception& e) {
    return invalid(std::format("the runtime cannot run the model: {}", e.what()));
  }
}

Result<std::vector<Tensor>> Session::read_outputs() const {
  try {
    std::vector<Tensor> tensors;
    for (std::size_t i = 0; i < state_->outputs.size(); ++i) {
      const Ort::Value& value = state_->output_values[i];
      const std::string& name = state_->outputs[i].name;
      const bool is_tensor = value.IsTensor();
      const auto dtype = is_tensor ? dtype_of(value.GetTensorTypeAndShapeInfo().GetElementType()) : std::nullopt;
      if (!dtype) return invalid(std::format("the model's output \"{}\" is not a tensor of numbers", name));
      Tensor tensor{.name = name, .dtype = *dtype, .shape = value.GetTensorTypeAndShapeInfo().GetShape(), .bytes = {}};
      const std::size_t count = value.GetTensorTypeAndShapeInfo().GetElementCount();
      tensor.bytes.assign(static_cast<const char*>(value.GetTensorRawData()), count * bytes_each(*dtype));
      tensors.push_back(std::move(tensor));
    }
    return tensors;
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
