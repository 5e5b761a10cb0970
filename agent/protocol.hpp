/// The agent's side of the conversation: requests in, answers out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/session.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace edgewise::agent {

/// Answers requests; keeps the loaded model between them. Only for one thread.
class Agent {
 public:
  Agent();
  /// The answer to one line, without a line end. Whatever the line holds, there is an answer.
  std::string answer(std::string_view line);
  /// True once a "quit" was answered.
  [[nodiscard]] bool is_finished() const { return is_finished_; }

 private:
  Result<Json> obey(const Json& request);
  Result<Json> hello() const;
  Result<Json> load(const Json& request);
  Result<Json> measure(const Json& request);
  Result<Json> infer(const Json& request);
  Result<Json> unload();

  struct Loaded {
    Session session;
    LoadOptions options;
    double load_ms = 0;
    std::int64_t memory_before = 0;
  };
  std::vector<int> processors_;  // that the process could use when it started
  std::optional<Loaded> loaded_;
  bool is_finished_ = false;
};

/// Reads requests from `input` and writes answers to `output` until "quit" or the end of the input; lines of more than
/// 16 MiB are skipped and answered with an error.
/// @return exit code
int converse(int input, int output);

}  // namespace edgewise::agent
