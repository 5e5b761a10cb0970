/// A space's choices as rows of numbers, as surrogates want them.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "search/description.hpp"
#include "space/space.hpp"
#include "surrogate/surrogate.hpp"

namespace edgewise::search {

/// One column a parameter: the number of a category, a number's place in [0, 1] (of its logarithm with log scale), NaN
/// when inactive. Categorical parameters with the same values, and numbers with the same range, form a group.
surrogate::Columns columns_of(const space::Space& space);

/// (choices, parameters)
surrogate::Matrix encode(const space::Space& space, std::span<const space::Choice> choices);

/// How a search's models see its choices: as above, then the numbers that describe a choice, a block of columns for
/// each of their groups. Of these only those that tell the choices apart that it was made from.
class Coding {
 public:
  /// @param description  null: nothing describes a choice  @param choices  that models are fitted to
  Coding(const space::Space& space, std::shared_ptr<const Description> description,
         std::span<const space::Choice> choices);
  [[nodiscard]] const surrogate::Columns& columns() const { return columns_; }
  [[nodiscard]] surrogate::Matrix operator()(std::span<const space::Choice> choices) const;  // (choices, columns)

 private:
  const space::Space* space_;  // borrowed
  std::shared_ptr<const Description> description_;
  std::vector<Eigen::Index> taken_;  // of the description's columns
  surrogate::Columns columns_;
};

}  // namespace edgewise::search
