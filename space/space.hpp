/// What may be chosen: named parameters with conditions and validity, and choices of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/random.hpp"

namespace edgewise::space {

/// The value of one parameter.
using Value = std::variant<std::string, std::int64_t, double>;
std::string to_text(const Value& value);
Json to_json(const Value& value);

/// What a choice holds of a category is always a text; what others see is its meaning.
struct Categorical {
  std::vector<std::string> values;  ///< at least one, all different
  std::vector<Json> meanings = {};  ///< of each value a text, number, boolean or null; empty: each text means itself
};
/// Texts stay as they are, other values become their JSON text; a text that reads like another value of the list keeps
/// its quotes: 16 and "16" are "16" and "\"16\"". Meanings are left out when all are texts.
Categorical make_categorical(const std::vector<Json>& meanings);
struct Integer {
  std::int64_t low = 0, high = 1, step = 1;
  bool log_scale = false;
};
struct Real {
  double low = 0.0, high = 1.0;
  bool log_scale = false;
};

/// The parameter exists only when `parent` is active and has one of `values` (texts as `to_text` writes them).
struct Condition {
  std::string parent;
  std::vector<std::string> values;
};

/// What a parameter's values are.
using Domain = std::variant<Categorical, Integer, Real>;

struct Parameter {
  std::string name;
  Domain domain;
  std::optional<Condition> condition;
  std::string description;
};

/// One value for each active parameter; what is inactive is absent.
using Choice = std::map<std::string, Value>;
std::string to_text(const Choice& choice);  ///< "backbone=resnet18 learning_rate=0.001", in name order
Json to_json(const Choice& choice);

/// A checked search space.
class Space {
 public:
  /// Says what is wrong with a choice, or nothing.
  using Validity = std::function<std::optional<std::string>(const Choice&)>;

  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
  /// @error invalid_input with the parameter's name: missing, inactive, unknown, or a value that is not allowed (with
  /// the nearest one)
  [[nodiscard]] Status check(const Choice& choice) const;
  /// The valid choices of a space in which few are: all of them, each once. They are drawn from then on instead of
  /// looked for, and the space has the size that they are.
  void list(std::vector<Choice> valid);
  /// Number of choices, conditions counted, validity not; of a listed space the valid ones alone; nothing when a real
  /// parameter makes it infinite or it exceeds 2^63.
  [[nodiscard]] std::optional<std::uint64_t> size() const;
  /// Choice number `index` of `size()`, in a fixed order (the last parameter moves fastest); nothing when it is not
  /// valid.
  [[nodiscard]] std::optional<Choice> at(std::uint64_t index) const;
  /// Uniform over the values of each active parameter, valid or not. @param given  values that are not drawn, where
  /// their parameters are active
  [[nodiscard]] Choice draw(RandomStream& random, const Choice& given = {}) const;
  /// Uniform over the values of each active parameter (over the logarithm with log scale), valid ones only.
  /// @error invalid_input when 10,000 draws gave no valid choice
  [[nodiscard]] Result<Choice> sample(RandomStream& random) const;
  /// All valid choices that differ in one parameter: every other category, one step up or down of a number (a tenth of
  /// the range for reals). Parameters that become active take their first value.
  [[nodiscard]] std::vector<Choice> neighbours(const Choice& choice) const;
  /// Fixed-length vector for surrogates: one-hot for categories, [0, 1] for numbers (in the logarithm with log scale),
  /// zeros when inactive, and one activity flag for each conditional parameter.
  [[nodiscard]] std::vector<double> encode(const Choice& choice) const;
  [[nodiscard]] std::size_t encoded_size() const;
  /// The inverse of `encode` (nearest category, nearest step).
  [[nodiscard]] Choice decode(const std::vector<double>& code) const;
  /// Whether the parameter is active given the values of the parameters before it.
  [[nodiscard]] bool is_active(const Parameter& parameter, const Choice& choice) const;

 private:
  friend Result<Space> make_space(std::vector<Parameter> parameters, Validity validity);
  std::vector<Parameter> parameters_;
  Validity validity_;
  std::shared_ptr<const std::vector<Choice>> listed_;  // shared by copies of the space; null: it is not listed
};

/// @error invalid_input: no parameter, doubled or empty names, empty domains, low > high, step < 1, log scale at or
/// below 0, a condition on an unknown or later parameter or on a value it cannot have
Result<Space> make_space(std::vector<Parameter> parameters, Space::Validity validity = {});

/// A value of the parameter as JSON: of a category what it means, of the kind that the space's file gives it.
Json to_json(const Parameter& parameter, const Value& value);
Json to_json(const Space& space, const Choice& choice);
/// A JSON value as one of the parameter's; nothing when it has none such. A category is found by what it means (1
/// and 1.0 mean the same), else by its text: tables know no other kind, and Optuna's None and True are texts in many
/// files.
std::optional<Value> value_from_json(const Parameter& parameter, const Json& json);

/// A number's place on the logarithm from `low` to `high` (above 0), and back. No quotient overflows.
double place_on_logarithm(double low, double high, double number);
double at_place_on_logarithm(double low, double high, double place);

/// Numbers become Integer or Real values as the space says. @error as Space::check
Result<Choice> choice_from_json(const Space& space, const Json& json);

}  // namespace edgewise::space
