/// How much of a full evaluation is paid for one trial, and by which estimator.
#pragma once

#include <map>
#include <string>

namespace edgewise::study {

struct Fidelity {
  std::string estimator = "training";     ///< its name in the catalogue of estimators
  std::map<std::string, double> amounts;  ///< in the estimator's own terms: {"epochs": 30}, {"share": 0.25}

  /// Training for so many epochs in total.
  static Fidelity training(int epochs) { return {.amounts = {{"epochs", static_cast<double>(epochs)}}}; }
  /// Epochs to train in total; 0 for an estimator that trains none.
  [[nodiscard]] int epochs() const {
    const auto found = amounts.find("epochs");
    return found == amounts.end() ? 0 : static_cast<int>(found->second);  // storages check that it is one
  }
  friend bool operator==(const Fidelity&, const Fidelity&) = default;
};

}  // namespace edgewise::study
