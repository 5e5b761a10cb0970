#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <format>

#include "base/console.hpp"
#include "base/file.hpp"
#include "cli/command.hpp"
#include "exchange/optimize.hpp"
#include "job/quantity.hpp"
#include "report/report.hpp"
#include "run/session.hpp"
#include "search/pareto.hpp"
#include "study/storage.hpp"

namespace edgewise::cli {

namespace fs = std::filesystem;

namespace {

struct ResultsCall {
  std::string study, output, pick = "knee";
  bool json = false, csv = false, all = false, force = false;
};

/// What trials started from, by trial; empty where all started from random weights.
Json starting_weights(const study::Study& study) {
  Json all = Json::object();
  for (const auto& trial : study.trials)
    if (const auto* result = trial.result();
        result && result->details.is_object() && result->details.contains("starting_weights"))
      all[study::to_text(trial.id)] = result->details["starting_weights"];
  return all;
}

/// "52 of 54 tensors, 1.2 M of 1.3 M parameters, of squeezenet1_1.pth": one line for all trials that took the same.
void print_starting_weights(const Json& all) {
  std::vector<std::pair<std::string, std::string>> lines;  // what was taken, the trials
  for (const auto& [trial, share] : all.items()) {
    const auto millions = [&](const char* name) { return share.value(name, 0.0) / 1e6; };
    auto line = std::format("{} of {} tensors, {:.3f} M of {:.3f} M parameters, from {}", share.value("tensors", 0),
                            share.value("of_tensors", 0), millions("parameters"), millions("of_parameters"),
                            share.value("file", ""));
    if (const auto prefix = share.value("prefix", ""); !prefix.empty()) line += std::format(" (under \"{}\")", prefix);
    const auto same = std::ranges::find(lines, line, &std::pair<std::string, std::string>::first);
    if (same == lines.end())
      lines.emplace_back(line, trial);
    else
      same->second += ", " + trial;
  }
  for (const auto& [line, trials] : lines)
    console::print_line("  starting weights of {} {}: {}", trials.contains(',') ? "trials" : "trial", trials, line);
}

/// Why trials were trained from the start in a later stage, by trial: their stages do not belong together.
Json started_over(const study::Study& study) {
  Json all = Json::object();
  for (const auto& trial : study.trials)
    for (const auto& result : trial.results)
      if (result.details.is_object() && result.details.contains("started_over"))
        all[study::to_text(trial.id)] = result.details["started_over"];
  return all;
}

Exit status(const ResultsCall& call) {
  const auto storage = study::open_storage(job::study_folder(call.study), study::Opening::to_look);
  if (!storage) return report_error(storage.error());
  const auto study = (*storage)->outline();
  if (!study) return report_error(study.error());
  std::map<study::State, std::size_t> counts;
  std::map<std::string, std::size_t> reasons;
  for (const auto& trial : study->trials) {
    ++counts[trial.state];
    if (trial.state == study::State::failed) ++reasons[trial.reason];
  }
  const auto front = search::pareto_front(*study);
  if (call.json) {
    Json json{{"study", study->settings.name},
              {"trials", study->trials.size()},
              {"states", Json::object()},
              {"front", front.size()},
              {"failures", reasons}};
    if (const auto started = starting_weights(*study); !started.empty()) json["starting_weights"] = started;
    if (const auto over = started_over(*study); !over.empty()) json["started_over"] = over;
    for (const auto& [state, count] : counts) json["states"][std::string(study::to_text(state))] = count;
    print_json(json);
    return Exit::done;
  }
  console::print_line("{}: {} trials, {} on the Pareto front", study->settings.name, study->trials.size(),
                      front.size());
  for (const auto& [state, count] : counts) console::print_line("  {:<9} {}", study::to_text(state), count);
  for (const auto& [reason, count] : reasons) console::print_line("  {} failed: {}", count, reason);
  print_starting_weights(starting_weights(*study));
  const Json over = started_over(*study);
  for (const auto& [trial, why] : over.items())
    console::print_line("  trial {} was trained from the start: {}", trial,
                        why.is_string() ? why.get<std::string>() : "");
  for (const auto& one : study->trials) {
    if (one.state != study::State::running) continue;
    const auto trial = (*storage)->trial(one.id);  // with its curve
    if (!trial) return report_error(trial.error());
    console::print_line("  running: trial {} on {}, stage {}, {} of {} epochs  {}", study::to_text(trial->id),
                        trial->worker, trial->stage + 1, trial->curve.empty() ? 0 : trial->curve.back().epoch,
                        trial->fidelity.epochs(), space::to_text(trial->choice));
  }
  return Exit::done;
}

/// What the front's networks showed on the test split, by trial; empty when there was none.
Json on_test_split(const fs::path& folder) {
  const auto kept = read_json(folder / "test.json");
  return kept && kept->is_object() ? *kept : Json::object();
}

report::Beside beside(const fs::path& folder, const study::Study& study) {
  report::Beside all{.quantities = {}, .test = on_test_split(folder)};
  // Of a study that no job made, values are what their user says.
  if (const auto job = job::job_from_json(study.settings.job)) all.quantities = job::quantities(*job->task);
  return all;
}

Json results_json(const fs::path& folder, const study::Study& study) {
  Json data = report::report_data(study, beside(folder, study));
  // Of an ask-and-tell study the values come back of the kind that its file gives them.
  if (const auto problem = exchange::problem_of(study.settings); problem && *problem)
    for (std::size_t i = 0; i < study.trials.size(); ++i)
      data["trials"][i]["choice"] = space::to_json((*problem)->space, study.trials[i].choice);
  return data;
}

void print_test_split(const fs::path& folder) {
  const Json judged = on_test_split(folder);
  for (const auto& [trial, metrics] : judged.items()) {
    std::string told;
    for (const auto& [name, value] : metrics.items())
      if (value.is_number()) told += std::format("{}{} {:.4g}", told.empty() ? "" : ", ", name, value.get<double>());
    console::print_line("test split: trial {}: {}", trial, told);
  }
}

Exit front(const ResultsCall& call) {
  const auto folder = job::study_folder(call.study);
  const auto study = run::read_study(folder);
  if (!study) return report_error(study.error());
  if (call.json) {
    print_json(results_json(folder, *study));
    return Exit::done;
  }
  if (call.csv) {
    console::print_raw(report::csv_table(*study));
    return Exit::done;
  }
  console::print(report::text_table(*study, !call.all, output_width()));
  console::print(report::text_plot(*study, std::min(output_width(), 100), 18));
  console::print(report::text_picks(*study));
  print_test_split(folder);
  return Exit::done;
}

/// A study's name as the beginning of a file's. Whoever made the study chose it: it must not lead to another folder.
std::string name_for_files(const study::Study& study) {
  std::string name = study.settings.name.empty() ? "study" : study.settings.name;
  std::ranges::replace_if(name, [](unsigned char c) { return c == '/' || c < ' ' || c == 127; }, '_');
  return name;
}

/// The page into the study's folder, or here where that may only be read. Returns what to say of it.
Result<std::string> write_page(const fs::path& folder, const study::Study& study, const std::string& html) {
  const fs::path page = folder / "report.html", here = fs::path(".") / (name_for_files(study) + ".report.html");
  const auto written = write_file(page, html);
  if (written) return page.string();
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK, AT_EACCESS) == 0) return std::unexpected(written.error());
  if (auto second = write_file(here, html); !second) {
    second.error().next = "the study's folder may only be read, too: give another place with --output FILE";
    return std::unexpected(second.error());
  }
  return std::format("{} (the study's folder may only be read)", here.string());
}

/// What was recorded of a trial's model; of an older study the size that was measured.
std::optional<study::Artifact> model_of(const study::StageResult* result) {
  const auto* recorded = result ? result->artifact("onnx") : nullptr;
  if (!recorded) return std::nullopt;
  study::Artifact model = *recorded;
  const auto size = result->values.find("model_mb");
  const bool is_measured = size != result->values.end() && size->second.source == study::Source::measured &&
                           size->second.value > 0 && size->second.value < 1e9;
  if (!model.bytes && !model.sha256 && is_measured) model.bytes = std::llround(size->second.value * 1e6);
  return model;
}

/// What to do about a model that is not there as it was measured.
std::string model_again(const fs::path& folder, const study::Trial& trial) {
  if (trial.state == study::State::waiting || trial.state == study::State::running)
    return "the trial is trained further: try again when that is done, or pick another one";
  return std::format(
      "train it again with `edgewise train JOB.yaml --from {} --pick {}`, or take another copy of the study",
      folder.string(), study::to_text(trial.id));
}

}  // namespace

Exit write_report(const std::string& name, const std::string& output, bool csv, bool json) {
  const auto folder = job::study_folder(name);
  const auto study = run::read_study(folder);
  if (!study) return report_error(study.error());
  if (json) {
    print_json(results_json(folder, *study));
    return Exit::done;
  }
  if (csv) {
    console::print_raw(report::csv_table(*study));
    return Exit::done;
  }
  const auto html = report::html_page(*study, run::drawings(*study), beside(folder, *study));
  const auto written =
      output.empty() ? write_page(folder, *study, html) : write_file(output, html).transform([&] { return output; });
  if (!written) return report_error(written.error());
  console::print_line("wrote {}", *written);
  return Exit::done;
}

Exit export_model(const std::string& name, const std::string& picked, const std::string& output, bool json,
                  bool force) {
  const auto folder = job::study_folder(name);
  const auto study = run::read_study(folder);
  if (!study) return report_error(study.error());
  const auto trial = run::pick(*study, picked);
  if (!trial) return report_error(trial.error());
  const auto* result = (*trial)->result();
  const auto model = model_of(result);
  if (!model)
    return report_error(
        {ErrorCode::not_found,
         std::format("trial {} has no exported model (it is {}{})", study::to_text((*trial)->id),
                     study::to_text((*trial)->state), (*trial)->reason.empty() ? "" : ": " + (*trial)->reason),
         {},
         "pick another one; `edgewise front` lists them"});
  const fs::path target =
      output.empty() ? fs::path(std::format("{}-{}.onnx", name_for_files(*study), study::to_text((*trial)->id)))
                     : fs::path(output);
  if (fs::exists(target) && !force)
    return report_error({ErrorCode::conflict,
                         std::format("\"{}\" exists already; nothing was written", target.string()),
                         {},
                         "give another name with --output, or --force"});
  auto bytes = study::read_artifact(*model, folder, std::format("the model of trial {}", study::to_text((*trial)->id)));
  if (!bytes) {
    if (bytes.error().next.empty()) bytes.error().next = model_again(folder, **trial);
    return report_error(bytes.error());
  }
  if (const auto written = write_file(target, *bytes); !written) return report_error(written.error());
  Json values{{"model", target.string()},
              {"trial", (*trial)->id.value},
              {"choice", space::to_json((*trial)->choice)},
              {"values", study::numbers(result->values)},
              {"measurement", result->measurement}};
  if (json) {
    print_json(values);
  } else {
    console::print_line("wrote {} (trial {}: {})", target.string(), study::to_text((*trial)->id),
                        space::to_text((*trial)->choice));
    for (const auto& [key, value] : study::numbers(result->values)) console::print_line("  {:<20} {:.6g}", key, value);
  }
  return Exit::done;
}

void add_results(CLI::App& app, Action& chosen) {
  auto call = std::make_shared<ResultsCall>();
  const auto study_option = [&](CLI::App* command) {
    command->add_option("study", call->study, "study: its folder, its name or its job file")->required();
  };

  auto* state = add_command(app, "status", "How far a search is.", "edgewise status job", chosen,
                            [call] { return status(*call); });
  study_option(state);
  state->add_flag("--json", call->json, "print JSON");

  auto* shown = add_command(app, "front", "The Pareto front: table, plot, and which trials to look at first.",
                            "edgewise front job --all", chosen, [call] { return front(*call); });
  study_option(shown);
  shown->add_flag("--all", call->all, "all trials, best first");
  shown->add_flag("--json", call->json, "print JSON");
  shown->add_flag("--csv", call->csv, "print all trials as CSV");

  auto* page = add_command(app, "report", "Write the report: one HTML file that needs no network.",
                           "edgewise report job --output report.html", chosen,
                           [call] { return write_report(call->study, call->output, call->csv, call->json); });
  study_option(page);
  page->add_option("--output", call->output, "where (default: report.html in the study's folder)");
  page->add_flag("--json", call->json, "print the report's data as JSON instead");
  page->add_flag("--csv", call->csv, "print all trials as CSV instead");

  auto* exported = add_command(
      app, "export", "Copy out the ONNX file of one trial.", "edgewise export job --pick best:iou --output face.onnx",
      chosen, [call] { return export_model(call->study, call->pick, call->output, call->json, call->force); });
  study_option(exported);
  exported->add_option("--pick", call->pick, "knee, bend, baseline, best:OBJECTIVE or a trial's number")
      ->capture_default_str();
  exported->add_option("--output", call->output, "where (default: NAME-TRIAL.onnx here)");
  exported->add_flag("--force", call->force, "overwrite an existing file");
  exported->add_flag("--json", call->json, "print JSON");
}

}  // namespace edgewise::cli
