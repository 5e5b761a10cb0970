#include <algorithm>
#include <format>
#include <set>

#include "search/strategies_internal.hpp"

namespace edgewise::search {

namespace {

/// Puts named configurations before what a strategy proposes. The inner strategy still says when a trial is begun and
/// for how many epochs: it is asked as ever, and only the choices of its new trials are replaced. So a staged or
/// halving strategy gives a configuration the epochs (and the bracket) that its own choice would have had, and its
/// bound on trials counts them.
class Queued final : public Strategy {
 public:
  Queued(std::vector<space::Choice> queue, std::unique_ptr<Strategy> inner)
      : queue_(std::move(queue)), inner_(std::move(inner)) {}

  [[nodiscard]] std::string name() const override { return inner_->name(); }
  [[nodiscard]] std::vector<PlannedStage> plan() const override { return inner_->plan(); }

  [[nodiscard]] Result<Advice> ask(const study::Study& study, std::size_t n) const override {
    TRY(Advice advice, inner_->ask(study, n));
    auto left = waiting_choices(study);
    if (left.empty()) return advice;
    const std::size_t begun = queue_.size() - left.size();
    auto next = left.begin();
    std::vector<Proposal> proposals;
    for (auto& proposal : advice.proposals) {
      if (!proposal.promote) {
        // What the strategy itself proposes beyond the queue is asked for again once the queue's trials are in the
        // study, so that it knows of them.
        if (next == left.end()) continue;
        proposal.choice = std::move(*next++);
      }
      proposals.push_back(std::move(proposal));
    }
    advice.proposals = std::move(proposals);
    if (next != left.begin())
      advice.note = std::format("given configurations first: {} to {} of {}", begun + 1,
                                begun + static_cast<std::size_t>(next - left.begin()), queue_.size());
    return advice;
  }

 private:
  /// What the study has not, whatever became of the others.
  [[nodiscard]] std::vector<space::Choice> waiting_choices(const study::Study& study) const {
    std::set<space::Choice> known;
    for (const auto& trial : study.trials) known.insert(trial.choice);
    std::vector<space::Choice> left;
    for (const auto& choice : queue_)
      if (!known.contains(choice)) left.push_back(choice);
    return left;
  }

  std::vector<space::Choice> queue_;  // all different, all valid
  std::unique_ptr<Strategy> inner_;
};

}  // namespace

Result<std::unique_ptr<Strategy>> make_queued(const std::vector<space::Choice>& start_with, const space::Space& space,
                                              std::unique_ptr<Strategy> inner) {
  std::vector<space::Choice> queue;
  for (std::size_t i = 0; i < start_with.size(); ++i) {
    if (const auto checked = space.check(start_with[i]); !checked)
      return fail_with(checked.error(), std::format("start_with[{}]", i));
    if (!std::ranges::contains(queue, start_with[i])) queue.push_back(start_with[i]);
  }
  if (queue.empty()) return inner;
  return std::make_unique<Queued>(std::move(queue), std::move(inner));
}

}  // namespace edgewise::search
