#include "deploy/onnx.hpp"
#include "trial/steps_internal.hpp"

namespace edgewise::trial {

namespace fs = std::filesystem;

namespace {

constexpr const char* deployed_precision = "fp32";

study::Source source_of(device::Source source) {
  switch (source) {
    case device::Source::measured:
      return study::Source::measured;
    case device::Source::predicted:
      return study::Source::predicted;
    case device::Source::told:
      return study::Source::told;
  }
  EDGEWISE_ASSERT(false, "every source of a reading is one of a value");
  return study::Source::told;
}

}  // namespace

Result<device::Reading> measure(Workplace& workplace, const Built& built, const device::GiveFile& file) {
  return workplace.device().measure(
      {.graph = &built.candidate.graph, .choice = &built.trial->choice, .precision = deployed_precision, .file = file});
}

Result<device::Reading> measure_untrained(Workplace& workplace, const Built& built) {
  const fs::path onnx = built.folder / "untrained.onnx";
  auto reading = measure(workplace, built, [&]() -> Result<fs::path> {
    TRY_DO(deploy::write_onnx(built.candidate.graph, untrained_weights(built.candidate.graph, built.trial->seed),
                              {{"purpose", "measured before training"}}, onnx));
    return onnx;
  });
  std::error_code ignored;
  fs::remove(onnx, ignored);
  return reading;
}

void record(study::StageResult& result, const device::Device& device, const device::Reading& reading) {
  for (const auto& [name, number] : reading.values)
    result.values[name] = {.value = number,
                           .source = source_of(device.source()),
                           .device = device.name(),
                           .precision = reading.measurement ? reading.measurement->precision : deployed_precision};
  result.measurement = reading.measurement ? device::to_json(*reading.measurement) : Json();
}

}  // namespace edgewise::trial
