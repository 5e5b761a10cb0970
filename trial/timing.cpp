#include <algorithm>
#include <atomic>
#include <vector>

#include "train/train.hpp"
#include "trial/steps_internal.hpp"

namespace edgewise::trial {

Result<double> training_seconds_per_image(Workplace& workplace, const space::Choice& choice, int threads) {
  constexpr double timed_s = 0.4;
  constexpr std::size_t fewest = 3, most = 64;
  TRY(const auto candidate, workplace.build(choice));
  TRY(auto settings, settings_for(workplace.job(), candidate, threads));
  TRY(const data::Cache* cache, workplace.cache(graph::picture_size(candidate.graph.input_shape())));
  // The real loop; the stop flag ends the epoch once enough batches after the first are timed.
  std::atomic<bool> stop = false;
  std::vector<Clock::time_point> marks;
  settings.weights.clear();
  train::Request request{.graph = &candidate.graph,
                         .set = &workplace.set(),
                         .cache = cache,
                         .settings = settings,
                         .epochs = 1,
                         .seed = 1,
                         .stop = &stop};
  request.on_batch = [&](int, std::size_t, std::size_t) {
    marks.push_back(Clock::now());
    const std::size_t timed = marks.size() - 1;
    if (timed >= most ||
        (timed >= fewest && std::chrono::duration<double>(marks.back() - marks.front()).count() >= timed_s))
      stop = true;
  };
  const auto trained = train::train(request);
  if (!trained && trained.error().code != ErrorCode::interrupted) return std::unexpected(trained.error());
  if (marks.size() < 2) return fail(ErrorCode::unavailable, "too few images to time a batch");
  std::vector<double> seconds;
  for (std::size_t i = 1; i < marks.size(); ++i)
    seconds.push_back(std::chrono::duration<double>(marks[i] - marks[i - 1]).count());
  // Other workers train at the same time: the usual batch counts, not the luckiest.
  std::ranges::nth_element(seconds, seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2));
  return seconds[seconds.size() / 2] / static_cast<double>(settings.batch);
}

}  // namespace edgewise::trial
