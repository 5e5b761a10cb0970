#include <algorithm>

#include "estimate/estimator.hpp"
#include "estimate/training.hpp"

namespace edgewise::estimate {

Catalogue<Entry>& estimators() {
  static Catalogue<Entry> all("estimator", {training()});
  return all;
}

std::vector<Quantity> quantities(const task::Task& task) {
  std::vector<Quantity> all;
  for (const Entry& entry : estimators().entries())
    for (Quantity& quantity : entry.quantities(task))
      if (!std::ranges::contains(all, quantity.name, &Quantity::name)) all.push_back(std::move(quantity));
  return all;
}

Selection::Selection() {
  select(estimators().entries().front());
}

const Entry& Selection::entry() const {
  const Entry* found = estimators().find(name_);
  EDGEWISE_ASSERT(found != nullptr, "a selected estimator is in the catalogue");
  return *found;
}

void Selection::select(const Entry& entry) {
  EDGEWISE_ASSERT(!entry.amounts.empty(), "an estimator is paid in something");
  name_ = entry.name;
  settings_ = entry.settings;
  full_.clear();
  for (const Amount& amount : entry.amounts) full_.push_back(amount.full);
}

void Selection::fields(config::Options& options, bool all) {
  std::string name = name_;
  options.word("name", name, estimators().names(), "what tells how good a candidate is");
  if (name != name_) select(*estimators().find(name));
  settings_.fields(options);
  for (std::size_t i = 0; i < full_.size() && !entry().trains_as_told; ++i) {
    const Amount& amount = entry().amounts[i];
    options.number(amount.name, full_[i], {amount.low, amount.high}, amount.sentence);
  }
  if (!all) return;
  for (const Entry& other : estimators().entries()) {
    if (other.name == name_) continue;
    Settings(other.settings).fields(options);
    for (Amount amount : other.amounts)
      if (!other.trains_as_told) options.number(amount.name, amount.full, {amount.low, amount.high}, amount.sentence);
  }
}

search::Effort Selection::effort(std::int64_t epochs) const {
  const auto& amounts = entry().amounts;
  search::Effort effort{
      .full = {.estimator = name_, .amounts = {}}, .varied = amounts.front().name, .unit = amounts.front().unit};
  for (std::size_t i = 0; i < amounts.size(); ++i)
    effort.full.amounts[amounts[i].name] = entry().trains_as_told ? static_cast<double>(epochs) : full_[i];
  return effort;
}

}  // namespace edgewise::estimate
