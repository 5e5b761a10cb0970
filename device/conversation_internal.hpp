/// One conversation with one agent, over a channel.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "agent/wire.hpp"
#include "device/channel.hpp"
#include "device/device.hpp"

namespace edgewise::device {

/// After an error of the agent itself (`unavailable`; `exhausted` when it was killed or stopped from outside) the
/// conversation is over.
class Conversation {
 public:
  using Clock = std::chrono::steady_clock;

  /// Opens the channel and agrees with the agent on a version of the protocol.
  /// @param model  what the conversation is about, for messages
  static Result<std::unique_ptr<Conversation>> start(const OpenChannel& open, std::string model,
                                                     Clock::time_point deadline, const Waiting& waiting);

  /// Sends a request and waits for its answer until `deadline`. `doing` is what the agent does meanwhile: "loading".
  Result<agent::Message> ask(const agent::Message& request, Clock::time_point deadline, const std::string& doing);

 private:
  Conversation(std::unique_ptr<Channel> channel, std::string model, const Waiting& waiting)
      : channel_(std::move(channel)), model_(std::move(model)), waiting_(waiting) {}
  Status say_hello(Clock::time_point deadline);
  Result<agent::Message> wait_for_message(Clock::time_point deadline, const std::string& doing);
  std::unexpected<Error> died(const std::string& doing, std::string reason, bool is_timeout = false);

  std::unique_ptr<Channel> channel_;
  agent::FrameReader reader_;
  std::string model_;
  const Waiting& waiting_;
};

}  // namespace edgewise::device
