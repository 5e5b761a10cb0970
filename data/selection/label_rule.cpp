#include <algorithm>
#include <format>
#include <unordered_map>

#include "data/account/account_internal.hpp"
#include "data/selection/rule_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace {

/// A label in a list is a class's name or, where the set has a class list, its number.
Result<std::string> named_label(const std::string& label, const std::vector<std::string>& classes,
                                const std::string& where) {
  if (classes.empty() || std::ranges::find(classes, label) != classes.end()) return label;
  const auto number = integer_of(label);
  if (number && *number >= 0 && *number < static_cast<std::int64_t>(classes.size()))
    return classes[static_cast<std::size_t>(*number)];
  const std::string nearest = nearest_word(label, classes);
  return invalid(
      std::format("label \"{}\" is neither a class nor a number from 0 to {}", shown(label), classes.size() - 1),
      nearest.empty() ? "correct the label" : std::format("did you mean \"{}\"?", nearest), where);
}

/// The class that a list says, else the picture's own, else that of its box.
class LabelRule final : public Rule {
 public:
  using Rule::Rule;

  [[nodiscard]] task::Wants reads() const override { return task::Wants::label; }

  [[nodiscard]] Result<std::string> choose(const std::string& listed, const std::vector<std::string>& classes,
                                           Kept& kept) const override {
    const Record& record = *kept.record;
    if (!listed.empty()) {
      TRY(kept.label, named_label(listed, classes, record.where));
      if (record.label && *record.label != kept.label)
        return invalid(std::format("\"{}\" is \"{}\" in the list, but its own label is \"{}\"", shown(record.image),
                                   shown(kept.label), shown(*record.label)),
                       "correct the list", record.where);
    } else if (record.label) {
      TRY(kept.label, named_label(*record.label, classes, record.where));
    } else {
      const OneBox chosen = one_box(record);
      if (!chosen.reason.empty()) return chosen.reason;
      kept.boxes = {chosen.box};
      kept.label = chosen.box->name;
      if (kept.label.empty())
        return invalid("the box has no class", "use task: box, or name the classes", chosen.box->where);
    }
    return is_wanted(kept.label) ? std::string() : std::string(other_classes);
  }

  /// Where lists say the classes, boxes do not matter.
  [[nodiscard]] bool asks_boxes(const Kept& kept) const override { return !kept.boxes.empty(); }

  Status annotate(const Kept&, const PlaceBox&, picture::Annotation&) const override { return {}; }

  /// Labels of a list are the set's own classes; those of the annotations then do not apply.
  Status name_classes(const std::vector<Kept>& kept, const std::vector<std::string>& declared,
                      DataSet& set) const override {
    std::vector<std::string> used;
    for (const Kept& one : kept) used.push_back(one.label);
    set.classes = ordered_classes(used, declared);
    std::unordered_map<std::string, std::int64_t> index;
    for (std::size_t c = 0; c < set.classes.size(); ++c) index[set.classes[c]] = static_cast<std::int64_t>(c);
    for (std::size_t i = 0; i < kept.size(); ++i) set.items[i].annotation.labels = {index[kept[i].label]};
    return {};
  }
};

}  // namespace

std::unique_ptr<Rule> label_rule(const DataSpec& spec) {
  return std::make_unique<LabelRule>(spec);
}

}  // namespace edgewise::data
