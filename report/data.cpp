#include <algorithm>
#include <charconv>
#include <cmath>

#include "report/columns_internal.hpp"
#include "report/data_internal.hpp"
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

std::string_view word(Direction direction) {
  return direction == Direction::maximize ? "maximize" : "minimize";
}

Json choice_json(const space::Choice& choice) {
  Json all = Json::object();
  for (const auto& [name, value] : choice)
    all[valid_utf8(name)] = std::visit([](const auto& v) { return clean(Json(v)); }, value);
  return all;
}

/// A confusion matrix of many classes would outweigh the rest of the page, and nobody reads it there.
constexpr std::size_t most_confusion_classes = 24;

Json details_json(const study::Trial& trial, const study::StageResult& result, Variant variant) {
  auto details = result.details.is_object() ? conforming(clean(result.details), "Details") : Json::object();
  if (const auto* model = result.artifact("onnx")) details["model"] = valid_utf8(model->path);
  if (variant == Variant::page && details.contains("confusion") &&
      (&result != trial.result() || details["confusion"].size() > most_confusion_classes))
    details.erase("confusion");
  return details;
}

Json artifact_json(const study::Artifact& artifact) {
  return {{"kind", valid_utf8(artifact.kind)},
          {"path", valid_utf8(artifact.path)},
          {"sha256", artifact.sha256 ? Json(valid_utf8(*artifact.sha256)) : Json()},
          {"bytes", artifact.bytes ? Json(*artifact.bytes) : Json()}};
}

Json result_json(const study::Trial& trial, const study::StageResult& result, Variant variant) {
  const auto& measurement = result.measurement;
  Json artifacts = Json::array();
  for (const auto& artifact : result.artifacts) artifacts.push_back(artifact_json(artifact));
  return {{"stage", result.stage},
          {"epochs", result.fidelity.epochs()},
          {"best_epoch", result.best_epoch},
          {"values", numbers(study::numbers(result.values))},
          {"measurement", measurement.is_object() ? conforming(clean(measurement), "Measurement") : Json()},
          {"details", details_json(trial, result, variant)},
          {"artifacts", std::move(artifacts)},
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

/// Six significant digits are more than the page shows of any number, and keep it small.
void round_numbers(Json& json) {
  if (json.is_structured()) {
    for (auto& item : json) round_numbers(item);
  } else if (json.is_number_float()) {
    char text[32];
    const auto* end = std::to_chars(text, text + sizeof text, json.get<double>(), std::chars_format::general, 6).ptr;
    double value = 0;
    std::from_chars(text, end, value);
    json = value;
  }
}

int epochs_trained(const study::Trial& trial) {
  return std::max(trial.result() ? trial.result()->fidelity.epochs() : 0,
                  trial.curve.empty() ? 0 : trial.curve.back().epoch);
}

Json trial_json(const study::Study& study, const Standing& all, const study::Trial& trial, Variant variant) {
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
               {"results", Json::array()}};
  for (const auto& one : trial.results) json["results"].push_back(result_json(trial, one, variant));
  if (variant == Variant::page) {
    json["trained"] = epochs_trained(trial);
    for (const char* name : {"values", "known", "contribution", "results"}) round_numbers(json[name]);
  } else {
    json["curve"] = Json::array();
    for (const auto& point : trial.curve) json["curve"].push_back(point_json(point));
  }
  return json;
}

Json study_json(const study::Settings& settings) {
  Json about = {
      {"name", valid_utf8(settings.name)}, {"seed", settings.seed},        {"created", valid_utf8(settings.created)},
      {"objectives", Json::array()},       {"constraints", Json::array()}, {"strategy", Json()}};
  for (const auto& objective : settings.objectives)
    about["objectives"].push_back({{"name", valid_utf8(objective.name)}, {"direction", word(objective.direction)}});
  for (const auto& constraint : settings.constraints) about["constraints"].push_back(valid_utf8(constraint.text));
  const auto& job = settings.job;
  if (job.is_object() && job.contains("search") && job["search"].is_object())
    if (const auto strategy = job["search"].find("strategy"); strategy != job["search"].end() && strategy->is_string())
      about["strategy"] = clean(*strategy);
  return about;
}

/// Those declared that the study records, in the order of its columns.
Json quantities_json(const study::Study& study, const std::vector<Quantity>& declared) {
  Json all = Json::array();
  for (const auto& name : value_names(study)) {
    const auto found = std::ranges::find(declared, name, &Quantity::name);
    if (found == declared.end()) continue;
    all.push_back(
        {{"name", found->name}, {"unit", found->unit}, {"better", word(found->better)}, {"sentence", found->sentence}});
  }
  return all;
}

Json test_json(const Json& kept) {
  Json test = Json::object();
  if (!kept.is_object()) return test;
  for (const auto& [trial, metrics] : kept.items())
    if (metrics.is_object())
      for (const auto& [name, value] : metrics.items())
        if (value.is_number()) test[valid_utf8(trial)][valid_utf8(name)] = value;
  return test;
}

/// Names of the classes as the study keeps them; a study of boxes has none.
Json classes_json(const Json& job) {
  Json classes = Json::array();
  if (job.is_object() && job.contains("frame") && job["frame"].is_object())
    for (const auto& name : job["frame"].value("classes", Json::array()))
      if (name.is_string()) classes.push_back(clean(name));
  return classes;
}

}  // namespace

Json data_of(const study::Study& study, const Beside& beside, Variant variant) {
  const auto& settings = study.settings;
  const auto all = standing(study);
  Json data = {{"format", "edgewise-report"},
               {"version", 1},
               {"study", study_json(settings)},
               {"quantities", quantities_json(study, beside.quantities)},
               {"trials", Json::array()},
               {"front", Json::array()},
               {"knee", Json()},
               {"classes", classes_json(settings.job)}};
  for (const auto& trial : study.trials) data["trials"].push_back(trial_json(study, all, trial, variant));
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
  if (auto test = test_json(beside.test); !test.empty()) data["test"] = std::move(test);
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

Json report_data(const study::Study& study, const Beside& beside) {
  return data_of(study, beside, Variant::json);
}

}  // namespace edgewise::report
