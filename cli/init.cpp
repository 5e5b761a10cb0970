#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <format>
#include <vector>

#include "base/config.hpp"
#include "base/console.hpp"
#include "base/file.hpp"
#include "cli/command.hpp"
#include "data/builtin/builtin.hpp"
#include "data/dataset.hpp"
#include "run/likely_tasks.hpp"
#include "task/task.hpp"

namespace edgewise::cli {

namespace fs = std::filesystem;

namespace {

struct InitCall {
  std::string file = "job.yaml", data = "builtin:faces", task;
  bool force = false;
};

/// What a first job is made of, and why.
struct Plan {
  data::DataSet set;
  std::string boxes;  ///< "largest", where otherwise too few pictures would be left; empty: the default
  std::string about_boxes;
  std::int64_t width = 0, height = 0;  ///< of the typical picture
  std::int64_t input = 64, batch = 64, epochs = 10;
  std::size_t training = 0;
};

Result<data::DataSet> load_as(const std::string& path, const task::Task& task, const std::string& boxes = "only") {
  data::DataSpec spec;
  spec.path = path;
  spec.boxes = boxes;
  return data::load(spec, task);
}

/// One box of each picture: the only one, or the largest where otherwise too few pictures would be left.
Result<data::DataSet> load_one_box(const std::string& path, const task::Task& task, Plan& plan) {
  auto largest = load_as(path, task, "largest");
  auto only = load_as(path, task);
  if (!largest || (only && only->items.size() >= largest->items.size())) return only;
  const auto all = largest->items.size(), one = only ? only->items.size() : 0;
  const auto several = all - one;
  if (!only || 2 * one < all) {
    plan.boxes = "largest";
    plan.about_boxes = std::format("{} of {} pictures have several boxes: the largest of each counts", several, all);
    return largest;
  }
  plan.about_boxes =
      std::format("{} of {} pictures have several boxes and are left out; `boxes: largest` keeps them", several, all);
  return only;
}

std::string_view read_as(const task::Task& task) {
  return task.wants() == task::Wants::label ? "classes" : "boxes";
}

/// The data as the user's task reads them; without one, as the first that the labels allow.
Result<Plan> load(const InitCall& call) {
  std::vector<const task::Task*> tasks;
  if (call.task.empty()) {
    tasks = run::likely_tasks(call.data);
  } else {
    TRY(const auto* named, task::find_task(call.task));
    tasks = {named};
  }
  Plan plan;
  std::vector<Error> errors;
  for (const auto* task : tasks) {
    auto set = task->wants() == task::Wants::one_box ? load_one_box(call.data, *task, plan) : load_as(call.data, *task);
    if (set) {
      plan.set = std::move(*set);
      return plan;
    }
    errors.push_back(set.error());
  }
  Error error = errors.back();
  if (errors.size() > 1 && errors.front().message != error.message)
    error.message = std::format("the data can be read neither as {} ({}) nor as {} ({})", read_as(*tasks.back()),
                                error.message, read_as(*tasks.front()), errors.front().message);
  return std::unexpected(error);
}

std::int64_t median(std::vector<std::int64_t> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// Larger inputs cost a small board more than they give a search that compares networks.
constexpr std::int64_t smallest_input = 32, largest_input = 128, input_step = 32;
// Fewer steps than this an epoch make batch statistics of a training's first epochs noise.
constexpr std::int64_t steps_an_epoch = 8, smallest_batch = 8, largest_batch = 64;
// Steps after which small networks have learned most of what they will, within bounds that a search can pay.
constexpr std::int64_t steps_in_all = 1500, fewest_epochs = 10, most_epochs = 60;

void fit_to_data(Plan& plan) {
  std::vector<std::int64_t> widths, heights, edges;
  for (const auto& item : plan.set.items) {
    widths.push_back(item.annotation.width);
    heights.push_back(item.annotation.height);
    edges.push_back(std::min(item.annotation.width, item.annotation.height));
  }
  plan.width = median(widths);
  plan.height = median(heights);
  const auto steps_of_32 = (median(edges) + input_step / 2) / input_step;
  plan.input = std::clamp(steps_of_32 * input_step, smallest_input, largest_input);
  plan.training = plan.set.of(data::Split::train).size();
  const auto training = static_cast<std::int64_t>(plan.training);
  const auto share = static_cast<std::uint64_t>(std::max<std::int64_t>(1, training / steps_an_epoch));
  plan.batch = std::clamp(static_cast<std::int64_t>(std::bit_floor(share)), smallest_batch, largest_batch);
  plan.batch = std::max<std::int64_t>(2, std::min(plan.batch, training));
  const auto steps = std::max<std::int64_t>(1, training / plan.batch);
  plan.epochs = std::clamp((steps_in_all + steps - 1) / steps, fewest_epochs, most_epochs);
}

/// As the job file names the data: relative to the job file's folder, unless it was given from the root on.
std::string path_in_job(const std::string& data, const fs::path& file) {
  if (data::is_builtin(data) || fs::path(data).is_absolute()) return data;
  // Where the file really lies: through a link, ".." leads elsewhere than the text of the path says.
  const auto folder = fs::weakly_canonical(fs::absolute(file).parent_path());
  auto path = fs::weakly_canonical(data).lexically_relative(folder).string();
  if (path.ends_with('/')) path.pop_back();
  return data::is_builtin(path) ? "./" + path : path;  // a folder that is called like a built-in set
}

std::string first_job(const Plan& plan, const std::string& path) {
  const auto& set = plan.set;
  const task::Task& task = *set.task;
  const auto validation = set.of(data::Split::validation).size(), test = set.of(data::Split::test).size();
  std::string text =
      "# A job for edgewise. `edgewise check FILE` prints every option with its default; docs/job-file.md explains "
      "them.\n"
      "# Made for the data as it was found: " +
      task.summary(set.classes) +
      std::format(", {} pictures to train on, {} to validate{}.\n", plan.training, validation,
                  test > 0 ? std::format(", {} to test at the end", test) : "");
  text += std::format("task: {}\n", task.name());
  text += "data:\n";
  text += std::format("  path: {}\n", config::yaml_text(path));
  text += std::format(
      "  input: {}    # a typical picture has {} x {} pixels; a multiple of {}, at most {} for small boards\n",
      plan.input, plan.width, plan.height, input_step, largest_input);
  if (!plan.boxes.empty())
    text += std::format("  boxes: {}    # {}\n", plan.boxes, plan.about_boxes);
  else if (!plan.about_boxes.empty())
    text += std::format("  # {}\n", plan.about_boxes);
  text += std::format("space: {}\n", task.traits().first_space);
  text += "device: local\n";
  const Quantity& metric = task.metrics().front();
  text += std::format("objectives: {{{}: {}, latency_ms: minimize}}\n", metric.name,
                      metric.better == Direction::maximize ? "maximize" : "minimize");
  text +=
      "constraints: [latency_ms < 33, memory_mb < 100]    # 30 pictures a second; change them to what your device must "
      "keep\n";
  text += std::format(
      "train:\n"
      "  batch: {}    # {} steps an epoch with {} pictures\n"
      "  epochs: {}    # about {} steps in all; fewer epochs for more pictures\n",
      plan.batch, std::max<std::size_t>(1, plan.training / static_cast<std::size_t>(plan.batch)), plan.training,
      plan.epochs,
      std::max<std::size_t>(1, plan.training / static_cast<std::size_t>(plan.batch)) *
          static_cast<std::size_t>(plan.epochs));
  text +=
      "search: {strategy: auto, trials: 20}    # auto chooses by the size of the space and what a trial costs, and "
      "says what\n";
  text += "budget: {hours: 2}    # no new trial is begun after that\n";
  text += "seed: 1\n";
  return text;
}

/// For a shell.
std::string for_shell(const std::string& path) {
  const bool is_plain = !path.empty() && std::ranges::all_of(path, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("_-./").contains(static_cast<char>(c)) || c >= 0x80;
  });
  if (is_plain) return path;
  std::string out = "'";
  for (const char c : path) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

Exit init(const InitCall& call) {
  if (fs::exists(call.file) && !call.force)
    return report_error({ErrorCode::conflict,
                         std::format("\"{}\" exists already; nothing was written", call.file),
                         {},
                         "give another name with --file, or --force"});
  auto plan = load(call);
  if (!plan) {
    Error error = plan.error();
    error.message += "; nothing was written";
    return report_error(error);
  }
  fit_to_data(*plan);
  const auto text = first_job(*plan, path_in_job(call.data, call.file));
  // What was written must be a job for the same data, for any path: YAML is UTF-8, names of files need not be.
  std::error_code ignored;
  const auto real_file = fs::weakly_canonical(fs::absolute(call.file).parent_path()) / fs::path(call.file).filename();
  const auto read = job::parse_job(text, real_file);
  const bool is_same = read && (data::is_builtin(call.data) ? read->data.path == call.data
                                                            : fs::equivalent(read->data.path, call.data, ignored));
  if (!is_same) {
    return report_error({ErrorCode::invalid_input,
                         std::format("no job file can name \"{}\": {}; nothing was written", call.data,
                                     read ? "it is not UTF-8 text" : read.error().front().message),
                         {},
                         "rename it, or make a link to it that has a plain name"});
  }
  if (const auto written = write_file(call.file, text); !written) return report_error(written.error());
  console::print_line("wrote {}", call.file);
  console::print_line("next: edgewise check {0}; edgewise search {0}", for_shell(call.file));
  return Exit::done;
}

}  // namespace

void add_init(CLI::App& app, Action& chosen) {
  auto call = std::make_shared<InitCall>();
  auto* command =
      add_command(app, "init", "Look at the data and write a first job file for it.",
                  "edgewise init --data photos/ --task classification", chosen, [call] { return init(*call); });
  command->add_option("--file", call->file, "where to write it")->capture_default_str();
  command->add_option("--data", call->data, "folder of images, annotation file or built-in set")->capture_default_str();
  command->add_option("--task", call->task, task_words() + " (default: as the data suggests)")
      ->check(CLI::IsMember(task::tasks().names()));
  command->add_flag("--force", call->force, "overwrite an existing file");
}

}  // namespace edgewise::cli
