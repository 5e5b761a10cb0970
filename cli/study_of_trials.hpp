/// What `search`, `train` and `pretrain` share: how a study of trials begins and how it ends.
#pragma once

#include <optional>
#include <string>

#include "cli/command.hpp"
#include "run/coordinator.hpp"
#include "run/session.hpp"
#include "run/view.hpp"

namespace edgewise::cli {

/// How a study begins: what would cost trial after trial is told before the first.
/// @param will_run  something runs for certain: a network that was named, or failed trials
run::Start start(bool every_network, bool will_run, run::View& view);

/// What a study found: results, and unless `is_quiet` what came of its trials and what to do next.
/// @param again  the command that goes on
Exit finish(run::Session& session, const run::Summary& summary, bool json, bool is_quiet, const std::string& again);

/// Lets failed trials wait again, and says how many.
Status retry_failed(run::Session& session, run::View& view);

/// Warns of a teacher that is to be the best trial of stages which there are not.
void say_if_nobody_teaches(const job::Job& job, std::size_t stages, run::View& view);

/// Of each network, where the job says so.
std::optional<int> asked_threads(const job::Job& job);

}  // namespace edgewise::cli
