/// A table of networks that were evaluated once, so that a search over them can be replayed in seconds.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "replay/csv.hpp"
#include "space/family.hpp"
#include "study/study.hpp"

namespace edgewise::replay {

/// A quantity that the table gives, as its descriptor declares it.
struct TableObjective {
  std::string name;
  study::Direction direction = study::Direction::minimize;
  double reference = 0;   ///< bound of the hypervolume that counts; the descriptor's, else the worst value of the table
  bool is_known = false;  ///< known before a network is evaluated, such as its number of parameters
  friend bool operator==(const TableObjective&, const TableObjective&) = default;
};

/// One network.
struct TableRow {
  space::Choice choice;
  std::vector<std::map<std::string, double>> values;  ///< by stage; objectives and what constraints use
  std::string missing;    ///< why there are none, when the descriptor lets such a row fail; empty otherwise
  std::string canonical;  ///< equal for rows of the same network; empty without such a column
  std::string network;    ///< which network it is, as `Table::networks` reads it; empty when that is not told
};

/// How the rows' networks are built.
struct TableNetworks {
  std::string kind;  ///< one of space::benchmark_networks()
  space::Frame frame;
};

/// A space whose valid choices are the rows of a table, with what each of them gave. Immutable; copies share the rows.
class Table {
 public:
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const space::Space& space() const { return space_; }
  [[nodiscard]] const std::vector<TableObjective>& objectives() const { return objectives_; }
  [[nodiscard]] const std::vector<study::Constraint>& constraints() const { return constraints_; }
  /// Epochs of each stage, growing; one stage of 1 epoch when the descriptor has none.
  [[nodiscard]] const std::vector<int>& stage_epochs() const { return stage_epochs_; }
  /// Nothing when the descriptor does not tell what a row builds.
  [[nodiscard]] const std::optional<TableNetworks>& networks() const { return networks_; }
  [[nodiscard]] const std::vector<TableRow>& rows() const;
  /// The row of a choice, or null. The pointer lives as long as any copy of the table or of its space.
  [[nodiscard]] const TableRow* find(const space::Choice& choice) const;

 private:
  friend class TableBuilder;
  struct Rows;
  std::string name_;
  space::Space space_;
  std::vector<TableObjective> objectives_;
  std::vector<study::Constraint> constraints_;
  std::vector<int> stage_epochs_;
  std::optional<TableNetworks> networks_;
  std::shared_ptr<const Rows> rows_;  // shared with the validity of `space_` and of its copies
};

/// Reads a descriptor and the table that it names (docs: `edgewise replay --help`):
///
///     table: nb201.csv.gz            # beside the descriptor; plain or gzip
///     parameters:
///       - split: ops                 # a string column: one categorical parameter a character, ops1, ops2, ...
///       - {column: width, kind: integer}     # integer | ordinal (place in the sorted values) | categorical
///     objectives:
///       - {name: error, value: 100 - test_acc, reference: 20}   # `value` is an expression over columns; default: the
///       column `name`
///       - {name: accuracy, direction: maximize}
///       - {name: params, known: true}
///     constraints: ["latency_ms < 33"]   # over columns and objectives
///     rows: "edgetpu_ms > 0"         # only these rows exist
///     missing: leave_out             # a row with an empty cell among its objectives is no choice (default), or the
///     trial will `fail` canonical: iso_rep             # equal values: the same network stages: # cheaper evaluations;
///     `values` replaces expressions of objectives
///       - {epochs: 12, values: {error: 100 - test_acc_e12}}
///       - {epochs: 200}
///     networks: {kind: nasbench201, text: "{ops}"}   # what a row builds: a kind of space::benchmark_networks(), and a
///                                                    # text with columns in braces; of a family of ours its
///                                                    # parameters: {kind: resnet, text: "stages={stages} ..."}
///
/// @error not_found; invalid_input with all mistakes of the descriptor, or the first of the table with
/// file:line:column: missing columns, doubled choices (unless `canonical` says that they are the same network: then the
/// first counts), cells that are no finite numbers, no rows
std::expected<Table, std::vector<Error>> read_table(const std::filesystem::path& descriptor);

/// The same from texts. @param file  of the descriptor, for messages  @param csv_file  of the table, for messages
std::expected<Table, std::vector<Error>> make_table(const std::string& descriptor, const std::string& file,
                                                    std::string_view csv, const std::string& csv_file);

/// The path that the descriptor's `table` names, as it stands there.
Result<std::string> table_file(const std::string& descriptor, const std::string& file);

}  // namespace edgewise::replay
