#include <charconv>
#include <format>
#include <map>
#include <memory>
#include <mutex>
#include <ranges>

#include "space/benchmark_networks_internal.hpp"

namespace edgewise::space {

namespace {

/// "stages=2 filters=16 block=basic": what has no value is not active.
Result<Json> values_of(std::string_view text) {
  Json values = Json::object();
  for (const auto part : std::views::split(text, ' ')) {
    const std::string_view pair(part);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return invalid(std::format("\"{}\" is no parameter with a value", pair.substr(0, 200)),
                     "write one like filters=16, with blanks between them");
    const auto name = std::string(pair.substr(0, equals));
    const auto value = pair.substr(equals + 1);
    if (value.empty()) continue;
    if (values.contains(name)) return invalid(std::format("parameter \"{}\" has two values", name));
    values[name] = std::string(value);
  }
  return values;
}

/// Texts of numbers become numbers where the parameter is one; a wrong text is left for the space to name.
void read_numbers(const Space& space, Json& values) {
  for (const auto& parameter : space.parameters()) {
    if (std::holds_alternative<Categorical>(parameter.domain) || !values.contains(parameter.name)) continue;
    const auto text = values[parameter.name].get<std::string>();
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size()) values[parameter.name] = number;
  }
}

/// A family for each frame: a table asks for one network after the other. Safe to use from several threads.
Result<std::shared_ptr<const Family>> kept_family(const std::string& name, const Frame& frame) {
  static std::mutex guard;
  static std::map<std::string, std::shared_ptr<const Family>> kept;
  if (frame.head) return invalid("networks of tables end in their own classifier");
  const auto key = std::format("{} {} {} {}", name, frame.channels, to_text(frame.input_size), frame.outputs);
  const std::lock_guard lock(guard);
  auto& family = kept[key];
  if (!family) {
    TRY(auto made, make_family(name, Json::object(), frame));
    family = std::make_shared<const Family>(std::move(made));
  }
  return family;
}

struct Named {
  std::shared_ptr<const Family> family;  // shared with what is kept
  Choice choice;
};

Result<Named> named(const std::string& name, const std::string& text, const Frame& frame) {
  TRY(auto family, kept_family(name, frame));
  TRY(auto values, values_of(text));
  read_numbers(family->space, values);
  TRY(auto choice, choice_from_json(family->space, values));
  return Named{std::move(family), std::move(choice)};
}

}  // namespace

BenchmarkNetworks family_entry(const std::string& name) {
  return {.name = name,
          .sentence = std::format("a choice of the family \"{}\", as its parameters and values: {}", name,
                                  "stages={stages} filters={filters}; one without a value is not active"),
          .check = [name](const std::string& text, const Frame& frame) -> Status {
            TRY_DO(named(name, text, frame));
            return {};
          },
          .build = [name](const std::string& text, const Frame& frame) -> Result<graph::Graph> {
            TRY(const auto found, named(name, text, frame));
            TRY(auto candidate, found.family->build(found.choice, frame));
            return std::move(candidate.graph);
          }};
}

}  // namespace edgewise::space
