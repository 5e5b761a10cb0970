/// The wire between a device and its `edgewise-agent`, version 2: frames each way.
///
/// A frame is a line of JSON, then the bytes of the tensors that it names, one after the other. The line's "bytes" says
/// how many follow (absent: none), its "tensors" what they are: [{"name", "dtype", "shape"}, ...].
///
/// A request is {"do": COMMAND, fields...}; its answer {"ok": true, fields...} or {"ok": false, "error": {"code",
/// "message", "next"}}. A conversation begins with "hello", which agrees on a version; then load, measure, infer,
/// unload, quit. See docs/measuring.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/tensor.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace edgewise::agent {

/// Version 1 had lines alone, one input and one output, and no "hello" before other commands.
constexpr int protocol_version = 2;
/// The longest line in either direction; a longer one is answered with an error.
constexpr std::size_t max_line_bytes = std::size_t{16} << 20;
/// The most bytes of tensors in one frame.
constexpr std::size_t max_tensor_bytes = std::size_t{256} << 20;
/// A model file may be this large: the bound of ONNX itself.
constexpr std::int64_t max_model_bytes = 2'147'483'647;

/// What one frame carries.
struct Message {
  Json fields = Json::object();  ///< of the line, without "bytes" and "tensors"
  std::vector<Tensor> tensors;
};

/// The frame as it goes over the wire.
/// @error invalid_input when the tensors have more than `max_tensor_bytes`
Result<std::string> to_frame(const Message& message);

/// Cuts what comes from the other side into messages. Never trusts it: what it keeps is bounded by a line and a frame's
/// tensors, and grows with what arrived, not with what was announced.
class FrameReader {
 public:
  void add(std::string_view bytes);
  /// The next message, or what is wrong with the frame that came instead of one; nothing while more must arrive. A bad
  /// frame is skipped, except after `is_lost`.
  std::optional<Result<Message>> next();
  /// A line did not say how many bytes follow: where the next frame begins cannot be known any more.
  [[nodiscard]] bool is_lost() const { return is_lost_; }

 private:
  std::optional<Result<Message>> take_line();
  std::optional<Result<Message>> take_tensors();

  std::string buffer_;
  std::size_t searched_ = 0;  // bytes of the buffer without an end of line
  bool is_skipping_line_ = false, is_lost_ = false;
  std::optional<Json> line_;  // of a frame whose tensors have not all arrived
  std::size_t expected_ = 0;  // their bytes
};

/// {"ok": false, "error": {...}}.
Json error_answer(const Error& error);
/// The fields of a good answer, or the error that it carries. Never trusts the other side.
Result<Json> read_answer(const Json& answer);

/// For "inputs" and "outputs" in the answer to "load"; an extent that is not known is null.
Json to_json(const std::vector<TensorType>& types);
/// @error invalid_input when it is no list of them
Result<std::vector<TensorType>> types_from_json(const Json& json);

}  // namespace edgewise::agent
