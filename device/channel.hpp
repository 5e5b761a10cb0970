/// The way to an agent, wherever it is: a child process now, a network later.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace edgewise::device {

/// Bytes both ways, to one fresh agent. Closed by the destructor. Not safe to use from two threads.
class Channel {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  virtual ~Channel() = default;
  /// Sends all of it. @error unavailable with what became of the other side, or when the deadline passed
  virtual Status send(std::string_view bytes, Deadline deadline) = 0;
  /// What has arrived, as soon as there is something; empty when the deadline passed first.
  /// @error unavailable with what became of the other side
  virtual Result<std::string> receive(Deadline deadline) = 0;
  /// Ends the other side, whatever it is doing; nothing can be sent or received after.
  virtual void close() = 0;
  /// What somebody else did to the other side, for messages: "process 12 is stopped", "the process was killed by signal
  /// 9 (Killed)"; "" when nothing is known. It is then not the other side's fault that it does not answer.
  virtual std::string interference() { return {}; }
  /// What the other side said outside of the conversation, shortened to one line: how a crash explains itself. "" when
  /// it said nothing, or the way does not carry it.
  virtual std::string last_words() = 0;
};

/// Starts or reaches an agent. @error not_found or unavailable when there is none
using OpenChannel = std::function<Result<std::unique_ptr<Channel>>()>;

/// An agent as a child process of this one. It leaves its words in a file for temporary ones that goes with it.
/// @param program  its path. @error not_found when it cannot be run
Result<std::unique_ptr<Channel>> open_child_channel(const std::string& program);

}  // namespace edgewise::device
