/// A loop over all processors.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace edgewise::data {

/// Calls work(i) for each i in [0, count) from several threads, near each other in time and roughly in order. `work`
/// returns false to stop early. It must not throw.
template <class Work>
void parallel_for(std::size_t count, const Work& work, std::size_t per_thread = 16) {
  const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t threads = std::min({processors, std::size_t{64}, (count + per_thread - 1) / per_thread});
  std::atomic<std::size_t> next = 0;
  const auto run = [&] {
    for (std::size_t i; (i = next.fetch_add(1)) < count;)
      if (!work(i)) next.store(count);
  };
  std::vector<std::jthread> others;
  for (std::size_t t = 1; t < threads; ++t) others.emplace_back(run);
  run();
}

}  // namespace edgewise::data
