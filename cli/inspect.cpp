#include <filesystem>
#include <format>

#include "base/console.hpp"
#include "base/file.hpp"
#include "cli/command.hpp"
#include "data/bad_pictures.hpp"
#include "data/statistics.hpp"
#include "run/likely_tasks.hpp"
#include "run/preflight.hpp"
#include "run/session.hpp"

namespace edgewise::cli {

namespace fs = std::filesystem;

namespace {

struct InspectCall {
  std::string target, task, format, sheet;
  int size = 128, count = 24;
  bool json = false, options = false, decode = false;
};

Exit check(const InspectCall& call) {
  if (call.options) {
    console::print(job::option_reference());
    return Exit::done;
  }
  if (call.target.empty()) return wrong_usage("which job file?", "edgewise check job.yaml");
  const auto job = job_or_exit(call.target);
  if (!job) return job.error();
  report_remarks(*job);
  const auto frame = job::frame_without_data(*job);
  const auto family = space::make_family(job->space, frame);
  if (!family) return report_error(family.error());
  if (const auto mistakes = run::preflight(*job, *family, frame, {.head_is_known = false}); !mistakes.empty())
    return report_errors(mistakes);
  if (call.json)
    print_json(job::to_json(*job));
  else
    console::print("# {}: no mistakes; with every default filled in it says\n{}", call.target, job::to_yaml(*job));
  return Exit::done;
}

/// A job file, or the data itself.
std::expected<data::DataSet, Exit> data_of(const InspectCall& call) {
  data::DataSpec spec;
  std::vector<const task::Task*> tasks;
  const auto extension = fs::path(call.target).extension();
  if (extension == ".yaml" || extension == ".yml") {
    auto job = job_or_exit(call.target);
    if (!job) return std::unexpected(job.error());
    spec = job->data;
    tasks = {job->task};
  } else {
    spec.path = call.target;
    spec.format = call.format;
    const auto* named = task::tasks().find(call.task);
    tasks = named ? std::vector{named->task} : run::likely_tasks(call.target);
  }
  std::optional<Error> last;
  for (const auto* task : tasks) {
    auto set = data::load(spec, *task);
    if (set) return std::move(*set);
    last = set.error();
  }
  return std::unexpected(report_error(*last));
}

void print_tree(const Json& json, int indent) {
  for (const auto& [key, value] : json.items()) {
    const std::string pad(static_cast<std::size_t>(indent), ' ');
    if (value.is_object() && value.contains("count") && value.contains("examples")) {
      std::string some;
      for (const auto& path : value["examples"]) some += (some.empty() ? "" : ", ") + path.get<std::string>();
      const bool has_more = value["count"].get<std::size_t>() > value["examples"].size();
      console::print_line("{}{}: {}  ({}{})", pad, key, dump(value["count"]), some, has_more ? ", ..." : "");
    } else if (value.is_object()) {
      if (value.empty()) continue;
      console::print_line("{}{}:", pad, key);
      print_tree(value, indent + 2);
    } else if (value.is_array()) {
      const bool is_texts = !value.empty() && value.front().is_string();
      if (is_texts && key == "remarks") {
        console::print_line("{}{}:", pad, key);
        for (const auto& item : value)
          if (!item.get<std::string>().starts_with("warning: "))
            console::print_line("{}  - {}", pad, item.get<std::string>());
      } else {
        console::print_line("{}{}: {}", pad, key, dump(value));
      }
    } else {
      console::print_line("{}{}: {}", pad, key, value.is_string() ? value.get<std::string>() : dump(value));
    }
  }
}

/// Names the pictures that cannot be decoded.
/// @param facts  get a field of them; null: lines for people
Exit decode_all(const data::DataSet& set, Json* facts) {
  const auto bad = data::find_bad_pictures(set);
  if (!bad) return report_error(bad.error());
  if (facts) {
    Json rows = Json::array();
    for (const auto& picture : *bad) rows.push_back({{"picture", picture.name}, {"reason", picture.reason}});
    (*facts)["decoding"] = {{"pictures", set.items.size()}, {"bad", rows}};
  } else if (bad->empty()) {
    console::print_line("all {} pictures can be decoded", set.items.size());
  } else {
    console::print("cannot be decoded:\n");
    for (const auto& picture : *bad) console::print_line("  - \"{}\": {}", picture.name, picture.reason);
  }
  return bad->empty() ? Exit::done : report_error(data::error_of(set, *bad));
}

Exit show_data(const InspectCall& call) {
  const auto set = data_of(call);
  if (!set) return set.error();
  Json facts = data::statistics(*set);
  if (!call.json) {
    // What stands out comes first: nobody reads to the end of a long list.
    for (const auto& remark : set->remarks)
      if (remark.starts_with("warning: ")) console::print_line("{}", remark);
    print_tree(facts, 0);
  }
  const Exit decoded = call.decode ? decode_all(*set, call.json ? &facts : nullptr) : Exit::done;
  if (call.json) print_json(facts);
  if (call.sheet.empty() || decoded != Exit::done) return decoded;
  const auto cache = data::open_cache(*set, call.size, cache_folder() / "images");
  if (!cache) return report_error(cache.error());
  if (const auto written = data::write_contact_sheet(*set, *cache, call.sheet, static_cast<std::size_t>(call.count));
      !written)
    return report_error(written.error());
  console::say("wrote {}", call.sheet);
  return Exit::done;
}

}  // namespace

void add_inspection(CLI::App& app, Action& chosen) {
  auto call = std::make_shared<InspectCall>();
  auto* checked = add_command(app, "check", "Check a job file and print it with every default.",
                              "edgewise check job.yaml", chosen, [call] { return check(*call); });
  checked->add_option("job", call->target, "job file");
  checked->add_flag("--json", call->json, "print JSON");
  checked->add_flag("--options", call->options, "print the reference of all options (Markdown)");

  auto* shown = add_command(app, "data", "Statistics and trivial baselines of a data set; a contact sheet.",
                            "edgewise data job.yaml --sheet sheet.png", chosen, [call] { return show_data(*call); });
  shown->add_option("data", call->target, "job file, folder, annotation file or built-in set")->required();
  shown->add_option("--task", call->task, task_words() + ", where no job file says it")
      ->check(CLI::IsMember(task::tasks().names()));
  shown->add_option("--format", call->format, "label format, where no job file says it");
  shown->add_option("--sheet", call->sheet, "write a contact sheet with the boxes drawn (PNG)");
  shown->add_option("--size", call->size, "edge of a picture on the sheet")
      ->capture_default_str()
      ->check(CLI::Range(16, 512));
  shown->add_option("--count", call->count, "pictures per split on the sheet")
      ->capture_default_str()
      ->check(CLI::Range(1, 400));
  shown->add_flag("--decode", call->decode, "decode every picture, and name those that cannot be");
  shown->add_flag("--json", call->json, "print JSON");
}

}  // namespace edgewise::cli
