/// One model in ONNX Runtime.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace edgewise::agent {

struct LoadOptions {
  std::string provider = "cpu";  ///< "cpu" or "xnnpack"
  int threads = 1;               ///< intra-op, the calling thread included; each on a processor of its own
  std::vector<int> processors;   ///< where they run, at least `threads` of them; the calling thread on the first
};

/// A loaded model that takes one tensor of 32-bit floats. Only for the thread that loaded it.
class Session {
 public:
  /// @error not_found; invalid_input when the file is over 2 GB, its weights lie outside its folder, the runtime does
  /// not accept it, the provider is not there, or the model's inputs are not one float tensor of known shape
  static Result<Session> load(const std::filesystem::path& model, const LoadOptions& options);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// Shape with the batch axis; an open batch is 1.
  [[nodiscard]] const std::vector<std::int64_t>& input_shape() const;
  [[nodiscard]] std::int64_t input_elements() const;
  [[nodiscard]] std::int64_t model_bytes() const;
  /// The model's metadata property "precision", else "fp32".
  [[nodiscard]] const std::string& precision() const;

  /// Puts numbers where `run` reads them. @error invalid_input when there are not `input_elements`
  Status set_input(std::span<const float> values);
  /// One inference; nothing but the runtime's own work, so that its time is the model's.
  Status run();
  /// The first output of the last run. @error invalid_input when it is not of 32-bit floats
  [[nodiscard]] Result<std::vector<float>> output() const;

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
