#include "bench/search_problems.hpp"

#include <algorithm>
#include <charconv>
#include <format>
#include <functional>
#include <map>
#include <tuple>

#include "replay/synthetic.hpp"
#include "search/candidates.hpp"

namespace edgewise::bench {

namespace {

/// The six edges of a cell; error against the costs. Costs that were not measured for a network leave it out.
std::string nb201_descriptor(const std::vector<std::string>& objectives) {
  std::string text = "name: nb201";
  for (const auto& name : objectives) text += "_" + name;
  text += "\ntable: nb201_cifar10.csv.gz\nparameters:\n  - {split: ops, name: edge}\nobjectives:\n";
  for (const auto& name : objectives)
    text += name == "error" ? std::string("  - {name: error, value: 100 - test_acc_e200, reference: 20}\n")
                            : std::format("  - {{name: {}}}\n", name);
  return text + "networks: {kind: nasbench201, text: '{ops}'}\n";
}

template <class Number>
Status set_number(Number& target, const std::string& key, const std::string& value) {
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), target);
  if (code != std::errc{} || end != value.data() + value.size())
    return invalid(std::format("{} is \"{}\", which is no number", key, value));
  return {};
}

/// "zdt1", "zdt1:30" (dimensions), "dtlz2:6:3" (and objectives).
Result<replay::Problem> synthetic(const std::string& text) {
  std::vector<std::size_t> numbers;
  std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  while (colon != std::string::npos) {
    const std::size_t next = text.find(':', colon + 1);
    TRY_DO(set_number(numbers.emplace_back(), "the number after " + name,
                      text.substr(colon + 1, next == std::string::npos ? next : next - colon - 1)));
    colon = next;
  }
  numbers.resize(2);
  TRY(auto problem, replay::synthetic_problem(name, numbers[0], numbers[1]));
  problem.name = text;
  std::ranges::replace(problem.name, ':', '_');
  return problem;
}

}  // namespace

std::expected<replay::Problem, std::vector<Error>> problem_of(const std::string& table,
                                                              const std::vector<std::string>& objectives) {
  constexpr std::string_view nb201 = "nb201:";
  if (std::ranges::contains(replay::synthetic_names(), table.substr(0, table.find(':')))) {
    auto problem = synthetic(table);
    if (!problem) return std::unexpected(std::vector{problem.error()});
    return std::move(*problem);
  }
  std::expected<replay::Table, std::vector<Error>> read;
  if (table.starts_with(nb201)) {
    const std::string path = table.substr(nb201.size());
    const auto csv = replay::read_text(path);
    if (!csv) return std::unexpected(std::vector{csv.error()});
    read = replay::make_table(nb201_descriptor(objectives), "nb201", *csv, path);
  } else {
    read = replay::read_table(table);
  }
  if (!read) return std::unexpected(read.error());
  auto problem = replay::table_problem(*read);
  if (!problem) return std::unexpected(std::vector{problem.error()});
  return std::move(*problem);
}

void look_at_all(const replay::Problem& problem) {
  if (!problem.description || !search::is_countable(problem.space)) return;
  std::vector<space::Choice> choices;
  for (std::uint64_t i = 0; i < *problem.space.size(); ++i)
    if (auto choice = problem.space.at(i)) choices.push_back(std::move(*choice));
  std::ignore = problem.description->rows(choices);
}

Result<Entry> entry_of(const std::string& text, const std::vector<std::string>& settings,
                       const replay::Problem& problem) {
  Entry entry{.label = text};
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  entry.options.strategy = parts.front();
  auto& common = entry.options.common;
  auto all = settings;
  all.insert(all.end(), parts.begin() + 1, parts.end());
  constexpr std::string_view trials = "trials=";
  for (const auto& setting : all) {
    if (setting.starts_with(trials)) {
      TRY_DO(set_number(common.trials, "trials", setting.substr(trials.size())));
      continue;
    }
    entry.gives_initial = entry.gives_initial || setting.starts_with("initial=");
    TRY_DO(search::set_option(entry.options, setting));
  }
  common.effort.full = study::Fidelity::training(problem.stage_epochs.back());
  common.known = problem.known;
  common.description = problem.description;
  for (const auto& objective : problem.objectives) common.recorded.push_back(objective.name);
  return entry;
}

}  // namespace edgewise::bench
