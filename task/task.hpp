/// What a network learns: an open set. A task says what the labels ask of a network, which layers it puts on a family's
/// features, and how what comes out is judged. What only LibTorch can do of it (its loss) is in train/losses/.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/catalogue.hpp"
#include "base/json.hpp"
#include "base/quantity.hpp"
#include "base/settings.hpp"
#include "graph/feature_maps.hpp"
#include "picture/annotation.hpp"
#include "picture/canvas.hpp"
#include "picture/warp.hpp"

namespace edgewise::task {

/// What of an annotation a task learns from. Formats read that; pictures without it are left out.
enum class Wants {
  label,    ///< the class of the picture as a whole
  one_box,  ///< the one box that counts (`data.boxes`)
  boxes,    ///< all boxes, which may be none
};

/// What a network is to give for one picture: rows of `Traits::row` numbers. How many rows may differ between pictures.
using Target = std::vector<float>;

/// The targets of several pictures in one piece.
class Targets {
 public:
  void add(std::span<const float> target) {
    numbers_.insert(numbers_.end(), target.begin(), target.end());
    ends_.push_back(numbers_.size());
  }
  /// Keeps the memory.
  void clear() {
    numbers_.clear();
    ends_.clear();
  }
  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] std::span<const float> of(std::size_t picture) const {
    const std::size_t begin = picture == 0 ? 0 : ends_[picture - 1];
    return std::span(numbers_).subspan(begin, ends_[picture] - begin);
  }
  [[nodiscard]] const std::vector<float>& numbers() const { return numbers_; }

 private:
  std::vector<float> numbers_;
  std::vector<std::size_t> ends_;
};

/// What a split was judged by.
struct Judgement {
  std::map<std::string, double> metrics;
  Json details = Json::object();  ///< more than numbers, e.g. {"confusion": [true class][predicted class]}
};

/// Goes through the pictures of a split, batch by batch.
class Judge {
 public:
  virtual ~Judge() = default;
  /// @param outputs  (n, outputs) of the network; @param targets  of the same n pictures
  virtual void add(std::span<const float> outputs, const Targets& targets) = 0;
  /// @param pictures  at least one was added
  [[nodiscard]] virtual Judgement finish() const = 0;
};

/// Adds up one number a picture. Who judges passes LibTorch's own, which adds floats in an order of its own: so values
/// that were recorded years apart agree to the last bit.
using Sum = std::function<double(std::span<const float>)>;
/// From the first to the last one, in double.
double plain_sum(std::span<const float> values);

/// Annotations of a split, borrowed.
using Annotations = std::span<const picture::Annotation* const>;

/// What is the same for all networks and pictures of a task.
struct Traits {
  std::string name;      ///< as in the job file: "box"
  std::string sentence;  ///< what a network learns, for the reference: "one box per image"
  Wants wants = Wants::label;
  std::size_t row = 1;                 ///< numbers in one row of a target
  std::vector<Quantity> metrics;       ///< the first one is the objective by default
  std::string output;                  ///< what the outputs mean, for who uses an exported file
  std::string first_space = "resnet";  ///< the `space:` section of a first job
  bool has_caption = false;            ///< whether `draw` writes below the picture
  bool is_placed = false;  ///< whether targets say where something is, so that they move along with the picture
  bool can_mix = false;    ///< whether the loss of two pictures laid over each other is the mixture of theirs
  Settings loss;           ///< options of its loss, with their defaults
};

/// Immutable; safe to use from several threads.
class Task {
 public:
  explicit Task(Traits traits);
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  [[nodiscard]] const std::string& name() const { return traits_.name; }
  [[nodiscard]] const Traits& traits() const { return traits_; }
  [[nodiscard]] Wants wants() const { return traits_.wants; }
  [[nodiscard]] const std::vector<Quantity>& metrics() const { return traits_.metrics; }

  /// How many numbers a network gives for a picture.
  [[nodiscard]] virtual std::int64_t outputs(std::size_t classes) const = 0;
  /// Of a set with these classes: "one box per picture", "3 classes".
  [[nodiscard]] virtual std::string summary(const std::vector<std::string>& classes) const = 0;

  /// @error invalid_input when the annotation lacks what the task wants
  [[nodiscard]] virtual Result<Target> target(const picture::Annotation& annotation, std::size_t classes) const = 0;
  /// Moves a target along with its picture. Unless a task says otherwise nothing changes.
  virtual void warp(Target& target, const picture::Warp& warp) const;
  /// Whether enough of what is learned stays in the picture; else the warp is drawn again.
  [[nodiscard]] virtual bool survives(std::span<const float> target, const picture::Warp& warp) const;

  /// Puts the task's layers on a family's features.
  virtual graph::HeadOutputs put_head(graph::GraphBuilder& builder, const graph::Features& features,
                                      std::int64_t outputs) const = 0;

  [[nodiscard]] virtual std::unique_ptr<Judge> judge(std::size_t classes, Sum sum = plain_sum) const = 0;
  /// What must be beaten: the metrics of the best guess that does not look at the pictures, and the guess.
  [[nodiscard]] virtual Json baseline(Annotations training, Annotations validation,
                                      const std::vector<std::string>& classes) const = 0;
  /// What a network's outputs for one picture say, in the form of a target.
  [[nodiscard]] virtual Target predicted(std::span<const float> outputs) const = 0;
  /// Draws a target or a prediction.
  virtual void draw(picture::Canvas& canvas, std::span<const float> target,
                    const std::vector<std::string>& classes) const = 0;

 private:
  Traits traits_;
};

/// One line of the catalogue. The task lives as long as the program.
struct Entry {
  explicit Entry(const Task& entered) : name(entered.name()), task(&entered) {}
  std::string name;
  const Task* task;
};
Catalogue<Entry>& tasks();
/// @error invalid_input with all names and the nearest one
Result<const Task*> find_task(const std::string& name);

/// `edgewise::HeadMaker` of a task, which must outlive it.
graph::HeadMaker head_of(const Task& task);

}  // namespace edgewise::task
