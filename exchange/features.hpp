/// Features of choices that the caller of `edgewise optimize` knows: models learn from them beside the choices.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "search/description.hpp"

namespace edgewise::exchange {

/// Where features come from, and what went wrong on the way: a description itself cannot say so.
class Features {
 public:
  virtual ~Features() = default;
  [[nodiscard]] virtual std::shared_ptr<const search::Description> description() const = 0;
  /// Nothing while all is well. What models made of missing features may not be used.
  [[nodiscard]] virtual Status status() const = 0;
  /// What could not be used, in words.
  [[nodiscard]] virtual std::vector<std::string> remarks() const { return {}; }
};

/// A CSV table: columns called as parameters say which choice a row describes, all others that hold numbers are
/// features; the part of a name before its first "." is its group. A choice without a row has none.
/// @error not_found, invalid_input: what is wrong with the table; no row of this space; no column of numbers
Result<std::unique_ptr<Features>> features_of_table(const std::string& path, const space::Space& space);

/// A program that is kept running, started by the shell: for each line {"choice": {...}} it answers
/// {"features": {NAME: NUMBER, ...}}, or {"features": null} for a choice of which nothing is known. The names are those
/// of its first answer that is not null, to choices of the space's own. The same choice has to have the same features
/// always.
/// @error unavailable when it ends or does not answer within a minute; invalid_input: an answer of another form
Result<std::unique_ptr<Features>> features_of_program(const std::string& command, const space::Space& space);

}  // namespace edgewise::exchange
