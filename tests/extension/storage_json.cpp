// A storage in one source file: a study as one JSON file, for tests and as a recipe.
//
// 1. Implement study::Storage. The rules by which trials change are shared (study/changes_internal.hpp); a storage that
//    keeps the study as a whole, like this one, has them all from MemoryStorage and only reads and writes its state.
// 2. Register the kind under the scheme of its URLs. `create_storage("json:FOLDER", ...)` finds it from then on.
// 3. Link the file into study_test: the conformance suite runs over every kind in the catalogue.
#include <cmath>
#include <filesystem>
#include <format>
#include <limits>

#include "base/file.hpp"
#include "base/json.hpp"
#include "study/json_internal.hpp"
#include "study/storage.hpp"
#include "study/storages/memory_internal.hpp"

namespace edgewise::study {
namespace {

namespace fs = std::filesystem;

/// JSON has no NaN: the losses of an epoch that gave none are null.
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}
double number_of(const Json& json) {
  return json.is_number() ? json.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

Json to_json(const StageResult& r) {
  return {{"stage", r.stage},
          {"fidelity", to_json(r.fidelity)},
          {"best_epoch", r.best_epoch},
          {"values", to_json(r.values)},
          {"measurement", r.measurement},
          {"details", r.details},
          {"artifacts", to_json(r.artifacts)},
          {"train_s", r.train_s},
          {"measure_s", r.measure_s},
          {"export_s", r.export_s},
          {"overhead_s", r.overhead_s},
          {"finished", r.finished}};
}

Result<StageResult> result_from_json(const Json& json) {
  StageResult r{.stage = json.at("stage"),
                .best_epoch = json.at("best_epoch"),
                .measurement = json.at("measurement"),
                .details = json.at("details"),
                .train_s = json.at("train_s"),
                .measure_s = json.at("measure_s"),
                .export_s = json.at("export_s"),
                .overhead_s = json.at("overhead_s"),
                .finished = json.at("finished")};
  TRY(r.fidelity, fidelity_from_json(json.at("fidelity")));
  TRY(r.values, values_from_json(json.at("values")));
  TRY(r.artifacts, artifacts_from_json(json.at("artifacts")));
  return r;
}

Json to_json(const CurvePoint& p) {
  return {{"stage", p.stage},
          {"epoch", p.epoch},
          {"train_loss", number(p.train_loss)},
          {"validation_loss", number(p.validation_loss)},
          {"metrics", numbers_to_json(p.metrics)},
          {"seconds", p.seconds},
          {"images_per_s", p.images_per_s}};
}

Result<CurvePoint> point_from_json(const Json& json) {
  CurvePoint p{.stage = json.at("stage"),
               .epoch = json.at("epoch"),
               .train_loss = number_of(json.at("train_loss")),
               .validation_loss = number_of(json.at("validation_loss")),
               .seconds = json.at("seconds"),
               .images_per_s = json.at("images_per_s")};
  TRY(p.metrics, numbers_from_json(json.at("metrics")));
  return p;
}

Json to_json(const MemoryState::Row& row) {
  const auto& [trial, hold] = row.entry;
  Json json{{"choice", choice_to_json(trial.choice)},
            {"state", to_text(trial.state)},
            {"stage", trial.stage},
            {"fidelity", to_json(trial.fidelity)},
            {"seed", trial.seed},
            {"known", to_json(trial.known)},
            {"threads", trial.threads.value_or(0)},
            {"reason", trial.reason},
            {"attempts", trial.attempts},
            {"work", to_text(trial.work)},
            {"worker", trial.worker},
            {"results", Json::array()},
            {"curve", Json::array()},
            {"token", hold.token},
            {"claim_epoch", hold.epoch},
            {"heartbeat_ms", hold.heartbeat_ms},
            {"changed", row.changed},
            {"lease_end_ms", hold.lease_end_ms}};
  for (const StageResult& result : trial.results) json["results"].push_back(to_json(result));
  for (const CurvePoint& point : trial.curve) json["curve"].push_back(to_json(point));
  return json;
}

Result<MemoryState::Row> row_from_json(const Json& json, std::int64_t id) {
  const auto state = state_from_text(json.at("state").get<std::string>());
  const auto work = work_from_text(json.at("work").get<std::string>());
  if (!state || !work) return invalid(std::format("trial {} has an unknown state", id));
  MemoryState::Row row{.entry = {.trial = {.id = {id},
                                           .state = *state,
                                           .stage = json.at("stage"),
                                           .seed = json.at("seed"),
                                           .reason = json.at("reason"),
                                           .attempts = json.at("attempts"),
                                           .work = *work,
                                           .worker = json.at("worker")},
                                 .hold = {.token = json.at("token"),
                                          .epoch = json.at("claim_epoch"),
                                          .heartbeat_ms = json.at("heartbeat_ms"),
                                          .lease_end_ms = json.at("lease_end_ms")}},
                       .changed = json.at("changed")};
  Trial& trial = row.entry.trial;
  if (const int threads = json.at("threads"); threads > 0) trial.threads = threads;
  TRY(trial.choice, choice_from_json(json.at("choice")));
  TRY(trial.fidelity, fidelity_from_json(json.at("fidelity")));
  TRY(trial.known, values_from_json(json.at("known")));
  for (const Json& one : json.at("results")) {
    TRY(StageResult result, result_from_json(one));
    trial.results.push_back(std::move(result));
  }
  for (const Json& one : json.at("curve")) {
    TRY(CurvePoint point, point_from_json(one));
    trial.curve.push_back(std::move(point));
  }
  return row;
}

Json to_json(const MemoryState& state) {
  const Settings& s = state.settings;
  Json json{{"name", s.name},
            {"seed", s.seed},
            {"objectives", to_json(s.objectives)},
            {"constraints", to_json(s.constraints)},
            {"job", s.job},
            {"environment", s.environment},
            {"created", s.created},
            {"version", state.version},
            {"trials", Json::array()}};
  for (const MemoryState::Row& row : state.rows) json["trials"].push_back(to_json(row));
  return json;
}

Result<MemoryState> state_from_json(const Json& json) {
  MemoryState state{.settings = {.name = json.at("name"),
                                 .seed = json.at("seed"),
                                 .job = json.at("job"),
                                 .environment = json.at("environment"),
                                 .created = json.at("created")},
                    .rows = {},
                    .version = json.at("version")};
  TRY(state.settings.objectives, objectives_from_json(json.at("objectives")));
  TRY(state.settings.constraints, constraints_from_json(json.at("constraints")));
  for (const Json& one : json.at("trials")) {
    TRY(MemoryState::Row row, row_from_json(one, static_cast<std::int64_t>(state.rows.size())));
    state.rows.push_back(std::move(row));
  }
  return state;
}

/// Reads the file, does one thing with the study, and writes the file, all under a lock.
class JsonStorage final : public Storage {
 public:
  explicit JsonStorage(fs::path file) : file_(std::move(file)) {}

  Result<Settings> settings() override {
    return look([](MemoryStorage& study) { return study.settings(); });
  }
  Result<Changes> changes(const Cursor& since) override {
    return look([&](MemoryStorage& study) { return study.changes(since); });
  }
  Result<Trial> trial(TrialId id) override {
    return look([&](MemoryStorage& study) { return study.trial(id); });
  }
  Result<std::int64_t> version() override {
    return look([](MemoryStorage& study) { return study.version(); });
  }
  Result<std::vector<TrialId>> add(const std::vector<Trial>& trials, std::size_t expected_trials) override {
    return change([&](MemoryStorage& study) { return study.add(trials, expected_trials); });
  }
  Status promote(const std::vector<TrialId>& trials, const Fidelity& fidelity) override {
    return change([&](MemoryStorage& study) { return study.promote(trials, fidelity); });
  }
  Status assign_threads(const std::vector<std::pair<TrialId, int>>& threads) override {
    return change([&](MemoryStorage& study) { return study.assign_threads(threads); });
  }
  Result<std::optional<Claim>> claim(const std::string& worker, std::chrono::milliseconds lease,
                                     const std::set<Work>& kinds) override {
    return change([&](MemoryStorage& study) { return study.claim(worker, lease, kinds); });
  }
  Result<Claim> claim_again(TrialId id, const std::string& worker, std::chrono::milliseconds lease) override {
    return change([&](MemoryStorage& study) { return study.claim_again(id, worker, lease); });
  }
  Result<bool> heartbeat(const Claim& claim) override {
    return change([&](MemoryStorage& study) { return study.heartbeat(claim); });
  }
  Status record(const Claim& claim, const CurvePoint& point) override {
    return change([&](MemoryStorage& study) { return study.record(claim, point); });
  }
  Status finish(const Claim& claim, State state, const StageResult& result, const std::string& reason) override {
    return change([&](MemoryStorage& study) { return study.finish(claim, state, result, reason); });
  }
  Status pass_on(const Claim& claim, const StageResult& result) override {
    return change([&](MemoryStorage& study) { return study.pass_on(claim, result); });
  }
  Status fail_trial(const Claim& claim, const std::string& reason) override {
    return change([&](MemoryStorage& study) { return study.fail_trial(claim, reason); });
  }
  Status release(const Claim& claim) override {
    return change([&](MemoryStorage& study) { return study.release(claim); });
  }
  Status give_up(const Claim& claim, const std::string& reason, int max_attempts) override {
    return change([&](MemoryStorage& study) { return study.give_up(claim, reason, max_attempts); });
  }
  Status retry(TrialId id) override {
    return change([&](MemoryStorage& study) { return study.retry(id); });
  }
  Result<std::vector<TrialId>> recover(int max_attempts) override {
    return change([&](MemoryStorage& study) { return study.recover(max_attempts); });
  }
  Status forget_losses() override {
    return change([](MemoryStorage& study) { return study.forget_losses(); });
  }
  Result<std::vector<TrialId>> take_back() override {
    return change([](MemoryStorage& study) { return study.take_back(); });
  }

 private:
  Result<MemoryStorage> read() const {
    TRY(const std::string text, read_file(file_));
    TRY(const Json json, parse_json(text, file_.string()));
    try {
      TRY(MemoryState state, state_from_json(json));
      return MemoryStorage(std::move(state));
    } catch (const Json::exception& e) {
      return invalid(std::format("the study \"{}\" is damaged: {}", file_.string(), e.what()));
    }
  }
  template <class Call>
  auto look(Call call) -> decltype(call(std::declval<MemoryStorage&>())) {
    TRY(MemoryStorage study, read());  // files are replaced as a whole: reading needs no lock
    return call(study);
  }
  template <class Call>
  auto change(Call call) -> decltype(call(std::declval<MemoryStorage&>())) {
    TRY(const FileLock lock, FileLock::acquire(fs::path(file_) += ".lock", FileLock::Mode::exclusive));
    TRY(MemoryStorage study, read());
    auto result = call(study);
    if (result) TRY_DO(write_file(file_, dump(to_json(study.state()))));
    return result;
  }

  fs::path file_;
};

Result<std::unique_ptr<Storage>> open_json(const std::string& place) {
  const fs::path file = fs::path(place) / "study.json";
  if (!fs::exists(file)) return fail(ErrorCode::not_found, std::format("there is no study in \"{}\"", place));
  return std::make_unique<JsonStorage>(file);
}

Result<std::unique_ptr<Storage>> create_json(const std::string& place, const Settings& settings) {
  const fs::path file = fs::path(place) / "study.json";
  if (fs::exists(file)) return fail(ErrorCode::conflict, std::format("there is a study in \"{}\" already", place));
  std::error_code code;
  fs::create_directories(place, code);
  TRY_DO(write_file(file, dump(to_json(MemoryState{.settings = stored(settings), .rows = {}}))));
  return open_json(place);
}

const Registration json{storages(),
                        StorageKind{.name = "json",
                                    .sentence = "a folder with the file study.json",
                                    .create = create_json,
                                    .open = [](const std::string& place, Opening) { return open_json(place); }}};

}  // namespace
}  // namespace edgewise::study
