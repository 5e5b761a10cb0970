#include "agent/wire.hpp"

#include <format>

namespace edgewise::agent {

namespace {

constexpr std::size_t most_tensors = 4096;

constexpr std::array<std::pair<ErrorCode, std::string_view>, 6> code_names{{{ErrorCode::invalid_input, "invalid_input"},
                                                                            {ErrorCode::not_found, "not_found"},
                                                                            {ErrorCode::conflict, "conflict"},
                                                                            {ErrorCode::unavailable, "unavailable"},
                                                                            {ErrorCode::exhausted, "exhausted"},
                                                                            {ErrorCode::interrupted, "interrupted"}}};

/// How many bytes a line says that follow it.
std::optional<std::size_t> bytes_after(const Json& line) {
  const auto found = line.is_object() ? line.find("bytes") : line.end();
  if (found == line.end()) return 0;
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() > max_tensor_bytes) return std::nullopt;
  return found->get<std::size_t>();
}

Result<std::vector<std::int64_t>> shape_from_json(const Json& json) {
  std::vector<std::int64_t> shape;
  if (!json.is_array()) return invalid("a tensor's \"shape\" is not a list");
  for (const Json& extent : json) {
    if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > max_tensor_bytes)
      return invalid("an extent of a tensor's \"shape\" is not a whole number of at least 0");
    shape.push_back(extent.get<std::int64_t>());
  }
  return shape;
}

Result<Dtype> dtype_from_json(const Json& json) {
  const auto dtype = json.is_string() ? dtype_from_text(json.get_ref<const std::string&>()) : std::nullopt;
  if (!dtype) return invalid("a tensor's \"dtype\" is not a type of numbers such as \"float32\"");
  return *dtype;
}

/// A tensor without its bytes.
Result<Tensor> description_from_json(const Json& json) {
  if (!json.is_object() || !json.contains("name") || !json["name"].is_string() || !json.contains("dtype") ||
      !json.contains("shape"))
    return invalid("a tensor is {\"name\", \"dtype\", \"shape\"}");
  Tensor tensor{.name = json["name"].get<std::string>(), .dtype = Dtype::float32, .shape = {}, .bytes = {}};
  TRY(tensor.dtype, dtype_from_json(json["dtype"]));
  TRY(tensor.shape, shape_from_json(json["shape"]));
  return tensor;
}

/// The message of a whole frame. @error also when the tensors that the line names are not the bytes that follow it
Result<Message> message_of(Json line, std::string_view bytes) {
  Message message;
  const auto listed = line.is_object() ? line.find("tensors") : line.end();
  const std::size_t count = listed != line.end() && listed->is_array() ? listed->size() : 0;
  if (listed != line.end() && (!listed->is_array() || count > most_tensors))
    return invalid(std::format("\"tensors\" is not a list of at most {} tensors", most_tensors));
  std::size_t taken = 0;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(Tensor tensor, description_from_json((*listed)[i]));
    TRY(const std::size_t elements, elements_of(tensor.shape, max_tensor_bytes));
    const std::size_t size = elements * bytes_each(tensor.dtype);
    if (size > bytes.size() - taken)
      return invalid(std::format("the tensors have more than the {} bytes of their frame", bytes.size()));
    tensor.bytes = bytes.substr(taken, size);
    taken += size;
    message.tensors.push_back(std::move(tensor));
  }
  if (taken < bytes.size())
    return invalid(std::format("the tensors have {} bytes, but their frame has {}", taken, bytes.size()));
  if (line.is_object())
    for (const char* of_frame : {"bytes", "tensors"}) line.erase(of_frame);
  message.fields = std::move(line);
  return message;
}

}  // namespace

Result<std::string> to_frame(const Message& message) {
  Json line = message.fields;
  std::size_t bytes = 0;
  Json listed = Json::array();
  for (const Tensor& tensor : message.tensors) {
    listed.push_back({{"name", tensor.name}, {"dtype", to_text(tensor.dtype)}, {"shape", tensor.shape}});
    bytes += tensor.bytes.size();
  }
  if (bytes > max_tensor_bytes)
    return invalid(
        std::format("the tensors have {} bytes, more than the {} that can be sent at once", bytes, max_tensor_bytes),
        "choose a smaller input size");
  if (!message.tensors.empty()) {
    line["tensors"] = std::move(listed);
    line["bytes"] = bytes;
  }
  std::string frame = dump(line) + '\n';
  frame.reserve(frame.size() + bytes);
  for (const Tensor& tensor : message.tensors) frame += tensor.bytes;
  return frame;
}

void FrameReader::add(std::string_view bytes) {
  if (!is_lost_) buffer_ += bytes;
}

std::optional<Result<Message>> FrameReader::next() {
  if (is_lost_) return std::nullopt;
  return line_ ? take_tensors() : take_line();
}

std::optional<Result<Message>> FrameReader::take_line() {
  const std::size_t end = buffer_.find('\n', searched_);
  if (is_skipping_line_) {
    buffer_.erase(0, end == std::string::npos ? end : end + 1);
    is_skipping_line_ = end == std::string::npos;
    searched_ = 0;
    return is_skipping_line_ ? std::nullopt : take_line();
  }
  if (std::min(end, buffer_.size()) > max_line_bytes) {
    is_skipping_line_ = true;
    return invalid(std::format("the line is longer than {} bytes", max_line_bytes), "send fewer inputs at once");
  }
  searched_ = buffer_.size();
  if (end == std::string::npos) return std::nullopt;
  auto line = parse_json(std::string_view(buffer_).substr(0, end), "line");
  buffer_.erase(0, end + 1);
  searched_ = 0;
  if (!line) return std::unexpected(std::move(line).error());
  const auto bytes = bytes_after(*line);
  if (!bytes) {
    is_lost_ = true;
    buffer_.clear();
    return invalid(std::format("\"bytes\" is not a whole number within 0 .. {}", max_tensor_bytes));
  }
  line_ = std::move(*line);
  expected_ = *bytes;
  return take_tensors();
}

std::optional<Result<Message>> FrameReader::take_tensors() {
  if (buffer_.size() < expected_) return std::nullopt;
  auto message = message_of(*std::move(line_), std::string_view(buffer_).substr(0, expected_));
  line_.reset();
  buffer_.erase(0, expected_);
  searched_ = 0;
  return message;
}

Json error_answer(const Error& error) {
  std::string_view code = code_names[0].second;
  for (const auto& [known, name] : code_names)
    if (known == error.code) code = name;
  Json answer{{"ok", false}, {"error", {{"code", code}, {"message", error.message}}}};
  if (!error.next.empty()) answer["error"]["next"] = error.next;
  return answer;
}

Result<Json> read_answer(const Json& answer) {
  const auto malformed = [] { return fail(ErrorCode::unavailable, "the agent's answer is not of the protocol"); };
  if (!answer.is_object() || !answer.contains("ok") || !answer["ok"].is_boolean()) return malformed();
  if (answer["ok"].get<bool>()) return answer;
  if (!answer.contains("error") || !answer["error"].is_object()) return malformed();
  const auto text = [&](const char* key) {
    const auto found = answer["error"].find(key);
    return found != answer["error"].end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  Error error{.code = ErrorCode::unavailable, .message = text("message"), .where = {}, .next = text("next")};
  for (const auto& [code, name] : code_names)
    if (name == text("code")) error.code = code;
  if (error.message.empty()) error.message = "the agent gave no reason";
  return std::unexpected(std::move(error));
}

Json to_json(const std::vector<TensorType>& types) {
  Json list = Json::array();
  for (const TensorType& type : types) {
    Json shape = Json::array();
    for (const auto& extent : type.shape) shape.push_back(extent ? Json(*extent) : Json());
    list.push_back({{"name", type.name}, {"dtype", to_text(type.dtype)}, {"shape", std::move(shape)}});
  }
  return list;
}

Result<std::vector<TensorType>> types_from_json(const Json& json) {
  const auto malformed = [] {
    return invalid("what a model takes and gives is a list of {\"name\", \"dtype\", \"shape\"}");
  };
  if (!json.is_array() || json.size() > most_tensors) return malformed();
  std::vector<TensorType> types;
  for (const Json& one : json) {
    if (!one.is_object() || !one.contains("name") || !one["name"].is_string() || !one.contains("dtype") ||
        !one.contains("shape") || !one["shape"].is_array())
      return malformed();
    TensorType type{.name = one["name"].get<std::string>(), .dtype = Dtype::float32, .shape = {}};
    TRY(type.dtype, dtype_from_json(one["dtype"]));
    for (const Json& extent : one["shape"]) {
      if (!extent.is_null() && !extent.is_number_unsigned()) return malformed();
      type.shape.push_back(extent.is_null() ? std::nullopt : std::optional(extent.get<std::int64_t>()));
    }
    types.push_back(std::move(type));
  }
  return types;
}

}  // namespace edgewise::agent
