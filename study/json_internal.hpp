/// What a storage keeps as JSON texts. The readers trust nothing.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "study/study.hpp"

namespace edgewise::study {

/// As it reads back after `dump`.
Json normalised(const Json& json);

/// Strings, integers and reals keep their kinds: a real is written with a point or an exponent.
Json choice_to_json(const space::Choice& choice);
/// @error invalid_input when it is no object of strings and numbers
Result<space::Choice> choice_from_json(const Json& json);

Json values_to_json(const std::map<std::string, double>& values);
/// @error invalid_input when it is no object of numbers
Result<std::map<std::string, double>> values_from_json(const Json& json);

Json to_json(const std::vector<Objective>& objectives);
Result<std::vector<Objective>> objectives_from_json(const Json& json);
Json to_json(const std::vector<Constraint>& constraints);
Result<std::vector<Constraint>> constraints_from_json(const Json& json);

}  // namespace edgewise::study
