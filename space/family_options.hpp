/// What a job may make of a family's parameters: for those who write a family.
#pragma once

#include <string>
#include <vector>

#include "space/space.hpp"

namespace edgewise::space {

/// A parameter with its own range and the values that the family can build.
struct FamilyParameter {
  Parameter parameter;
  Domain known;              ///< contains the parameter's own range
  bool is_optional = false;  ///< exists only when the job names it
};

/// The parameters after `options` narrowed them. A list of whole numbers with equal gaps stays a range; any other list
/// of numbers becomes categories (read them with `integer_in`, `number_in`). A parameter whose condition cannot come
/// true any more is left out.
/// @param settings  further keys that the family reads itself, already taken out of `options`; only named in messages
/// @error invalid_input with all mistakes in the message and the first one's key in `where`
Result<std::vector<Parameter>> narrowed(std::vector<FamilyParameter> parameters, const Json& options,
                                        const std::vector<std::string>& settings = {});

/// The value of a parameter that may have become categories. The choice must have it.
std::int64_t integer_in(const Choice& choice, const std::string& name);
double number_in(const Choice& choice, const std::string& name);

}  // namespace edgewise::space
