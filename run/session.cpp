#include "run/session.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <format>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "data/contents.hpp"
#include "data/statistics.hpp"
#include "graph/drawing.hpp"
#include "graph/quantities.hpp"
#include "run/environment.hpp"
#include "search/graph_description.hpp"
#include "search/pareto.hpp"
#include "search/picks.hpp"
#include "search/strategies.hpp"

namespace edgewise::run {

namespace fs = std::filesystem;

namespace {

Result<Session> attach(job::Job job, const fs::path& folder) {
  Session session;
  TRY(session.set, data::load(job.data, *job.task));
  TRY(session.family, space::make_family(job.space, job::frame(job, session.set)));
  session.job = std::move(job);
  session.folder = folder;
  return session;
}

/// The first option whose value differs, as "train.batch: 64 there, 32 here".
std::string first_difference(const Json& there, const Json& here, const std::string& path = {}) {
  for (const auto& [key, value] : here.items()) {
    if (path.empty() && (key == "file" || key == "frame")) continue;
    const std::string name = path.empty() ? key : path + "." + key;
    if (name == "data.path") continue;  // a folder may be moved; its pictures tell whether they are the same
    if (name == "space.content" && there.value(key, std::string()) != value.get<std::string>())
      return std::format("the space file \"{}\" says something else than when the study began",
                         here.value("family", std::string()));
    if (!there.is_object() || !there.contains(key)) return name + " is new";
    if (there[key] == value) continue;
    if (value.is_object() && there[key].is_object()) {
      if (auto inner = first_difference(there[key], value, name); !inner.empty()) return inner;
      if (there[key].size() == value.size()) continue;  // the same in another order
    }
    return std::format("{}: {} there, {} in the job file", name, dump(there[key]), dump(value));
  }
  return {};
}

/// Of what trials are judged by: which pictures, their labels and splits.
std::string fingerprint(const data::DataSet& set) {
  std::uint64_t all = 0;
  for (const auto& item : set.items) {
    const auto& labels = item.annotation.labels;
    std::string text = std::format("{} {} {}", item.image.filename().string(), data::to_text(item.split),
                                   labels.empty() ? -1 : labels.front());
    for (std::size_t i = 1; i < labels.size(); ++i) text += std::format(" {}", labels[i]);
    for (const auto& [box, label] : item.annotation.marks) {
      text += std::format(" {} {} {} {}", box.x0, box.y0, box.x1, box.y1);
      if (!set.classes.empty()) text += std::format(" {}", label);
    }
    all = stable_hash(std::format("{:016x} {}", all, text));
  }
  return std::format("{} {:016x}", set.items.size(), all);
}

/// A study in which nothing was tried yet is made anew when its job has changed. The caller coordinates it: nobody else
/// is about to search it.
Status forget_empty_study(const fs::path& folder, const Json& resolved) {
  if (!fs::exists(folder / "study.db")) return {};
  {
    TRY(const auto storage, study::open_storage(folder));
    TRY(const auto study, storage->load());
    if (!study.trials.empty() || study.settings.job == resolved) return {};
  }
  std::error_code error;
  for (const char* name :
       {"study.db", "study.db-wal", "study.db-shm", "cost_model.json", "price.json", "start.json", "clock.json"})
    if (!error) fs::remove(folder / name, error);
  if (error) return invalid(std::format("cannot replace the empty study \"{}\": {}", folder.string(), error.message()));
  return {};
}

}  // namespace

Progress told_now_and_then(const std::function<void(const std::string&)>& say, const std::string& what) {
  if (!say) return {};
  using Clock = std::chrono::steady_clock;
  return [say, what, told = std::make_shared<Clock::time_point>(Clock::now())](std::size_t done, std::size_t all) {
    const auto now = Clock::now();
    if (now - *told < std::chrono::seconds(5)) return;
    *told = now;
    say(std::format("{}: {} of {}", what, done, all));
  };
}

Status coordinate(Session& session) {
  if (session.coordinates) return {};
  auto lock = FileLock::try_acquire(session.folder / coordinator_lock, FileLock::Mode::exclusive);
  if (!lock && lock.error().code == ErrorCode::unavailable)
    return fail(ErrorCode::conflict,
                std::format("another search runs the study \"{}\" already", session.folder.string()),
                "watch it with `edgewise status`");
  if (!lock) return std::unexpected(lock.error());
  session.coordinates = std::move(*lock);
  return {};
}

namespace {

constexpr const char* contents_file = "pictures.txt";

/// What a study keeps of its job and data.
Json record_of(const Session& session, const data::Contents& contents) {
  Json record = job::to_record(session.job);
  const auto frame = job::frame(session.job, session.set);
  record["frame"] = {{"channels", frame.channels},
                     {"outputs", frame.outputs},
                     {"classes", session.set.classes},
                     {"pictures", fingerprint(session.set)},
                     {"contents", contents.digest},
                     {"data", {{"remarks", session.set.remarks}, {"account", data::account_json(session.set)}}}};
  return record;
}

Status make_study(Session& session, const Json& record) {
  Json machine = environment();
  machine["study"] = study::unique_text() + " " + record["frame"]["pictures"].get<std::string>();
  TRY(session.storage,
      study::create_storage(session.folder,
                            {.name = session.job.name,
                             .seed = static_cast<std::uint64_t>(session.job.seed),
                             .objectives = session.job.objectives,
                             .constraints = session.job.constraints,
                             .job = record,
                             .environment = machine,
                             .created = std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(
                                                                     std::chrono::system_clock::now()))}));
  return {};
}

/// Whether the pictures are those that the study began with.
/// @param then  what its folder says of them, for their names
Status check_pictures(const Session& session, const Json& recorded, const Json& now, const data::Contents& then,
                      const data::Contents& contents) {
  std::string what;
  if (recorded.contains("pictures") && recorded["pictures"] != now["pictures"]) {
    what = "pictures, labels or splits";
  } else if (recorded.contains("contents") && recorded["contents"] != now["contents"]) {
    what = "pictures";
    auto names = recorded["contents"] == then.digest ? data::changed(then, contents) : std::vector<std::string>{};
    const std::size_t all = names.size();
    if (names.size() > 5) names.resize(5);
    for (auto& name : names) what += std::format("{}\"{}\"", &name == &names.front() ? " (" : ", ", name);
    if (all > 0) what += all > names.size() ? std::format(" and {} more)", all - names.size()) : ")";
  }
  if (what.empty()) return {};
  return fail(ErrorCode::conflict,
              std::format("the {} of \"{}\" have changed since the study \"{}\" began: old and new trials could not be "
                          "compared",
                          what, session.job.data.path, session.folder.string()),
              "put the data back, or start another study with --study NAME");
}

/// Whether the study that is there is the one that this job file made.
Status check_settings(const Session& session, const study::Settings& settings) {
  // Both as today's options: what an older version did not record is compared with what it meant.
  TRY(const auto then, job::job_from_json(settings.job, session.job.file));
  const auto difference = first_difference(job::to_json(then), job::to_json(session.job));
  if (difference.empty()) return {};
  return fail(ErrorCode::conflict,
              std::format("the study \"{}\" was made with other settings ({})", session.folder.string(), difference),
              "put the job file back, or start another study with --study NAME");
}

bool has_trials_to_run(const study::Study& study) {
  return study.trials.empty() || std::ranges::any_of(study.trials, [](const study::Trial& trial) {
           return trial.state == study::State::waiting || trial.state == study::State::running;
         });
}

}  // namespace

Result<Session> start_study(job::Job job, const fs::path& folder, const Start& start) {
  if (fs::exists(folder / "study.db")) {
    // Before the pictures are read: which way round they are taken may be what an older study means.
    TRY(const auto storage, study::open_storage(folder));
    TRY(const auto settings, storage->settings());
    TRY(job, job::go_on(std::move(job), settings.job));
  }
  TRY(Session session, attach(std::move(job), folder));
  TRY_DO(search::make_strategy(session.job.search,
                               session.family.space));  // a mistake in it must not leave a study behind
  const auto then = data::read_contents(folder / contents_file);
  TRY(const auto contents,
      data::contents_of(session.set, then, told_now_and_then(start.say, "reading the pictures"), start.stop));
  bool is_checked = false;
  const auto check = [&]() -> Status {
    return start.check && !std::exchange(is_checked, true) ? start.check(session) : Status{};
  };
  if (!fs::exists(folder / "study.db")) TRY_DO(check());
  const Json record = record_of(session, contents);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    return invalid(std::format("cannot make the study's folder \"{}\": {}", folder.string(), error.message()),
                   "choose another place with --study");
  TRY_DO(coordinate(session));
  TRY_DO(forget_empty_study(folder, record));
  if (!fs::exists(folder / "study.db")) {
    TRY_DO(check());
    TRY_DO(make_study(session, record));
    TRY_DO(data::write_contents(folder / contents_file, contents));
    return session;
  }
  TRY(session.storage, study::open_storage(folder));
  TRY(const auto settings, session.storage->settings());
  TRY_DO(check_settings(session, settings));
  TRY_DO(check_pictures(session, settings.job.value("frame", Json::object()), record["frame"], then, contents));
  TRY(const auto study, session.storage->outline());
  if (start.will_run || has_trials_to_run(study)) TRY_DO(check());
  if (contents != then) TRY_DO(data::write_contents(folder / contents_file, contents));
  return session;
}

Result<study::Study> read_study(const fs::path& folder) {
  TRY(const auto storage, study::open_storage(folder, study::Opening::to_look));
  return storage->load();
}

namespace {

/// Family and frame as the study keeps them.
Result<std::pair<space::Family, space::Frame>> family_of(const study::Study& study) {
  const Json stored = study.settings.job.value("frame", Json::object());
  TRY(const auto job, job::job_from_json(study.settings.job));
  space::Frame frame{.channels = stored.value("channels", std::int64_t{3}),
                     .input_size = job.input,
                     .head = task::head_of(*job.task),
                     .outputs = stored.value("outputs", job.task->outputs(2))};
  TRY(auto family, space::make_family(job.space, frame));
  return std::pair{std::move(family), frame};
}

}  // namespace

Result<space::Candidate> rebuild(const study::Study& study, const space::Choice& choice) {
  TRY(const auto found, family_of(study));
  return found.first.build(choice, found.second);
}

Result<space::Space> space_of(const study::Study& study) {
  TRY(auto found, family_of(study));
  return std::move(found.first.space);
}

std::map<std::string, double> known_costs(const graph::Graph& graph) {
  return graph::known_values(graph);
}

Result<std::unique_ptr<search::Strategy>> make_strategy(const Session& session, const search::Price& price) {
  auto options = session.job.search;
  options.common.price = price;
  const auto frame = job::frame(session.job, session.set);
  std::set<std::string> used;
  for (const auto& objective : session.job.objectives) used.insert(objective.name);
  for (const auto& constraint : session.job.constraints) used.merge(constraint.comparison.names());
  if (std::ranges::any_of(graph::quantities(), [&](const auto& told) { return used.contains(told.name); })) {
    // Building a network takes a millisecond, and a strategy asks about the same ones again and again.
    struct Kept {
      std::mutex guard;  // threads may ask one strategy at once
      std::map<space::Choice, std::map<std::string, double>> costs;
    };
    // Shared by the copies of the function, which std::function makes.
    options.common.known = [&session, frame, kept = std::make_shared<Kept>()](const space::Choice& choice) {
      const std::scoped_lock lock(kept->guard);
      const auto found = kept->costs.find(choice);
      if (found != kept->costs.end()) return found->second;
      const auto candidate = session.family.build(choice, frame);
      return kept->costs.emplace(choice, candidate ? known_costs(candidate->graph) : std::map<std::string, double>{})
          .first->second;
    };
  }
  options.common.description =
      search::described_by_graph([&session, frame](const space::Choice& choice) -> std::optional<graph::Graph> {
        auto candidate = session.family.build(choice, frame);
        return candidate ? std::optional(std::move(candidate->graph)) : std::nullopt;
      });
  return search::make_strategy(options, session.family.space);
}

Result<const study::Trial*> pick(const study::Study& study, const std::string& what) {
  const std::string choices =
      "pick knee, bend, baseline, best:OBJECTIVE or a trial's number; `edgewise front` lists them";
  std::int64_t number = 0;
  if (const auto [end, error] = std::from_chars(what.data(), what.data() + what.size(), number);
      error == std::errc{} && end == what.data() + what.size()) {
    if (number < 0 || number >= static_cast<std::int64_t>(study.trials.size()))
      return invalid(std::format("there is no trial {}; the study has {} trials", number, study.trials.size()),
                     choices);
    return &study.trials[static_cast<std::size_t>(number)];
  }
  const auto picks = search::picks(study);
  if (picks.empty())
    return fail(ErrorCode::not_found, "no trial has finished and keeps all constraints yet",
                "run `edgewise search` on");
  std::vector<std::string> names;
  for (const auto& pick : picks) {
    if (what == pick.name) return pick.trial;
    names.push_back(pick.name);
  }
  if (what == "bend")
    return fail(ErrorCode::not_found, "the front has no bend: going along it gains what it loses", "pick knee");
  if (what == "baseline")
    return fail(ErrorCode::not_found, "there is no baseline: trial 0 did not record all objectives", choices);
  const auto near = nearest_word(what, names);
  return invalid(std::format("cannot pick \"{}\"; it is none of {} and no number", what, quoted_list(names)),
                 near.empty() ? choices : std::format("did you mean \"{}\"?", near));
}

std::map<std::string, std::string> drawings(const study::Study& study) {
  std::map<std::string, std::string> result;
  for (const auto* trial : search::pareto_front(study)) {
    if (result.size() >= 12) break;  // a page of a hundred drawings helps nobody
    if (const auto candidate = rebuild(study, trial->choice))
      result[study::to_text(trial->id)] = graph::draw_svg(candidate->graph);
  }
  return result;
}

}  // namespace edgewise::run
