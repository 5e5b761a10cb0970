/// What a storage keeps as JSON texts. The readers trust nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
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

Json numbers_to_json(const std::map<std::string, double>& numbers);
/// @error invalid_input when it is no object of numbers
Result<std::map<std::string, double>> numbers_from_json(const Json& json);
/// The same of a text as `dump` writes such an object. A large study has half a million of them; without building JSON
/// its report takes a sixth less time. Nothing for any other text, valid or not: the general way is for those.
std::optional<std::map<std::string, double>> numbers_as_dumped(std::string_view text);

/// {"iou": {"value": 0.5, "source": "trained"}, ...}; what is not said of a value is left out.
Json to_json(const Values& values);
/// @error invalid_input when a value has no number or no source
Result<Values> values_from_json(const Json& json);

Json to_json(const Fidelity& fidelity);
Result<Fidelity> fidelity_from_json(const Json& json);

/// @error invalid_input for an empty kind, two of a kind, or a path that leaves the study's folder
Status check_artifacts(const std::vector<Artifact>& artifacts);
Json to_json(const std::vector<Artifact>& artifacts);
/// @error as `check_artifacts`
Result<std::vector<Artifact>> artifacts_from_json(const Json& json);

Json to_json(const std::vector<Objective>& objectives);
Result<std::vector<Objective>> objectives_from_json(const Json& json);
Json to_json(const std::vector<Constraint>& constraints);
Result<std::vector<Constraint>> constraints_from_json(const Json& json);

}  // namespace edgewise::study
