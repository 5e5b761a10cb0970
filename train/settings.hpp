/// How a network is trained: the `train:` section of the job file. No LibTorch here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/quantity.hpp"
#include "base/settings.hpp"
#include "data/cache/augment.hpp"

namespace edgewise::train {

/// How much of starting weights must be there.
enum class Fit {
  exact,     ///< all of the network and all of the file
  backbone,  ///< all but the head, the layers that depend on the task and its number of classes
  partial,   ///< nothing: what fits by name and shape is taken
  cut,       ///< nothing: what fits by name is taken, of a larger tensor its first channels
  shape,     ///< nothing: what fits by shape and place is taken, whatever its name
  half,      ///< half of the tensors: what studies meant that do not say it
};
constexpr std::string_view to_text(Fit fit) {
  switch (fit) {
    case Fit::exact:
      return "exact";
    case Fit::backbone:
      return "backbone";
    case Fit::partial:
      return "partial";
    case Fit::cut:
      return "cut";
    case Fit::shape:
      return "shape";
    case Fit::half:
      return "half";
  }
  return "";
}

/// What else a network learns from: the outputs of another one for the training pictures.
struct Teacher {
  std::string path;          ///< an ONNX file, or `best_trial`; empty: nothing
  double weight = 0.5;       ///< of its outputs beside the labels, in [0, 1]
  double temperature = 2.0;  ///< of classification, in [1, 20]
};
/// The best trial of the stages before the last one, as a teacher.
inline constexpr std::string_view best_trial = "best";

/// Whether any share will do.
constexpr bool takes_what_fits(Fit fit) {
  return fit == Fit::partial || fit == Fit::cut || fit == Fit::shape;
}

struct Settings {
  std::string optimizer = "adamw";  ///< "adam", "adamw", "sgd"
  double learning_rate = 1e-3;      ///< (0, 10]
  std::int64_t batch = 64;          ///< 2 .. 4096
  std::int64_t epochs = 10;         ///< 1 .. 10,000; a staged search sets it by stage
  double weight_decay = 1e-4;       ///< not on norms and biases
  double momentum = 0.9;            ///< of sgd
  std::string schedule = "cosine";  ///< "constant", "cosine", "step"
  double warmup_epochs = 0.5;       ///< linear from 0
  std::int64_t step_epochs = 10;    ///< of "step": the rate is multiplied by step_factor every so many epochs
  double step_factor = 0.1;
  double average = 0;   ///< horizon of the running average of the weights, as a share of the run; 0: none
  double mixup = 0;     ///< parameter of the distribution of how two pictures are laid over each other; 0: never
  double cutmix = 0;    ///< the same of a rectangle of another picture
  std::string best_by;  ///< metric of the task that picks the best epoch; empty: its first one
  std::optional<edgewise::Settings> loss;  ///< options of the task's loss; nothing: its defaults
  double clip_norm = 5.0;                  ///< largest gradient norm; 0: not clipped
  std::string precision = "auto";          ///< "fp32", "bf16", "auto" (bf16 where the processor computes it natively)
  bool restart = false;                    ///< a promoted trial starts anew instead of continuing its weights
  std::int64_t threads = 0;  ///< of one worker; 0: as many as train each network fastest beside the other workers
  std::string weights;       ///< starting weights: a file, or a folder with a file for each backbone; empty: random
  Fit weights_fit = Fit::backbone;
  data::Augment augment{.flip = true, .flip_vertical = false, .scale = 0.1, .shift = 0.1, .colour = 0.2, .blur = 0.0};
  Teacher teacher;
  bool save_weights = false;  ///< keep the trained weights as a file beside the exported network
};

/// What every training records beside the metrics of its task.
inline Quantity validation_loss() {
  return {.name = "validation_loss",
          .unit = {},
          .better = Direction::minimize,
          .known = Known::trained,
          .range = intervals::not_negative,
          .sentence = "mean loss over the validation pictures, with the options of the loss at their defaults"};
}

}  // namespace edgewise::train
