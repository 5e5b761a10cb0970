/// Private to job/: the `train:` section.
#pragma once

#include <string>

#include "base/config.hpp"
#include "job/job.hpp"

namespace edgewise::job {

/// Declares the section, once task and objectives are known.
/// @param fit  the word of `train.weights.fit`, as it is and as it is told
/// @param is_recorded  by a study, perhaps of an older version
void train_fields(config::Options& o, Job& job, std::string& fit, bool is_recorded);

}  // namespace edgewise::job
