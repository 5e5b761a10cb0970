/// What the commands share: how they end, and how they speak.
#pragma once

#include <CLI/CLI.hpp>
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "job/job.hpp"

namespace edgewise::cli {

/// Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
enum class Exit { done = 0, failed = 1, usage = 2, interrupted = 130 };

/// What a command does once its options are parsed.
using Action = std::function<Exit()>;

/// Adds a sub-command; its action is put into `chosen` when the user called it. `example` opens its help.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& sentence, const std::string& example,
                      Action& chosen, const Action& action);

/// Prints an error to standard error and gives the exit code for it.
Exit report_error(const Error& error);
Exit report_errors(const std::vector<Error>& errors);
/// For what the parser of the command line cannot see: options that need each other.
Exit wrong_usage(const std::string& message, const std::string& next);

/// The tasks that a call can name: "classification or box".
std::string task_words();

/// JSON for machines, to standard output.
void print_json(const Json& json);

/// Set by Ctrl-C and SIGTERM; a second Ctrl-C ends the program at once.
const std::atomic<bool>& stop_flag();

/// Width of the terminal, or 100 where there is none.
int output_width();

/// Prints what is allowed and yet strange about a job, to standard error.
void report_remarks(const job::Job& job);

/// Reads a job file and prints its mistakes when it has any.
std::expected<job::Job, Exit> job_or_exit(const std::string& path);

void add_init(CLI::App& app, Action& chosen);
void add_inspection(CLI::App& app, Action& chosen);  ///< check, data
void add_space(CLI::App& app, Action& chosen);
void add_search(CLI::App& app, Action& chosen);
void add_train(CLI::App& app, Action& chosen);    ///< train, pretrain
void add_results(CLI::App& app, Action& chosen);  ///< status, front, report, export
void add_measure(CLI::App& app, Action& chosen);
void add_replay(CLI::App& app, Action& chosen);
void add_exchange(CLI::App& app, Action& chosen);  ///< optimize, study
void add_demo(CLI::App& app, Action& chosen);

/// `edgewise search` as a function, for `demo` too.
struct SearchCall {
  std::string job_file, study;
  int workers = 0;  ///< 0: chosen
  bool quiet = false, json = false, assume_yes = false, retry_failed = false;
};
Exit search(const SearchCall& call);
/// `edgewise report` and `edgewise export` as functions.
Exit write_report(const std::string& study, const std::string& output, bool csv, bool json);
Exit export_model(const std::string& study, const std::string& pick, const std::string& output, bool json, bool force);

}  // namespace edgewise::cli
