/// The agent's side of the conversation: requests in, answers out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/session.hpp"
#include "agent/wire.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace edgewise::agent {

/// Answers requests; keeps the loaded model between them. Only for one thread.
class Agent {
 public:
  Agent();
  /// The answer to one message. Whatever it holds, there is an answer.
  Message answer(const Message& request);
  /// True once a "quit" was answered.
  [[nodiscard]] bool is_finished() const { return is_finished_; }

 private:
  Result<Message> obey(const Message& request);
  Result<Message> hello(const Json& request);
  Result<Message> load(const Json& request);
  Result<Message> measure(const Json& request);
  Result<Message> infer(const Message& request);
  Result<Message> unload();

  struct Loaded {
    Session session;
    LoadOptions options;
    double load_ms = 0;
    std::int64_t memory_before = 0;
  };
  std::vector<int> processors_;  // that the process could use when it started
  std::optional<Loaded> loaded_;
  bool is_greeted_ = false, is_finished_ = false;
};

/// Reads requests from `input` and writes answers to `output` until "quit", the end of the input, or a frame after
/// which no other can be found; bad frames, as lines of more than 16 MiB, are skipped and answered with an error.
/// @return exit code
int converse(int input, int output);

}  // namespace edgewise::agent
