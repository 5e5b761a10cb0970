#include <torch/utils.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <format>

#include "base/quiet.hpp"
#include "train/checkpoint_internal.hpp"
#include "train/loop_internal.hpp"
#include "train/losses/loss.hpp"
#include "train/mixing_internal.hpp"
#include "train/optimizer_internal.hpp"
#include "train/schedule_internal.hpp"
#include "train/tensor_memory_internal.hpp"

// Weak: another BLAS has no such function.
extern "C" void openblas_set_num_threads(int) __attribute__((weak));

namespace edgewise::train {

namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Batch norms forget half of their past every 7 batches at the latest. mnasnet's own 0.0003 suits the 1e5 batches of an
// ImageNet training; after the few dozen of a search its running statistics would still be those of random weights, and
// validation would judge noise.
constexpr double norm_momentum_floor = 0.1;

bool is_better(const Quantity& metric, const Evaluation& a, const Evaluation& b) {
  const double left = a.metrics.at(metric.name), right = b.metrics.at(metric.name);
  if (left == right) return a.loss < b.loss;
  return metric.better == Direction::maximize ? left > right : left < right;
}

std::vector<torch::Tensor> copies_of(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> copies;
  for (const auto& tensor : tensors) copies.push_back(tensor.detach().clone());
  return copies;
}

// OpenBLAS has a pool of its own, of which LibTorch knows nothing: the product of a linear layer would take every
// processor.
void set_threads(int threads) {
  torch::set_num_threads(threads);
  if (openblas_set_num_threads) openblas_set_num_threads(threads);
}

std::string number_name(double value) {
  return std::isnan(value) ? "NaN" : "infinite";
}

class Trainer {
 public:
  explicit Trainer(const LoopRequest& request)
      : request_(request),
        settings_(request.settings),
        loss_options_(request.settings.loss.value_or(request.goal.task->traits().loss)),
        metric_(picking_metric(*request.goal.task, request.settings)),
        device_(device()),
        network_(*request.graph, RandomStream::named(request.seed, "weights")) {}

  Result<Outcome> run() {
    TRY_DO(prepare());
    while (state_.epoch < request_.epochs && !stopped_early_) TRY_DO(run_epoch());
    return finish();
  }

 private:
  Status prepare();
  Status continue_checkpoint();
  void start_over(const std::string& why);
  Status start_weights();
  void make_network();
  void make_optimizer();
  void average_weights();
  /// What is judged, kept and handed back: the running average where there is one.
  nn::Network& judged() { return averaged_ ? *averaged_ : network_; }
  Status run_epoch();
  Status train_part(Epoch& epoch);
  [[nodiscard]] std::vector<torch::Tensor> averages();
  Result<double> train_batch(const data::Batch& batch, double rate, RandomStream& random, double& waited);
  Status save();
  Result<Outcome> finish();
  Result<torch::Tensor> loss_on(const data::Batch& batch, RandomStream& random);
  torch::Tensor whole_loss(const data::Batch& batch, const torch::Tensor& outputs, const torch::Tensor& targets,
                           const std::optional<Mix>& mix) const;

  const LoopRequest& request_;
  const Settings& settings_;
  edgewise::Settings loss_options_;
  const Quantity& metric_;
  const Loss* loss_ = nullptr;
  torch::Device device_;
  nn::Network network_;
  std::optional<nn::Network> averaged_;
  std::optional<Optimizer> optimizer_;
  Checkpoint state_;
  std::optional<std::string> started_over_, stopped_early_;
};

void Trainer::make_network() {
  network_->to(device_);
  network_->set_precision(choose_precision(settings_.precision, *request_.graph, device_));
  network_->set_norm_momentum_floor(norm_momentum_floor);
  make_optimizer();
  if (settings_.average <= 0) return;
  averaged_.emplace(*request_.graph);
  (*averaged_)->to(device_);
}

void Trainer::make_optimizer() {
  std::vector<torch::Tensor> decayed, plain;
  const auto& graph = network_->graph();
  const auto tensors = network_->tensors();
  std::size_t next = 0;
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    for (const auto& spec : graph.tensors(i)) {
      const auto& tensor = tensors[next++];
      if (spec.trainable) (is_decayed(graph.node(i), spec.name) ? decayed : plain).push_back(tensor);
    }
  }
  optimizer_.emplace(Optimizer::Options{.name = settings_.optimizer,
                                        .weight_decay = settings_.weight_decay,
                                        .momentum = settings_.momentum,
                                        .clip_norm = settings_.clip_norm},
                     decayed, plain);
}

Status Trainer::prepare() {
  TRY(loss_, loss_of(*request_.goal.task));
  TRY_DO(check_output(*request_.graph, request_.goal));
  keep_tensor_memory();
  if (settings_.threads > 0) set_threads(static_cast<int>(settings_.threads));
  if (loss_->fitted && request_.training_targets)
    loss_options_ = loss_->fitted(loss_options_, *request_.training_targets, request_.goal.outputs());
  make_network();
  state_.network = network_key(*request_.graph);
  state_.owner = request_.owner;
  state_.seed = request_.seed;
  state_.optimizer = settings_.optimizer;
  state_.stretch = {0, request_.epochs};
  std::error_code error;
  const bool is_kept = !request_.checkpoint.empty();
  if (is_kept && std::filesystem::exists(request_.checkpoint, error)) {
    if (const auto status = continue_checkpoint(); status) {
      if (state_.epoch > 0) return {};
    } else if (request_.only_continue || status.error().code == ErrorCode::unavailable) {
      return status;
    } else {
      start_over("its checkpoint is not used: " + status.error().message);
    }
  } else if (is_kept && error) {
    return fail(ErrorCode::unavailable, std::format("cannot look for the checkpoint \"{}\": {}",
                                                    request_.checkpoint.string(), error.message()));
  } else if (is_kept && request_.told.value_or(0) > (request_.owner.stage > 0 && !settings_.restart ? 0 : 1)) {
    // Of a training that was ended in its first epoch there is none: epochs are told before they are saved.
    start_over("its checkpoint is gone");
  }
  return start_weights();
}

/// What was read may be half read: everything begins anew.
void Trainer::start_over(const std::string& why) {
  started_over_ = why;
  if (request_.on_remark) request_.on_remark(why + "; it is trained from the start");
  network_ = nn::Network(*request_.graph, RandomStream::named(request_.seed, "weights"));
  make_network();
  state_ = {.network = state_.network,
            .owner = request_.owner,
            .seed = request_.seed,
            .stretch = {0, request_.epochs},
            .optimizer = settings_.optimizer};
}

Status Trainer::continue_checkpoint() {
  Checkpoint read{.network = state_.network,
                  .owner = request_.owner,
                  .seed = request_.seed,
                  .optimizer = state_.optimizer,
                  .model = network_->tensors(),
                  .moments = optimizer_->state(),
                  .averages = averages()};
  TRY_DO(read_checkpoint(request_.checkpoint, read));
  if (read.epoch > request_.epochs)
    return invalid(std::format("it has {} epochs, more than the {} that are wanted", read.epoch, request_.epochs));
  const bool same_stretch = read.stretch.end == request_.epochs || read.epoch == request_.epochs;
  if (settings_.restart && !same_stretch) return invalid("the settings ask for a restart of a promoted trial");
  network_->tensors_changed();
  if (averaged_) (*averaged_)->tensors_changed();
  optimizer_->set_steps(read.steps);
  read.model.clear();
  read.moments.clear();
  read.averages.clear();
  state_ = std::move(read);
  // When the last epoch is the best one its weights are in the file once.
  if (state_.best_model.empty()) state_.best_model = copies_of(judged()->tensors());
  if (!same_stretch) state_.stretch = {state_.epoch, request_.epochs};
  // A study that was restored from a copy knows less than the checkpoint.
  for (const Epoch& epoch : state_.curve)
    if (epoch.epoch > request_.told.value_or(state_.epoch) && request_.on_epoch) request_.on_epoch(epoch);
  return {};
}

Status Trainer::start_weights() {
  if (request_.training_targets && loss_->start) loss_->start(network_, *request_.training_targets);
  if (request_.starting_weights) {
    TRY(const auto adapted, request_.starting_weights(nn::weights(network_)));
    state_.started_from = adapted.share;
    TRY_DO(nn::load_weights(network_, adapted.weights));
  }
  return averaged_ ? nn::load_weights(*averaged_, nn::weights(network_)) : Status{};
}

std::vector<torch::Tensor> Trainer::averages() {
  return averaged_ ? (*averaged_)->tensors() : std::vector<torch::Tensor>{};
}

/// An exponential average of the weights (Polyak, Juditsky, SIAM J. Control Optim. 30(4), 1992) and of what norms
/// counted. At first it forgets faster, so that random weights do not stay in it.
void Trainer::average_weights() {
  const torch::NoGradGuard no_grad;
  const auto epochs = static_cast<double>(state_.stretch.end - state_.stretch.begin);
  const double horizon = settings_.average * epochs * static_cast<double>(request_.training->batches());
  const auto steps = static_cast<double>(optimizer_->steps());
  const double kept = std::min(1 - 1 / std::max(horizon, 1.0), (1 + steps) / (10 + steps));
  const auto average = (*averaged_)->tensors(), now = network_->tensors();
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (average[i].is_floating_point())
      average[i].lerp_(now[i], 1 - kept);
    else
      average[i].copy_(now[i]);
  }
  (*averaged_)->tensors_changed();
}

torch::Tensor Trainer::whole_loss(const data::Batch& batch, const torch::Tensor& outputs, const torch::Tensor& targets,
                                  const std::optional<Mix>& mix) const {
  auto loss = loss_->of(outputs, targets, loss_options_);
  if (mix && mix->share < 1)
    loss =
        loss * mix->share + loss_->of(outputs, targets.index_select(0, mix->other), loss_options_) * (1 - mix->share);
  if (!request_.taught) return loss;
  std::vector<float> rows;
  for (const auto item : batch.items) {
    const auto row = request_.taught->of(item);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  auto taught = torch::tensor(rows).reshape({outputs.size(0), -1}).to(device_);
  if (mix) taught = mixed(taught, *mix);
  const double weight = settings_.teacher.weight;
  const auto distance = loss_->from_teacher ? loss_->from_teacher(outputs, taught, settings_.teacher.temperature)
                                            : torch::mse_loss(outputs, taught);
  return loss * (1 - weight) + distance * weight;
}

Result<torch::Tensor> Trainer::loss_on(const data::Batch& batch, RandomStream& random) {
  TRY(auto inputs, input_tensor(batch, request_.graph->input_shape(), device_));
  TRY(const auto targets, target_tensor(batch, request_.goal, device_));
  const auto drawn = mix(settings_, inputs, random);
  return whole_loss(batch, network_->forward(inputs), targets, drawn);
}

// The loss; when it or the gradient is not finite, nothing was changed and `stopped_early_` says why.
Result<double> Trainer::train_batch(const data::Batch& batch, double rate, RandomStream& random, double& waited) {
  const auto start = Clock::now();
  TRY(const auto busy, BusyMachine::enter({.say = request_.on_wait, .stop = request_.stop, .at_most = {}}));
  waited += seconds_since(start);
  optimizer_->clear_gradients();
  TRY(const auto loss, loss_on(batch, random));
  const auto value = loss.item<double>();
  if (!std::isfinite(value)) {
    stopped_early_ = std::format("the loss became {}", number_name(value));
    return value;
  }
  loss.backward();
  const auto norm = optimizer_->step(rate);
  if (!std::isfinite(norm))
    stopped_early_ = std::format("the gradient became {}", number_name(norm));
  else if (averaged_)
    average_weights();
  return value;
}

Status Trainer::train_part(Epoch& epoch) {
  network_->train();
  network_->seed(
      RandomStream::named(request_.seed, "dropout").child("epoch", static_cast<std::uint64_t>(epoch.epoch)).next());
  const auto mixing = RandomStream::named(request_.seed, "mix").child("epoch", static_cast<std::uint64_t>(epoch.epoch));
  const auto start = Clock::now();
  double waited = 0, loss = 0;
  std::size_t images = 0, number = 0;
  const auto batches = static_cast<std::int64_t>(request_.training->batches());
  request_.training->start(epoch.epoch);
  const auto take = [&] {
    const auto asked = Clock::now();
    auto batch = request_.training->next();
    // What kept the loader from making this batch kept us waiting for it, unless it was made ahead.
    if (batch) waited += std::min(batch->waited_s, seconds_since(asked));
    return batch;
  };
  while (auto batch = take()) {
    if (request_.stop && request_.stop->load()) {
      return fail(ErrorCode::interrupted, std::format("training was stopped in epoch {}", epoch.epoch),
                  "run the same command again to continue");
    }
    const auto iteration =
        static_cast<std::int64_t>(state_.epoch - state_.stretch.begin) * batches + static_cast<std::int64_t>(number);
    epoch.learning_rate = learning_rate(settings_, state_.stretch, iteration, batches);
    auto random = mixing.child("batch", ++number);
    TRY(const auto value, train_batch(*batch, epoch.learning_rate, random, waited));
    if (stopped_early_) {
      *stopped_early_ += std::format(" in epoch {}, batch {}", epoch.epoch, number);
      return {};
    }
    loss += value * static_cast<double>(batch->count);
    images += batch->count;
    request_.training->recycle(std::move(*batch));
    if (request_.on_batch) request_.on_batch(epoch.epoch, number, static_cast<std::size_t>(batches));
  }
  if (images == 0) return invalid("there is no picture to train on", "give the training split at least two pictures");
  epoch.seconds = seconds_since(start) - waited;
  epoch.images_per_s = static_cast<double>(images) / std::max(1e-9, epoch.seconds);
  epoch.train_loss = loss / static_cast<double>(images);
  return {};
}

Status Trainer::run_epoch() {
  Epoch epoch{.epoch = state_.epoch + 1};
  TRY_DO(train_part(epoch));
  if (stopped_early_) return {};
  double waited = 0;
  const auto start = Clock::now();
  TRY(auto evaluation, judge(judged(), request_.goal, *request_.validation, request_.stop, &waited));
  epoch.seconds += seconds_since(start) - waited;
  if (!std::isfinite(evaluation.loss)) {
    stopped_early_ =
        std::format("the validation loss became {} after epoch {}", number_name(evaluation.loss), epoch.epoch);
    return {};
  }
  epoch.validation_loss = evaluation.loss;
  epoch.metrics = evaluation.metrics;
  state_.epoch = epoch.epoch;
  state_.curve.push_back(epoch);
  if (state_.best_epoch == 0 || is_better(metric_, evaluation, state_.best)) {
    state_.best_epoch = epoch.epoch;
    state_.best = std::move(evaluation);
    state_.best_model = copies_of(judged()->tensors());
  }
  // Told before it is saved: an epoch that was told but not saved is trained and told again, one that was saved but not
  // told never.
  if (request_.on_epoch) request_.on_epoch(epoch);
  return save();
}

Status Trainer::save() {
  if (request_.checkpoint.empty()) return {};
  auto written = state_;  // tensors are shared, not copied
  written.steps = optimizer_->steps();
  written.model = network_->tensors();
  written.moments = optimizer_->state();
  written.averages = averages();
  if (state_.best_epoch == state_.epoch) written.best_model.clear();
  return write_checkpoint(request_.checkpoint, written);
}

Result<Outcome> Trainer::finish() {
  if (state_.best_epoch == 0) {
    return invalid(
        std::format("no epoch ended with finite numbers: {}", stopped_early_.value_or("nothing was trained")),
        "lower the learning rate or the batch's changes, or clip gradients (train.clip_norm)");
  }
  Outcome outcome{.curve = state_.curve,
                  .best_epoch = state_.best_epoch,
                  .best = state_.best,
                  .started_from = state_.started_from,
                  .started_over = started_over_,
                  .stopped_early = stopped_early_};
  const torch::NoGradGuard no_grad;
  const auto tensors = network_->tensors();
  for (std::size_t i = 0; i < tensors.size(); ++i) tensors[i].copy_(state_.best_model[i]);
  network_->tensors_changed();
  outcome.best_weights = nn::weights(network_);
  return outcome;
}

}  // namespace

const Quantity& picking_metric(const task::Task& task, const Settings& settings) {
  const auto found = std::ranges::find(task.metrics(), settings.best_by, &Quantity::name);
  return found == task.metrics().end() ? task.metrics().front() : *found;
}

Result<Outcome> run_loop(const LoopRequest& request) {
  auto outcome = with_torch_errors<Outcome>("the network cannot be trained", [&] { return Trainer(request).run(); });
  release_tensor_memory();
  return outcome;
}

}  // namespace edgewise::train
