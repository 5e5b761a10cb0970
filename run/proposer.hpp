/// What a search tries next: asks the strategy, keeps to the budget, and puts the proposals into the study.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "run/followed_study.hpp"
#include "run/session.hpp"
#include "run/twins.hpp"

namespace edgewise::run {

class Proposer {
 public:
  struct Settings {
    int workers = 1;
    std::function<int(const study::Trial&)> threads;  ///< of a trial that begins now
    std::function<double()> searched_s;               ///< over all calls
    std::function<void(const std::string&)> say;
    std::function<bool()> is_stopped;
  };
  /// @param session, study  borrowed @param strategy  borrowed; null: what waits in the study is all
  Proposer(Session& session, FollowedStudy& study, const search::Strategy* strategy, Settings settings);

  /// Asks the strategy while workers may run dry. Returns whether there is or may come more work.
  Result<bool> propose();
  /// The strategy's last word.
  [[nodiscard]] const std::string& note() const { return note_; }
  [[nodiscard]] bool is_budget_spent() const { return is_budget_spent_; }

 private:
  /// How many trials wait at most: a worker that ends one finds the next.
  [[nodiscard]] std::size_t queue_length() const { return 2 * static_cast<std::size_t>(settings_.workers); }
  /// Why nothing more may be begun; nothing while the budget lasts.
  [[nodiscard]] std::optional<std::string> spent_budget() const;
  /// What of the advice the budget of trials allows: promotions are no new trials.
  [[nodiscard]] std::vector<search::Proposal> affordable(std::vector<search::Proposal> proposals) const;
  [[nodiscard]] bool is_exact() const;
  [[nodiscard]] study::Study shown() const;
  /// Up to `n` proposals, and what they were made from where that is not the study as it is.
  [[nodiscard]] Result<std::pair<search::Advice, std::optional<study::Study>>> ask(std::size_t n) const;
  /// Tells it once.
  void spend(const std::string& why);
  /// @param study  what the proposals were made from
  Status record(const std::vector<search::Proposal>& proposals, const study::Study& study);
  [[nodiscard]] study::Trial new_trial(const search::Proposal& proposal, const std::vector<study::Trial>& added,
                                       const study::Study& study);

  Session& session_;
  FollowedStudy& study_;
  const search::Strategy* strategy_;
  Settings settings_;
  Twins twins_;
  std::string note_;
  bool is_budget_spent_ = false;
};

}  // namespace edgewise::run
