#include "train/train.hpp"

#include <algorithm>
#include <format>

#include "train/loop_internal.hpp"

namespace edgewise::train {

namespace fs = std::filesystem;

namespace {

class LoadedBatches : public Batches {
 public:
  LoadedBatches(const data::Cache& cache, std::vector<std::size_t> items, const data::LoaderOptions& options)
      : loader_(cache, std::move(items), options) {}
  void start(int epoch) override { loader_.start(epoch); }
  std::optional<data::Batch> next() override { return loader_.next(); }
  void recycle(data::Batch batch) override { loader_.recycle(std::move(batch)); }
  [[nodiscard]] std::size_t batches() const override { return loader_.batches(); }

 private:
  data::Loader loader_;
};

Goal goal_of(const data::DataSet& set) {
  return {set.task, static_cast<std::int64_t>(set.classes.size())};
}

Status check_cache(const graph::Graph& graph, const data::Cache& cache, const data::DataSet& set) {
  const graph::Shape pictures{cache.channels(), cache.size().height, cache.size().width};
  if (graph.input_shape() != pictures) {
    return invalid(std::format("the network's input is {}, the pictures are {}", graph::to_text(graph.input_shape()),
                               graph::to_text(pictures)),
                   "build the cache for the network's input size");
  }
  if (cache.count() != set.items.size()) {
    return invalid(std::format("the cache has {} pictures, the data set {}", cache.count(), set.items.size()),
                   "open the cache anew");
  }
  return {};
}

data::LoaderOptions training_options(const Request& request, std::size_t items) {
  const auto batch = static_cast<std::size_t>(std::max<std::int64_t>(1, request.settings.batch));
  // Batch norm cannot normalise one picture alone.
  return {.batch = batch,
          .shuffle = true,
          .drop_last = items > batch && items % batch == 1,
          .augment = request.settings.augment,
          .seed = request.seed};
}

task::Targets targets_of(const data::Cache& cache, const std::vector<std::size_t>& items) {
  task::Targets targets;
  for (const auto item : items) targets.add(cache.targets().of(item));
  return targets;
}

Result<Adapted> starting_weights(const Request& request, const graph::Weights& random) {
  const auto fit = request.settings.weights_fit;
  std::error_code ignored;
  const auto file = weights_file(*request.graph, request.network, request.settings.weights, fit);
  // They were there when the search began: whatever is wrong with them now is not the network's fault. That none of a
  // folder fits it is.
  if (!file && (file.error().code == ErrorCode::not_found || !fs::exists(request.settings.weights, ignored)))
    return std::unexpected(of_the_machine(file.error()));
  if (!file) return std::unexpected(file.error());
  const auto loaded = read_state_dict(*file);
  if (!loaded) return std::unexpected(of_the_machine(loaded.error()));
  auto adapted = adapt_weights(*request.graph, random, *loaded, fit);
  if (!adapted)
    return fail_with(std::move(adapted).error(), std::format("the weights \"{}\" do not fit", file->string()));
  adapted->share.file = file->string();
  return adapted;
}

}  // namespace

Result<Outcome> train(const Request& request) {
  EDGEWISE_ASSERT(request.graph && request.set && request.cache, "a request names its network, data set and cache");
  TRY_DO(check_cache(*request.graph, *request.cache, *request.set));
  const auto training = request.set->of(data::Split::train), validation = request.set->of(data::Split::validation);
  if (training.size() < 2) {
    return invalid(std::format("the training split has {} pictures, at least 2 are needed", training.size()),
                   "give more pictures");
  }
  if (validation.empty())
    return invalid("the validation split is empty", "give a validation list or data.validation_share");
  return with_torch_errors<Outcome>("the network cannot be trained", [&]() -> Result<Outcome> {
    const auto targets = targets_of(*request.cache, training);
    LoadedBatches training_batches(*request.cache, training, training_options(request, training.size()));
    LoadedBatches validation_batches(*request.cache, validation, {.batch = 64, .prefetch = 2});
    LoopRequest loop{.graph = request.graph,
                     .goal = goal_of(*request.set),
                     .training = &training_batches,
                     .validation = &validation_batches,
                     .settings = request.settings,
                     .epochs = request.epochs,
                     .seed = request.seed,
                     .checkpoint = request.checkpoint,
                     .owner = request.owner,
                     .told = request.told,
                     .only_continue = request.only_continue,
                     .stop = request.stop,
                     .on_epoch = request.on_epoch,
                     .on_batch = request.on_batch,
                     .on_wait = request.on_wait,
                     .on_remark = request.on_remark,
                     .training_targets = &targets,
                     .taught = request.taught};
    if (!request.settings.weights.empty()) {
      loop.starting_weights = [&](const graph::Weights& random) { return starting_weights(request, random); };
    }
    return run_loop(loop);
  });
}

Result<Evaluation> evaluate(const graph::Graph& graph, const graph::Weights& weights, const data::DataSet& set,
                            const data::Cache& cache, data::Split split) {
  TRY_DO(check_cache(graph, cache, set));
  const auto items = set.of(split);
  if (items.empty())
    return invalid(std::format("the {} split is empty", data::to_text(split)), "give a list for it, or a share");
  return with_torch_errors<Evaluation>("the network cannot be computed", [&]() -> Result<Evaluation> {
    const auto goal = goal_of(set);
    TRY_DO(check_output(graph, goal));
    nn::Network network(graph);
    TRY_DO(nn::load_weights(network, weights));
    network->to(device());
    LoadedBatches batches(cache, items, {.batch = 64, .prefetch = 2});
    return judge(network, goal, batches, nullptr);
  });
}

}  // namespace edgewise::train
