#include "replay/table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>
#include <numeric>
#include <set>

#include "base/file.hpp"
#include "replay/table_internal.hpp"
#include "space/benchmark_networks.hpp"

namespace edgewise::replay {

/// Rows and the way from a choice to its row: a choice is a number in mixed radix, one digit a parameter.
struct Table::Rows {
  /// Digits of one parameter.
  struct Axis {
    std::string name;
    std::unordered_map<std::string, std::uint64_t> categories;  // empty for integers
    std::int64_t low = 0, step = 1;
    std::uint64_t count = 1;
  };
  std::vector<Axis> axes;
  std::vector<TableRow> rows;
  std::unordered_map<std::uint64_t, std::size_t> by_number;

  [[nodiscard]] static std::optional<std::uint64_t> digit(const Axis& axis, const space::Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      const auto found = axis.categories.find(*text);
      if (found == axis.categories.end()) return std::nullopt;
      return found->second;
    }
    const auto* number = std::get_if<std::int64_t>(&value);
    if (!number || !axis.categories.empty() || *number < axis.low) return std::nullopt;
    const auto away = static_cast<std::uint64_t>(*number) - static_cast<std::uint64_t>(axis.low);
    const auto step = static_cast<std::uint64_t>(axis.step);
    if (away % step != 0 || away / step >= axis.count) return std::nullopt;
    return away / step;
  }

  [[nodiscard]] std::optional<std::uint64_t> number(const space::Choice& choice) const {
    std::uint64_t result = 0;
    for (const Axis& axis : axes) {
      const auto found = choice.find(axis.name);
      if (found == choice.end()) return std::nullopt;
      const auto d = digit(axis, found->second);
      if (!d) return std::nullopt;
      result = result * axis.count + *d;
    }
    return result;
  }

  [[nodiscard]] const TableRow* find(const space::Choice& choice) const {
    const auto key = number(choice);
    if (!key) return nullptr;
    const auto found = by_number.find(*key);
    return found == by_number.end() ? nullptr : &rows[found->second];
  }
};

namespace {

/// Nothing when the text is no number; infinities and NaN are numbers here.
std::optional<double> as_number(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Beyond 2^53 a whole number may have lost its last digits on the way through a spreadsheet: such are refused.
std::optional<std::int64_t> as_integer(std::string_view text) {
  constexpr double exact = 9007199254740992.0;
  const auto number = as_number(text);
  if (!number || !(std::abs(*number) <= exact) || std::trunc(*number) != *number) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

/// In the order of their numbers when all are numbers, else of their letters; whatever the order of the rows.
std::vector<std::string> sorted_categories(const std::set<std::string>& texts) {
  std::vector<std::string> sorted(texts.begin(), texts.end());
  const bool all_numbers = std::ranges::all_of(sorted, [](const auto& text) {
    const auto number = as_number(text);
    return number && std::isfinite(*number);
  });
  if (all_numbers) std::ranges::stable_sort(sorted, {}, [](const auto& text) { return *as_number(text); });
  return sorted;
}

/// A column, whatever characters its name has, or an expression over columns.
struct Source {
  std::optional<std::size_t> column;
  std::optional<study::Expression> expression;
  std::vector<std::pair<std::string, std::size_t>> columns;  ///< that the expression uses
};

Result<Source> source_of(const Csv& csv, const std::string& text, const std::string& use) {
  Source source;
  source.column = csv.column(text);
  if (source.column) return source;
  auto expression = study::Expression::parse(text);
  if (!expression) return fail_with(expression.error(), use);
  for (const std::string& name : expression->names()) {
    TRY(const std::size_t column, column_of(csv, name, use));
    source.columns.emplace_back(name, column);
  }
  source.expression = std::move(*expression);
  return source;
}

/// What became of reading a value.
struct Reading {
  std::optional<double> value;
  std::string empty_column;  ///< why there is none
};

Result<Reading> read_cell(const Csv& csv, const std::vector<Cell>& row, std::size_t column) {
  const Cell& cell = row[column];
  if (cell.text.empty()) return Reading{{}, csv.header[column]};
  const auto number = as_number(cell.text);
  if (!number)
    return invalid(std::format("\"{}\" in column \"{}\" is not a number", cell.text, csv.header[column]),
                   "an empty cell means: not known", csv.where(cell));
  if (!std::isfinite(*number))
    return invalid(std::format("\"{}\" in column \"{}\" is not a finite number", cell.text, csv.header[column]),
                   "leave the cell empty where a value is not known", csv.where(cell));
  return Reading{number, {}};
}

Result<Reading> read_source(const Csv& csv, const std::vector<Cell>& row, const Source& source,
                            const std::string& name) {
  if (source.column) return read_cell(csv, row, *source.column);
  std::map<std::string, double> values;
  for (const auto& [column_name, column] : source.columns) {
    TRY(const Reading reading, read_cell(csv, row, column));
    if (!reading.value) return reading;
    values[column_name] = *reading.value;
  }
  const auto value = source.expression->evaluate(values);
  if (!value)
    return invalid(std::format("\"{}\" has no finite value in this row (\"{}\")", name, source.expression->text()), {},
                   csv.where(row.front()));
  return Reading{value, {}};
}

}  // namespace

/// Puts a table together, step by step.
class TableBuilder {
 public:
  TableBuilder(const Descriptor& descriptor, const Csv& csv) : descriptor_(descriptor), csv_(csv) {}

  Result<Table> build() {
    table_.name_ = descriptor_.name;
    table_.stage_epochs_ = {1};
    if (!descriptor_.stages.empty()) table_.stage_epochs_.clear();
    for (const auto& stage : descriptor_.stages) table_.stage_epochs_.push_back(static_cast<int>(stage.epochs));
    TRY_DO(find_sources());
    TRY_DO(choose_rows());
    TRY_DO(make_parameters());
    TRY_DO(make_rows());
    TRY_DO(make_objectives());
    return finish();
  }

 private:
  Status find_sources() {
    sources_.resize(table_.stage_epochs_.size());
    for (std::size_t stage = 0; stage < sources_.size(); ++stage)
      for (const auto& objective : descriptor_.objectives) {
        std::string text = objective.value.empty() ? objective.name : objective.value;
        if (!descriptor_.stages.empty())
          for (const auto& [name, value] : descriptor_.stages[stage].values)
            if (name == objective.name) text = value;
        TRY(sources_[stage][objective.name], source_of(csv_, text, std::format("objective \"{}\"", objective.name)));
      }
    for (const std::string& text : descriptor_.constraints) {
      auto comparison = study::Comparison::parse(text);
      if (!comparison) return fail_with(comparison.error(), std::format("constraint \"{}\"", text));
      for (const std::string& name : comparison->names())
        for (auto& sources : sources_)
          if (!sources.contains(name)) {
            TRY(sources[name], source_of(csv_, name, std::format("constraint \"{}\"", text)));
          }
      table_.constraints_.push_back({text, std::move(*comparison)});
    }
    if (!descriptor_.canonical.empty()) {
      TRY(canonical_, column_of(csv_, descriptor_.canonical, "\"canonical\""));
    }
    const auto& networks = descriptor_.networks;
    if (networks.text.empty()) return {};
    TRY(network_, RowText::make(networks.text, csv_));
    table_.networks_ = {networks.kind, {.input_size = networks.input_size, .outputs = networks.classes}};
    return {};
  }

  /// Rows that the descriptor's `rows` keeps, and that have all values or may fail.
  Status choose_rows() {
    std::optional<study::Comparison> filter;
    std::vector<std::pair<std::string, std::size_t>> filter_columns;
    if (!descriptor_.rows.empty()) {
      auto comparison = study::Comparison::parse(descriptor_.rows);
      if (!comparison) return fail_with(comparison.error(), std::format("rows \"{}\"", descriptor_.rows));
      for (const std::string& name : comparison->names()) {
        TRY(const std::size_t column, column_of(csv_, name, std::format("rows \"{}\"", descriptor_.rows)));
        filter_columns.emplace_back(name, column);
      }
      filter = std::move(*comparison);
    }
    for (std::size_t i = 0; i < csv_.rows.size(); ++i) {
      if (filter) {
        std::map<std::string, double> values;
        for (const auto& [name, column] : filter_columns) {
          TRY(const Reading reading, read_cell(csv_, csv_.rows[i], column));
          if (reading.value) values[name] = *reading.value;
        }
        if (!filter->holds(values).value_or(false)) continue;
      }
      TRY(TableRow row, read_values(csv_.rows[i]));
      if (!row.missing.empty() && descriptor_.missing == "leave_out") continue;
      if (network_) TRY_DO(check_network(row.network, csv_.rows[i][network_->first_column()]));
      kept_.push_back(i);
      rows_->rows.push_back(std::move(row));
    }
    if (kept_.empty())
      return invalid(csv_.rows.empty() ? std::string("the table has no rows")
                                       : std::format("none of the table's {} rows is a choice", csv_.rows.size()),
                     csv_.rows.empty() ? "" : "look at \"rows\" and at columns with empty cells", csv_.file);
    return {};
  }

  Result<TableRow> read_values(const std::vector<Cell>& cells) const {
    TableRow row;
    for (const auto& sources : sources_) {
      auto& values = row.values.emplace_back();
      for (const auto& [name, source] : sources) {
        TRY(const Reading reading, read_source(csv_, cells, source, name));
        if (reading.value)
          values[name] = *reading.value;
        else if (row.missing.empty())
          row.missing =
              std::format("the table has no \"{}\" for it (line {})", reading.empty_column, cells.front().line);
      }
    }
    if (canonical_) row.canonical = cells[*canonical_].text;
    if (network_) row.network = (*network_)(cells);
    return row;
  }

  [[nodiscard]] Status check_network(const std::string& text, const Cell& cell) const {
    TRY(const auto* networks, space::benchmark_networks().at(descriptor_.networks.kind));
    auto status = networks->check(text, table_.networks_->frame);
    if (!status) status.error().where = csv_.where(cell);
    return status;
  }

  Status make_parameters() {
    for (const auto& parameter : descriptor_.parameters) {
      TRY_DO(parameter.split.empty() ? add_column(parameter) : add_characters(parameter));
    }
    return {};
  }

  Status add_characters(const Descriptor::Parameter& parameter) {
    TRY(const std::size_t column, column_of(csv_, parameter.split, "a parameter"));
    const std::size_t length = csv_.rows[kept_.front()][column].text.size();
    if (length == 0)
      return invalid(std::format("column \"{}\" is empty", parameter.split), {},
                     csv_.where(csv_.rows[kept_.front()][column]));
    for (const std::size_t i : kept_)
      if (const Cell& cell = csv_.rows[i][column]; cell.text.size() != length)
        return invalid(std::format("\"{}\" in column \"{}\" has {} characters, but the first row {}", cell.text,
                                   parameter.split, cell.text.size(), length),
                       "a column that is split needs texts of one length", csv_.where(cell));
    for (std::size_t k = 0; k < length; ++k)
      add_categories(std::format("{}{}", parameter.name.empty() ? parameter.split : parameter.name, k + 1),
                     [&, k](std::size_t i) { return csv_.rows[i][column].text.substr(k, 1); });
    return {};
  }

  Status add_column(const Descriptor::Parameter& parameter) {
    TRY(const std::size_t column, column_of(csv_, parameter.column, "a parameter"));
    const std::string name = parameter.name.empty() ? parameter.column : parameter.name;
    for (const std::size_t i : kept_)
      if (const Cell& cell = csv_.rows[i][column]; cell.text.empty())
        return invalid(std::format("parameter \"{}\" has no value in this row", name),
                       "fill column \"" + parameter.column + "\", or leave the row out with \"rows\"",
                       csv_.where(cell));
    if (parameter.kind == "integer") return add_integers(name, column, parameter.log_scale);
    if (parameter.kind == "ordinal") return add_places(name, column);
    add_categories(name, [&](std::size_t i) { return csv_.rows[i][column].text; });
    return {};
  }

  template <class Text>
  void add_categories(const std::string& name, const Text& text) {
    std::set<std::string> texts;
    for (const std::size_t i : kept_) texts.insert(text(i));
    space::Categorical domain{sorted_categories(texts)};
    Table::Rows::Axis axis{.name = name, .count = domain.values.size()};
    for (std::size_t i = 0; i < domain.values.size(); ++i) axis.categories[domain.values[i]] = i;
    for (std::size_t row = 0; row < kept_.size(); ++row) rows_->rows[row].choice[name] = text(kept_[row]);
    add_axis(std::move(axis), std::move(domain));
  }

  Status add_integers(const std::string& name, std::size_t column, bool log_scale) {
    std::vector<std::int64_t> numbers;
    for (const std::size_t i : kept_) {
      const Cell& cell = csv_.rows[i][column];
      const auto number = as_integer(cell.text);
      if (!number)
        return invalid(std::format("\"{}\" in column \"{}\" is not a whole number", cell.text, csv_.header[column]),
                       "declare it \"kind: ordinal\" or \"categorical\"", csv_.where(cell));
      numbers.push_back(*number);
    }
    const auto [low, high] = std::ranges::minmax(numbers);
    std::int64_t step = 0;
    for (const std::int64_t number : numbers) step = std::gcd(step, number - low);
    add_numbers(name, numbers,
                {.low = low, .high = high, .step = std::max<std::int64_t>(step, 1), .log_scale = log_scale});
    return {};
  }

  Status add_places(const std::string& name, std::size_t column) {
    std::vector<double> numbers;
    for (const std::size_t i : kept_) {
      TRY(const Reading reading, read_cell(csv_, csv_.rows[i], column));
      numbers.push_back(*reading.value);
    }
    std::vector<double> sorted = numbers;
    std::ranges::sort(sorted);
    sorted.erase(std::ranges::unique(sorted).begin(), sorted.end());
    std::vector<std::int64_t> places;
    for (const double number : numbers) places.push_back(std::ranges::lower_bound(sorted, number) - sorted.begin());
    add_numbers(name, places, {.low = 0, .high = static_cast<std::int64_t>(sorted.size()) - 1});
    return {};
  }

  void add_numbers(const std::string& name, const std::vector<std::int64_t>& numbers, const space::Integer& domain) {
    for (std::size_t row = 0; row < kept_.size(); ++row) rows_->rows[row].choice[name] = numbers[row];
    add_axis({.name = name,
              .low = domain.low,
              .step = domain.step,
              .count = static_cast<std::uint64_t>((domain.high - domain.low) / domain.step) + 1},
             domain);
  }

  void add_axis(Table::Rows::Axis axis, std::variant<space::Categorical, space::Integer, space::Real> domain) {
    parameters_.push_back({.name = axis.name, .domain = std::move(domain)});
    rows_->axes.push_back(std::move(axis));
  }

  static constexpr std::uint64_t rare = 50;  // one choice in so many
  /// Checks the parameters as a space, then that each choice has one row.
  Status make_rows() {
    const std::shared_ptr<const Table::Rows> rows = rows_;
    auto space = space::make_space(parameters_, [rows](const space::Choice& choice) -> std::optional<std::string> {
      if (rows->find(choice)) return std::nullopt;
      return "the table has no row for " + space::to_text(choice);
    });
    if (!space) return fail_with(space.error(), "the parameters of the table");
    if (!space->size())
      return invalid("the parameters have more than 2^63 combinations",
                     "leave some out, or declare them \"kind: ordinal\"", csv_.file);
    table_.space_ = std::move(*space);
    std::vector<TableRow> different;
    std::vector<int> lines;
    for (std::size_t i = 0; i < rows_->rows.size(); ++i) {
      TableRow& row = rows_->rows[i];
      const Cell& cell = csv_.rows[kept_[i]].front();
      const auto number = rows_->number(row.choice);
      EDGEWISE_ASSERT(number.has_value(), "every row is a choice of its own axes");
      const auto [place, is_new] = rows_->by_number.emplace(*number, different.size());
      if (is_new) {
        different.push_back(std::move(row));
        lines.push_back(cell.line);
      } else if (!canonical_ || different[place->second].canonical != row.canonical) {
        return invalid(std::format("{} stands in line {} already", space::to_text(row.choice), lines[place->second]),
                       canonical_ ? "the two rows differ in \"" + descriptor_.canonical + "\""
                                  : "keep one row, or name the column that says which network it is as \"canonical\"",
                       csv_.where(cell));
      }
    }
    rows_->rows = std::move(different);
    // A table of a few networks of a large space: nobody would meet them by drawing.
    if (rows_->rows.size() < *table_.space_.size() / rare) {
      std::vector<space::Choice> all;
      for (const auto& row : rows_->rows) all.push_back(row.choice);
      table_.space_.list(std::move(all));
    }
    return {};
  }

  Status make_objectives() {
    for (const auto& objective : descriptor_.objectives) {
      TableObjective made{objective.name,
                          objective.direction == "maximize" ? study::Direction::maximize : study::Direction::minimize};
      made.is_known = objective.is_known;
      std::optional<double> worst = objective.reference;
      for (const TableRow& row : rows_->rows) {
        const auto found = row.values.back().find(objective.name);
        if (found == row.values.back().end() || objective.reference) continue;
        const double value = found->second;
        worst = !worst                                         ? value
                : made.direction == study::Direction::maximize ? std::min(*worst, value)
                                                               : std::max(*worst, value);
      }
      if (!worst)
        return invalid(std::format("objective \"{}\" has no value in any row", objective.name), {}, csv_.file);
      made.reference = *worst;
      table_.objectives_.push_back(std::move(made));
    }
    return {};
  }

  Table finish() {
    table_.rows_ = std::move(rows_);
    return std::move(table_);
  }

  const Descriptor& descriptor_;
  const Csv& csv_;
  Table table_;
  std::shared_ptr<Table::Rows> rows_ = std::make_shared<Table::Rows>();  // shared: becomes the table's
  std::vector<std::map<std::string, Source>> sources_;                   // by stage
  std::optional<std::size_t> canonical_;
  std::optional<RowText> network_;
  std::vector<std::size_t> kept_;  // rows of the CSV
  std::vector<space::Parameter> parameters_;
};

const std::vector<TableRow>& Table::rows() const {
  return rows_->rows;
}
const TableRow* Table::find(const space::Choice& choice) const {
  return rows_->find(choice);
}

std::expected<Table, std::vector<Error>> make_table(const std::string& descriptor, const std::string& file,
                                                    std::string_view csv, const std::string& csv_file) {
  auto draft = read_descriptor(descriptor, file);
  if (!draft) return std::unexpected(std::move(draft).error());
  auto cells = parse_csv(csv, csv_file);
  if (!cells) return std::unexpected(std::vector{cells.error()});
  if (draft->name.empty()) draft->name = std::filesystem::path(draft->table).filename().string();
  auto table = TableBuilder(*draft, *cells).build();
  if (!table) {
    Error error = table.error();
    if (error.where.empty()) error.where = file;
    return std::unexpected(std::vector{std::move(error)});
  }
  return std::move(*table);
}

std::expected<Table, std::vector<Error>> read_table(const std::filesystem::path& descriptor) {
  const std::string file = descriptor.string();
  const auto text = read_file(descriptor, std::size_t{1} << 20);
  if (!text) return std::unexpected(std::vector{text.error()});
  auto draft = read_descriptor(*text, file);
  if (!draft) return std::unexpected(std::move(draft).error());
  const auto path = descriptor.parent_path() / draft->table;
  const auto csv = read_text(path);
  if (!csv) return std::unexpected(std::vector{fail_with(csv.error(), "the table of \"" + file + "\"").error()});
  return make_table(*text, file, *csv, path.string());
}

}  // namespace edgewise::replay
