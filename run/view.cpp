#include "run/view.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <format>

#include "base/console.hpp"
#include "report/report.hpp"
#include "run/cost_model.hpp"
#include "search/pareto.hpp"

namespace edgewise::run {

namespace {

std::string values_text(const study::Study& study, const study::Trial& trial) {
  std::string text;
  for (const auto& objective : study.settings.objectives)
    if (const auto value = trial.value(objective.name))
      text += std::format("{}{} {:.4g}", text.empty() ? "" : ", ", objective.name, *value);
  return text;
}

std::string left_text(const Moment& moment) {
  return moment.left_s < 0 ? "time left: not known yet" : "about " + duration_text(moment.left_s) + " left";
}

std::string count_text(const Moment& moment) {
  return moment.planned > 0 ? std::format("{}/{}", moment.done, moment.planned) : std::format("{}", moment.done);
}

class QuietView : public View {
  void say(const std::string&) override {}
  void show(const Moment&) override {}
  void ended(const Moment&, const study::Trial&) override {}
  void close() override {}
};

/// One line per event: for logs and pipes.
class PlainView : public View {
 public:
  void say(const std::string& line) override { console::say(line); }
  void show(const Moment&) override {}
  void ended(const Moment& moment, const study::Trial& trial) override {
    std::string line =
        std::format("[{}] trial {} {}: ", count_text(moment), to_text(trial.id), study::to_text(trial.state));
    if (trial.state == study::State::failed || trial.state == study::State::rejected) {
      line += trial.reason;
    } else {
      line += values_text(*moment.study, trial);
      if (!trial.reason.empty()) line += " (" + trial.reason + ")";
    }
    line += std::format("  {}  stage {}, {} epochs; {}", space::to_text(trial.choice), trial.stage + 1,
                        trial.fidelity.epochs(), left_text(moment));
    say(line);
  }
  void close() override {}
};

/// Redraws a few lines in place: workers, front, time left.
class LiveView : public View {
 public:
  ~LiveView() override { erase(); }
  void say(const std::string& line) override {
    erase();
    console::say(line);
  }
  void ended(const Moment& moment, const study::Trial& trial) override {
    if (trial.state == study::State::failed)
      say(std::format("trial {} failed: {}  {}", to_text(trial.id), trial.reason, space::to_text(trial.choice)));
    show(moment);
  }
  void show(const Moment& moment) override {
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20;
    const int width = known ? size.ws_col - 1 : 79, height = known ? size.ws_row : 24;
    std::vector<std::string> lines;
    const double share =
        moment.planned > 0 ? std::min(1.0, static_cast<double>(moment.done) / static_cast<double>(moment.planned)) : 0;
    lines.push_back(std::format("{}  {} {}  {} so far, {}", moment.study->settings.name, bar(share, 24),
                                count_text(moment), duration_text(moment.elapsed_s), left_text(moment)));
    if (!moment.note.empty()) lines.push_back("  " + moment.note);
    for (const auto& worker : moment.workers) lines.push_back(worker_line(worker));
    const auto front = search::pareto_front(*moment.study);
    lines.push_back(std::format("Pareto front so far: {} trials", front.size()));
    const int room = std::max(3, height - static_cast<int>(lines.size()) - 2);
    const std::string plot =
        room >= 12 ? report::text_plot(*moment.study, std::min(width, 100), std::min(room, 16)) : "";
    if (!plot.empty()) {
      split_lines(plot, lines);
    } else {
      for (std::size_t i = 0; i < front.size() && static_cast<int>(i) < room; ++i)
        lines.push_back(std::format("  {:>4}  {}  {}", to_text(front[i]->id), values_text(*moment.study, *front[i]),
                                    space::to_text(front[i]->choice)));
    }
    erase();
    std::string text;
    for (const auto& line : lines) text += cut(console::visible_line(line), width) + "\n";
    console::steer(text);
    drawn_ = static_cast<int>(lines.size());
  }
  void close() override { erase(); }

 private:
  static std::string bar(double share, int width) {
    std::string text;
    for (int i = 0; i < width; ++i) text += i < std::lround(share * width) ? "█" : "░";
    return text;
  }
  static std::string worker_line(const WorkerState& worker) {
    if (worker.trial < 0) return "  worker: waiting";
    std::string text = std::format("  trial {:<4} {:<12}", worker.trial, worker.phase);
    if (worker.phase == "training" && worker.epochs > 0) {
      const double within =
          worker.batches > 0 ? static_cast<double>(worker.batch) / static_cast<double>(worker.batches) : 0;
      text += std::format(" epoch {}/{} {}", std::max(1, worker.epoch), worker.epochs, bar(within, 10));
    }
    return text + "  " + worker.label;
  }
  static void split_lines(const std::string& text, std::vector<std::string>& lines) {
    for (std::size_t start = 0; start < text.size();) {
      const auto end = std::min(text.find('\n', start), text.size());
      lines.push_back(text.substr(start, end - start));
      start = end + 1;
    }
  }
  // Cut by characters, not bytes: a line that wraps would leave a rest behind when it is redrawn.
  static std::string cut(const std::string& line, int width) {
    std::string text;
    int columns = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if ((static_cast<unsigned char>(line[i]) & 0xC0) != 0x80 && ++columns > width) break;
      text += line[i];
    }
    return text;
  }
  void erase() {
    if (drawn_ > 0) console::steer(std::format("\x1b[{}A\x1b[J", drawn_));
    drawn_ = 0;
  }
  int drawn_ = 0;
};

}  // namespace

std::unique_ptr<View> make_view(bool quiet) {
  if (quiet) return std::make_unique<QuietView>();
  const char* term = std::getenv("TERM");
  if (::isatty(STDERR_FILENO) && term && std::string_view(term) != "dumb") return std::make_unique<LiveView>();
  return std::make_unique<PlainView>();
}

}  // namespace edgewise::run
