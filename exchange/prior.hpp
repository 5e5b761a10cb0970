/// What others found out: trials of studies, Optuna databases and tables, as far as they fit a space.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "search/strategy.hpp"
#include "study/study.hpp"

namespace edgewise::exchange {

/// A trial of another program or study, before it is known whether it fits.
struct ForeignTrial {
  Json parameters = Json::object();      ///< name -> text, number, boolean or null
  std::map<std::string, double> values;  ///< whatever was recorded, finite
  study::State state = study::State::complete;
  std::string reason;
  bool is_infeasible = false;  ///< complete, but it broke a constraint there
  bool is_unjudged = false;    ///< others there have values of constraints, it has none: Optuna takes it for infeasible
};

/// What trials of others have to bring.
struct Wanted {
  std::vector<study::Objective> objectives;
  std::vector<study::Constraint> constraints;
  std::vector<std::string>
      told;  ///< values that a complete trial must have: the objectives, and what the constraints need
};
/// The same for a study: all names of its constraints but those known before a training.
Wanted wanted_of(const study::Settings& settings);

/// Trials that fit a space, and what had to be left out, in words.
struct Fitted {
  std::vector<study::Trial> trials;  ///< complete ones have one result; failed, pruned and rejected ones their reason
  std::vector<std::string> remarks;  ///< "3 trials were left out: ..."
};

/// Keeps what the space and the objectives can use: parameters that the space does not have are dropped, trials are
/// left out that lack one, have a value outside its range, are not finished, or miss an objective or what a constraint
/// needs though complete: what is not known of them may not count as kept. Those that broke a constraint there become
/// rejected ones, unless a constraint here says so of their values. `source` opens the remarks.
Fitted fit(const std::vector<ForeignTrial>& trials, const space::Space& space, const Wanted& wanted,
           const std::string& source);

/// Trials of a study's folder (NAME.study or any folder with a study.db), an Optuna database (.db, .sqlite, .sqlite3)
/// or a CSV table with a heading (.csv).
/// @error not_found; invalid_input for a file of another kind, a table without rows or with rows of another length
Result<std::vector<ForeignTrial>> read_foreign(const std::filesystem::path& path,
                                               const std::vector<study::Objective>& objectives);

/// One row a trial. A column called as a parameter, or "choice.NAME" or "params_NAME", is that; other columns that hold
/// numbers are values, "value.NAME", "values_NAME" and "user_attrs_NAME" under that name; "state" is a study's or
/// Optuna's, in any case.
/// @error invalid_input with the line: rows of another length than the heading, an unknown state
Result<std::vector<ForeignTrial>> parse_table(const std::string& text, const std::string& file);

/// What a search starts from besides its own options.
struct Start {
  std::vector<study::Trial> prior;   ///< for search::Common::prior
  std::vector<space::Choice> front;  ///< for search::Common::start_with, after what is there
  std::vector<std::string> remarks;
};

/// Reads all sources once and keeps what they gave in `folder`/start.json: a search that goes on later starts from the
/// same, whatever became of them.
Result<Start> gather_start(const std::vector<std::string>& warm_start, const std::vector<std::string>& front_of,
                           const space::Space& space, const study::Settings& settings,
                           const std::filesystem::path& folder);

}  // namespace edgewise::exchange
