#include <unordered_map>

#include "data/selection/rule_internal.hpp"

namespace edgewise::data {

namespace {

/// The only or the largest box, whatever its class.
class OneBoxRule final : public Rule {
 public:
  using Rule::Rule;

  [[nodiscard]] task::Wants reads() const override { return task::Wants::one_box; }

  [[nodiscard]] Result<std::string> choose(const std::string&, const std::vector<std::string>&,
                                           Kept& kept) const override {
    const OneBox chosen = one_box(*kept.record);
    if (chosen.box) kept.boxes = {chosen.box};
    return chosen.reason;
  }

  Status annotate(const Kept& kept, const PlaceBox& place, picture::Annotation& annotation) const override {
    TRY(const Box box, place(*kept.boxes.front()));
    annotation.marks = {{.box = box, .label = 0}};
    return {};
  }

  Status name_classes(const std::vector<Kept>&, const std::vector<std::string>&, DataSet&) const override { return {}; }
};

/// All boxes of the chosen classes; a picture whose labels have none shows none.
class AllBoxesRule final : public Rule {
 public:
  using Rule::Rule;

  [[nodiscard]] task::Wants reads() const override { return task::Wants::boxes; }

  [[nodiscard]] Result<std::string> choose(const std::string&, const std::vector<std::string>&,
                                           Kept& kept) const override {
    for (const LabelledBox& box : kept.record->boxes)
      if (is_wanted(box.name)) kept.boxes.push_back(&box);
    return std::string();
  }

  Status annotate(const Kept& kept, const PlaceBox& place, picture::Annotation& annotation) const override {
    for (const LabelledBox* box : kept.boxes) {
      TRY(const Box in_pixels, place(*box));
      annotation.marks.push_back({.box = in_pixels, .label = 0});
    }
    return {};
  }

  /// A format without classes leaves one that has no name: then there are none.
  Status name_classes(const std::vector<Kept>& kept, const std::vector<std::string>& declared,
                      DataSet& set) const override {
    std::vector<std::string> used;
    for (const Kept& one : kept)
      for (const LabelledBox* box : one.boxes)
        if (!box->name.empty()) used.push_back(box->name);
    set.classes = ordered_classes(used, declared);
    std::unordered_map<std::string, std::int64_t> index;
    for (std::size_t c = 0; c < set.classes.size(); ++c) index[set.classes[c]] = static_cast<std::int64_t>(c);
    for (std::size_t i = 0; i < kept.size(); ++i)
      for (std::size_t k = 0; k < kept[i].boxes.size(); ++k)
        if (const auto known = index.find(kept[i].boxes[k]->name); known != index.end())
          set.items[i].annotation.marks[k].label = known->second;
    return {};
  }
};

}  // namespace

std::unique_ptr<Rule> one_box_rule(const DataSpec& spec) {
  return std::make_unique<OneBoxRule>(spec);
}

std::unique_ptr<Rule> all_boxes_rule(const DataSpec& spec) {
  return std::make_unique<AllBoxesRule>(spec);
}

}  // namespace edgewise::data
