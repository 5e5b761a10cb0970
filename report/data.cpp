#include <cmath>

#include "report/columns_internal.hpp"
#include "report/report.hpp"
#include "search/picks.hpp"

namespace edgewise::report {
namespace {

/// A broken byte in a recorded text must not make `dump` throw.
Json clean(const Json& json) {
  switch (json.type()) {
    case Json::value_t::string:
      return valid_utf8(json.get_ref<const std::string&>());
    case Json::value_t::array: {
      Json all = Json::array();
      for (const auto& item : json) all.push_back(clean(item));
      return all;
    }
    case Json::value_t::object: {
      Json all = Json::object();
      for (const auto& [name, item] : json.items()) all[valid_utf8(name)] = clean(item);
      return all;
    }
    default:
      return json;
  }
}

/// JSON has no NaN: what is not finite is null.
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

Json numbers(const std::map<std::string, double>& values) {
  Json all = Json::object();
  for (const auto& [name, value] : values) all[valid_utf8(name)] = number(value);
  return all;
}

Json choice_json(const space::Choice& choice) {
  Json all = Json::object();
  for (const auto& [name, value] : choice)
    all[valid_utf8(name)] = std::visit([](const auto& v) { return clean(Json(v)); }, value);
  return all;
}

Json result_json(const study::StageResult& result) {
  Json details = clean(result.details);
  for (const auto& artifact : result.artifacts)
    details["artifacts"][valid_utf8(artifact.kind)] = valid_utf8(artifact.path);
  return {{"stage", result.stage},
          {"epochs", result.fidelity.epochs()},
          {"best_epoch", result.best_epoch},
          {"values", numbers(study::numbers(result.values))},
          {"measurement", clean(result.measurement)},
          {"details", std::move(details)},
          {"train_s", number(result.train_s)},
          {"measure_s", number(result.measure_s)},
          {"export_s", number(result.export_s)},
          {"overhead_s", number(result.overhead_s)},
          {"finished", valid_utf8(result.finished)}};
}

Json point_json(const study::CurvePoint& point) {
  return {{"stage", point.stage},
          {"epoch", point.epoch},
          {"train_loss", number(point.train_loss)},
          {"validation_loss", number(point.validation_loss)},
          {"metrics", numbers(point.metrics)},
          {"seconds", number(point.seconds)},
          {"images_per_s", number(point.images_per_s)}};
}

Json trial_json(const study::Study& study, const Standing& all, const study::Trial& trial) {
  const auto* result = trial.result();
  const auto rank = all.rank.find(trial.id);
  const auto contribution = all.contribution.find(trial.id);
  auto broken = broken_constraint(study, trial);
  // Taken over from a study whose constraint has no name here.
  if (broken.empty() && trial.state == study::State::rejected)
    broken = trial.reason.empty() ? "rejected" : trial.reason;
  Json json = {{"id", trial.id.value},
               {"state", study::to_text(trial.state)},
               {"stage", trial.stage},
               {"epochs", trial.fidelity.epochs()},
               {"choice", choice_json(trial.choice)},
               {"values", result ? numbers(study::numbers(result->values)) : Json::object()},
               {"known", numbers(study::numbers(trial.known))},
               {"reason", valid_utf8(trial.reason)},
               {"front", all.is_on_front(trial.id)},
               {"rank", rank == all.rank.end() ? Json() : Json(rank->second)},
               {"contribution", contribution == all.contribution.end() ? Json() : number(contribution->second)},
               {"feasible", broken.empty()},
               {"violated", broken.empty() ? Json() : Json(valid_utf8(broken))},
               {"results", Json::array()},
               {"curve", Json::array()}};
  for (const auto& one : trial.results) json["results"].push_back(result_json(one));
  for (const auto& point : trial.curve) json["curve"].push_back(point_json(point));
  return json;
}

}  // namespace

Json report_data(const study::Study& study) {
  const auto& settings = study.settings;
  const auto all = standing(study);
  Json about = {
      {"name", valid_utf8(settings.name)}, {"seed", settings.seed},        {"created", valid_utf8(settings.created)},
      {"objectives", Json::array()},       {"constraints", Json::array()}, {"strategy", Json()}};
  for (const auto& objective : settings.objectives)
    about["objectives"].push_back(
        {{"name", valid_utf8(objective.name)},
         {"direction", objective.direction == study::Direction::maximize ? "maximize" : "minimize"}});
  for (const auto& constraint : settings.constraints) about["constraints"].push_back(valid_utf8(constraint.text));
  if (settings.job.is_object() && settings.job.contains("search") && settings.job["search"].is_object())
    about["strategy"] = clean(settings.job["search"].value("strategy", Json()));

  Json data = {{"format", "edgewise-report"}, {"version", 1},           {"study", about},
               {"trials", Json::array()},     {"front", Json::array()}, {"knee", Json()}};
  for (const auto& trial : study.trials) data["trials"].push_back(trial_json(study, all, trial));
  for (const auto* trial : all.front) data["front"].push_back(trial->id.value);
  if (all.knee) data["knee"] = all.knee->id.value;
  if (!all.no_contribution.empty()) data["no_contribution"] = all.no_contribution;
  data["chosen"] = data["knee"];
  data["picks"] = Json::array();
  for (const auto& pick : search::picks(study))
    data["picks"].push_back(
        {{"name", valid_utf8(pick.name)}, {"trial", pick.trial->id.value}, {"reason", valid_utf8(pick.reason)}});
  data["cover"] = Json();
  if (const auto cover = search::front_cover(study, long_front)) {
    data["cover"] = {{"trials", Json::array()}, {"share", number(cover->share)}};
    for (const auto* trial : cover->trials) data["cover"]["trials"].push_back(trial->id.value);
  }
  data["environment"] = clean(settings.environment);
  data["job"] = clean(settings.job);
  // What was said of the data has its own place; studies of older programs did not keep it.
  data["data"] = Json();
  auto& job = data["job"];
  if (job.is_object() && job.contains("frame") && job["frame"].is_object() && job["frame"].contains("data")) {
    data["data"] = job["frame"]["data"];
    job["frame"].erase("data");
  }
  return data;
}

}  // namespace edgewise::report
