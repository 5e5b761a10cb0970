#include "exchange/optimize.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <istream>
#include <ostream>
#include <set>

#include "base/sha256.hpp"
#include "base/strict_json.hpp"
#include "exchange/optuna.hpp"
#include "search/pareto.hpp"

namespace edgewise::exchange {

namespace fs = std::filesystem;
using study::State;

namespace {

/// Trials are held by this name, not by a process: the next process may go on with what an earlier one asked for.
const std::string holder = "optimize";
constexpr std::int64_t max_ask = 1000;
constexpr int max_rounds = 1000;  // asks in a row whose proposals were all rejected before anybody evaluated them

std::string shown(const Json& json) {
  std::string text = dump(json);
  if (text.size() > 60) text = text.substr(0, 60) + "...";
  return text;
}

/// A reason may be a whole traceback; its end says most.
std::string kept_reason(std::string reason) {
  if (reason.size() <= max_reason_bytes) return reason;
  std::size_t begin = reason.size() - max_reason_bytes;
  while (begin < reason.size() && (static_cast<unsigned char>(reason[begin]) & 0xC0U) == 0x80U)
    ++begin;  // no half characters
  return "..." + reason.substr(begin);
}

Json error_json(const Error& error) {
  Json json{{"error", error.where.empty() ? error.message : std::format("{} ({})", error.message, error.where)}};
  if (!error.next.empty()) json["next"] = error.next;
  return json;
}

/// Every key of the request is one of these.
Status check_keys(const Json& request, const std::vector<std::string>& allowed) {
  for (const auto& [key, value] : request.items()) {
    if (std::ranges::contains(allowed, key)) continue;
    const auto near = nearest_word(key, allowed);
    return invalid(std::format("\"{}\" is not known here; known are {}", key.substr(0, 60), quoted_list(allowed)),
                   near.empty() ? "" : std::format("did you mean \"{}\"?", near));
  }
  return {};
}

const std::string examples =
    R"(for example {"ask": 1}, {"tell": 0, "values": {"error": 0.1}}, {"tell": 0, "failed": "why"}, )"
    R"({"add": {...}, "values": {...}}, {"front": true}, {"status": true})";

/// The first option whose value differs between two jobs; "" when none does.
std::string difference(const Json& there, const Json& here) {
  for (const auto& [key, value] : here.items()) {
    if (!there.is_object() || !there.contains(key)) return key;
    if (there[key] != value)
      return value.is_object() ? key : std::format("{}: {} there, {} here", key, shown(there[key]), shown(value));
  }
  for (const char* option : {"set", "features", "feature_program"})
    if (there.is_object() && there.contains(option) && !here.contains(option)) return option;
  return "";
}

Result<std::unique_ptr<Features>> features_of(const Problem& problem, const OptimizeOptions& options) {
  if (!options.features.empty()) return features_of_table(options.features, problem.space);
  if (!options.feature_program.empty()) return features_of_program(options.feature_program, problem.space);
  return nullptr;
}

/// @param features  null: none
Result<std::unique_ptr<search::Strategy>> make_strategy(const Problem& problem, const OptimizeOptions& options,
                                                        const Features* features = nullptr) {
  search::Options told{.strategy = options.strategy,
                       .common = {.trials = options.trials,
                                  .effort = {.full = study::Fidelity::training(options.epochs)},
                                  .seed = options.seed,
                                  .price = {.evaluation_s = options.evaluation_s, .budget_s = options.budget_s},
                                  .recorded = problem.told,
                                  .description = features ? features->description() : nullptr}};
  for (const auto& text : options.set) TRY_DO(search::set_option(told, text));
  return search::make_strategy(told, problem.space);
}

}  // namespace

Json study_job(const Problem& problem, const OptimizeOptions& options) {
  Json job{{"format", "edgewise-optimize"},
           {"problem", problem.document},
           {"strategy", options.strategy},
           {"seed", options.seed},
           {"trials", options.trials},
           {"epochs", options.epochs},
           {"evaluation_s", options.evaluation_s},
           {"budget_s", options.budget_s}};
  if (!options.set.empty()) job["set"] = options.set;
  // By its content: the same table from elsewhere is the same, another under its name is not.
  if (!options.features.empty()) job["features"] = sha256_of(options.features).value_or(options.features);
  if (!options.feature_program.empty()) job["feature_program"] = options.feature_program;
  return job;
}

std::optional<Result<Problem>> problem_of(const study::Settings& settings) {
  if (!settings.job.is_object() || settings.job.value("format", Json()) != "edgewise-optimize" ||
      !settings.job.contains("problem"))
    return {};
  return problem_from_json(settings.job["problem"], settings.name);
}

study::Settings study_settings(const Problem& problem, const OptimizeOptions& options) {
  return {.name = problem.name,
          .seed = options.seed,
          .objectives = problem.objectives,
          .constraints = problem.constraints,
          .job = study_job(problem, options),
          .environment = Json::object()};
}

Result<std::unique_ptr<Optimizer>> Optimizer::make(Problem problem, const OptimizeOptions& options) {
  std::unique_ptr<Optimizer> optimizer(new Optimizer(std::move(problem), options));
  TRY(optimizer->features_, features_of(optimizer->problem_, options));
  TRY(optimizer->strategy_, make_strategy(optimizer->problem_, options, optimizer->features_.get()));
  optimizer->has_stages_ = optimizer->strategy_->plan().size() > 1;
  TRY_DO(optimizer->open_study());
  optimizer->dialogue_.emplace(*optimizer->strategy_, optimizer->rules());
  TRY_DO(optimizer->reload());
  TRY_DO(optimizer->take_over());
  TRY_DO(optimizer->take_up_waiting());
  return optimizer;
}

/// Two choices of a space are two things here: only who evaluates them knows better.
search::DialogueRules Optimizer::rules() const {
  return {.look = [this](const space::Choice& choice) -> Result<search::Candidate> {
            return search::Candidate{.known = numbers_of(choice, problem_.known)};
          },
          .forbidden = "known before evaluation"};
}

Status Optimizer::open_study() {
  const auto settings = study_settings(problem_, options_);
  if (options_.study.empty()) {
    storage_ = study::memory_storage(settings);
    return {};
  }
  std::error_code error;
  fs::create_directories(options_.study, error);
  if (error)
    return invalid(std::format("cannot make the study's folder \"{}\": {}", options_.study.string(), error.message()),
                   "choose another place with --study");
  auto lock = FileLock::try_acquire(options_.study / "coordinator.lock", FileLock::Mode::exclusive);
  if (!lock && lock.error().code == ErrorCode::unavailable)
    return fail(ErrorCode::conflict,
                std::format("another program uses the study \"{}\" already", options_.study.string()),
                "end it first, or give another folder with --study");
  if (!lock) return std::unexpected(lock.error());
  lock_.emplace(*std::move(lock));
  if (!fs::exists(options_.study / "study.db")) {
    TRY(storage_, study::create_storage(options_.study, settings));
    return {};
  }
  TRY(storage_, study::open_storage(options_.study));
  TRY(const auto kept, storage_->settings());
  Problem in_texts = problem_;
  in_texts.document = problem_.document_in_texts;
  if (kept.job != settings.job && kept.job == study_job(in_texts, options_)) {
    // From before categories kept their kinds: it goes on with texts.
    TRY(problem_, problem_from_json(in_texts.document, problem_.name));
    TRY(features_, features_of(problem_, options_));
    TRY(strategy_, make_strategy(problem_, options_, features_.get()));
    return {};
  }
  if (const auto differs = difference(kept.job, settings.job); !differs.empty())
    return fail(ErrorCode::conflict,
                std::format("the study \"{}\" was made with other settings ({})", options_.study.string(), differs),
                "give the file and options it was made with, or another folder with --study");
  return {};
}

Status Optimizer::reload() {
  TRY(study_, storage_->load());
  for (std::size_t i = 0; i < study_.trials.size(); ++i) places_.emplace(study_.trials[i].choice, i);
  return {};
}

/// What an earlier program was asked for and not told yet can be told to this one.
Status Optimizer::take_over() {
  for (auto& trial : study_.trials) {
    if (trial.state != State::running) continue;
    TRY(auto claim, storage_->claim_again(trial.id, holder));
    trial = claim.trial;
    claims_.insert_or_assign(trial.id, std::move(claim));
  }
  return {};
}

/// Whatever waits is taken up at once: those who ask evaluate it. Also what a program that was killed had added but not
/// taken up.
Status Optimizer::take_up_waiting() {
  for (;;) {
    TRY(auto claim, storage_->claim(holder));
    if (!claim) return {};
    const study::TrialId id = claim->id;
    study_.trials.at(static_cast<std::size_t>(id.value)) = claim->trial;
    claims_.insert_or_assign(id, *std::move(claim));
  }
}

Status Optimizer::refresh(study::TrialId id) {
  TRY(auto trial, storage_->trial(id));
  const auto index = static_cast<std::size_t>(id.value);
  if (index >= study_.trials.size()) study_.trials.resize(index + 1);
  study_.trials[index] = std::move(trial);
  places_.emplace(study_.trials[index].choice, index);
  return {};
}

std::string Optimizer::answer(std::string_view line) {
  if (line.size() > max_line_bytes)
    return dump(error_json({ErrorCode::invalid_input,
                            std::format("the line has {} bytes; at most {} are read", line.size(), max_line_bytes),
                            {},
                            {}}));
  auto request = parse_strict_json(line, "request");
  if (!request) {
    // Python writes NaN and Infinity, which are no JSON.
    if (request.error().message.contains("given twice"))
      request.error().where.clear();
    else if (line.contains("NaN") || line.contains("Infinity"))
      request.error().next = R"(a value that is not finite is no result: send {"tell": ID, "failed": "why"})";
    else
      request.error().next = "send one JSON object a line, " + examples;
    return dump(error_json(request.error()));
  }
  const auto answered = answer_request(*request);
  return dump(answered ? *answered : error_json(answered.error()));
}

Result<Json> Optimizer::answer_request(const Json& request) {
  static const std::vector<std::string> verbs{"ask", "tell", "add", "front", "status"};
  if (!request.is_object()) return invalid(std::format("a request is a JSON object, not {}", shown(request)), examples);
  std::vector<std::string> given;
  for (const auto& verb : verbs)
    if (request.contains(verb)) given.push_back(verb);
  if (given.empty()) {
    const auto key = request.empty() ? std::string() : request.begin().key();
    const auto near = nearest_word(key, verbs);
    return invalid(std::format("the request has none of {}", quoted_list(verbs)),
                   near.empty() ? examples : std::format("did you mean \"{}\"?", near));
  }
  if (given.size() > 1)
    return invalid(std::format("the request has both \"{}\" and \"{}\"", given[0], given[1]), "send them in two lines");
  const auto& verb = given.front();
  if (verb == "tell") return tell(request["tell"], request);
  if (verb == "add") return add(request);
  TRY_DO(check_keys(request, {verb}));
  if (verb == "ask") return ask(request["ask"]);
  if (request[verb] != true) return invalid(std::format("\"{}\" is {}; it must be true", verb, shown(request[verb])));
  return verb == "front" ? front() : status();
}

Result<Json> Optimizer::ask(const Json& count) {
  if (!count.is_number_integer() || count.get<double>() < 1 || count.get<double>() > static_cast<double>(max_ask))
    return invalid(std::format("\"ask\" is {}; it must be a whole number from 1 to {}", shown(count), max_ask),
                   R"(for example {"ask": 1})");
  const auto wanted = count.get<std::size_t>();
  Json trials = Json::array();
  search::Advice advice;
  // A round may give fewer than wanted, or only choices that a constraint on known values rejects.
  for (int round = 0; round < max_rounds && trials.size() < wanted; ++round) {
    TRY(const auto step, dialogue_->ask(study_, wanted - trials.size()));
    if (const auto status = features_ ? features_->status() : Status(); !status) {
      if (trials.empty()) return std::unexpected(status.error());
      advice.note = status.error().message;  // what was begun before has to be known
      break;
    }
    advice = step.advice;
    if (advice.proposals.empty()) break;
    TRY(const auto begun, record(step));
    for (const auto id : begun) trials.push_back(trial_json(study_.trials[static_cast<std::size_t>(id.value)]));
  }
  return Json{{"trials", std::move(trials)}, {"finished", advice.is_finished}, {"note", advice.note}};
}

std::vector<std::string> Optimizer::remarks() const {
  return features_ ? features_->remarks() : std::vector<std::string>{};
}

Result<std::vector<study::TrialId>> Optimizer::record(const search::Step& step) {
  std::vector<study::TrialId> begun;
  for (const auto& promotion : step.promotions) begun.push_back(promotion.trial);
  TRY(const auto added, search::record(step, *storage_));
  for (const auto id : added) {
    TRY_DO(refresh(id));
    if (study_.trials.back().state == State::waiting) begun.push_back(id);
  }
  TRY_DO(take_up_waiting());
  return begun;
}

Result<std::map<std::string, double>> Optimizer::told_values(const Json& values) const {
  if (!values.is_object())
    return invalid(std::format("\"values\" is {}; it must be an object of numbers", shown(values)),
                   std::format("give {}", quoted_list(problem_.told)));
  if (values.size() > max_values)
    return invalid(std::format("\"values\" has {} values; a result has at most {}", values.size(), max_values),
                   "leave out what no objective and no constraint needs");
  std::map<std::string, double> numbers;
  for (const auto& [name, value] : values.items()) {
    if (name.size() > max_name_bytes)
      return invalid(std::format("the name of a value has {} bytes; at most {} are kept", name.size(), max_name_bytes));
    if (!value.is_number() || !std::isfinite(value.get<double>()))
      return invalid(
          std::format("the value of \"{}\" is {}; it must be a finite number", name.substr(0, 60), shown(value)),
          R"(a trial that gave none has failed: send {"tell": ID, "failed": "why"})");
    numbers[name] = value.get<double>();
  }
  for (const auto& name : problem_.told) {
    if (numbers.contains(name)) continue;
    std::vector<std::string> given;
    for (const auto& [other, value] : numbers) given.push_back(other);
    const auto near = nearest_word(name, given);
    return invalid(std::format("the value of \"{}\" is missing; every result has {}", name, quoted_list(problem_.told)),
                   near.empty() ? "" : std::format("is it what you call \"{}\"?", near));
  }
  return numbers;
}

Result<Json> Optimizer::tell(const Json& id, const Json& request) {
  TRY_DO(check_keys(request, {"tell", "values", "failed"}));
  if (request.contains("values") == request.contains("failed"))
    return invalid("a trial is told with either \"values\" or \"failed\"", examples);
  const auto count = static_cast<std::int64_t>(study_.trials.size());
  if (!id.is_number_integer())
    return invalid(std::format("\"tell\" is {}; it must be the id of a trial", shown(id)), examples);
  if (id.get<double>() < 0 || id.get<double>() >= static_cast<double>(count))
    return fail(ErrorCode::not_found, std::format("there is no trial {}; the study has {} trials", shown(id), count),
                R"({"status": true} lists those that are to be told)");
  const study::TrialId trial_id{id.get<std::int64_t>()};
  const auto& trial = study_.trials[static_cast<std::size_t>(trial_id.value)];
  if (trial.state != State::running)
    return fail(ErrorCode::conflict,
                std::format("trial {} was told already: it is {}{}", trial_id.value, to_text(trial.state),
                            trial.reason.empty() ? "" : " (" + trial.reason + ")"),
                R"({"status": true} lists those that are to be told)");
  if (request.contains("failed")) {
    if (!request["failed"].is_string() || request["failed"].get_ref<const std::string&>().empty())
      return invalid(std::format("\"failed\" is {}; it must be the reason as a text", shown(request["failed"])));
    TRY_DO(storage_->fail_trial(claims_.at(trial_id), kept_reason(request["failed"].get<std::string>())));
  } else {
    TRY(const auto values, told_values(request["values"]));
    TRY_DO(storage_->finish(
        claims_.at(trial_id), State::complete,
        {.stage = trial.stage, .fidelity = trial.fidelity, .values = study::values_of(study::Source::told, values)},
        ""));
  }
  claims_.erase(trial_id);
  TRY_DO(refresh(trial_id));
  return Json{{"ok", true}};
}

Result<Json> Optimizer::add(const Json& request) {
  TRY_DO(check_keys(request, {"add", "values"}));
  if (!request.contains("values")) return invalid("\"values\" is missing: what did this choice give?", examples);
  TRY(const auto choice, space::choice_from_json(problem_.space, request["add"]));
  if (const auto place = places_.find(choice); place != places_.end()) {
    const auto* same = &study_.trials[place->second];
    return fail(
        ErrorCode::conflict,
        std::format("this choice is trial {} already; it is {}", same->id.value, to_text(same->state)),
        same->state == State::running ? std::format(R"(send {{"tell": {}, "values": ...}})", same->id.value) : "");
  }
  TRY(const auto values, told_values(request["values"]));
  study::Trial trial{.choice = choice,
                     .state = State::complete,
                     .known = study::values_of(study::Source::computed, numbers_of(choice, problem_.known))};
  trial.results.push_back({.stage = 0,
                           .fidelity = study::Fidelity::training(1),
                           .values = study::values_of(study::Source::told, values),
                           .details = {{"answered", "told by the user"}}});
  TRY(const auto ids, storage_->add({trial}, study_.trials.size()));
  TRY_DO(refresh(ids.front()));
  return Json{{"id", ids.front().value}};
}

Json Optimizer::trial_json(const study::Trial& trial) const {
  Json json{{"id", trial.id.value}, {"choice", space::to_json(problem_.space, trial.choice)}};
  if (has_stages_) json["epochs"] = trial.fidelity.epochs();
  return json;
}

Json Optimizer::front() const {
  Json rows = Json::array();
  for (const auto* trial : search::pareto_front(study_)) {
    Json row = trial_json(*trial);
    row["values"] = trial->values();
    rows.push_back(std::move(row));
  }
  return {{"front", std::move(rows)}};
}

Json Optimizer::status() const {
  Json states = Json::object(), open = Json::array();
  for (const auto& trial : study_.trials) {
    const std::string state(to_text(trial.state));
    states[state] = states.value(state, 0) + 1;
    if (trial.state == State::running) open.push_back(trial_json(trial));
  }
  return {{"trials", study_.trials.size()},
          {"states", std::move(states)},
          {"open", std::move(open)},
          {"front", search::pareto_front(study_).size()},
          {"strategy", strategy_->name()}};
}

Result<Fitted> import_study(const fs::path& optuna, const std::string& name, const Problem& problem,
                            const OptimizeOptions& options) {
  TRY(const auto foreign, read_optuna(optuna, name, problem.objectives));
  const auto source = optuna.filename().string();
  Fitted fitted = fit(foreign, problem.space, {problem.objectives, problem.constraints, problem.told}, source);
  if (fitted.trials.empty()) {
    std::string why;
    for (const auto& remark : fitted.remarks) why += (why.empty() ? "" : "; ") + remark;
    return invalid(foreign.empty() ? std::format("\"{}\" has no trials", optuna.string())
                                   : std::format("none of the {} trials of \"{}\" can be used: {}", foreign.size(),
                                                 optuna.string(), why),
                   "compare the parameters and objectives there with those of the space");
  }
  TRY_DO(make_strategy(problem, options));
  std::set<space::Choice> seen;
  const auto before = fitted.trials.size();
  std::erase_if(fitted.trials, [&](const auto& trial) { return !seen.insert(trial.choice).second; });
  if (fitted.trials.size() < before)
    fitted.remarks.push_back(std::format("{} of {} trials repeat an earlier choice and were left out",
                                         before - fitted.trials.size(), before));
  for (auto& trial : fitted.trials) {
    trial.known = study::values_of(study::Source::computed, numbers_of(trial.choice, problem.known));
    if (trial.state == State::complete) continue;
    trial.reason =
        std::format("{} in {}{}", to_text(trial.state), source, trial.reason.empty() ? "" : ": " + trial.reason);
    trial.state = State::rejected;
  }
  std::error_code error;
  fs::create_directories(options.study, error);
  if (error)
    return invalid(std::format("cannot make the study's folder \"{}\": {}", options.study.string(), error.message()),
                   "choose another place with --study");
  TRY(const auto storage, study::create_storage(options.study, study_settings(problem, options)));
  TRY_DO(storage->add(fitted.trials, 0));
  return fitted;
}

Status serve(Optimizer& optimizer, std::istream& in, std::ostream& out) {
  std::string line;
  bool is_too_long = false;
  const auto reply = [&]() -> Status {
    const bool is_empty = line.find_first_not_of(" \t\r") == std::string::npos;
    if (is_too_long)
      out << dump(error_json({ErrorCode::invalid_input,
                              std::format("the line has more than {} bytes", max_line_bytes),
                              {},
                              "send less in a line"}))
          << std::endl;
    else if (!is_empty)
      out << optimizer.answer(line) << std::endl;
    line.clear();
    is_too_long = false;
    return out ? Status{} : fail(ErrorCode::unavailable, "the answer cannot be written: nobody reads standard output");
  };
  auto* buffer = in.rdbuf();
  for (int c = buffer->sbumpc(); c != std::char_traits<char>::eof(); c = buffer->sbumpc()) {
    if (c == '\n') {
      TRY_DO(reply());
    } else if (line.size() < max_line_bytes) {
      line += static_cast<char>(c);
    } else {
      is_too_long = true;
    }
  }
  return line.empty() && !is_too_long ? Status{} : reply();
}

}  // namespace edgewise::exchange
