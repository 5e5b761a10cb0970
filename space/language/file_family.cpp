#include "space/language/file_family.hpp"

#include <algorithm>
#include <format>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "space/family_options.hpp"
#include "space/language/program.hpp"

namespace edgewise::space {

namespace {

/// What is wrong with a choice, as it was found once: a search asks again and again. Safe to use from several threads.
class Verdicts {
 public:
  Verdicts(std::shared_ptr<const Program> program, Frame frame)
      : program_(std::move(program)), frame_(std::move(frame)) {}

  std::optional<std::string> of(const Choice& choice) {
    // Cheaper than to remember.
    if (auto broken = broken_rule(*program_, choice, frame_, nullptr)) return broken;
    const auto key = to_text(choice);
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = known_.find(key); found != known_.end()) return found->second;
    }
    auto verdict = find(choice);
    const std::lock_guard lock(mutex_);
    if (known_.size() >= most) known_.clear();
    known_.emplace(key, verdict);
    return verdict;
  }

 private:
  static constexpr std::size_t most = 100'000;

  [[nodiscard]] std::optional<std::string> find(const Choice& choice) const {
    const auto graph = build_network(*program_, choice, frame_);
    if (!graph) return std::format("{} ({})", graph.error().message, graph.error().where);
    return broken_rule(*program_, choice, frame_, &*graph);
  }

  const std::shared_ptr<const Program> program_;  // shared with the family's builder
  const Frame frame_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::optional<std::string>> known_;
};

/// Takes the settings out of a job's options.
Result<Json> with_settings(Program& program, const Json& options) {
  auto ranges = options;
  for (auto& setting : program.settings) {
    if (!options.is_object() || !options.contains(setting.name)) continue;
    const auto& given = options[setting.name];
    if (!given.is_number() || !(given.get<double>() >= 1 && given.get<double>() <= 1e12))
      return invalid(std::format("\"{}\" is {}; it must be a number from 1 to 1e12", setting.name, dump(given)), {},
                     setting.name);
    setting.value = given.get<double>();
    ranges.erase(setting.name);
  }
  return ranges;
}

Result<Family> family_of(Program program, const Json& options, const Frame& frame) {
  TRY(const auto ranges, with_settings(program, options));
  std::vector<FamilyParameter> parameters;
  for (const auto& parameter : program.parameters) parameters.push_back(parameter.family);
  std::vector<std::string> settings;
  for (const auto& setting : program.settings) settings.push_back(setting.name);
  TRY(auto left, narrowed(std::move(parameters), ranges, settings));
  const auto shared = std::make_shared<const Program>(std::move(program));
  const auto verdicts = std::make_shared<Verdicts>(shared, frame);  // shared by the copies of the space
  TRY(auto space, make_space(std::move(left), [verdicts](const Choice& choice) { return verdicts->of(choice); }));
  const auto checked = std::make_shared<const Space>(space);  // the builder outlives the family it came from
  auto build = [shared, checked](const Choice& choice, const Frame& wanted) -> Result<Candidate> {
    TRY_DO(checked->check(choice));
    TRY(auto graph, build_network(*shared, choice, wanted));
    Candidate candidate{std::move(graph), {}};
    for (const auto& parameter : shared->parameters) {
      const auto& name = parameter.family.parameter.name;
      if (!parameter.is_training || !choice.contains(name)) continue;
      const auto term = term_in(*shared, choice, name);
      if (const auto* number = std::get_if<double>(&*term))
        candidate.training[name] = *number;
      else
        candidate.training[name] = to_text(*term);
    }
    return candidate;
  };
  Family family{shared->name, std::move(space), std::move(build), shared->named_by, drawing(*shared)};
  for (const auto& parameter : shared->parameters)
    family.places[parameter.family.parameter.name] = where(shared->file, parameter.at);
  return family;
}

}  // namespace

std::expected<Family, FamilyMistakes> make_file_family(const std::string& text, const std::string& file,
                                                       const Json& options, const Frame& frame) {
  auto program = read_program(text, file, frame);
  if (!program) return std::unexpected(FamilyMistakes{std::move(program).error(), {}});
  auto family = family_of(*std::move(program), options, frame);
  if (!family) return std::unexpected(FamilyMistakes{{}, std::move(family).error()});
  return *std::move(family);
}

}  // namespace edgewise::space
