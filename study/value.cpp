#include "study/value.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"

namespace edgewise::study {

namespace {

constexpr std::array<std::pair<Source, std::string_view>, 6> source_names{{{Source::computed, "computed"},
                                                                           {Source::measured, "measured"},
                                                                           {Source::predicted, "predicted"},
                                                                           {Source::estimated, "estimated"},
                                                                           {Source::trained, "trained"},
                                                                           {Source::told, "told"}}};

}  // namespace

std::string_view to_text(Source source) {
  const auto* found = std::ranges::find(source_names, source, &decltype(source_names)::value_type::first);
  EDGEWISE_ASSERT(found != source_names.end(), "every source has a name");
  return found->second;
}

std::optional<Source> source_from_text(std::string_view text) {
  const auto* found = std::ranges::find(source_names, text, &decltype(source_names)::value_type::second);
  return found == source_names.end() ? std::nullopt : std::optional(found->first);
}

Values values_of(Source source, const std::map<std::string, double>& numbers) {
  Values values;
  for (const auto& [name, number] : numbers) values[name] = {.value = number, .source = source};
  return values;
}

std::map<std::string, double> numbers(const Values& values) {
  std::map<std::string, double> numbers;
  for (const auto& [name, value] : values) numbers.emplace_hint(numbers.end(), name, value.value);
  return numbers;
}

}  // namespace edgewise::study
