#include <algorithm>
#include <cmath>
#include <numbers>

#include "train/schedule_internal.hpp"

namespace edgewise::train {

double learning_rate(const Settings& settings, const Stretch& stretch, std::int64_t iteration, std::int64_t batches) {
  const auto all = static_cast<double>(std::max<std::int64_t>(1, (stretch.end - stretch.begin) * batches));
  // Warm-up never takes more than half of a short stretch: a one-epoch stage would not train else.
  const double warm = std::min(settings.warmup_epochs * static_cast<double>(batches), all / 2);
  const auto now = static_cast<double>(iteration);
  double rate = settings.learning_rate;
  if (settings.schedule == "cosine") {
    const double done = all > warm ? std::clamp((now - warm) / (all - warm), 0.0, 1.0) : 0.0;
    rate *= 0.5 * (1.0 + std::cos(std::numbers::pi * done));
  } else if (settings.schedule == "step") {
    const auto drops = iteration / std::max<std::int64_t>(1, settings.step_epochs * batches);
    rate *= std::pow(settings.step_factor, static_cast<double>(drops));
  }
  return now < warm ? rate * (now + 1.0) / (warm + 1.0) : rate;
}

}  // namespace edgewise::train
