/// The engine as anybody's optimiser: one line of JSON in, one line out (docs/optimize.md describes the lines).
#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "exchange/features.hpp"
#include "exchange/prior.hpp"
#include "exchange/problem.hpp"
#include "search/dialogue.hpp"
#include "search/strategies.hpp"
#include "study/storage.hpp"

namespace edgewise::exchange {

/// The longest line that is read.
inline constexpr std::size_t max_line_bytes = std::size_t{1} << 20;
/// The most values that one result has, and the longest name of one and reason of a failure, in bytes.
inline constexpr std::size_t max_values = 1000, max_name_bytes = 1000, max_reason_bytes = 10'000;

struct OptimizeOptions {
  std::string strategy = "random";
  std::vector<std::string> set;  ///< "NAME=VALUE": what search::set_option sets, in this order
  std::uint64_t seed = 1;
  std::int64_t trials = 1000;  ///< that the caller means to evaluate at most; known results do not count
  int epochs = 1;              ///< of a full evaluation, for strategies that stop early
  double evaluation_s = 0,
         budget_s =
             0;  ///< seconds that a full evaluation, and all of them, are expected to take, for `auto`; 0: not known
  /// Features of choices that models learn from: a table, or the command of a program that tells them
  /// (exchange/features.hpp); empty: none. At most one of them.
  std::string features, feature_program;
  std::filesystem::path study;  ///< folder that keeps the trials; empty: memory
};

/// Answers requests about one problem. What was asked for and told is in the storage before the answer is given, so a
/// program that was killed goes on where it was: the same requests give the same answers.
class Optimizer {
 public:
  /// @error conflict when the study was made for another problem, strategy or seed, or another program uses it; what
  /// search::make_strategy says
  static Result<std::unique_ptr<Optimizer>> make(Problem problem, const OptimizeOptions& options);
  /// The answer to one request, without a line end: {"error": ..., "next": ...} when it is wrong; nothing has changed
  /// then.
  std::string answer(std::string_view line);
  /// What of the features cannot be used, in words.
  [[nodiscard]] std::vector<std::string> remarks() const;

 private:
  Optimizer(Problem problem, const OptimizeOptions& options) : problem_(std::move(problem)), options_(options) {}
  search::DialogueRules rules() const;
  Status open_study();
  Status reload();
  Status take_over();
  Status take_up_waiting();
  Status refresh(study::TrialId id);
  Result<Json> answer_request(const Json& request);
  Result<Json> ask(const Json& count);
  Result<Json> tell(const Json& id, const Json& request);
  Result<Json> add(const Json& request);
  [[nodiscard]] Json front() const;
  [[nodiscard]] Json status() const;
  Result<std::vector<study::TrialId>> record(const search::Step& step);
  [[nodiscard]] Result<std::map<std::string, double>> told_values(const Json& values) const;
  [[nodiscard]] Json trial_json(const study::Trial& trial) const;

  Problem problem_;
  OptimizeOptions options_;
  std::unique_ptr<Features> features_;  // null: none; the strategy's description is its
  std::optional<FileLock> lock_;
  std::unique_ptr<study::Storage> storage_;
  std::unique_ptr<search::Strategy> strategy_;
  std::optional<search::Dialogue> dialogue_;       // with the strategy
  study::Study study_;                             // as the storage has it: nobody else changes it
  std::map<study::TrialId, study::Claim> claims_;  // of the trials that run
  std::map<space::Choice, std::size_t>
      places_;  // of the choices in it, the first of each: 100,000 results may be added
  bool has_stages_ = false;
};

/// What `edgewise optimize` stores as the job of its study; `problem_of` reads it. Nothing when the study was made by
/// something else.
Json study_job(const Problem& problem, const OptimizeOptions& options);
std::optional<Result<Problem>> problem_of(const study::Settings& settings);
/// The settings of a study of this problem.
study::Settings study_settings(const Problem& problem, const OptimizeOptions& options);

/// A new study in `options.study` with the trials of an Optuna study that fit the problem, for an Optimizer with the
/// same options to go on with. Those that failed or were pruned there are rejected here: they are not proposed again.
/// @error conflict when there is a study already; what read_optuna says
Result<Fitted> import_study(const std::filesystem::path& optuna, const std::string& name, const Problem& problem,
                            const OptimizeOptions& options);

/// Answers line by line until the input ends. A line that is too long is read to its end and answered by an error.
/// @error unavailable when the output cannot be written
Status serve(Optimizer& optimizer, std::istream& in, std::ostream& out);

}  // namespace edgewise::exchange
