// The `backbones` family: 21 classic networks, and how fast they learn.
#include <format>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "space/backbones.hpp"
#include "space/backbones_internal.hpp"
#include "space/family_options.hpp"

namespace edgewise::space {

namespace {

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
  return Family{"backbones", std::move(space), std::move(build), "backbone"};
}

}  // namespace edgewise::space
