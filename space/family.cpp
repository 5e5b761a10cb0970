#include "space/family.hpp"

#include <algorithm>
#include <format>

#include "space/backbones.hpp"
#include "space/built_in_spaces.hpp"
#include "space/language/file_family.hpp"
#include "space/net.hpp"

namespace edgewise::space {

Catalogue<FamilyMaker>& families() {
  const auto entries = [] {
    std::vector<FamilyMaker> list{{"backbones", make_backbones}};
    for (const auto& [name, text] : built_in_spaces())
      list.push_back({name, [name, text](const Json& options, const Frame& frame) {
                        return make_family(Source{name, text, options}, frame);
                      }});
    return list;
  };
  static Catalogue<FamilyMaker> all("space family", entries());
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

bool is_space_file(const std::string& name) {
  return name.ends_with(".yaml") || name.ends_with(".yml");
}

std::string built_in_content(const std::string& name) {
  const auto found = std::ranges::find(built_in_spaces(), name, &BuiltInSpace::name);
  return found == built_in_spaces().end() ? "" : found->text;
}

std::expected<Family, FamilyMistakes> read_family(const Source& source, const Frame& frame) {
  const auto wrong = [](Error error) { return std::unexpected(FamilyMistakes{{}, std::move(error)}); };
  if (const auto checked = check_frame(frame); !checked) return wrong(checked.error());
  if (!source.content.empty())
    return make_file_family(source.content, is_space_file(source.name) ? source.name : source.name + ".yaml",
                            source.options, frame);
  auto family = make_family(source.name, source.options, frame);
  if (!family) return wrong(std::move(family).error());
  return *std::move(family);
}

Result<Family> make_family(const Source& source, const Frame& frame) {
  auto family = read_family(source, frame);
  if (!family) return std::unexpected(family.error().first());
  return *std::move(family);
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
