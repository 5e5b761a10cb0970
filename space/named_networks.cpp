#include "space/named_networks.hpp"

#include <algorithm>
#include <format>

namespace edgewise::space {

namespace {

const Parameter* find_parameter(const Family& family, const std::string& name) {
  const auto found = std::ranges::find(family.space.parameters(), name, &Parameter::name);
  return found == family.space.parameters().end() ? nullptr : &*found;
}

}  // namespace

std::vector<NamedNetwork> named_networks(const Frame& frame) {
  std::vector<NamedNetwork> all;
  for (const auto& maker : families().entries()) {
    const auto family = maker.make(Json::object(), frame);
    if (!family || family->named_by.empty()) continue;
    const auto* parameter = find_parameter(*family, family->named_by);
    const auto* names = parameter ? std::get_if<Categorical>(&parameter->domain) : nullptr;
    if (!names) continue;
    for (const auto& name : names->values) all.push_back({name, maker.name, family->named_by});
  }
  return all;
}

Result<Source> source_of_network(const std::string& name, const Frame& frame, double learning_rate) {
  const auto all = named_networks(frame);
  const auto found = std::ranges::find(all, name, &NamedNetwork::name);
  if (found == all.end()) {
    std::vector<std::string> names;
    for (const auto& one : all) names.push_back(one.name);
    const auto near = nearest_word(name, names);
    return invalid(std::format("network \"{}\" is not one of {}", name, quoted_list(names)),
                   near.empty() ? "" : std::format("did you mean \"{}\"?", near));
  }
  Source source{found->family, built_in_content(found->family), Json::object()};
  source.options[found->parameter] = Json::array({name});
  TRY(const auto family, make_family(source, frame));
  if (find_parameter(family, "learning_rate")) source.options["learning_rate"] = Json::array({learning_rate});
  return source;
}

}  // namespace edgewise::space
