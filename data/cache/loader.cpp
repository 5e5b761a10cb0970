#include "data/cache/loader.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#include "base/error.hpp"
#include "base/quiet.hpp"

namespace edgewise::data {

namespace {

// The kernel may map 2 MiB around each picture that is read (large folios): 64 from anywhere counted as 0.1 GB of this
// process.
constexpr std::size_t pictures_between_letting_go = 8;

}  // namespace

struct Loader::State {
  const Cache& cache;
  const std::vector<std::size_t> items;
  const LoaderOptions options;

  std::mutex mutex;
  std::condition_variable wanted, made;
  // Guarded by the mutex:
  int epoch = -1;
  std::uint64_t generation = 0;  ///< of `start`; a batch of an earlier one is dropped when it is done
  std::shared_ptr<const std::vector<std::size_t>>
      order;  ///< shared with the threads at work on a batch when the next epoch starts
  std::size_t next_to_make = 0, next_to_take = 0;
  std::map<std::size_t, Batch> ready;
  std::vector<Batch> spare;
  bool is_ending = false;

  std::vector<std::jthread> threads;  // last: they end before what they use

  State(const Cache& cache_, std::vector<std::size_t> items_, const LoaderOptions& options_)
      : cache(cache_), items(std::move(items_)), options(options_) {}

  [[nodiscard]] std::size_t batches() const {
    const std::size_t whole = items.size() / options.batch, rest = items.size() % options.batch;
    // An epoch of a small set that is one incomplete batch is better than an empty one.
    if (rest == 0 || (options.drop_last && (whole > 0 || rest < 2))) return whole;
    return whole + 1;
  }

  /// Fills the batch in this machine's turn. Never called with the mutex held by a thread of the loader: a measurement
  /// may take minutes.
  void make(Batch& batch, std::size_t k, int of_epoch, const std::vector<std::size_t>& in_order) const {
    const auto asked = std::chrono::steady_clock::now();
    // Without a place for locks nobody can measure either; whoever trains on the batch is told so by its own turn.
    const auto turn = BusyMachine::enter();
    batch.waited_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - asked).count();
    fill(batch, k, of_epoch, in_order);
  }

  /// What batch `k` of `of_epoch` holds: a function of the arguments and the seed alone.
  void fill(Batch& batch, std::size_t k, int of_epoch, const std::vector<std::size_t>& in_order) const {
    const auto picture = static_cast<std::size_t>(cache.size().area() * cache.channels());
    const std::size_t first = k * options.batch;
    batch.count = std::min(options.batch, items.size() - first);
    batch.pixels.resize(batch.count * picture);
    batch.targets.clear();
    batch.items.assign(in_order.begin() + static_cast<std::ptrdiff_t>(first),
                       in_order.begin() + static_cast<std::ptrdiff_t>(first + batch.count));
    task::Target moved;
    const RandomStream stream =
        RandomStream::named(options.seed, "augment").child("epoch", static_cast<std::uint64_t>(of_epoch));
    for (std::size_t i = 0; i < batch.count; ++i) {
      const std::size_t item = in_order[first + i];
      const std::span<std::uint8_t> pixels(batch.pixels.data() + i * picture, picture);
      const auto source = cache.pixels(item);
      const auto stored = cache.targets().of(item);
      if (options.augment) {
        RandomStream random = stream.child("place", first + i);
        moved.assign(stored.begin(), stored.end());
        augment(*options.augment, source, pixels, cache.size(), cache.channels(), random, cache.task(), moved);
        batch.targets.add(moved);
      } else {
        std::memcpy(pixels.data(), source.data(), picture);
        batch.targets.add(stored);
      }
      if ((i + 1) % pictures_between_letting_go == 0 || i + 1 == batch.count) cache.let_go();
    }
  }

  Batch take_spare() {
    if (spare.empty()) return {};
    Batch batch = std::move(spare.back());
    spare.pop_back();
    return batch;
  }

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      wanted.wait(lock, [&] {
        return is_ending || (order && next_to_make < batches() &&
                             next_to_make < next_to_take + std::max<std::size_t>(1, options.prefetch));
      });
      if (is_ending) return;
      const std::size_t k = next_to_make++;
      const std::uint64_t of_generation = generation;
      const int of_epoch = epoch;
      const auto in_order = order;
      Batch batch = take_spare();
      lock.unlock();
      make(batch, k, of_epoch, *in_order);
      lock.lock();
      if (of_generation == generation) {
        ready.emplace(k, std::move(batch));
        made.notify_all();
      } else {
        spare.push_back(std::move(batch));
      }
    }
  }
};

Loader::Loader(const Cache& cache, std::vector<std::size_t> items, const LoaderOptions& options)
    : state_(std::make_unique<State>(cache, std::move(items), options)) {
  EDGEWISE_ASSERT(options.batch > 0, "a batch holds at least one item");
  for (const std::size_t item : state_->items)
    EDGEWISE_ASSERT(item < cache.count(), "the loader's items are in the cache");
  for (int t = 0; t < options.threads; ++t) state_->threads.emplace_back([state = state_.get()] { state->work(); });
}

Loader::~Loader() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_ending = true;
  }
  state_->wanted.notify_all();
  state_->threads.clear();
}

void Loader::start(int epoch) {
  auto order = std::make_shared<std::vector<std::size_t>>(state_->items);
  if (state_->options.shuffle) {
    RandomStream random =
        RandomStream::named(state_->options.seed, "order").child("epoch", static_cast<std::uint64_t>(epoch));
    random.shuffle(std::span(*order));
  }
  {
    const std::lock_guard lock(state_->mutex);
    state_->epoch = epoch;
    ++state_->generation;
    state_->order = std::move(order);
    state_->next_to_make = state_->next_to_take = 0;
    for (auto& [k, batch] : state_->ready) state_->spare.push_back(std::move(batch));
    state_->ready.clear();
  }
  state_->wanted.notify_all();
}

std::optional<Batch> Loader::next() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  EDGEWISE_ASSERT(state.order != nullptr, "an epoch is started before its batches are taken");
  if (state.next_to_take >= state.batches()) return std::nullopt;
  const std::size_t k = state.next_to_take;
  if (state.threads.empty()) {
    Batch batch = state.take_spare();
    state.make(batch, k, state.epoch, *state.order);
    ++state.next_to_take;
    return batch;
  }
  state.made.wait(lock, [&] { return state.ready.contains(k); });
  auto node = state.ready.extract(k);
  ++state.next_to_take;
  lock.unlock();
  state.wanted.notify_one();
  return std::move(node.mapped());
}

void Loader::recycle(Batch batch) {
  const std::lock_guard lock(state_->mutex);
  // More than are ever under way would only hold memory.
  if (state_->spare.size() < state_->options.prefetch + state_->threads.size() + 1)
    state_->spare.push_back(std::move(batch));
}

std::size_t Loader::batches() const {
  return state_->batches();
}

}  // namespace edgewise::data
