#include <algorithm>
#include <format>

#include "data/selection/rule_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace {

/// Whether a box of the class covers more than the share of its picture: the rule of the Visual Wake Words set
/// (Chowdhery et al., arXiv:1906.05721, 2019), whose share is 0.005.
class PresenceRule final : public Rule {
 public:
  using Rule::Rule;

  /// Presence is told by boxes.
  [[nodiscard]] task::Wants reads() const override { return task::Wants::boxes; }
  [[nodiscard]] Status check_format(const Format& format) const override {
    if (format.boxless.empty()) return {};
    return invalid(std::format("{} has no boxes, and presence is told by boxes", format.boxless),
                   "name the annotations (data.annotations), or remove data.presence", spec().path);
  }
  [[nodiscard]] std::vector<std::string> asked_classes() const override { return {spec().presence}; }
  [[nodiscard]] std::string remark_on_listed_labels() const override {
    return "the labels that the lists name are not used: data.presence says the class";
  }

  /// Every picture stays: its label comes when its size is known.
  [[nodiscard]] Result<std::string> choose(const std::string&, const std::vector<std::string>&,
                                           Kept& kept) const override {
    for (const LabelledBox& box : kept.record->boxes)
      if (box.name == spec().presence) kept.boxes.push_back(&box);
    return std::string();
  }

  Status annotate(const Kept& kept, const PlaceBox& place, picture::Annotation& annotation) const override {
    const double picture = static_cast<double>(annotation.width) * static_cast<double>(annotation.height);
    bool is_shown = false;
    for (const LabelledBox* box : kept.boxes) {
      TRY(const Box in_pixels, place(*box));
      is_shown = is_shown || area(in_pixels) > spec().presence_share * picture;
    }
    annotation.labels = {is_shown ? 1 : 0};
    return {};
  }

  Status name_classes(const std::vector<Kept>&, const std::vector<std::string>&, DataSet& set) const override {
    set.classes = {"no " + spec().presence, spec().presence};
    const auto count = static_cast<std::size_t>(
        std::ranges::count_if(set.items, [](const Item& item) { return item.annotation.labels.front() == 1; }));
    if (count == 0 || count == set.items.size())
      return invalid(std::format("{} of {} pictures shows a \"{}\" that covers more than {:g} % of it",
                                 count == 0 ? "none" : "every one", set.items.size(), shown(spec().presence),
                                 spec().presence_share * 100),
                     "a classifier needs pictures of both kinds; check data.presence", spec().path);
    set.remarks.push_back(
        std::format("presence: {} of {} pictures show a \"{}\" whose box covers more than {:g} % of it", count,
                    set.items.size(), shown(spec().presence), spec().presence_share * 100));
    return {};
  }
};

}  // namespace

std::unique_ptr<Rule> presence_rule(const DataSpec& spec) {
  return std::make_unique<PresenceRule>(spec);
}

}  // namespace edgewise::data
