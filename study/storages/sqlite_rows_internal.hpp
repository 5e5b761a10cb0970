/// What is in the tables of a study, as trials; nothing is believed that was not checked.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "study/changes_internal.hpp"
#include "study/storages/sqlite_internal.hpp"

namespace edgewise::study {

/// Reads and writes within the caller's transaction.
class Rows {
 public:
  explicit Rows(Database& database) : database_(&database) {}

  Result<Settings> settings();
  /// Trials by id with results and curves. @param filter  of the table of trials: "WHERE id = 7"; empty: all
  Result<std::vector<Trial>> trials(const std::string& filter);
  /// All trials by id, without curves; results lack their measurements and artifacts.
  Result<std::vector<Trial>> outline();
  Result<Trial> whole_trial(TrialId id);
  /// Without results and curve. @error not_found
  Result<Entry> entry(TrialId id);
  Result<std::vector<Entry>> running();
  /// Waiting trials that a worker took up in their stage.
  Result<std::vector<Entry>> lost();
  /// The trial that is to be taken up next.
  Result<std::optional<TrialId>> first_waiting(const std::set<Work>& kinds);

  Status add(const Trial& trial);
  /// What a change may touch: choice, seed and what is known stay as they were added.
  Status write(const Entry& entry);
  /// A sign of life is no change.
  Status write(TrialId id, const Hold& hold);
  Status write(TrialId id, const StageResult& result);
  /// Replaces what was recorded of this epoch and later ones.
  Status write(TrialId id, const CurvePoint& point);

 private:
  template <class Reader>
  auto read(const std::string& text, const std::string& what, Reader reader) -> decltype(reader(Json()));
  Result<Fidelity> read_fidelity(const std::string& text, const std::string& what);
  Result<Entry> read_entry(Statement& row);
  Result<std::vector<Entry>> entries(const std::string& filter);
  Result<std::vector<Trial>> without_results(const std::string& filter);
  enum class Extent : std::uint8_t { whole, outline };
  Status read_results(std::vector<Trial>& trials, const std::string& filter, Extent extent);
  Status read_curves(std::vector<Trial>& trials, const std::string& filter);

  Database* database_;  // borrowed
  /// Most trials of a study are paid alike: what was read last is what comes next.
  std::string last_fidelity_text_;
  Fidelity last_fidelity_;
};

}  // namespace edgewise::study
