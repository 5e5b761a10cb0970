#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <optional>
#include <thread>

#include "base/quiet.hpp"
#include "data/builtin/builtin.hpp"
#include "data/decoding_internal.hpp"
#include "data/images/picture_kinds_internal.hpp"

namespace edgewise::data {

namespace {

bool is_of_the_picture(const Error& error) {
  return error.code == ErrorCode::invalid_input || error.code == ErrorCode::not_found;
}

}  // namespace

Status fill_picture(const DataSet& set, std::size_t item, Size size, std::span<std::uint8_t> target,
                    const std::atomic<bool>* stop) {
  // Another worker may be measuring.
  TRY(const auto busy, BusyMachine::enter({.say = {}, .stop = stop, .at_most = {}}));
  if (!set.is_builtin) return decode_image(set.items[item].image, size, pixels_of(set, set.items[item]), target);
  render_builtin(set, item, size, target);
  return {};
}

Result<std::vector<Refused>> fill_each(std::size_t count, std::size_t bytes, const PictureWork& fill,
                                       const PictureWork& take,
                                       const std::function<void(std::size_t, std::size_t)>& progress) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Refused> refused;
  std::optional<Error> fault;
  std::size_t running = 0;
  std::atomic<std::size_t> next = 0, done = 0;
  std::atomic<bool> is_any_refused = false;
  const auto end_by = [&](Error error) {
    const std::lock_guard lock(mutex);
    next.store(count);
    if (!fault) fault = std::move(error);
  };
  const auto fill_some = [&] {
    std::vector<std::uint8_t> picture(bytes);
    for (std::size_t i; (i = next.fetch_add(1)) < count; ++done) {
      if (Status filled = fill(i, picture); !filled) {
        if (!is_of_the_picture(filled.error())) return end_by(std::move(filled).error());
        is_any_refused = true;
        const std::lock_guard lock(mutex);
        refused.push_back({i, std::move(filled).error()});
      } else if (take && !is_any_refused) {
        if (Status taken = take(i, picture); !taken) return end_by(std::move(taken).error());
      }
    }
  };
  const auto work = [&] {
    try {
      fill_some();
    } catch (const std::bad_alloc&) {
      end_by({ErrorCode::exhausted, "memory ran out while pictures were decoded", {}, "free some memory"});
    }
    const std::lock_guard lock(mutex);
    --running;
    changed.notify_all();
  };
  const std::size_t processors = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 64);
  const std::size_t threads = std::min(processors, std::max<std::size_t>(1, count));
  running = threads;
  std::vector<std::jthread> workers;
  for (std::size_t t = 0; t < threads; ++t) workers.emplace_back(work);
  std::unique_lock lock(mutex);
  while (!changed.wait_for(lock, std::chrono::milliseconds(200), [&] { return running == 0; })) {
    if (!progress) continue;
    lock.unlock();
    progress(done.load(), count);
    lock.lock();
  }
  lock.unlock();
  if (fault) return std::unexpected(std::move(*fault));
  if (progress) progress(count, count);
  std::ranges::sort(refused, {}, &Refused::item);
  return refused;
}

}  // namespace edgewise::data
