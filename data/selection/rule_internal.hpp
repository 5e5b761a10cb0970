/// What a set takes of the labels, by what is asked of them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "data/dataset.hpp"
#include "data/formats/format.hpp"
#include "data/splits/split_internal.hpp"
#include "picture/annotation.hpp"
#include "task/task.hpp"

namespace edgewise::data {

/// A record that stays, and what of its labels counts.
struct Kept {
  const Record* record;
  std::size_t index;                      ///< of the record
  std::vector<const LabelledBox*> boxes;  ///< that count
  std::string label;                      ///< class of the picture as a whole; empty: not asked, or not known yet
  Split split;
};

/// Gives a box of a picture in its pixels, cut at the edges.
using PlaceBox = std::function<Result<Box>(const LabelledBox&)>;

/// One way to make annotations of labels: by `data.presence`, else by what the task wants. A const rule may be used
/// from several threads.
class Rule {
 public:
  explicit Rule(const DataSpec& spec) : spec_(spec) {}
  virtual ~Rule() = default;
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;

  /// What the format is asked for.
  [[nodiscard]] virtual task::Wants reads() const = 0;
  /// @error a format that cannot tell what is asked
  [[nodiscard]] virtual Status check_format(const Format& format) const;
  /// Classes that the data must have.
  [[nodiscard]] virtual std::vector<std::string> asked_classes() const { return spec_.classes; }
  /// What people should know about labels that the lists name.
  [[nodiscard]] virtual std::string remark_on_listed_labels() const { return {}; }

  /// Which labels of `kept.record` count, or why the picture is left out; "": it stays.
  /// @param listed  the picture's class as a list says it; empty: the lists name no classes
  /// @param classes  of the set, in its own order
  [[nodiscard]] virtual Result<std::string> choose(const std::string& listed, const std::vector<std::string>& classes,
                                                   Kept& kept) const = 0;
  /// Whether a picture's boxes matter, so that they are looked at.
  [[nodiscard]] virtual bool asks_boxes(const Kept&) const { return true; }
  /// What the labels say about one picture, whose size `annotation` has. Called from several threads.
  virtual Status annotate(const Kept& kept, const PlaceBox& place, picture::Annotation& annotation) const = 0;
  /// Names the classes, when all pictures are known.
  virtual Status name_classes(const std::vector<Kept>& kept, const std::vector<std::string>& declared,
                              DataSet& set) const = 0;

 protected:
  [[nodiscard]] const DataSpec& spec() const { return spec_; }
  [[nodiscard]] bool is_wanted(const std::string& name) const;
  /// `data.boxes`: the one box of a picture that counts, or why there is none.
  struct OneBox {
    const LabelledBox* box = nullptr;
    std::string reason;
  };
  [[nodiscard]] OneBox one_box(const Record& record) const;

 private:
  const DataSpec& spec_;
};

/// `spec` is borrowed. @error presence where the task wants no label
Result<std::unique_ptr<Rule>> rule_of(const DataSpec& spec, task::Wants wants);

std::unique_ptr<Rule> label_rule(const DataSpec& spec);     ///< one class for each picture
std::unique_ptr<Rule> presence_rule(const DataSpec& spec);  ///< whether it shows a class
std::unique_ptr<Rule> one_box_rule(const DataSpec& spec);
std::unique_ptr<Rule> all_boxes_rule(const DataSpec& spec);

double area(const Box& box);
/// Begins the reason of a picture that has too many boxes for `boxes: only`.
inline constexpr std::string_view with_several_boxes = "with more than one box";
/// Names without repetitions: in the set's own order, else numbers by value, else by the alphabet.
std::vector<std::string> ordered_classes(const std::vector<std::string>& used,
                                         const std::vector<std::string>& declared);

}  // namespace edgewise::data
