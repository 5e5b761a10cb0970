// A device in one file: what it can be told, what it says of a candidate, and the entry that makes it known. Linked
// into a program, it is in `device:` of job files, in the reference of options, and in the conformance suite of devices
// (tests/device/conformance_test.cpp). No other file knows of it. This one predicts: it asks for no file, so it answers
// thousands of networks a second, and training does not wait for it.
#include "device/devices.hpp"
#include "graph/costs.hpp"

namespace edgewise::device {

namespace {

/// 1. Its own options, with their defaults. `fields` gives parser, defaults and reference.
struct MultiplierOptions {
  double macs_per_ms = 1e6;
  void fields(config::Options& o) {
    o.number("macs_per_ms", macs_per_ms, {0, 1e12, true}, "of multiplier: multiply-accumulates in a millisecond");
  }
};

/// 2. The device: nothing but multipliers and memory.
class Multiplier final : public Device {
 public:
  explicit Multiplier(const MultiplierOptions& options) : options_(options) {}
  [[nodiscard]] std::string name() const override { return "multiplier"; }
  [[nodiscard]] Source source() const override { return Source::predicted; }
  [[nodiscard]] bool shares_this_machine() const override { return false; }

  Result<Reading> measure(const Candidate& candidate) override {
    if (!candidate.graph) return invalid("the device multiplier predicts by the network's graph, which is not known");
    const auto costs = graph::costs(*candidate.graph);
    const double latency_ms = static_cast<double>(costs.macs + 1) / options_.macs_per_ms;
    // A device that runs the file would ask for it: TRY(const auto path, candidate.file());
    return Reading{.values = {{"latency_ms", latency_ms},
                              {"memory_mb", static_cast<double>(costs.peak_memory_bytes) / 1e6},
                              {"energy_mj", 0.1 * latency_ms}},
                   .at_least = {},
                   .measurement = {}};
  }

 private:
  MultiplierOptions options_;
};

/// 3. What its readings hold. One of the same name as another device's means the same; a new name becomes an objective,
/// a constraint, a column and a line of the reference. (A function: other files' variables may be made before ours.)
std::vector<Quantity> quantities_of_multiplier() {
  const auto named = [](const char* name, const char* unit, const char* sentence) {
    return Quantity{.name = name,
                    .unit = unit,
                    .better = Direction::minimize,
                    .known = Known::measured,
                    .range = intervals::above_zero,
                    .sentence = sentence};
  };
  return {named("latency_ms", "ms", "time of one inference, predicted"),
          named("memory_mb", "MB", "weights and the values alive at once"),
          named("energy_mj", "mJ", "energy of one inference")};
}

/// 4. The entry. In the product it stands in the list of devices() in device/devices.cpp; from outside of it, a
/// Registration adds it before main.
const Registration multiplier{
    devices(), Entry{.name = "multiplier",
                     .sentence = "predicts by counting multiply-accumulates",
                     .settings = Settings(MultiplierOptions{}),
                     .quantities = quantities_of_multiplier(),
                     .make = [](const Settings& settings, const Waiting&) -> Result<std::unique_ptr<Device>> {
                       return std::make_unique<Multiplier>(settings.as<MultiplierOptions>());
                     }}};

}  // namespace

}  // namespace edgewise::device
