#include <filesystem>
#include <format>
#include <thread>

#include "base/console.hpp"
#include "base/file.hpp"
#include "cli/command.hpp"

namespace edgewise::cli {

namespace fs = std::filesystem;

namespace {

struct DemoCall {
  std::string folder = "edgewise-demo";
  bool quiet = false;
};

/// Small enough for a few minutes on two processors, yet the whole job: data, staged search, measured ONNX files,
/// report.
constexpr const char* demo_job =
    R"(# The demo's job: find the face in a rendered picture. Change it and run `edgewise search faces.yaml` again.
task: box
data: {path: builtin:faces, count: 1000, input: 64}
space:
  family: backbones
  backbone: [shufflenet_v2_x0_5, mobilenet_v3_small, squeezenet1_1, mnasnet0_5, regnet_x_400mf, resnet18]
  learning_rate: [0.01, 0.001]
device: {name: local, max_seconds: 1}
objectives: {iou: maximize, latency_ms: minimize}
constraints: [latency_ms < 33, memory_mb < 100]
train: {batch: 32}
search: {strategy: staged, stages: [{epochs: 2, keep: 5}, {epochs: 5, keep: 3}, {epochs: 10}]}
seed: 1
)";

Exit demo(const DemoCall& call) {
  std::error_code error;
  fs::create_directories(call.folder, error);
  if (error)
    return report_error({ErrorCode::invalid_input,
                         std::format("cannot make the folder \"{}\": {}", call.folder, error.message()),
                         {},
                         "choose another one with --folder"});
  const fs::path job = fs::path(call.folder) / "faces.yaml";
  if (!fs::exists(job))
    if (const auto written = write_file(job, demo_job); !written) return report_error(written.error());
  if (!call.quiet) console::say("demo: {} (a run that was stopped goes on where it was)", job.string());
  if (const auto searched = search({.job_file = job.string(), .quiet = call.quiet}); searched != Exit::done)
    return searched;
  const std::string study = job::study_folder(job.string()).string();
  if (const auto reported = write_report(study, (fs::path(call.folder) / "report.html").string(), false, false);
      reported != Exit::done)
    return reported;
  return export_model(study, "knee", (fs::path(call.folder) / "face.onnx").string(), false, true);
}

}  // namespace

void add_demo(CLI::App& app, Action& chosen) {
  auto call = std::make_shared<DemoCall>();
  auto* command =
      add_command(app, "demo", "The main job on rendered faces: a search, a report, an ONNX file, in a few minutes.",
                  "edgewise demo --folder /tmp/demo", chosen, [call] { return demo(*call); });
  command->add_option("--folder", call->folder, "where everything goes")->capture_default_str();
  command->add_flag("--quiet", call->quiet, "errors only");
}

}  // namespace edgewise::cli
