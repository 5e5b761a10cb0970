#include "space/family.hpp"

#include <format>

#include "space/backbones.hpp"
#include "space/net_internal.hpp"
#include "space/resnet.hpp"

namespace edgewise::space {

Catalogue<FamilyMaker>& families() {
  static Catalogue<FamilyMaker> all("space family", {{"backbones", make_backbones}, {"resnet", make_resnet}});
  return all;
}

std::string identity(const Candidate& candidate) {
  std::string text = std::format("{:016x}", graph::canonical_hash(candidate.graph));
  for (const auto& [name, value] : candidate.training) text += std::format(" {}={}", name, to_text(value));
  return text;
}

std::string network_name(const Family& family, const Choice& choice) {
  const auto value = choice.find(family.named_by);
  const auto* name = value == choice.end() ? nullptr : std::get_if<std::string>(&value->second);
  return name ? *name : "";
}

Result<graph::Graph> finish(graph::GraphBuilder& builder, const graph::Features& features, const Frame& frame) {
  if (!frame.head) return std::move(builder).finish(graph::classify(builder, features, frame.outputs));
  const auto outputs = frame.head(builder, features, frame.outputs);
  return std::move(builder).finish(outputs);
}

Result<Family> make_family(const std::string& name, const Json& options, const Frame& frame) {
  TRY_DO(check_frame(frame));
  auto maker = families().at(name);
  if (!maker) {
    maker.error().where = "family";
    return std::unexpected(std::move(maker).error());
  }
  return (*maker)->make(options, frame);
}

}  // namespace edgewise::space
