/// Numbers that describe what a choice stands for: what models learn from beside the choices.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "space/space.hpp"
#include "surrogate/surrogate.hpp"

namespace edgewise::search {

/// A number that every choice of a space has.
struct DescribingColumn {
  std::string name;
  std::string group;  ///< models treat the numbers of a group alike
};

/// What describes the choices of a space. Safe to use from several threads; copies of what was looked up are kept.
class Description {
 public:
  /// A pure function: one number for each column, not finite where it is not known; nothing for a choice of which
  /// nothing is known (a network that cannot be built).
  using Function = std::function<std::vector<double>(const space::Choice&)>;

  /// Of so many choices at least what was told is kept, of those with many columns fewer.
  static constexpr std::size_t usually_kept = 20'000;

  /// @param is_looked_up  asking for thousands of choices takes no time worth saving
  Description(std::vector<DescribingColumn> columns, Function of, bool is_looked_up)
      : columns_(std::move(columns)), of_(std::move(of)), is_looked_up_(is_looked_up) {}

  [[nodiscard]] const std::vector<DescribingColumn>& columns() const { return columns_; }
  [[nodiscard]] bool is_looked_up() const { return is_looked_up_; }
  /// (choices, columns); NaN where a number is not known.
  [[nodiscard]] surrogate::Matrix rows(std::span<const space::Choice> choices) const;
  /// Some of its columns alone. (choices, columns)
  [[nodiscard]] surrogate::Matrix rows(std::span<const space::Choice> choices,
                                       std::span<const Eigen::Index> columns) const;
  /// Looks them up in `whole`, whose life it shares: the columns of these groups alone.
  static std::shared_ptr<const Description> of_groups(std::shared_ptr<const Description> whole,
                                                      const std::vector<std::string>& groups);

 private:
  std::vector<DescribingColumn> columns_;
  Function of_;
  bool is_looked_up_;
  template <class Write>
  void each_row(std::span<const space::Choice> choices, const Write& write) const;
  mutable std::mutex guard_;
  std::shared_ptr<const Description> whole_;  // null: it is told by `of_`
  std::vector<Eigen::Index> taken_;           // columns of `whole_`
  // What was asked for last, and before that: the older ones are forgotten when the newer ones are too many.
  mutable std::map<space::Choice, std::vector<float>> kept_, older_;
};

}  // namespace edgewise::search
