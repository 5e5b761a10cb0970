#include <algorithm>
#include <set>

#include "report/columns_internal.hpp"
#include "report/report.hpp"

namespace edgewise::report {
namespace {

/// RFC 4180, section 2: quoted when it holds a comma, a quote or a line break; quotes are doubled.
std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string exact_text(const space::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return valid_utf8(*text);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  return exact_number(std::get<double>(value));
}

std::string yes_no(std::optional<bool> value) {
  return !value ? "" : *value ? "true" : "false";
}

}  // namespace

std::string csv_table(const study::Study& study) {
  const auto all = standing(study);
  const auto choices = choice_names(study);
  const auto values = value_names(study);
  const std::vector<std::string> fixed = {"id",    "state", "stage",        "epochs",
                                          "front", "rank",  "contribution", "disturbed"};

  std::string csv;
  const auto add_row = [&csv](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) csv += (i == 0 ? "" : ",") + field(cells[i]);
    csv += "\r\n";
  };
  // Two columns of one name would be read as one: a parameter that shares its name with another column is marked.
  std::set<std::string> taken(fixed.begin(), fixed.end());
  taken.insert(values.begin(), values.end());
  taken.insert("reason");
  auto header = fixed;
  for (const auto& name : choices) header.push_back(valid_utf8(taken.contains(name) ? "choice." + name : name));
  for (const auto& name : values)
    header.push_back(valid_utf8(std::ranges::contains(fixed, name) || name == "reason" ? "value." + name : name));
  header.emplace_back("reason");
  add_row(header);

  for (const auto& trial : study.trials) {
    const auto rank = all.rank.find(trial.id);
    const auto contribution = all.contribution.find(trial.id);
    std::vector<std::string> row = {study::to_text(trial.id),
                                    std::string(study::to_text(trial.state)),
                                    std::to_string(trial.stage),
                                    std::to_string(trial.fidelity.epochs()),
                                    all.is_on_front(trial.id) ? "true" : "false",
                                    rank == all.rank.end() ? "" : std::to_string(rank->second),
                                    contribution == all.contribution.end() ? "" : exact_number(contribution->second),
                                    yes_no(was_disturbed(trial))};
    for (const auto& name : choices) {
      const auto found = trial.choice.find(name);
      row.push_back(found == trial.choice.end() ? "" : exact_text(found->second));
    }
    const auto recorded = all_values(trial);
    for (const auto& name : values) {
      const auto found = recorded.find(name);
      row.push_back(found == recorded.end() ? "" : exact_number(found->second));
    }
    row.push_back(valid_utf8(trial.reason));
    add_row(row);
  }
  return csv;
}

}  // namespace edgewise::report
