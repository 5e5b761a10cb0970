/// A problem that others evaluate: a space, objectives and constraints in one YAML file.
///
///     parameters: {...}                       # as in space/space_file.hpp
///     objectives: {error: minimize, latency_ms: minimize}
///     constraints: [latency_ms < 33, width * depth < 4096]
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "space/space.hpp"
#include "study/study.hpp"

namespace edgewise::exchange {

struct Problem {
  std::string name;  ///< the file's stem
  /// Constraints over parameters alone are part of it: such choices are never proposed.
  space::Space space;
  std::vector<study::Objective> objectives;    ///< 1 to 4
  std::vector<study::Constraint> constraints;  ///< over what is told, and parameters
  std::vector<std::string>
      told;  ///< names that every result has to have: the objectives, then what the constraints need
  std::vector<std::string> known;    ///< numeric parameters that constraints over told values use
  Json document;                     ///< the whole file, defaults written out
  Json document_in_texts;            ///< as studies from before categories kept their kinds recorded it
  std::vector<std::string> remarks;  ///< what looks like a slip: an objective that is better the other way round
};

/// @error all mistakes at once, in file order, each with file:line:column: those of the parameters, a doubled name,
/// more than four objectives, a constraint that cannot be read, that uses a parameter which is no number, bounds that
/// contradict each other, constraints that no choice keeps
std::expected<Problem, std::vector<Error>> parse_problem(const std::string& text, const std::string& file);
std::expected<Problem, std::vector<Error>> read_problem(const std::filesystem::path& file);
/// From `Problem::document`, as a study keeps it.
Result<Problem> problem_from_json(const Json& document, const std::string& name);

/// The parameters of `names` as numbers, for constraints. What is inactive is absent.
std::map<std::string, double> numbers_of(const space::Choice& choice, const std::vector<std::string>& names);

}  // namespace edgewise::exchange
