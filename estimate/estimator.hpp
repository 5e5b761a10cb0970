/// Estimators: candidates and a fidelity in, estimates at a cost out. Full training is the one that is also the truth.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/catalogue.hpp"
#include "base/quantity.hpp"
#include "base/settings.hpp"
#include "estimate/workbench.hpp"
#include "search/strategy.hpp"
#include "study/study.hpp"
#include "task/task.hpp"

namespace edgewise::estimate {

/// What an estimator says of one candidate.
struct Estimate {
  study::Values values;                   ///< by the names of its quantities, with their source
  study::Fidelity paid;                   ///< in total, earlier stages included
  int best_epoch = 0;                     ///< 0: it trained none
  std::optional<graph::Weights> weights;  ///< of a network that can be exported; nothing: the candidate stays untrained
  std::optional<std::string> stopped_early;  ///< why less than the fidelity was paid: the trial counts as pruned
  Json details = Json::object();             ///< what else is worth recording
  double seconds = 0;                        ///< its cost
};

/// Not safe to use from two threads.
class Estimator {
 public:
  virtual ~Estimator() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  /// What it is doing while it estimates, for people: "training".
  [[nodiscard]] virtual std::string doing() const { return "estimating"; }

  /// Whether what all its estimates share lies in `folder`, where another worker may have put it. One that needs
  /// nothing says yes.
  [[nodiscard]] virtual bool is_prepared(const std::filesystem::path& /*folder*/) const { return true; }
  /// Makes it. One worker does while the others wait; all of them use it.
  virtual Status prepare(Workbench& /*bench*/, const std::filesystem::path& /*folder*/) { return {}; }

  /// One estimate for each subject, in their order.
  /// @param fidelity  what is paid in total; the amounts are those that its entry declares
  /// @param prepared  the folder of `prepare`
  /// @error as Workbench::train; anything else is the reason why the trials failed
  virtual Result<std::vector<Estimate>> estimate(std::span<const Subject> subjects, const study::Fidelity& fidelity,
                                                 Workbench& bench, const std::filesystem::path& prepared) = 0;
};

/// One amount of an estimator's fidelity.
struct Amount {
  std::string name;      ///< "epochs", "share"
  std::string sentence;  ///< what is paid
  double low = 0, high = 1;
  double full = 1;  ///< of a full evaluation, unless a job says otherwise
  double unit = 1;  ///< strategies that try candidates for less vary it in whole units
};

/// One kind of estimator. A new one is one source file with its entry.
struct Entry {
  std::string name;             ///< "training"
  std::string sentence;         ///< what it is
  Settings settings;            ///< its options, with their defaults
  std::vector<Amount> amounts;  ///< of its fidelity, at least one; strategies vary the first
  std::function<std::vector<Quantity>(const task::Task&)> quantities;  ///< what its estimates hold
  std::function<std::unique_ptr<Estimator>(const Settings&)> make;
  bool trains_as_told = false;  ///< its amount is the job's `train.epochs`; else jobs say its amounts beside its name
};

Catalogue<Entry>& estimators();

/// What any estimator of the catalogue gives, each name once, in the catalogue's order.
std::vector<Quantity> quantities(const task::Task& task);

/// The estimator that a job names, with its options and what a full evaluation pays; at first the catalogue's first.
class Selection {
 public:
  Selection();
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Entry& entry() const;
  [[nodiscard]] const Settings& settings() const { return settings_; }
  /// Declares `name`, the options and the amounts of the estimator of that name.
  /// @param all  those of every estimator, for the reference
  void fields(config::Options& options, bool all = false);
  /// @param epochs  of an estimator that trains as told
  [[nodiscard]] search::Effort effort(std::int64_t epochs) const;

 private:
  void select(const Entry& entry);
  std::string name_;
  Settings settings_;
  std::vector<double> full_;  // for each amount
};

}  // namespace edgewise::estimate
