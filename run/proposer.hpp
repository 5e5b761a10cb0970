/// What a search tries next: asks the strategy, keeps to the budget, and puts the proposals into the study.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "run/followed_study.hpp"
#include "run/session.hpp"
#include "search/dialogue.hpp"

namespace edgewise::run {

class Proposer {
 public:
  struct Settings {
    int workers = 1;
    std::function<int(double macs)> threads;  ///< of a network that begins now
    std::function<double()> searched_s;       ///< over all calls
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
  /// Promotions are no new trials.
  [[nodiscard]] search::Pays budget_of_trials() const;
  [[nodiscard]] bool is_exact() const;
  [[nodiscard]] study::Study shown() const;
  Result<search::Step> ask(std::size_t n);
  /// Tells it once.
  void spend(const std::string& why);
  /// The rules by which this search talks with its strategy.
  [[nodiscard]] search::DialogueRules rules() const;

  Session& session_;
  FollowedStudy& study_;
  const search::Strategy* strategy_;
  Settings settings_;
  std::optional<search::Dialogue> dialogue_;  // nothing without a strategy
  std::string note_;
  bool is_budget_spent_ = false;
};

}  // namespace edgewise::run
