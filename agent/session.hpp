/// One model in ONNX Runtime.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/tensor.hpp"
#include "base/error.hpp"

namespace edgewise::agent {

struct LoadOptions {
  std::string provider = "cpu";  ///< "cpu" or "xnnpack"
  int threads = 1;               ///< intra-op, the calling thread included; each on a processor of its own
  std::vector<int> processors;   ///< where they run, at least `threads` of them; the calling thread on the first
};

/// A loaded model that takes and gives tensors of numbers. Only for the thread that loaded it.
class Session {
 public:
  /// @error not_found; invalid_input when the file is over 2 GB, its weights lie outside its folder, the runtime does
  /// not accept it, the provider is not there, or an input or output is not a tensor of numbers, an input's of known
  /// shape
  static Result<Session> load(const std::filesystem::path& model, const LoadOptions& options);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// In the model's order. Shapes have the batch axis; an open batch is 1, and of inputs no other axis is open.
  [[nodiscard]] const std::vector<TensorType>& inputs() const;
  [[nodiscard]] const std::vector<TensorType>& outputs() const;
  [[nodiscard]] std::int64_t model_bytes() const;
  /// The model's metadata property "precision", else "fp32".
  [[nodiscard]] const std::string& precision() const;

  /// Puts one tensor where `run` reads it, found by its name.
  /// @error invalid_input when there is no such input, or it has another type or shape
  Status set_input(const Tensor& tensor);
  /// One inference, of all outputs; nothing but the runtime's own work, so that its time is the model's.
  Status run();
  /// All outputs of the last run. @error invalid_input when one is not a tensor of numbers
  [[nodiscard]] Result<std::vector<Tensor>> read_outputs() const;

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Makes the runtime's environment, which is not part of what a model costs; later calls do nothing.
Status start_runtime();
/// "onnxruntime 1.21.0".
std::string runtime_version();
/// Providers that this build of the runtime has, of those the agent knows.
std::vector<std::string> providers();

}  // namespace edgewise::agent
