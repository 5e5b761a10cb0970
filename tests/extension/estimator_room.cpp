// An estimator in one file: what its fidelity is, what it gives, how it estimates, and the entry that makes it known.
// Linked into a program, it is in `estimator:` of job files and in the reference of options, its quantity is one that
// can be optimised, and strategies vary its share of the pictures as they vary epochs of training. No other file knows
// of it. It trains nothing: a trial of it has no model.onnx, and what is measured is the untrained network.
#include <array>
#include <chrono>
#include <cmath>
#include <format>

#include "base/file.hpp"
#include "base/random.hpp"
#include "estimate/estimator.hpp"
#include "graph/costs.hpp"

namespace edgewise::estimate {

namespace {

/// 1. Its own options, with their defaults.
struct RoomOptions {
  double bits_per_parameter = 2;
  void fields(config::Options& o) {
    o.number("bits_per_parameter", bits_per_parameter, {0.1, 32}, "of room: that one parameter remembers");
  }
};

/// Bits of one byte of these pictures, were each drawn by itself.
double entropy(const std::array<std::size_t, 256>& counts) {
  double all = 0, bits = 0;
  for (const std::size_t count : counts) all += static_cast<double>(count);
  for (const std::size_t count : counts)
    if (count > 0) bits -= static_cast<double>(count) / all * std::log2(static_cast<double>(count) / all);
  return bits;
}

/// 2. The estimator: how much of the training pictures the parameters could know by heart.
class Room final : public Estimator {
 public:
  explicit Room(const RoomOptions& options) : options_(options) {}
  [[nodiscard]] std::string name() const override { return "room"; }

  /// What all estimates share is made once, by one worker: the order in which pictures are looked at, so that a larger
  /// share holds every smaller one.
  [[nodiscard]] bool is_prepared(const std::filesystem::path& folder) const override {
    std::error_code error;
    return std::filesystem::exists(folder / "order.json", error);
  }
  Status prepare(Workbench& bench, const std::filesystem::path& folder) override {
    std::vector<std::size_t> order = bench.set().of(data::Split::train);
    auto random = RandomStream::named(1, "room");
    random.shuffle(std::span(order));
    return write_file(folder / "order.json", dump(Json(order)));
  }

  Result<std::vector<Estimate>> estimate(std::span<const Subject> subjects, const study::Fidelity& fidelity,
                                         Workbench& bench, const std::filesystem::path& prepared) override {
    TRY(const Json order, read_json(prepared / "order.json"));
    const auto share = fidelity.amounts.at("share");
    const auto pictures = static_cast<std::size_t>(std::ceil(share * static_cast<double>(order.size())));
    std::vector<Estimate> estimates;
    for (const Subject& subject : subjects) {
      const auto start = std::chrono::steady_clock::now();
      const graph::Graph& network = subject.candidate->graph;
      TRY(const data::Cache* cache, bench.cache(Size(network.input_shape()[2], network.input_shape()[1])));
      std::array<std::size_t, 256> counts{};
      std::size_t bytes = 0;
      for (std::size_t i = 0; i < pictures; ++i) {
        const auto pixels = cache->pixels(order[i].get<std::size_t>());
        for (const auto pixel : pixels) ++counts[pixel];
        bytes += pixels.size();
      }
      const double bits = entropy(counts) * static_cast<double>(bytes) + 1;
      const double room = options_.bits_per_parameter * static_cast<double>(graph::costs(network).parameters) / bits;
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      estimates.push_back({.values = study::values_of(study::Source::estimated, {{"room", room / (1 + room)}}),
                           .paid = fidelity,
                           .seconds = seconds.count()});
    }
    return estimates;
  }

 private:
  RoomOptions options_;
};

/// 3. The entry: the amounts of its fidelity, the first of which strategies vary, and what it gives. In the product it
/// stands in the list of estimators() in estimate/estimators.cpp; from outside of it, a Registration adds it before
/// main.
const Registration room{
    estimators(),
    Entry{.name = "room",
          .sentence = "how much of the training pictures the parameters could know by heart",
          .settings = Settings(RoomOptions{}),
          .amounts = {{.name = "share",
                       .sentence = "of room: share of the training pictures that are looked at",
                       .low = 0.05,
                       .high = 1,
                       .full = 1,
                       .unit = 0.05}},
          .quantities =
              [](const task::Task&) {
                return std::vector<Quantity>{{.name = "room",
                                              .unit = {},
                                              .better = Direction::maximize,
                                              .known = Known::trained,
                                              .range = intervals::share,
                                              .sentence = "share of the training pictures that fit into the weights"}};
              },
          .make = [](const Settings& settings) -> std::unique_ptr<Estimator> {
            return std::make_unique<Room>(settings.as<RoomOptions>());
          }}};

}  // namespace

}  // namespace edgewise::estimate
