// Our side of tools/gpu-check: trains one network on pictures made in memory, on the GPU where LibTorch sees one, and
// prints the speed and the losses of each epoch as JSON. No augmentation and no files: a core-only build has neither.
//   gpu_train NETWORK SIZE PRECISION EPOCHS PICTURES BATCH
#include <cstdlib>
#include <print>

#include "bench/networks.hpp"
#include "graph/costs.hpp"
#include "task/classification/classification.hpp"
#include "tests/train/synthetic.hpp"
#include "train/loop_internal.hpp"

namespace {

using namespace edgewise;

Result<Json> measure(const std::string& name, std::int64_t size, const std::string& precision, int epochs,
                     std::size_t pictures, std::int64_t batch) {
  const auto& task = task::classification();
  TRY(const auto graph, bench_network(name, size, task.outputs(2)));
  train::SyntheticBatches training(task, pictures, static_cast<std::size_t>(batch), size, 1);
  train::SyntheticBatches validation(task, pictures / 4, static_cast<std::size_t>(batch), size, 2);
  train::LoopRequest request{
      .graph = &graph, .goal = {&task, 2}, .training = &training, .validation = &validation, .epochs = epochs};
  request.settings.precision = precision;
  request.settings.batch = batch;
  Json speeds = Json::array(), losses = Json::array(), validation_losses = Json::array();
  request.on_epoch = [&](const train::Epoch& epoch) {
    speeds.push_back(epoch.images_per_s);
    losses.push_back(epoch.train_loss);
    validation_losses.push_back(epoch.validation_loss);
  };
  TRY_DO(train::run_loop(request));
  return Json{{"device", train::device().str()},
              {"parameters", graph::costs(graph).parameters},
              {"images_per_s", speeds},
              {"train_loss", losses},
              {"validation_loss", validation_losses}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::println(stderr, "usage: gpu_train NETWORK SIZE PRECISION EPOCHS PICTURES BATCH");
    return 2;
  }
  const auto result = measure(argv[1], std::atoll(argv[2]), argv[3], std::atoi(argv[4]),
                              static_cast<std::size_t>(std::atoll(argv[5])), std::atoll(argv[6]));
  if (!result) {
    std::println(stderr, "{}", edgewise::to_text(result.error()));
    return 1;
  }
  std::println("{}", result->dump());
}
