#include <filesystem>
#include <format>

#include "base/console.hpp"
#include "base/file.hpp"
#include "cli/command.hpp"

namespace edgewise::cli {

namespace {

struct InitCall {
  std::string file = "job.yaml", data = "builtin:faces", task;
  bool force = false;
};

std::string first_job(const std::string& task, const std::string& data) {
  const bool is_box = task == "box";
  return std::format(
      "# A job for edgewise. `edgewise check FILE` prints every option with its default; docs/job-file.md explains them.\n"
      "task: {}                      # classification: a class per image; box: one box per image\n"
      "data: {{path: {}, input: 64}}\n"
      "space: {}\n"
      "device: local\n"
      "objectives: {{{}: maximize, latency_ms: minimize}}\n"
      "constraints: [latency_ms < 33, memory_mb < 100]\n"
      "train: {{batch: 64}}\n"
      "{}"
      "seed: 1\n",
      task, data, is_box ? "{family: backbones, backbone: [shufflenet_v2_x0_5, mobilenet_v3_small, squeezenet1_1, mnasnet0_5], learning_rate: [0.001]}" : "resnet",
      is_box ? "iou" : "accuracy",
      is_box ? "search: {strategy: staged, stages: [{epochs: 2, keep: 3}, {epochs: 6, keep: 2}, {epochs: 15}]}\n" : "search: {strategy: random, trials: 20}\n");
}

Exit init(const InitCall& call) {
  if (std::filesystem::exists(call.file) && !call.force)
    return report_error({ErrorCode::conflict, std::format("\"{}\" exists already; nothing was written", call.file), {}, "give another name with --file, or --force"});
  const std::string task = !call.task.empty() ? call.task : call.data == "builtin:drainage" ? "classification" : "box";
  if (const auto written = write_file(call.file, first_job(task, call.data)); !written) return report_error(written.error());
  console::print_line("wrote {}", call.file);
  console::print_line("next: edgewise check {}; edgewise search {}", call.file, call.file);
  return Exit::done;
}

}  // namespace

void add_init(CLI::App& app, Action& chosen) {
  auto call = std::make_shared<InitCall>();
  auto* command = add_command(app, "init", "Write a first job file.", "edgewise init --data photos/ --task classification", chosen, [call] { return init(*call); });
  command->add_option("--file", call->file, "where to write it")->capture_default_str();
  command->add_option("--data", call->data, "folder of images, annotation file or built-in set")->capture_default_str();
  command->add_option("--task", call->task, "classification or box (default: as the data suggests)")->check(CLI::IsMember({"classification", "box"}));
  command->add_flag("--force", call->force, "overwrite an existing file");
}

}  // namespace edgewise::cli
