/// Private to space/: what one parameter's values are, counted and mapped onto [0, 1].
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "space/space.hpp"

namespace edgewise::space {

/// Integers beyond this lose their neighbours when they are encoded on a logarithmic scale.
constexpr std::int64_t largest_integer = std::int64_t{1} << 40;

/// What is wrong with a domain, or nothing.
std::optional<std::string> domain_mistake(const Domain& domain);
/// Number of values; nothing for a real range with more than one.
std::optional<std::uint64_t> value_count(const Domain& domain);
/// What a category means, and that as a person reads it: texts in quotes.
Json meaning_of(const Categorical& set, std::size_t index);
std::string shown(const Json& meaning);
/// Value number `index` of a countable domain, or the lowest of a real one.
Value value_at(const Domain& domain, std::uint64_t index);
/// The number of a value in a countable domain (0 in a real one); nothing when the domain does not have it.
std::optional<std::uint64_t> index_of(const Domain& domain, const Value& value);
/// As `index_of`, from the value's text. Nothing for a real domain with more than one value.
std::optional<std::uint64_t> index_of_text(const Domain& domain, const std::string& text);
/// The allowed values in words: `"a" or "b"`, "from 3 to 7 in steps of 2".
std::string description(const Domain& domain);
/// What to do about a value that is not allowed: the nearest one; "" when none is near.
std::string nearest_hint(const Domain& domain, const Value& value);

/// A number's place in its range, in the logarithm with log scale: [0, 1]; 0 when there is only one.
double position(const Domain& domain, const Value& value);
/// The number nearest to a place.
Value value_at_position(const Domain& domain, double position);
Value draw(const Domain& domain, RandomStream& random);

/// A JSON value as one of the domain: what means a category or has its text, whole numbers for an integer, numbers for
/// a real.
std::optional<Value> value_from_json(const Domain& domain, const Json& json);

}  // namespace edgewise::space
