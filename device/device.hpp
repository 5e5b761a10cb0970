/// Devices: a candidate in, what it costs there out. Siblings measure, predict or look up.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/tensor.hpp"
#include "base/error.hpp"
#include "base/quiet.hpp"
#include "device/measurement.hpp"
#include "graph/graph.hpp"
#include "space/space.hpp"

namespace edgewise::device {

/// Typed, named numbers: what models take and give.
using agent::Tensor;
using agent::TensorType;
using Tensors = std::vector<Tensor>;

/// Gives the path of a candidate's ONNX file, and writes it when nobody has yet.
using GiveFile = std::function<Result<std::filesystem::path>()>;

/// A network with whatever is known of it; a device takes what it needs. Graph and choice are borrowed.
struct Candidate {
  const graph::Graph* graph = nullptr;    ///< null: not known, as of a file from elsewhere
  const space::Choice* choice = nullptr;  ///< null: it was not chosen from a space
  std::string precision = "fp32";         ///< that it is deployed in
  GiveFile file;                          ///< empty: there is no file; asked only by devices that run it
};
/// A file that is there already.
Candidate candidate_of_file(const std::filesystem::path& onnx);

/// How a device comes to its numbers.
enum class Source {
  measured,   ///< it ran the model
  predicted,  ///< a model of the device
  told,       ///< a table, or a person
};

/// What a device says of one candidate.
struct Reading {
  std::map<std::string, double> values;    ///< by the names of the quantities that its entry declares
  std::map<std::string, double> at_least;  ///< of values to which a disturbance may have added: what is sure of them
  std::optional<Measurement> measurement;  ///< how they were measured; nothing: they were not
};
/// A measurement by the names of quantities: latency_ms, latency_p90_ms, latency_p99_ms, memory_mb, load_ms, model_mb.
Reading reading_of(const Measurement& measurement);

/// Something that says what candidates cost. Not safe to use from two threads.
class Device {
 public:
  virtual ~Device() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual Source source() const = 0;
  /// Whether its measurements run on this machine. Only then it holds `QuietMachine` while it measures, so that no
  /// worker of this user trains meanwhile.
  [[nodiscard]] virtual bool shares_this_machine() const = 0;
  /// Whether candidates can be measured at present: something small is, where it costs little to find out.
  /// @error as `measure`
  virtual Status ready() { return {}; }
  /// @error invalid_input with the reason when the candidate or the device's options are at fault; unavailable when no
  /// candidate at all can be measured at present; exhausted when what runs it was killed from outside, again and again;
  /// interrupted
  virtual Result<Reading> measure(const Candidate& candidate) = 0;

  /// Whether `infer` and `inputs` can be asked.
  [[nodiscard]] virtual bool runs_models() const { return false; }
  /// All outputs for each of `samples`, run one by one; a sample has a tensor for each input of the model. @error as
  /// `measure`, and invalid_input when this device runs no models
  virtual Result<std::vector<Tensors>> infer(const std::filesystem::path& onnx, std::span<const Tensors> samples);
  /// What the model takes. @error as `infer`
  virtual Result<std::vector<TensorType>> inputs(const std::filesystem::path& onnx);
};

/// Its `say` hears what is waited for: `loading "x.onnx": 20 s of 120 s at most`, or who else uses the machine.
using edgewise::Waiting;

}  // namespace edgewise::device
