#include <algorithm>
#include <format>
#include <set>

#include "replay/table.hpp"
#include "replay/table_internal.hpp"
#include "space/benchmark_networks.hpp"

namespace edgewise::replay {

namespace {

void declare_parameter(config::Options& o, Descriptor::Parameter& parameter) {
  o.text("name", parameter.name,
         "name of the parameter; the column's when empty, and the beginning of the names when a column is split");
  o.text("column", parameter.column, "column that holds its values");
  o.text("split", parameter.split,
         "instead of column: a column of texts of one length, each character of which is a parameter");
  o.word("kind", parameter.kind, {"categorical", "integer", "ordinal"},
         "categorical: values without order; integer: whole numbers; ordinal: numbers that are not whole, as their "
         "place in the sorted list");
  o.boolean("log", parameter.log_scale, "integers whose ratio counts, not their difference");
  if (parameter.column.empty() == parameter.split.empty())
    o.problem(
        "",
        parameter.column.empty() ? "a parameter needs a column" : "a parameter has both a column and a column to split",
        "give one of \"column\" and \"split\"");
  if (!parameter.split.empty() && parameter.kind != "categorical")
    o.problem("kind", "the characters of a split column are categorical", "leave \"kind\" out");
  if (parameter.log_scale && parameter.kind != "integer")
    o.problem("log", "only integers may have a log scale", "leave \"log\" out");
}

void declare_objective(config::Options& o, Descriptor::Objective& objective) {
  o.text("name", objective.name, "name of the objective");
  o.text("value", objective.value, "expression over columns; the column of the objective's name when empty");
  o.word("direction", objective.direction, {"minimize", "maximize"}, "what is better");
  double reference = 0;
  o.number("reference", reference, {},
           "bound of the hypervolume that counts; the worst value of the table when absent");
  if (o.is_given("reference")) objective.reference = reference;
  o.boolean("known", objective.is_known, "whether it is known before a network is evaluated");
  if (objective.name.empty() && !o.has_problem("name"))
    o.problem("", "an objective has no name", "give it one, for example name: error");
}

void check_stages(config::Options& o, const Descriptor& draft) {
  for (std::size_t i = 1; i < draft.stages.size(); ++i)
    if (draft.stages[i].epochs <= draft.stages[i - 1].epochs)
      o.problem("stages",
                std::format("stage {} has {} epochs, but the one before it {}", i + 1, draft.stages[i].epochs,
                            draft.stages[i - 1].epochs),
                "epochs are counted in total: let them grow", static_cast<int>(i));
  for (std::size_t i = 0; i < draft.stages.size(); ++i)
    for (const auto& [name, expression] : draft.stages[i].values)
      if (!std::ranges::contains(draft.objectives, name, &Descriptor::Objective::name))
        o.problem("stages", std::format("stage {} gives \"{}\", which is no objective", i + 1, name), {},
                  static_cast<int>(i));
}

void declare_networks(config::Options& o, Descriptor::Networks& networks, bool is_given) {
  o.word("kind", networks.kind, space::benchmark_networks().names(), "how the table writes its networks");
  o.text("text", networks.text, "the network of a row: a text with columns in braces, for example \"{arch}\"");
  o.integer("input_size", networks.input_size, {1, 4096}, "height and width of the pictures that they see");
  o.integer("classes", networks.classes, {1, 1e6}, "numbers that they give");
  if (is_given && networks.text.empty() && !o.has_problem("text"))
    o.problem("", "it is not told where a row's network stands", "name its column in braces, for example \"{arch}\"");
}

void declare(config::Options& o, Descriptor& draft) {
  o.text("name", draft.name, "name of the table in results; the file's when empty");
  o.text("table", draft.table, "CSV file, plain or gzip, beside this file");
  o.sections(
      "parameters", draft.parameters.size(), [&](std::size_t count) { draft.parameters.resize(count); },
      [&](std::size_t i, config::Options& options) { declare_parameter(options, draft.parameters[i]); },
      "columns that make up a choice");
  o.sections(
      "objectives", draft.objectives.size(), [&](std::size_t count) { draft.objectives.resize(count); },
      [&](std::size_t i, config::Options& options) { declare_objective(options, draft.objectives[i]); },
      "quantities to trade off");
  o.texts("constraints", draft.constraints, "bounds that a choice must keep, over columns and objectives");
  o.text("rows", draft.rows, "a comparison over columns; rows where it does not hold are no choices");
  o.word("missing", draft.missing, {"leave_out", "fail"},
         "what a row is whose objectives have empty cells: no choice, or one whose trial fails");
  o.text("canonical", draft.canonical, "column with equal values for the same network");
  const bool has_networks = o.is_given("networks");
  o.section(
      "networks", "", [&](config::Options& options) { declare_networks(options, draft.networks, has_networks); },
      "the networks that rows stand for, so that models see them");
  if (has_networks && draft.networks.kind.empty() && !o.has_problem("networks"))
    o.problem("networks", "it is not told how the table writes its networks",
              "the kinds are " + quoted_list(space::benchmark_networks().names()));
  o.sections(
      "stages", draft.stages.size(), [&](std::size_t count) { draft.stages.resize(count); },
      [&](std::size_t i, config::Options& options) {
        options.integer("epochs", draft.stages[i].epochs, {1, 1e6}, "trained in total when the stage ends");
        options.pairs("values", draft.stages[i].values, {}, {},
                      "objectives that have another expression in this stage");
      },
      "cheaper evaluations before the full one");
  if (draft.table.empty() && !o.has_problem("table"))
    o.problem("table", "no table is named", "give the CSV file, for example table: results.csv");
  if (draft.parameters.empty() && !o.has_problem("parameters"))
    o.problem("parameters", "there are no parameters", "name the columns that make up a choice");
  if (draft.objectives.empty() && !o.has_problem("objectives"))
    o.problem("objectives", "there are no objectives", "name at least one");
  std::set<std::string> names;
  for (std::size_t i = 0; i < draft.objectives.size(); ++i)
    if (const auto& name = draft.objectives[i].name; !name.empty() && !names.insert(name).second)
      o.problem("objectives", std::format("objective \"{}\" exists twice", name), {}, static_cast<int>(i));
  check_stages(o, draft);
}

}  // namespace

std::expected<Descriptor, std::vector<Error>> read_descriptor(const std::string& text, const std::string& file) {
  const auto root = config::parse_yaml(text, file);
  if (!root) return std::unexpected(std::vector{root.error()});
  Descriptor draft;
  auto mistakes = config::read(*root, file, [&](config::Options& o) { declare(o, draft); });
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  return draft;
}

Result<std::string> table_file(const std::string& descriptor, const std::string& file) {
  auto draft = read_descriptor(descriptor, file);
  if (!draft) return std::unexpected(draft.error().front());
  return draft->table;
}

}  // namespace edgewise::replay
