#include "study/bounds.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <format>

namespace edgewise::study {

namespace {

using formula::Kind;
using formula::Node;
constexpr double infinity = std::numeric_limits<double>::infinity();

bool is_open(const Interval& i, bool at_low) {
  return at_low ? i.low_is_open : i.high_is_open;
}

Interval negated(const Interval& a) {
  return {-a.high, -a.low, a.high_is_open, a.low_is_open};
}

/// Of a function that grows, at both ends.
template <class Function>
Interval grown(const Interval& a, Function&& f) {
  return {f(a.low), f(a.high), a.low_is_open, a.high_is_open};
}

/// The ends of an interval that is spanned by some values; they may be reached, which claims less.
Interval spanned(std::initializer_list<double> values) {
  if (std::ranges::any_of(values, [](double v) { return std::isnan(v); })) return {};
  return {std::ranges::min(values), std::ranges::max(values)};
}

// 0 times infinity is 0 here: the infinite end is never reached.
double times(double a, double b) {
  return a == 0 || b == 0 ? 0 : a * b;
}

Interval range_of(const Node& node, const Intervals& known) {
  if (node.kind == Kind::number) return {node.number, node.number};
  if (node.kind == Kind::name) {
    const auto found = known.find(node.name);
    return found == known.end() ? Interval{} : found->second;
  }
  const Interval a = range_of(*node.inner[0], known);
  const Interval b = node.inner.size() > 1 ? range_of(*node.inner[1], known) : Interval{};
  switch (node.kind) {
    case Kind::number:
    case Kind::name:
      break;
    case Kind::negate:
      return negated(a);
    case Kind::add:
      return {a.low + b.low, a.high + b.high, a.low_is_open || b.low_is_open, a.high_is_open || b.high_is_open};
    case Kind::subtract:
      return {a.low - b.high, a.high - b.low, a.low_is_open || b.high_is_open, a.high_is_open || b.low_is_open};
    case Kind::multiply:
      return spanned({times(a.low, b.low), times(a.low, b.high), times(a.high, b.low), times(a.high, b.high)});
    case Kind::divide:
      if (b.low <= 0 && b.high >= 0) return {};
      return spanned(
          {times(a.low, 1 / b.low), times(a.low, 1 / b.high), times(a.high, 1 / b.low), times(a.high, 1 / b.high)});
    case Kind::power:
      if (a.low < 0 || !std::isfinite(b.low) || !std::isfinite(b.high)) return {};
      return spanned(
          {std::pow(a.low, b.low), std::pow(a.low, b.high), std::pow(a.high, b.low), std::pow(a.high, b.high)});
    case Kind::log:
      return grown(a, [](double v) { return v <= 0 ? -infinity : std::log(v); });
    case Kind::exp:
      return grown(a, [](double v) { return std::exp(v); });
    case Kind::sqrt:
      // At and below 0 it is 0 (of what is below it is none): that end is reached, however open the inner one is.
      if (a.low <= 0) {
        Interval root = grown(a, [](double v) { return v <= 0 ? 0 : std::sqrt(v); });
        root.low_is_open = false;
        return root;
      }
      return grown(a, [](double v) { return std::sqrt(v); });
    case Kind::abs:
      if (a.low >= 0) return a;
      if (a.high <= 0) return negated(a);
      return {0, std::max(-a.low, a.high)};
    case Kind::min:
      return {std::min(a.low, b.low), std::min(a.high, b.high)};
    case Kind::max:
      return {std::max(a.low, b.low), std::max(a.high, b.high)};
    default:  // no expression of a study has another
      break;
  }
  return {};
}

/// `slope * name + level`; without a name a constant.
struct Line {
  std::string name;
  double slope = 0, level = 0;
};

std::optional<Line> line_of(const Node& node) {
  if (node.kind == Kind::number) return Line{{}, 0, node.number};
  if (node.kind == Kind::name) return Line{node.name, 1, 0};
  const auto a = line_of(*node.inner[0]);
  if (!a) return {};
  if (node.kind == Kind::negate) return Line{a->name, -a->slope, -a->level};
  const auto b = node.inner.size() > 1 ? line_of(*node.inner[1]) : std::nullopt;
  if (!b) return {};
  switch (node.kind) {
    case Kind::add:
    case Kind::subtract: {
      if (!a->name.empty() && !b->name.empty() && a->name != b->name) return {};
      const double sign = node.kind == Kind::add ? 1 : -1;
      return Line{a->name.empty() ? b->name : a->name, a->slope + sign * b->slope, a->level + sign * b->level};
    }
    case Kind::multiply:
      if (!a->name.empty() && !b->name.empty()) return {};
      if (a->name.empty()) return Line{b->name, a->level * b->slope, a->level * b->level};
      return Line{a->name, a->slope * b->level, a->level * b->level};
    case Kind::divide:
      if (!b->name.empty() || b->level == 0) return {};
      return Line{a->name, a->slope / b->level, a->level / b->level};
    default:
      return {};
  }
  return {};
}

bool is_empty(const Interval& i) {
  return i.low > i.high || (i.low == i.high && (i.low_is_open || i.high_is_open));
}

Interval narrowed(Interval interval, const Bound& bound) {
  if (bound.is_upper && bound.value <= interval.high) {
    interval.high_is_open = bound.is_strict || (interval.high_is_open && bound.value == interval.high);
    interval.high = bound.value;
  } else if (!bound.is_upper && bound.value >= interval.low) {
    interval.low_is_open = bound.is_strict || (interval.low_is_open && bound.value == interval.low);
    interval.low = bound.value;
  }
  return interval;
}

/// Whether `a < b` (or <=) holds for no values of the two.
bool never_less(const Interval& a, const Interval& b, bool is_strict) {
  if (std::isnan(a.low) || std::isnan(b.high)) return false;
  return a.low > b.high ||
         (a.low == b.high && std::isfinite(a.low) && (is_strict || is_open(a, true) || is_open(b, false)));
}

/// Both sides of a comparison, the side that shall be less first.
struct ComparisonSides {
  const Node* less;
  const Node* more;
  bool is_strict;
  static std::optional<ComparisonSides> of(const Comparison& comparison) {
    const auto* left = comparison.left_tree();
    const auto* right = comparison.right_tree();
    if (!left || !right) return {};
    const bool is_less = comparison.sign().starts_with('<');
    return ComparisonSides{is_less ? left : right, is_less ? right : left, comparison.sign().size() == 1};
  }
};

}  // namespace

std::optional<Bound> bound_of(const Comparison& comparison) {
  const auto sides = ComparisonSides::of(comparison);
  if (!sides) return {};
  const auto less = line_of(*sides->less), more = line_of(*sides->more);
  if (!less || !more || (!less->name.empty() && !more->name.empty() && less->name != more->name)) return {};
  // slope * name < level
  const double slope = less->slope - more->slope, level = more->level - less->level;
  const double value = level / slope;
  if (slope == 0 || !std::isfinite(value)) return {};
  return Bound{less->name.empty() ? more->name : less->name, slope > 0, sides->is_strict, value};
}

std::vector<Impossible> impossible(const std::vector<Constraint>& constraints, const Intervals& known) {
  std::vector<Impossible> found;
  Intervals narrow = known;
  std::map<std::string, std::array<std::optional<std::size_t>, 2>>
      said_by;  // the constraint at the lower, at the upper end
  std::vector<bool> is_told(constraints.size(), false);
  const auto tell = [&](const Impossible& one) {
    is_told[one.constraint] = true;
    found.push_back(one);
  };
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    const auto bound = bound_of(constraints[i].comparison);
    if (!bound) continue;
    const auto declared = known.find(bound->name);
    if (declared != known.end() && is_empty(narrowed(declared->second, *bound))) {
      tell({.constraint = i});
      continue;
    }
    auto& now = narrow[bound->name];
    const auto next = narrowed(now, *bound);
    auto& ends = said_by[bound->name];
    if (is_empty(next)) {
      const auto other = ends[bound->is_upper ? 0 : 1];
      tell({.constraint = i, .other = other, .is_alone = !other.has_value()});
      continue;
    }
    const bool is_changed = bound->is_upper ? next.high != now.high || next.high_is_open != now.high_is_open
                                            : next.low != now.low || next.low_is_open != now.low_is_open;
    if (is_changed) ends[bound->is_upper ? 1 : 0] = i;
    now = next;
  }
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    const auto sides = ComparisonSides::of(constraints[i].comparison);
    if (!sides || is_told[i] || bound_of(constraints[i].comparison)) continue;
    if (never_less(range_of(*sides->less, known), range_of(*sides->more, known), sides->is_strict))
      tell({.constraint = i});
    else if (never_less(range_of(*sides->less, narrow), range_of(*sides->more, narrow), sides->is_strict))
      tell({.constraint = i, .is_alone = false});
  }
  std::ranges::sort(found, {}, &Impossible::constraint);
  return found;
}

std::vector<std::size_t> always_kept(const std::vector<Constraint>& constraints, const Intervals& known) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    const auto sides = ComparisonSides::of(constraints[i].comparison);
    // It holds always where its opposite never does.
    if (sides && never_less(range_of(*sides->more, known), range_of(*sides->less, known), !sides->is_strict))
      kept.push_back(i);
  }
  return kept;
}

}  // namespace edgewise::study
