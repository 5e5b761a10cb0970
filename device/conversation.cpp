#include <algorithm>
#include <format>

#include "device/conversation_internal.hpp"

namespace edgewise::device {

namespace {

using Clock = Conversation::Clock;
using Seconds = std::chrono::duration<double>;

constexpr std::chrono::milliseconds patience{10'000};  // without a word to whoever waits

}  // namespace

Result<std::unique_ptr<Conversation>> Conversation::start(const OpenChannel& open, std::string model,
                                                          Clock::time_point deadline, const Waiting& waiting) {
  auto channel = open();
  if (!channel) return std::unexpected(of_the_machine(std::move(channel).error()));
  std::unique_ptr<Conversation> made(new Conversation(std::move(*channel), std::move(model), waiting));
  TRY_DO(made->say_hello(deadline));
  return made;
}

Status Conversation::say_hello(Clock::time_point deadline) {
  const agent::Message hello{.fields = {{"do", "hello"}, {"protocols", {agent::protocol_version}}}, .tensors = {}};
  TRY(const auto answer, ask(hello, deadline, "loading"));
  const auto version = answer.fields.find("protocol");
  if (version != answer.fields.end() && *version == agent::protocol_version) return {};
  channel_->close();
  const bool is_told = version != answer.fields.end() && version->is_number_integer();
  return fail(ErrorCode::unavailable,
              std::format("the agent speaks {} of the protocol, this program version {}",
                          is_told ? "version " + dump(*version) : "no version", agent::protocol_version),
              "use the agent of this program's version");
}

Result<agent::Message> Conversation::ask(const agent::Message& request, Clock::time_point deadline,
                                         const std::string& doing) {
  if (Clock::now() >= deadline) return died(doing, "no time was left", true);
  TRY(const std::string frame, agent::to_frame(request));
  if (const auto sent = channel_->send(frame, deadline); !sent)
    return died(doing, sent.error().message, Clock::now() >= deadline);
  TRY(auto message, wait_for_message(deadline, doing));
  auto answered = agent::read_answer(message.fields);
  if (!answered) return fail_with(std::move(answered).error(), std::format("{} \"{}\"", doing, model_));
  return message;
}

/// `waiting_` hears now and then that there is none yet.
Result<agent::Message> Conversation::wait_for_message(Clock::time_point deadline, const std::string& doing) {
  const auto begin = Clock::now();
  const Seconds limit = deadline - begin;
  for (auto told = begin;;) {
    if (auto message = reader_.next()) {
      if (*message) return *std::move(*message);
      const Error& error = message->error();
      return died(doing, error.where.empty() ? "the agent's answer is not of the protocol: " + error.message
                                             : "the agent answered with something that is not JSON");
    }
    auto bytes = channel_->receive(std::min(deadline, told + patience));
    if (!bytes) return died(doing, bytes.error().message);
    reader_.add(*bytes);
    const auto now = Clock::now();
    if (bytes->empty() && now >= deadline)
      return died(doing, std::format("no answer within {:.1f} s", limit.count()), true);
    if (now < told + patience) continue;
    told = now;
    if (!waiting_.say) continue;
    const std::string why = channel_->interference();
    waiting_.say(std::format("{} \"{}\": {:.0f} s of {:.0f} s at most{}", doing, model_, Seconds(now - begin).count(),
                             limit.count(), why.empty() ? "" : " (" + why + ")"));
  }
}

std::unexpected<Error> Conversation::died(const std::string& doing, std::string reason, bool is_timeout) {
  const std::string interference = channel_->interference();
  channel_->close();
  if (!interference.empty())
    return fail(ErrorCode::exhausted, std::format("{} \"{}\": {}", doing, model_, interference),
                "see what ends or stops the processes of edgewise: most often memory runs out");
  const std::string words = channel_->last_words();
  if (!words.empty()) reason += std::format(" (\"{}\")", words);
  return fail(ErrorCode::unavailable, std::format("{} \"{}\": {}", doing, model_, reason),
              is_timeout ? "allow a longer \"timeout_s\" or choose a smaller model" : "");
}

}  // namespace edgewise::device
