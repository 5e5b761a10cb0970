#include <algorithm>

#include "base/console.hpp"
#include "cli/command.hpp"
#include "device/local_device.hpp"

namespace edgewise::cli {

namespace {

struct MeasureCall {
  std::string model;
  device::MeasureOptions options;
  bool json = false;
};

Exit measure(const MeasureCall& call) {
  auto options = call.options;
  options.min_runs = std::min(options.min_runs, options.max_runs);
  options.timeout_s = std::max(options.timeout_s, 3 * options.max_seconds + 60);
  const auto device =
      device::make_local_device(options, {}, {.say = [](const std::string& line) { console::say(line); }});
  const auto reading = device->measure(device::candidate_of_file(call.model));
  if (!reading) return report_error(reading.error());
  const auto& m = reading->measurement;
  EDGEWISE_ASSERT(m, "the local device measures");
  if (call.json) {
    print_json(device::to_json(*m));
    return Exit::done;
  }
  console::print_line("{}", call.model);
  console::print_line(
      "  latency    {:.3f} ms median of {} runs after {} warm-up runs; p90 {:.3f}, p99 {:.3f}, least {:.3f}; spread "
      "(MAD) {:.3f}",
      m->latency_ms, m->runs, m->warmup_runs, m->p90_ms, m->p99_ms, m->min_ms, m->spread_ms);
  console::print_line("  memory     {:.1f} MB peak; file {:.2f} MB; loaded in {:.1f} ms",
                      static_cast<double>(m->peak_memory_bytes) / 1e6, static_cast<double>(m->model_bytes) / 1e6,
                      m->load_ms);
  console::print_line("  conditions {} on {}, {} thread(s), {}, {}, clock {}", m->provider, m->processor, m->threads,
                      m->precision, m->runtime, m->clock);
  if (m->disturbed) console::print_line("  DISTURBED  {}", m->disturbance);
  return Exit::done;
}

}  // namespace

void add_measure(CLI::App& app, Action& chosen) {
  auto call = std::make_shared<MeasureCall>();
  auto* command = add_command(app, "measure", "Measure an ONNX file on the local device.",
                              "edgewise measure model.onnx --threads 2", chosen, [call] { return measure(*call); });
  command->add_option("model", call->model, "ONNX file")->required();
  command->add_option("--provider", call->options.provider, "cpu or xnnpack")->capture_default_str();
  command->add_option("--threads", call->options.threads, "threads of one inference")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  command->add_option("--runs", call->options.max_runs, "timed runs at most")
      ->capture_default_str()
      ->check(CLI::Range(5, 100000));
  command->add_option("--seconds", call->options.max_seconds, "time for the timed runs")
      ->capture_default_str()
      ->check(CLI::Range(0.05, 600.0));
  command->add_flag("--json", call->json, "print JSON");
}

}  // namespace edgewise::cli
