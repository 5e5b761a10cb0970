// Our side of bench/train_speed.py: trains one network and prints the images per second of each epoch as JSON.
//   bench_train_speed NETWORK SIZE PRECISION LABELS.csv EPOCHS CACHE_FOLDER [BATCH [THREADS]]
#include <cstdlib>
#include <format>
#include <print>

#include "bench/networks.hpp"
#include "graph/costs.hpp"
#include "task/classification/classification.hpp"
#include "train/train.hpp"

namespace {

using namespace edgewise;

Result<Json> measure(const std::string& name, std::int64_t size, const std::string& precision,
                     const std::string& labels, int epochs, const std::string& cache_folder, std::int64_t batch,
                     std::int64_t threads) {
  TRY(const auto set, data::load({.path = labels}, task::classification()));
  TRY(const auto cache, data::open_cache(set, size, cache_folder));
  const auto classes = static_cast<std::int64_t>(set.classes.size());
  TRY(const auto graph, bench_network(name, size, classes));
  train::Request request{.graph = &graph, .set = &set, .cache = &cache, .epochs = epochs};
  request.settings.precision = precision;
  request.settings.batch = batch;
  request.settings.threads = threads;
  Json speeds = Json::array();
  request.on_epoch = [&](const train::Epoch& epoch) { speeds.push_back(epoch.images_per_s); };
  TRY(const auto outcome, train::train(request));
  return Json{{"images_per_s", speeds},
              {"parameters", graph::costs(graph).parameters},
              {"images", set.of(data::Split::train).size()},
              {"train_loss", outcome.curve.back().train_loss}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7 || argc > 9) {
    std::println(stderr,
                 "usage: bench_train_speed NETWORK SIZE PRECISION LABELS.csv EPOCHS CACHE_FOLDER [BATCH [THREADS]]");
    return 2;
  }
  const auto result = measure(argv[1], std::atoll(argv[2]), argv[3], argv[4], std::atoi(argv[5]), argv[6],
                              argc > 7 ? std::atoll(argv[7]) : 64, argc > 8 ? std::atoll(argv[8]) : 0);
  if (!result) {
    std::println(stderr, "{}", edgewise::to_text(result.error()));
    return 1;
  }
  std::println("{}", result->dump());
}
