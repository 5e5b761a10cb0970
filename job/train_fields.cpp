#include <algorithm>
#include <format>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "job/train_fields_internal.hpp"

namespace edgewise::job {

namespace {

using config::Options;

constexpr double infinity = std::numeric_limits<double>::infinity();

void augment_fields(Options& o, data::Augment& augment) {
  o.boolean("flip", augment.flip, "mirror left-right half of the time");
  o.boolean("flip_vertical", augment.flip_vertical, "mirror up-down half of the time");
  o.number("scale", augment.scale, {0, 0.9}, "zoom by up to this share");
  o.number("shift", augment.shift, {0, 0.5}, "move by up to this share of the edge");
  o.number("colour", augment.colour, {0, 0.9}, "change brightness, contrast and saturation by up to this share");
  o.number("blur", augment.blur, {0, 1}, "probability of a light blur");
  o.integer("random", augment.random, {0, 8},
            "so many changes drawn for each picture from a list: contrast, colours, bits, sharpness; rotation, shear "
            "and shift where targets have no place");
  o.number("strength", augment.strength, {0, 1}, "of the random changes");
  o.number("erase", augment.erase, {0, 1}, "probability that a rectangle is covered");
}

constexpr train::Fit all_fits[] = {train::Fit::exact, train::Fit::backbone, train::Fit::partial,
                                   train::Fit::cut,   train::Fit::shape,    train::Fit::half};

void weights_fields(Options& o, Job& job, std::string& fit_word, bool is_recorded) {
  auto& train = job.train;
  o.text("path", train.weights,
         "a file of PyTorch weights or of safetensors, or a folder with a file for each backbone (`resnet18.pth`, "
         "`resnet18-f37072fd.pth`); empty: random");
  std::vector<std::string> fits{"exact", "backbone", "partial", "cut", "shape"};
  if (is_recorded) fits.emplace_back("half");  // nobody can ask for it, older studies go on under it
  o.word("fit", fit_word, fits,
         "what must fit: all; all but the head, which depends on the task and its classes; nothing: what fits by name "
         "and shape is taken; cut: also the first channels of what is larger; shape: what fits by shape and place, "
         "whatever its name");
  for (const auto fit : all_fits)
    if (fit_word == train::to_text(fit)) train.weights_fit = fit;
  if (!o.is_given("fit")) job.left_open.insert("train.weights.fit");
}

void teacher_fields(Options& o, Job& job) {
  auto& teacher = job.train.teacher;
  o.text(
      "path", teacher.path,
      "an ONNX file whose outputs for the training pictures are learned in the last stage, or `best`: the best trial "
      "of the stages before; empty: none");
  if (!teacher.path.empty() && job.task->traits().is_placed)
    o.problem("path",
              std::format("train.teacher is given, but the task is {}: what a teacher says of a picture does not move "
                          "along with it",
                          job.task->name()),
              "leave it out");
  o.number("weight", teacher.weight, {0, 1}, "of its outputs beside the labels");
  o.number("temperature", teacher.temperature, {1, 20}, "of classification: how far its scores are softened");
}

/// Mixing asks for a task whose loss can be mixed.
void mix_fields(Options& o, Job& job) {
  auto& train = job.train;
  o.number("mixup", train.mixup, {0, 4},
           "lay two pictures over each other; of classification: the parameter of the distribution of their shares, "
           "e.g. 0.2; 0: never");
  o.number("cutmix", train.cutmix, {0, 4},
           "paste a rectangle of another picture; of classification: as mixup, e.g. 1; 0: never");
  for (const auto& [name, value] : {std::pair("mixup", train.mixup), std::pair("cutmix", train.cutmix)})
    if (value > 0 && !job.task->traits().can_mix)
      o.problem(name,
                std::format("train.{} mixes pictures, which the task {} cannot learn from", name, job.task->name()),
                "leave it out");
}

/// The objective picks the best epoch, where it is a metric of the task.
std::string usual_best(const Job& job) {
  for (const auto& objective : job.objectives)
    if (std::ranges::contains(job.task->metrics(), objective.name, &Quantity::name)) return objective.name;
  return job.task->metrics().front().name;
}

void best_field(Options& o, Job& job, bool is_recorded) {
  auto& train = job.train;
  std::vector<std::string> metrics;
  for (const auto& metric : job.task->metrics()) metrics.push_back(metric.name);
  // Studies of earlier versions meant the task's first metric.
  if (!o.is_given("best_by") && !std::ranges::contains(metrics, train.best_by))
    train.best_by = is_recorded ? metrics.front() : usual_best(job);
  if (!o.is_given("best_by")) job.left_open.insert("train.best_by");
  o.word("best_by", train.best_by, metrics,
         "metric that picks the best epoch by the validation pictures; the first objective, where it is one");
}

}  // namespace

void train_fields(Options& o, Job& job, std::string& fit, bool is_recorded) {
  auto& train = job.train;
  o.word("optimizer", train.optimizer, {"adam", "adamw", "sgd"}, "what trains the weights");
  o.number("learning_rate", train.learning_rate, {0, 10, true}, "largest learning rate; a space may choose it instead");
  o.integer("batch", train.batch, {2, 4096}, "images a step");
  o.integer("epochs", train.epochs, {1, 10000}, "passes over the training images; a staged search sets it by stage");
  o.number("weight_decay", train.weight_decay, {0, 1}, "not on norms and biases");
  o.number("momentum", train.momentum, {0, 0.999}, "of sgd");
  o.word("schedule", train.schedule, {"constant", "cosine", "step"}, "how the learning rate falls");
  o.number("warmup_epochs", train.warmup_epochs, {0, 1000}, "linear rise of the learning rate at the start");
  o.integer("step_epochs", train.step_epochs, {1, 10000}, "of the schedule step: multiply every so many epochs");
  o.number("step_factor", train.step_factor, {0, 1, true}, "of the schedule step: by this");
  for (const auto& [name, task] : task::tasks().entries())
    job.loss_options.try_emplace(name, task->traits().loss).first->second.fields(o);
  train.loss = job.loss_options.at(job.task->name());
  o.number("average", train.average, {0, 1},
           "judge and keep a running average of the weights: over this share of the epochs, e.g. 0.1; 0: the weights "
           "as they are");
  mix_fields(o, job);
  best_field(o, job, is_recorded);
  o.number("clip_norm", train.clip_norm, {0, infinity}, "largest norm of the gradient; 0: not clipped");
  o.word("precision", train.precision, {"auto", "fp32", "bf16"},
         "of training; auto takes bf16 where the processor computes it");
  o.boolean("restart", train.restart, "a promoted trial starts anew instead of continuing its weights");
  o.integer("threads", train.threads, {0, 256},
            "of one worker; 0: as many as train each network fastest beside the other workers");
  o.boolean("save_weights", train.save_weights,
            "write the trained weights as weights.safetensors beside each trial's model.onnx");
  o.section(
      "weights", "path", [&](Options& w) { weights_fields(w, job, fit, is_recorded); }, "what training starts from");
  job.places["train.weights"] = o.where("weights.path");
  o.section("teacher", "path", [&](Options& t) { teacher_fields(t, job); }, "another network that is learned from");
  job.places["train.teacher"] = o.where("teacher.path");
  o.section(
      "augment", "", [&](Options& a) { augment_fields(a, train.augment); }, "random changes of the training pictures");
}

}  // namespace edgewise::job
