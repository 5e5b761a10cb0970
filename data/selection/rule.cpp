#include <algorithm>
#include <format>
#include <unordered_map>
#include <unordered_set>

#include "data/account/account_internal.hpp"
#include "data/selection/rule_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

Result<std::unique_ptr<Rule>> rule_of(const DataSpec& spec, task::Wants wants) {
  if (!spec.presence.empty()) {
    if (wants != task::Wants::label)
      return invalid("presence is a class of the whole picture", "write task: classification, or remove data.presence");
    if (!(spec.presence_share >= 0 && spec.presence_share < 1))
      return invalid(std::format("presence share {:g} is not within 0 and 1 (excluded)", spec.presence_share),
                     "the default is 0.005: half a percent of the picture");
    if (!spec.classes.empty())
      return invalid("data.classes and data.presence do not go together",
                     "presence looks at the boxes of its own class alone; remove data.classes");
    return presence_rule(spec);
  }
  switch (wants) {
    case task::Wants::label:
      return label_rule(spec);
    case task::Wants::one_box:
      return one_box_rule(spec);
    case task::Wants::boxes:
      return all_boxes_rule(spec);
  }
  EDGEWISE_ASSERT(false, "every want has a rule");
  return nullptr;
}

Status Rule::check_format(const Format&) const {
  return {};
}

bool Rule::is_wanted(const std::string& name) const {
  return spec_.classes.empty() || std::ranges::find(spec_.classes, name) != spec_.classes.end();
}

Rule::OneBox Rule::one_box(const Record& record) const {
  OneBox chosen;
  std::size_t count = 0;
  for (const LabelledBox& box : record.boxes) {
    if (!is_wanted(box.name)) continue;
    ++count;
    if (!chosen.box || area(box.box) > area(chosen.box->box)) chosen.box = &box;
  }
  const std::string_view of_classes = spec_.classes.empty() ? "" : of_chosen_classes;
  if (count == 0)
    chosen.reason = std::format("without a box{}", of_classes);
  else if (count > 1 && spec_.boxes == "only")
    chosen.reason = std::format("{}{} (boxes: largest keeps them)", with_several_boxes, of_classes);
  return chosen;
}

double area(const Box& box) {
  return (box.x1 - box.x0) * (box.y1 - box.y0);
}

std::vector<std::string> ordered_classes(const std::vector<std::string>& used,
                                         const std::vector<std::string>& declared) {
  std::vector<std::string> ordered;
  std::unordered_set<std::string> seen;
  for (const std::string& name : used)
    if (seen.insert(name).second) ordered.push_back(name);
  std::unordered_map<std::string, std::size_t> rank;
  for (const std::string& name : declared) rank.try_emplace(name, rank.size());
  const bool are_numbers = std::ranges::all_of(ordered, [](const std::string& s) { return integer_of(s).has_value(); });
  std::ranges::sort(ordered, [&](const std::string& a, const std::string& b) {
    const std::size_t ra = rank.contains(a) ? rank[a] : rank.size(), rb = rank.contains(b) ? rank[b] : rank.size();
    if (ra != rb) return ra < rb;
    if (are_numbers && *integer_of(a) != *integer_of(b)) return *integer_of(a) < *integer_of(b);
    return a < b;
  });
  return ordered;
}

}  // namespace edgewise::data
