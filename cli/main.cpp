/// edgewise: the command line.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <sstream>

#include "base/console.hpp"
#include "base/room.hpp"
#include "cli/command.hpp"

namespace edgewise::cli {

namespace {

std::atomic<bool> stop_asked = false;

std::atomic<bool> stop_is_watched = false;

/// A search stops cleanly at the first signal; everything else, and an impatient second one, at once.
void on_signal(int) {
  if (stop_asked.exchange(true) || !stop_is_watched) ::_exit(130);
}

}  // namespace

const std::atomic<bool>& stop_flag() {
  stop_is_watched = true;
  return stop_asked;
}

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& sentence, const std::string& example,
                      Action& chosen, const Action& action) {
  auto* command = app.add_subcommand(name, sentence);
  command->usage("example: " + example);
  command->callback([&chosen, action] { chosen = action; });
  return command;
}

Exit report_error(const Error& error) {
  console::say(to_text(error));
  return error.code == ErrorCode::interrupted ? Exit::interrupted : Exit::failed;
}

Exit report_errors(const std::vector<Error>& errors) {
  for (const auto& error : errors) console::say(to_text(error));
  if (errors.size() > 1) console::say("{} mistakes in all", errors.size());
  return Exit::failed;
}

void report_remarks(const job::Job& job) {
  for (const auto& remark : job.remarks) {
    console::say("remark: {}", remark.message);
    if (!remark.where.empty()) console::say("  at {}", remark.where);
    if (!remark.next.empty()) console::say("  next: {}", remark.next);
  }
}

std::string task_words() {
  const auto names = task::tasks().names();
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return text;
}

Exit wrong_usage(const std::string& message, const std::string& next) {
  console::say(to_text(Error{ErrorCode::invalid_input, message, {}, next}));
  return Exit::usage;
}

/// How a command ends once its results are on their way: those that could not be written are a failure.
static Exit written(Exit exit) {
  const auto sent = console::flush();
  if (sent || exit == Exit::failed) return exit;
  report_error(sent.error());
  return exit == Exit::done ? Exit::failed : exit;
}

void print_json(const Json& json) {
  console::print_line("{}", dump(json, 2));
}

int output_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 100;
}

std::expected<job::Job, Exit> job_or_exit(const std::string& path) {
  auto job = job::read_job(path);
  if (!job) return std::unexpected(report_errors(job.error()));
  return std::move(*job);
}

}  // namespace edgewise::cli

int main(int argc, char** argv) {
  using namespace edgewise;
  console::open();
  struct sigaction action{};
  action.sa_handler = cli::on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGHUP, &action, nullptr);

  CLI::App app{
      "edgewise finds neural networks that fit a device: from a folder of labelled images to a measured Pareto front.",
      "edgewise"};
  app.usage("example: edgewise init && edgewise search job.yaml && edgewise report job");
  app.set_version_flag("--version", EDGEWISE_VERSION);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  cli::Action chosen;
  cli::add_init(app, chosen);
  cli::add_inspection(app, chosen);
  cli::add_space(app, chosen);
  cli::add_search(app, chosen);
  cli::add_train(app, chosen);
  cli::add_results(app, chosen);
  cli::add_measure(app, chosen);
  cli::add_replay(app, chosen);
  cli::add_exchange(app, chosen);
  cli::add_demo(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) {  // --help, --version
      std::ostringstream text;
      app.exit(e, text, text);
      console::print(text.view());
      return static_cast<int>(cli::written(cli::Exit::done));
    }
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(command->get_name());
    const bool is_unknown = argc > 1 && argv[1][0] != '-' && std::ranges::find(names, argv[1]) == names.end();
    if (is_unknown)
      console::say("error: \"{}\" is not a command; there are {}", argv[1], quoted_list(names));
    else
      console::say("error: {}", e.what());
    if (const auto near = is_unknown ? nearest_word(argv[1], names) : ""; !near.empty())
      console::say("  next: did you mean `edgewise {}`?", near);
    console::say("  next: `edgewise {}--help` shows an example",
                 app.get_subcommands().empty() ? "" : app.get_subcommands().front()->get_name() + " ");
    return static_cast<int>(cli::Exit::usage);
  }
  try {
    if (const auto room = take_room(); !room) return static_cast<int>(cli::report_error(room.error()));
    return static_cast<int>(cli::written(chosen()));
  } catch (const std::bad_alloc&) {
    return static_cast<int>(cli::report_error(
        {ErrorCode::unavailable, "memory ran out", {}, "end other programs, or raise this one's limit (`ulimit -v`)"}));
  } catch (const std::exception& e) {
    return static_cast<int>(
        cli::report_error({ErrorCode::unavailable, std::string("the command ended early: ") + e.what(), {}, {}}));
  }
}
