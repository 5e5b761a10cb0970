#include "job/job.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <format>

#include "base/file.hpp"
#include "data/builtin/builtin.hpp"
#include "data/formats/format.hpp"
#include "job/quantity.hpp"
#include "job/space_fields_internal.hpp"
#include "job/train_fields_internal.hpp"

namespace edgewise::job {

namespace {

namespace fs = std::filesystem;
using config::Options;
using config::Range;

const std::vector<std::string> directions{"minimize", "maximize"};

/// Texts of the file that are parsed further once all is read.
struct Draft {
  std::string task;
  std::vector<std::pair<std::string, std::string>> splits, objectives;
  std::vector<std::string> constraints;
  std::int64_t split_seed = 1;
  std::vector<Json> start_with;
  std::string fit;            // of the starting weights
  bool is_recorded = false;   // by a study, perhaps of an older version
  bool is_reference = false;  // of the options of all entries, not of a job's own ones
  std::vector<std::string> range;
  std::vector<Error> in_space_file;
};

/// Two numbers, the lower one first.
std::optional<std::array<double, 2>> range_of(const std::vector<std::string>& written) {
  std::array<double, 2> range{};
  if (written.size() != range.size()) return std::nullopt;
  for (std::size_t i = 0; i < range.size(); ++i) {
    const std::string& text = written[i];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), range[i]);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(range[i])) return std::nullopt;
  }
  return range[0] < range[1] ? std::optional(range) : std::nullopt;
}

/// "a, b or c", with the last word as given.
std::string listed(const std::vector<std::string>& words, const std::string& last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) text += (i == 0 ? "" : i + 1 == words.size() ? last : ", ") + words[i];
  return text;
}

/// "`task: classification` or `task: box`": of those that want this, or all.
std::string tasks_to_write(std::optional<task::Wants> wanted = {}) {
  std::vector<std::string> lines;
  for (const auto& entry : task::tasks().entries())
    if (!wanted || entry.task->wants() == *wanted) lines.push_back(std::format("`task: {}`", entry.name));
  return listed(lines, " or ");
}

void data_fields(Options& o, Job& job, Draft& draft) {
  auto& data = job.data;
  std::vector<std::string> drawn;
  for (const std::string& name : data::builtin_sets().names()) drawn.push_back(std::format("`{}`", name));
  o.text("path", data.path,
         std::format("folder or annotation file with the labelled images, or {}", listed(drawn, ", ")));
  if (data.path.empty())
    o.problem("path", "data.path is missing: where are the images?",
              "give a folder, or builtin:faces to try things out");
  std::vector<std::string> formats = data::formats().names();
  formats.insert(formats.begin(), "");
  o.word("format", data.format, formats, "how the labels are written; empty: found out from what lies there");
  o.size("input", job.input, {16, 1024},
         "pixels that pictures are resized to: the edge of a square, or e.g. 320x192; a family with an input-size "
         "parameter chooses the width");
  o.text("annotations", data.annotations, "annotation file or folder, when it is not at the format's usual place");
  o.text("images", data.images, "image folder, when it is not at the format's usual place");
  o.pairs("splits", draft.splits, {"train", "validation", "test", "val", "valid", "dev"}, {},
          "list files that fix the splits");
  o.number("validation_share", data.validation_share, {0, 0.9, true},
           "share of the images for validation when no list says it");
  o.number("test_share", data.test_share, {0, 0.9}, "share of the images for the test split, used once at the end");
  o.text("group_column", data.group_column, "CSV column; rows with equal values never cross a split");
  o.word("boxes", data.boxes, {"only", "largest"},
         "which box of an image counts: images with exactly one, or the largest of each");
  o.texts("classes", data.classes, "keep these classes only; empty: all");
  o.section(
      "presence", "class",
      [&](Options& p) {
        p.text("class", data.presence,
               "classification by boxes: whether a picture shows this class (\"no X\" or \"X\"); empty: the class is "
               "the box's own");
        p.number("share", data.presence_share, {0, 0.99},
                 "a box of the class must cover more than this share of the picture; 0.005 is the rule of Visual Wake "
                 "Words");
      },
      "presence labels from boxes, with `task: classification`");
  if (!data.presence.empty() && job.task->wants() != task::Wants::label)
    o.problem("presence",
              std::format("data.presence is a class of the whole picture, but the task is {}", job.task->name()),
              std::format("write {}, or remove data.presence", tasks_to_write(task::Wants::label)));
  if (!data.presence.empty() && !data.classes.empty())
    o.problem("presence", "data.presence and data.classes do not go together",
              "presence looks at the boxes of its own class alone; remove data.classes");
  o.word("orientation", data.orientation, {"applied", "as_stored"},
         "whether an EXIF orientation turns the pictures, as annotation tools show them; a size that the labels state "
         "decides otherwise");
  if (!o.is_given("orientation")) job.left_open.insert("data.orientation");
  o.integer("channels", data.channels, {0, 8},
            "of the pictures; 0: 3 for grey and colour, else as many as the files have; 1: grey");
  o.texts("range", draft.range,
          "two numbers, the values that become black and white, e.g. [0, 4095]; empty: all that 8 or 16 bits can be. "
          "Pictures of real numbers need it");
  data.range = range_of(draft.range);
  if (!draft.range.empty() && !data.range)
    o.problem("range", "data.range is not two numbers, the lower one first", "write e.g. data.range: [0, 4095]");
  o.integer("count", data.count, {0, 1e6}, "number of pictures of a built-in set; 0: its default");
  o.integer("seed", draft.split_seed, {0, 1e15}, "of the split and of built-in sets");
}

void device_fields(Options& o, Job& job, const Draft& draft) {
  job.device.fields(o, draft.is_reference);
  for (const auto& option : job.device.entry().checked_here) job.places["device." + option] = o.where(option);
}

/// What a search begins with, and what it learns from before it has trials of its own. `family` is absent when its
/// section has a mistake.
void start_fields(Options& o, Job& job, Draft& draft, const space::Family* family) {
  o.sections(
      "start_with", draft.start_with.size(), [&](std::size_t count) { draft.start_with.assign(count, Json::object()); },
      [&](std::size_t i, Options& s) { s.rest(draft.start_with[i], "a value for each parameter of the space"); },
      "configurations that are tried before anything else, in this order; the first is trial 0, the baseline");
  auto& start_with = job.search.common.start_with;
  start_with.clear();
  for (std::size_t i = 0; family && i < draft.start_with.size(); ++i) {
    auto choice = space::choice_from_json(family->space, draft.start_with[i]);
    if (!choice) {
      o.problem("start_with", std::format("search.start_with[{}]: {}", i, choice.error().message), choice.error().next,
                static_cast<int>(i));
    } else if (std::ranges::contains(start_with, *choice)) {
      o.problem("start_with", std::format("search.start_with[{}] is given twice", i), "leave one of them out",
                static_cast<int>(i));
    } else {
      start_with.push_back(*std::move(choice));
    }
  }
  o.texts("front_of", job.front_of, "studies, Optuna databases or CSV tables whose Pareto fronts are tried next");
  o.texts("warm_start", job.warm_start,
          "studies, Optuna databases or CSV tables whose trials the strategy learns from; they cost nothing and are "
          "not trials of this study");
  o.boolean("repeats", job.repeats,
            "train what is the same network with the same settings again; otherwise it takes over what its twin gave");
}

void search_fields(Options& o, Job& job) {
  auto& search = job.search;
  search.fields(o);
  if (!o.is_given("strategy")) job.left_open.insert("search.strategy");
  if (!o.is_given("features")) job.left_open.insert("search.features");
  if (search.common.rank.empty()) return;
  const auto expression = study::Expression::parse(search.common.rank);
  if (!expression)
    return o.problem("rank", std::format("search.rank: {} ({})", expression.error().message, expression.error().where),
                     expression.error().next);
  const auto known = recorded_values(*job.task);
  for (const auto& name : expression->names())
    if (std::ranges::find(known, name) == known.end()) {
      const auto near = nearest_word(name, known);
      o.problem(
          "rank",
          std::format("search.rank uses \"{}\", which is not recorded; recorded are {}", name, quoted_list(known)),
          near.empty() ? "" : std::format("did you mean \"{}\"?", near));
    }
}

void objective_fields(Options& o, Job& job, Draft& draft) {
  const auto known = recorded_values(*job.task);
  if (!o.is_given("objectives") && draft.objectives.empty())
    for (const auto& usual : usual_objectives(*job.task))
      draft.objectives.emplace_back(usual.name, usual.better == Direction::maximize ? "maximize" : "minimize");
  o.pairs("objectives", draft.objectives, known, directions, "what is optimised, and which way");
  if (draft.objectives.size() > 4)
    o.problem("objectives",
              std::format("{} objectives are too many; at most 4 are searched at once", draft.objectives.size()),
              "turn some of them into constraints");
  job.objectives.clear();
  const auto all = quantities(*job.task);
  for (const auto& [name, direction] : draft.objectives)
    job.objectives.push_back({name, direction == "maximize" ? study::Direction::maximize : study::Direction::minimize});
  for (std::size_t i = 0; i < job.objectives.size() && !o.has_problem("objectives"); ++i) {
    const auto& objective = job.objectives[i];
    const auto quantity = std::ranges::find(all, objective.name, &Quantity::name);
    if (quantity == all.end() || quantity->better == objective.direction || draft.is_recorded) continue;
    const bool is_higher_better = quantity->better == study::Direction::maximize;
    job.remarks.push_back(
        {ErrorCode::invalid_input,
         std::format("the objective {} is {}, and {} of it is better", objective.name,
                     is_higher_better ? "minimised" : "maximised", is_higher_better ? "more" : "less"),
         o.where("objectives", static_cast<int>(i)),
         std::format("write {}: {}, unless you mean it", objective.name, is_higher_better ? "maximize" : "minimize")});
  }
  if (job.objectives.empty() && o.is_given("objectives") && !o.has_problem("objectives"))
    o.problem("objectives", "there is no objective left", "give one, e.g. {latency_ms: minimize}");

  o.texts("constraints", draft.constraints,
          "bounds that a network must keep, e.g. `latency_ms < 33`, `parameters < 1e6`");
  job.constraints.clear();
  std::vector<int> places;  // in the file, of those that can be read
  for (std::size_t i = 0; i < draft.constraints.size(); ++i) {
    const auto& text = draft.constraints[i];
    const auto comparison = study::Comparison::parse(text);
    if (!comparison) {
      o.problem("constraints",
                std::format("constraint \"{}\": {} ({})", text, comparison.error().message, comparison.error().where),
                comparison.error().next, static_cast<int>(i));
      continue;
    }
    for (const auto& name : comparison->names())
      if (std::ranges::find(known, name) == known.end()) {
        const auto near = nearest_word(name, known);
        o.problem("constraints",
                  std::format("constraint \"{}\" uses \"{}\", which is not recorded; recorded are {}", text, name,
                              quoted_list(known)),
                  near.empty() ? "" : std::format("did you mean \"{}\"?", near), static_cast<int>(i));
      }
    job.constraints.push_back({text, *comparison});
    places.push_back(static_cast<int>(i));
  }
  if (draft.is_recorded) return;
  for (const auto& doubt : mistaken(job.constraints, *job.task))
    o.problem("constraints", doubt.message, doubt.next, places[doubt.constraint]);
  for (const auto& doubt : idle(job.constraints, *job.task))
    job.remarks.push_back(
        {ErrorCode::invalid_input, doubt.message, o.where("constraints", places[doubt.constraint]), doubt.next});
}

void job_fields(Options& o, Job& job, Draft& draft) {
  draft.task = job.task->name();
  std::vector<std::string> learned;
  for (const auto& entry : task::tasks().entries()) learned.push_back(entry.task->traits().sentence);
  o.word("task", draft.task, task::tasks().names(), "what the network learns: " + listed(learned, ", or "));
  if (const auto* chosen = task::tasks().find(draft.task)) job.task = chosen->task;
  if (!o.is_given("task") && o.is_given("data")) o.problem("", "task is missing", "add " + tasks_to_write());
  if (!o.is_given("data") && o.is_given("task"))
    o.problem("", "data is missing: where are the images?",
              "add `data: FOLDER`, or `data: builtin:faces` to try things out");
  o.section(
      "data", "path",
      [&](Options& d) {
        if (o.is_given("data") || !o.is_given("task")) data_fields(d, job, draft);
      },
      "the labelled images");
  job.data.splits.clear();
  for (const auto& [split, file] : draft.splits) {
    const bool is_validation = split == "val" || split == "valid" || split == "dev";
    if (!job.data.splits.try_emplace(is_validation ? "validation" : split, file).second)
      o.problem("data.splits",
                std::format("data.splits names the {} split twice", is_validation ? "validation" : split),
                "leave one of val, valid, dev and validation");
  }
  job.data.seed = static_cast<std::uint64_t>(draft.split_seed);
  if (job.data.validation_share + job.data.test_share > 0.95)
    o.problem("data", "data.validation_share and data.test_share together leave less than 5 % for training",
              "make one of them smaller");

  const auto family = read_space(o, job.space, frame_without_data(job), job.file.parent_path(), draft.is_recorded);
  if (!family) draft.in_space_file = family.error().in_file;

  o.section("device", "name", [&](Options& d) { device_fields(d, job, draft); }, "where candidates are measured");
  if (estimate::estimators().entries().size() > 1)  // with one there is nothing to say
    o.section(
        "estimator", "name", [&](Options& e) { job.estimator.fields(e, draft.is_reference); },
        "how candidates are evaluated");

  objective_fields(o, job, draft);
  o.section(
      "train", "", [&](Options& t) { train_fields(t, job, draft.fit, draft.is_recorded); },
      "how candidates are trained");
  o.section(
      "search", "strategy",
      [&](Options& s) {
        search_fields(s, job);
        start_fields(s, job, draft, family ? &*family : nullptr);
      },
      "how the space is searched");
  o.section(
      "budget", "",
      [&](Options& b) {
        b.number("hours", job.budget.hours, {0, 1e5}, "stop asking for new trials after so long; 0: no bound");
        b.integer("trials", job.budget.trials, {0, 1e6}, "trials at most; 0: no bound");
        b.integer("epochs", job.budget.epochs, {0, 1e9}, "epochs over all trials at most; 0: no bound");
      },
      "what the whole study may spend");
  o.integer("seed", job.seed, {0, 1e15},
            "of everything random: same seed, same choices (of a search that learns: with one worker)");
  job.search.common.seed = static_cast<std::uint64_t>(job.seed);
  job.search.common.effort = job.estimator.effort(job.train.epochs);
  const auto* strategy = search::strategies().find(job.search.strategy);
  if (family && strategy && strategy->needs_finite_space && !family->space.size())
    o.problem("search",
              std::format("search.strategy \"{}\" needs a finite space, but this one has a real-valued parameter",
                          strategy->name),
              "narrow it to a list of values, or use random");
}

Job default_job(bool is_recorded) {
  Job job;
  job.space = {.name = "backbones"};
  // Studies of earlier versions meant these when they did not say them.
  job.search.strategy = is_recorded ? "random" : "auto";
  job.search.common.features = is_recorded ? "none" : "all";
  job.data.orientation = is_recorded ? "as_stored" : "applied";
  job.train.weights_fit = is_recorded ? train::Fit::half : train::Fit::backbone;
  return job;
}

/// Changes each path that a job file may say relative to itself.
template <class Change>
void change_paths(Job& job, Change change) {
  change(job.data.path);
  change(job.train.weights);
  if (job.train.teacher.path != train::best_trial) change(job.train.teacher.path);
  for (auto& path : job.warm_start) change(path);
  for (auto& path : job.front_of) change(path);
}

/// Paths of the file are relative to its folder.
void resolve_paths(Job& job) {
  const fs::path folder = fs::absolute(job.file).parent_path();
  change_paths(job, [&](std::string& path) {
    if (path.empty() || data::is_builtin(path) || !fs::path(path).is_relative()) return;
    const std::string said = path;
    path = (folder / path).lexically_normal().string();
    job.relative_paths[path] = said;
  });
}

std::expected<Job, std::vector<Error>> read_fields(const config::Node& root, const fs::path& file, bool is_recorded) {
  Job job = default_job(is_recorded);
  job.file = file;
  job.name = file.stem().string();
  Draft draft{.fit = std::string(train::to_text(job.train.weights_fit)), .is_recorded = is_recorded};
  auto errors = config::read(root, file.string(), [&](Options& o) { job_fields(o, job, draft); });
  errors.insert(errors.end(), draft.in_space_file.begin(), draft.in_space_file.end());
  if (!errors.empty()) return std::unexpected(std::move(errors));
  resolve_paths(job);
  return job;
}

Json written(Job job) {
  Draft draft{.is_recorded = true};
  for (const auto& [split, file] : job.data.splits) draft.splits.emplace_back(split, file);
  for (const auto& objective : job.objectives)
    draft.objectives.emplace_back(objective.name,
                                  objective.direction == study::Direction::maximize ? "maximize" : "minimize");
  for (const auto& constraint : job.constraints) draft.constraints.push_back(constraint.text);
  for (const auto& choice : job.search.common.start_with) draft.start_with.push_back(space::to_json(choice));
  draft.fit = train::to_text(job.train.weights_fit);
  draft.split_seed = static_cast<std::int64_t>(job.data.seed);
  if (job.data.range)
    for (const double end : *job.data.range) draft.range.push_back(std::format("{}", end));
  return config::write([&](Options& o) { job_fields(o, job, draft); });
}

}  // namespace

std::vector<std::string> recorded_values(const task::Task& task) {
  std::vector<std::string> names;
  for (const auto& quantity : quantities(task)) names.push_back(quantity.name);
  return names;
}

std::expected<Job, std::vector<Error>> parse_job(const std::string& text, const fs::path& file) {
  const auto root = config::parse_yaml(text, file.string());
  if (!root) return std::unexpected(std::vector<Error>{root.error()});
  return read_fields(*root, file, false);
}

std::expected<Job, std::vector<Error>> read_job(const fs::path& file) {
  const auto text = read_file(file, std::size_t{2} << 20);
  if (!text) {
    Error error = text.error();
    error.next = "give the path of a job file; `edgewise init` writes a first one";
    return std::unexpected(std::vector<Error>{error});
  }
  return parse_job(*text, file);
}

Json to_json(const Job& job) {
  Json json = written(job);
  json["file"] = job.file.string();
  json["name"] = job.name;
  return json;
}

Json to_record(Job job) {
  change_paths(job, [&](std::string& path) {
    if (const auto said = job.relative_paths.find(path); said != job.relative_paths.end()) path = said->second;
  });
  return to_json(job);
}

Result<Job> job_from_json(const Json& json, const fs::path& place) {
  if (!json.is_object()) return invalid("the study's job is not an object");
  Json fields = json;
  const fs::path file = place.empty() ? fs::path(fields.value("file", std::string("job.yaml"))) : place;
  const std::string name = fields.value("name", std::string("study"));
  for (const char* recorded : {"file", "frame"}) fields.erase(recorded);  // what a study keeps beside the job's options
  fields.erase("name");
  auto job = read_fields(config::from_json(fields), file, true);
  if (!job) return std::unexpected(job.error().front());
  job->name = name;
  return std::move(*job);
}

Result<Job> go_on(Job job, const Json& recorded) {
  TRY(const auto then, job_from_json(recorded));
  // A built-in file is not the user's: the study goes on with what it said when it began.
  if (!space::is_space_file(job.space.name) && job.space.name == then.space.name)
    job.space.content = then.space.content;
  if (job.left_open.contains("search.strategy") && then.search.strategy == "random")
    job.search.strategy = then.search.strategy;
  if (job.left_open.contains("search.features")) job.search.common.features = then.search.common.features;
  if (job.left_open.contains("train.best_by")) job.train.best_by = then.train.best_by;
  if (job.left_open.contains("data.orientation")) job.data.orientation = then.data.orientation;
  if (job.left_open.contains("train.weights.fit") && then.train.weights_fit == train::Fit::half)
    job.train.weights_fit = train::Fit::half;
  return job;
}

Result<Job> for_pretraining(Job job, const std::string& data, const std::string& task) {
  if (!data.empty()) {
    TRY(job.task, task::find_task(task));
    job.data = {.path = data, .seed = job.data.seed};
    job.train.loss = job.loss_options.at(task);
    job.train.best_by = job.task->metrics().front().name;
    if (!job.task->traits().can_mix) job.train.mixup = job.train.cutmix = 0;
  }
  job.name += "-pretrained";
  job.objectives.clear();
  for (const auto& usual : usual_objectives(*job.task)) job.objectives.push_back({usual.name, usual.better});
  job.constraints.clear();
  job.train.weights.clear();
  job.train.teacher.path.clear();
  job.train.save_weights = true;
  job.search.common.start_with.clear();
  job.search.common.rank.clear();
  job.warm_start.clear();
  job.front_of.clear();
  return job;
}

std::string to_yaml(const Job& job) {
  auto json = written(job);
  json["space"].erase("content");
  return config::to_yaml(json);
}

int last_epochs(const Job& job) {
  return job.search.common.effort.of(search::last_units(job.search)).epochs();
}

space::Frame frame(const Job& job, const data::DataSet& set) {
  return {.channels = set.channels,
          .input_size = job.input,
          .head = task::head_of(*job.task),
          .outputs = job.task->outputs(set.classes.size())};
}

space::Frame frame_without_data(const Job& job) {
  return {.channels = 3, .input_size = job.input, .head = task::head_of(*job.task), .outputs = job.task->outputs(2)};
}

std::string option_reference() {
  Job job = default_job(false);
  job.data.path = "";
  Draft draft{.fit = std::string(train::to_text(job.train.weights_fit)), .is_reference = true};
  return config::reference([&](Options& o) { job_fields(o, job, draft); });
}

fs::path study_folder(const std::string& name_or_path) {
  fs::path path = name_or_path;
  if (path.filename().empty()) path = path.parent_path();
  if (path.extension() == ".study") return path;
  if (path.extension() == ".yaml" || path.extension() == ".yml") path.replace_extension();
  path += ".study";
  return path;
}

}  // namespace edgewise::job
