/// Studies in the SQLite schema of Optuna 3.2 to 4.x (schema version 12), both ways.
///
/// What goes over: name, directions, metric names; of each trial its number, state, times, parameters with their
/// distributions, objective values, constraints (as the system attribute "constraints": above 0 is broken, in both
/// programs), everything else recorded as user attributes. What does not: conditions between parameters (Optuna has
/// none, a parameter is absent where it does not apply), steps of a logarithmic integer (Optuna has none), stages.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "exchange/prior.hpp"
#include "space/space.hpp"
#include "study/study.hpp"

namespace edgewise::exchange {

/// Writes a new database with the one study. A rejected trial is one that failed there, with its reason as the user
/// attribute "edgewise:reason"; a waiting one is enqueued. Nothing is left behind when it fails.
/// @error conflict when the file exists and `overwrite` is false; invalid_input when a choice is not of the space;
/// unavailable when it cannot be written
Status export_optuna(const study::Study& study, const space::Space& space, const std::filesystem::path& file,
                     bool overwrite = false);

/// All trials of a study of the database; `name` may be empty when it has one alone. Objectives are found by the
/// study's metric names, or else by their order when there are as many with the same directions. Numbers among the user
/// attributes are values too. The file is not trusted.
/// @error not_found: no file, no such study (with those there are); invalid_input: no database, another program's,
/// another schema version, a value of a wrong type or out of its range, objectives that do not match
Result<std::vector<ForeignTrial>> read_optuna(const std::filesystem::path& file, const std::string& name,
                                              const std::vector<study::Objective>& objectives);

}  // namespace edgewise::exchange
