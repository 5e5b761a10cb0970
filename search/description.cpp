#include "search/description.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace edgewise::search {

namespace {

constexpr std::size_t most_numbers = 14'000'000;  // of one generation: 56 MB

}  // namespace

/// Calls write(i, numbers) for each choice.
template <class Write>
void Description::each_row(std::span<const space::Choice> choices, const Write& write) const {
  const std::size_t most = std::min(usually_kept, most_numbers / std::max<std::size_t>(1, columns_.size()));
  const auto keep = [&](const space::Choice& choice, std::vector<float> numbers) -> const std::vector<float>& {
    if (kept_.size() >= most) older_ = std::exchange(kept_, {});
    return kept_.insert_or_assign(choice, std::move(numbers)).first->second;
  };
  for (std::size_t i = 0; i < choices.size(); ++i) {
    {
      const std::scoped_lock lock(guard_);
      if (const auto found = kept_.find(choices[i]); found != kept_.end()) {
        write(static_cast<Eigen::Index>(i), found->second);
        continue;
      }
      if (const auto found = older_.find(choices[i]); found != older_.end()) {
        write(static_cast<Eigen::Index>(i), keep(choices[i], std::vector<float>(found->second)));
        continue;
      }
    }
    const auto told = of_(choices[i]);
    EDGEWISE_ASSERT(told.empty() || told.size() == columns_.size(), "a description has a number for each column");
    std::vector<float> numbers;
    for (const double number : told)
      numbers.push_back(std::abs(number) <= std::numeric_limits<float>::max()
                            ? static_cast<float>(number)
                            : std::numeric_limits<float>::quiet_NaN());
    const std::scoped_lock lock(guard_);
    write(static_cast<Eigen::Index>(i), keep(choices[i], std::move(numbers)));
  }
}

surrogate::Matrix Description::rows(std::span<const space::Choice> choices) const {
  std::vector<Eigen::Index> all(columns_.size());
  std::iota(all.begin(), all.end(), Eigen::Index{0});
  return rows(choices, all);
}

surrogate::Matrix Description::rows(std::span<const space::Choice> choices,
                                    std::span<const Eigen::Index> columns) const {
  if (whole_) {
    std::vector<Eigen::Index> taken;
    for (const auto column : columns) taken.push_back(taken_[static_cast<std::size_t>(column)]);
    return whole_->rows(choices, taken);
  }
  surrogate::Matrix rows(static_cast<Eigen::Index>(choices.size()), static_cast<Eigen::Index>(columns.size()));
  each_row(choices, [&](Eigen::Index i, const std::vector<float>& numbers) {
    for (std::size_t c = 0; c < columns.size(); ++c)
      rows(i, static_cast<Eigen::Index>(c)) =
          numbers.empty() ? std::numeric_limits<double>::quiet_NaN() : numbers[static_cast<std::size_t>(columns[c])];
  });
  return rows;
}

std::shared_ptr<const Description> Description::of_groups(std::shared_ptr<const Description> whole,
                                                          const std::vector<std::string>& groups) {
  std::vector<DescribingColumn> columns;
  std::vector<Eigen::Index> taken;
  for (std::size_t c = 0; c < whole->columns().size(); ++c) {
    if (!std::ranges::contains(groups, whole->columns()[c].group)) continue;
    columns.push_back(whole->columns()[c]);
    taken.push_back(static_cast<Eigen::Index>(c));
  }
  auto some = std::make_shared<Description>(std::move(columns), nullptr, whole->is_looked_up());
  some->whole_ = std::move(whole);
  some->taken_ = std::move(taken);
  return some;
}

}  // namespace edgewise::search
