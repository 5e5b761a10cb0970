#include <algorithm>
#include <filesystem>
#include <format>
#include <optional>

#include "base/file.hpp"
#include "base/process.hpp"
#include "device/channel.hpp"

namespace edgewise::device {

namespace {

namespace fs = std::filesystem;
using Milliseconds = std::chrono::milliseconds;

/// A file for what the agent writes to standard error: a crash explains itself there. Without one the agent writes to
/// this program's standard error. What killed processes left behind goes when the next one is made.
class ErrorLog {
 public:
  [[nodiscard]] fs::path path() const { return file_ ? file_->path() : fs::path(); }
  /// The last line that says something, shortened; "" when there is none.
  [[nodiscard]] std::string last_words() const {
    if (path().empty()) return {};
    auto text = read_file(path(), std::size_t{1} << 20).value_or("");
    const auto end = text.find_last_not_of(" \r\n");
    if (end == std::string::npos) return {};
    const auto begin = text.rfind('\n', end);
    text = text.substr(begin == std::string::npos ? 0 : begin + 1, end - (begin == std::string::npos ? -1 : begin));
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    return text.size() > 200 ? text.substr(0, 200) + "..." : text;
  }

 private:
  static Result<PartFile> make() {
    std::error_code error;
    return PartFile::create(fs::temp_directory_path(error) / "edgewise-agent");
  }
  Result<PartFile> file_ = make();
};

class ChildChannel final : public Channel {
 public:
  Status start(const std::string& program) {
    TRY(auto child, ChildProcess::start({program}, {.error_log = log_.path(), .own_group = true}));
    child_.emplace(std::move(child));
    return {};
  }
  Status send(std::string_view bytes, Deadline deadline) override { return child_->write(bytes, until(deadline)); }
  Result<std::string> receive(Deadline deadline) override { return child_->read(until(deadline)); }
  void close() override { child_->kill(); }
  std::string interference() override {
    if (const auto ended = child_->poll())
      return is_from_outside(*ended) ? "the process " + to_text(*ended) : std::string();
    return is_stopped(child_->pid()) ? std::format("process {} is stopped", child_->pid()) : std::string();
  }
  std::string last_words() override { return log_.last_words(); }

 private:
  static Milliseconds until(Deadline deadline) {
    return std::max(Milliseconds::zero(), std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now()));
  }
  ErrorLog log_;
  std::optional<ChildProcess> child_;
};

}  // namespace

Result<std::unique_ptr<Channel>> open_child_channel(const std::string& program) {
  auto channel = std::make_unique<ChildChannel>();
  TRY_DO(channel->start(program));
  return channel;
}

}  // namespace edgewise::device
