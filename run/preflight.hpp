/// What is wrong with a job on this machine, found out before anything is tried.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "job/job.hpp"
#include "run/session.hpp"
#include "space/family.hpp"

namespace edgewise::run {

/// How far starting weights are looked at.
struct PreflightOptions {
  bool every_network = true;  ///< whether they fit each network of the space; otherwise only whether they can be read
  bool head_is_known = true;  ///< the number of classes in the frame is the data's, not a guess
};

/// Threads that this machine does not have; starting weights that are not there, are none, or do not fit a network of
/// the space. Each with its place in the job file.
std::vector<Error> preflight(const job::Job& job, const space::Family& family, const space::Frame& frame,
                             const PreflightOptions& options = {});

/// Whether this machine is ready for a search: every picture can be decoded (which makes their cache), the device
/// measures something small, and the disk has room for one trial at least. Nothing is spent on a search that cannot
/// get anywhere.
/// @param say  hears progress, and what is short though not too short @param stop  ends it
/// @error what has to be mended first; interrupted
Status machine_ready(const Session& session, const std::function<void(const std::string&)>& say,
                     const std::atomic<bool>* stop);

}  // namespace edgewise::run
