#include "exchange/features.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <format>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "exchange/prior.hpp"

namespace edgewise::exchange {

namespace {

constexpr std::size_t most_shown = 200, max_features_bytes = std::size_t{64} << 20;
constexpr std::ptrdiff_t most_columns = 2000;
constexpr std::size_t most_features = 1000;
constexpr int draws = 50;  // of choices to name the features
constexpr std::chrono::seconds patience{60};

std::vector<search::DescribingColumn> describing(const std::vector<std::string>& names) {
  std::vector<search::DescribingColumn> columns;
  for (const auto& name : names) {
    const auto dot = name.find('.');
    columns.push_back({name, dot == std::string::npos ? "features" : name.substr(0, dot)});
  }
  return columns;
}

std::vector<double> in_order(const std::map<std::string, double>& numbers, const std::vector<std::string>& names) {
  std::vector<double> ordered;
  for (const auto& name : names) {
    const auto found = numbers.find(name);
    ordered.push_back(found == numbers.end() ? std::nan("") : found->second);
  }
  return ordered;
}

class TableFeatures final : public Features {
 public:
  TableFeatures(const std::vector<std::string>& names, std::map<space::Choice, std::vector<double>> rows,
                std::vector<std::string> remarks)
      : remarks_(std::move(remarks)) {
    const auto of = [rows = std::move(rows)](const space::Choice& choice) {
      const auto found = rows.find(choice);
      return found == rows.end() ? std::vector<double>{} : found->second;
    };
    description_ = std::make_shared<const search::Description>(describing(names), of, /*is_looked_up=*/true);
  }
  [[nodiscard]] std::shared_ptr<const search::Description> description() const override { return description_; }
  [[nodiscard]] Status status() const override { return {}; }
  [[nodiscard]] std::vector<std::string> remarks() const override { return remarks_; }

 private:
  std::vector<std::string> remarks_;
  std::shared_ptr<const search::Description> description_;
};

/// One conversation with the program.
class Program {
 public:
  Program(std::string command, ChildProcess child, const space::Space& space)
      : command_(std::move(command)), child_(std::move(child)), space_(space) {}

  /// Nothing for a choice of which nothing is known.
  Result<std::optional<std::map<std::string, double>>> ask(const space::Choice& choice) {
    if (const auto unasked = child_.read_line(std::chrono::milliseconds(0)))
      return invalid(std::format("\"{}\" wrote {} without being asked", command_, unasked->substr(0, most_shown)),
                     "let it write one line for each that it reads, and anything else to standard error");
    TRY_DO(child_.write_line(dump({{"choice", space::to_json(space_, choice)}})).transform_error(named()));
    auto line = child_.read_line(patience).transform_error(named());
    if (!line) return std::unexpected(line.error());
    return read(*line);
  }

 private:
  [[nodiscard]] Result<std::optional<std::map<std::string, double>>> read(const std::string& line) const {
    const auto wrong = [&](const std::string& why) {
      return invalid(std::format("\"{}\" answered {}: {}", command_, line.substr(0, most_shown), why),
                     R"(an answer looks like {"features": {"depth": 12, "log.macs": 17.3}}, or {"features": null})");
    };
    const auto json = parse_json(line, command_);
    if (!json) return wrong("that is no JSON");
    if (!json->is_object() || !json->contains("features")) return wrong("there is no \"features\"");
    const auto& features = (*json)["features"];
    if (features.is_null()) return std::nullopt;
    if (!features.is_object()) return wrong("\"features\" is no object");
    if (features.size() > most_features) return wrong(std::format("more than {} features", most_features));
    std::map<std::string, double> numbers;
    for (const auto& [name, value] : features.items()) {
      if (!value.is_number() && !value.is_null()) return wrong(std::format("\"{}\" is no number", name));
      numbers[name] = value.is_number() ? value.get<double>() : std::nan("");
    }
    return numbers;
  }
  [[nodiscard]] std::function<Error(Error)> named() const {
    return [this](Error error) {
      error.message = std::format("\"{}\", which tells features, does not answer: {}", command_, error.message);
      error.next = "look at what it writes to standard error; the same call goes on when it is mended";
      return error;
    };
  }

  std::string command_;
  ChildProcess child_;
  const space::Space space_;
};

class ProgramFeatures final : public Features {
 public:
  ProgramFeatures(Program program, std::vector<std::string> names) : program_(std::move(program)) {
    auto columns = describing(names);
    known_.insert(names.begin(), names.end());
    const auto of = [this, names = std::move(names)](const space::Choice& choice) { return look(choice, names); };
    description_ = std::make_shared<const search::Description>(std::move(columns), of, /*is_looked_up=*/false);
  }
  [[nodiscard]] std::shared_ptr<const search::Description> description() const override { return description_; }
  [[nodiscard]] Status status() const override {
    const std::scoped_lock lock(guard_);
    if (failed_) return std::unexpected(*failed_);
    return {};
  }

 private:
  std::vector<double> look(const space::Choice& choice, const std::vector<std::string>& names) {
    const std::scoped_lock lock(guard_);
    if (failed_) return {};
    const auto numbers = program_.ask(choice);
    if (!numbers) {
      failed_ = numbers.error();
      return {};
    }
    if (!*numbers) return {};
    for (const auto& [name, value] : **numbers)
      if (!known_.contains(name)) {
        failed_ = Error{ErrorCode::invalid_input,
                        std::format("the feature \"{}\" was not among those of the first choice", name.substr(0, 100)),
                        {},
                        "let the program name all features of every choice, with null where one is not known"};
        return {};
      }
    return in_order(**numbers, names);
  }

  mutable std::mutex guard_;  // threads may ask one strategy at once
  Program program_;
  std::set<std::string> known_;
  std::optional<Error> failed_;
  std::shared_ptr<const search::Description> description_;
};

}  // namespace

Result<std::unique_ptr<Features>> features_of_table(const std::string& path, const space::Space& space) {
  TRY(const auto text, read_file(path, max_features_bytes));
  if (const auto columns = std::ranges::count(text.substr(0, text.find('\n')), ','); columns > most_columns)
    return invalid(std::format("\"{}\" has {} columns; {} features are the most", path, columns + 1, most_features));
  TRY(const auto foreign, parse_table(text, path));
  auto fitted = fit(foreign, space, {}, path);
  // Every other column is a feature; that is not worth a remark.
  std::erase_if(fitted.remarks,
                [](const auto& remark) { return remark.contains("of parameters that the space does not have"); });
  std::set<std::string> parameters, names;
  for (const auto& parameter : space.parameters()) parameters.insert(parameter.name);
  std::map<space::Choice, std::map<std::string, double>> rows;
  for (const auto& trial : fitted.trials) {
    auto& row = rows[trial.choice];
    for (const auto& [name, value] : trial.values()) {
      if (parameters.contains(name)) continue;
      if (const double before = row.emplace(name, value).first->second; before != value)
        return invalid(std::format("\"{}\" says both {} and {} is the \"{}\" of {}", path, before, value, name,
                                   space::to_text(trial.choice)),
                       "let each choice have one row");
      names.insert(name);
    }
  }
  if (rows.empty())
    return invalid(std::format("no row of \"{}\" is a choice of the space", path),
                   fitted.remarks.empty() ? "" : fitted.remarks.front());
  if (names.empty())
    return invalid(std::format("\"{}\" has no column of numbers besides the parameters", path),
                   "each feature is a column with a name of its own");
  if (names.size() > most_features)
    return invalid(std::format("\"{}\" has {} features; {} are the most", path, names.size(), most_features), "");
  const std::vector<std::string> ordered(names.begin(), names.end());
  std::map<space::Choice, std::vector<double>> described;
  for (const auto& [choice, numbers] : rows) described.emplace(choice, in_order(numbers, ordered));
  return std::make_unique<TableFeatures>(ordered, std::move(described), std::move(fitted.remarks));
}

Result<std::unique_ptr<Features>> features_of_program(const std::string& command, const space::Space& space) {
  TRY(auto child, ChildProcess::start({"/bin/sh", "-c", command}, {.own_group = true}));
  Program program(command, std::move(child), space);
  auto random = RandomStream::named(1, "a choice to name its features");
  std::vector<std::string> names;
  for (int draw = 0; draw < draws && names.empty(); ++draw) {
    TRY(const auto choice, space.sample(random));
    TRY(const auto first, program.ask(choice));
    if (!first) continue;
    for (const auto& [name, value] : *first) names.push_back(name);
  }
  if (names.empty())
    return invalid(std::format("\"{}\" named no features of {} choices", command, draws),
                   "its first answer that is not null says which features there are");
  return std::make_unique<ProgramFeatures>(std::move(program), std::move(names));
}

}  // namespace edgewise::exchange
