#include "space/family.hpp"

#include <format>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "space/backbones.hpp"
#include "space/backbones_internal.hpp"
#include "space/family_internal.hpp"

namespace edgewise::space {

namespace {

/// One line for each family.
struct Maker {
  const char* name;
  Result<Family> (*make)(const Json& options, const Frame& frame);
};
constexpr Maker makers[] = {{"backbones", make_backbones}, {"resnet", make_resnet}};

/// Which backbones an input is too small for. Each is tried when somebody asks for it, once: to build all of them takes
/// longer than everything else that is done with a job file. Safe to use from several threads.
class TriedBackbones {
 public:
  explicit TriedBackbones(const Frame& frame) : frame_(frame) {}
  /// Why it cannot be built, or nothing.
  std::optional<std::string> mistake(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] = tried_.try_emplace(name);
    if (!is_new) return found->second;
    if (const auto graph = build_backbone(name, frame_); !graph) found->second = graph.error().message;
    return found->second;
  }

 private:
  const Frame frame_;
  std::mutex mutex_;
  std::map<std::string, std::optional<std::string>> tried_;
};

}  // namespace

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const auto& maker : makers) names.emplace_back(maker.name);
  return names;
}

std::string identity(const Candidate& candidate) {
  std::string text = std::format("{:016x}", graph::canonical_hash(candidate.graph));
  for (const auto& [name, value] : candidate.training) text += std::format(" {}={}", name, to_text(value));
  return text;
}

Result<Family> make_family(const std::string& name, const Json& options, const Frame& frame) {
  TRY_DO(check_frame(frame));
  for (const auto& maker : makers) {
    if (name == maker.name) return maker.make(options, frame);
  }
  const auto near = nearest_word(name, family_names());
  return invalid(std::format("space family \"{}\" is not one of {}", name, quoted_list(family_names())),
                 near.empty() ? "" : std::format("did you mean \"{}\"?", near), "family");
}

Result<Family> make_backbones(const Json& options, const Frame& frame) {
  const Categorical all{backbone_names()};
  TRY(auto parameters,
      narrowed(
          {{.parameter = {.name = "backbone", .domain = all, .description = "the network, as torchvision builds it"},
            .known = all},
           {.parameter = {.name = "learning_rate",
                          .domain = Categorical{{"0.01", "0.001", "0.0001", "0.00001"}},
                          .description = "the optimizer's highest step size"},
            .known = Real{1e-7, 1.0, true}}},
          options));
  const auto trials = std::make_shared<TriedBackbones>(frame);
  std::optional<std::string> first_mistake;
  bool is_possible = false;
  for (const auto& name : std::get<Categorical>(parameters.front().domain).values) {
    const auto mistake = trials->mistake(name);
    is_possible = !mistake;
    if (is_possible) break;
    if (!first_mistake) first_mistake = mistake;
  }
  if (!is_possible) return invalid("no backbone of the space can be built: " + *first_mistake, {}, "backbone");
  auto validity = [trials](const Choice& choice) {
    return trials->mistake(std::get<std::string>(choice.at("backbone")));
  };
  TRY(auto space, make_space(std::move(parameters), std::move(validity)));
  auto shared = std::make_shared<const Space>(space);  // the builder outlives the family it came from
  auto build = [shared](const Choice& choice, const Frame& wanted) -> Result<Candidate> {
    TRY_DO(shared->check(choice));
    TRY(auto graph, build_backbone(std::get<std::string>(choice.at("backbone")), wanted));
    return Candidate{std::move(graph), {{"learning_rate", number_in(choice, "learning_rate")}}};
  };
  return Family{"backbones", std::move(space), std::move(build)};
}

}  // namespace edgewise::space
