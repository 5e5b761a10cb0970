// Walking about in a space: how many choices there are, the n-th one, random ones, near ones, and their codes for
// surrogates.
#include <algorithm>
#include <limits>
#include <map>

#include "space/domain_internal.hpp"
#include "space/space.hpp"

namespace edgewise::space {

namespace {

constexpr std::uint64_t largest_size = std::uint64_t{1} << 63;

std::optional<std::uint64_t> times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product) || product > largest_size) return {};
  return product;
}

/// Conditions make a forest: a parameter belongs to one parent. The choices of a tree are the sum over its root's
/// values of the product of what these values make exist.
struct Counts {
  struct Tree {
    std::uint64_t values = 1, choices = 1;
    std::map<std::uint64_t, std::vector<std::size_t>> children;  ///< by the parent's value, in order
    std::map<std::uint64_t, std::uint64_t> choices_below;        ///< product over those children
  };
  std::vector<Tree> trees;  ///< one for each parameter
  std::uint64_t all = 1;
};

std::optional<Counts> count(const std::vector<Parameter>& parameters) {
  Counts counts;
  counts.trees.resize(parameters.size());
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    places[parameters[i].name] = i;
    const auto values = value_count(parameters[i].domain);
    if (!values) return {};
    counts.trees[i].values = *values;
    if (!parameters[i].condition) continue;
    const auto parent = places.at(parameters[i].condition->parent);
    for (const auto& text : parameters[i].condition->values) {
      auto& children = counts.trees[parent].children[*index_of_text(parameters[parent].domain, text)];
      if (children.empty() || children.back() != i) children.push_back(i);
    }
  }
  for (std::size_t i = parameters.size(); i-- > 0;) {
    auto& tree = counts.trees[i];
    tree.choices = tree.values - tree.children.size();
    for (const auto& [value, children] : tree.children) {
      std::uint64_t product = 1;
      for (const auto child : children) {
        const auto next = times(product, counts.trees[child].choices);
        if (!next) return {};
        product = *next;
      }
      tree.choices_below[value] = product;
      tree.choices += product;  // two numbers up to 2^63 never wrap
      if (tree.choices > largest_size) return {};
    }
    if (parameters[i].condition) continue;
    const auto next = times(counts.all, tree.choices);
    if (!next) return {};
    counts.all = *next;
  }
  return counts;
}

/// Which value of a tree's root the choices numbered `index` (in units of choices below the root) have, and the number
/// left over.
std::pair<std::uint64_t, std::uint64_t> find_value(const Counts::Tree& tree, std::uint64_t rest, std::uint64_t index) {
  std::uint64_t value = 0;
  for (const auto& [special, below] : tree.choices_below) {
    const auto plain = special - value;  // values without children, `rest` choices each
    if (index / rest < plain) return {value + index / rest, index % rest};
    index -= plain * rest;
    if (index / rest < below) return {special, index};
    index -= below * rest;
    value = special + 1;
  }
  return {value + index / rest, index % rest};
}

/// The first values of what is active and absent; what is inactive goes.
Choice completed(const Space& space, const Choice& wanted) {
  Choice choice;
  for (const auto& parameter : space.parameters()) {
    if (!space.is_active(parameter, choice)) continue;
    const auto found = wanted.find(parameter.name);
    choice[parameter.name] = found != wanted.end() ? found->second : value_at(parameter.domain, 0);
  }
  return choice;
}

std::vector<Value> alternatives(const Domain& domain, const Value& value) {
  std::vector<Value> others;
  if (const auto* set = std::get_if<Categorical>(&domain)) {
    for (const auto& category : set->values) {
      if (Value(category) != value) others.emplace_back(category);
    }
    return others;
  }
  if (const auto count = value_count(domain)) {
    const auto index = *index_of(domain, value);
    if (index > 0) others.push_back(value_at(domain, index - 1));
    if (index + 1 < *count) others.push_back(value_at(domain, index + 1));
    return others;
  }
  const auto place = position(domain, value);
  for (const auto step : {-0.1, 0.1}) {
    const auto other = value_at_position(domain, place + step);
    // At an end of the range, rounding may bring the end itself back.
    if (other != value && std::abs(position(domain, other) - place) > 1e-9) others.push_back(other);
  }
  return others;
}

std::size_t code_size(const Parameter& parameter) {
  const auto* set = std::get_if<Categorical>(&parameter.domain);
  return (set != nullptr ? set->values.size() : 1) + (parameter.condition ? 1 : 0);
}

}  // namespace

void Space::list(std::vector<Choice> valid) {
  EDGEWISE_ASSERT(!valid.empty(), "a space without a valid choice is listed");
  listed_ = std::make_shared<const std::vector<Choice>>(std::move(valid));
}

std::optional<std::uint64_t> Space::size() const {
  if (listed_) return listed_->size();
  const auto counts = count(parameters_);
  if (!counts) return {};
  return counts->all;
}

std::optional<Choice> Space::at(std::uint64_t index) const {
  if (listed_) return index < listed_->size() ? std::optional((*listed_)[index]) : std::nullopt;
  const auto counts = count(parameters_);
  if (!counts || index >= counts->all) return {};
  Choice choice;
  auto open = counts->all;  // choices that agree with what is chosen so far
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!is_active(parameters_[i], choice)) continue;
    const auto& tree = counts->trees[i];
    const auto rest = open / tree.choices;  // choices of all that is still open beside this tree
    const auto [value, left] = find_value(tree, rest, index);
    choice[parameters_[i].name] = value_at(parameters_[i].domain, value);
    const auto below = tree.choices_below.find(value);
    open = rest * (below != tree.choices_below.end() ? below->second : 1);
    index = left;
  }
  if (validity_ && validity_(choice)) return {};
  return choice;
}

Choice Space::draw(RandomStream& random, const Choice& given) const {
  Choice choice;
  for (const auto& parameter : parameters_) {
    if (!is_active(parameter, choice)) continue;
    const auto known = given.find(parameter.name);
    choice[parameter.name] = known != given.end() ? known->second : space::draw(parameter.domain, random);
  }
  return choice;
}

Result<Choice> Space::sample(RandomStream& random) const {
  if (listed_) return (*listed_)[random.below(listed_->size())];
  constexpr int draws = 10'000;
  std::optional<std::string> mistake;
  for (int i = 0; i < draws; ++i) {
    auto choice = draw(random);
    if (validity_) mistake = validity_(choice);
    if (!mistake) return choice;
  }
  return invalid("none of 10000 random choices is valid; the last one: " + *mistake,
                 "narrow the space less, or relax what makes choices valid");
}

std::vector<Choice> Space::neighbours(const Choice& choice) const {
  if (!check(choice)) return {};
  std::vector<Choice> all;
  for (const auto& parameter : parameters_) {
    const auto found = choice.find(parameter.name);
    if (found == choice.end()) continue;
    for (auto& other : alternatives(parameter.domain, found->second)) {
      auto wanted = choice;
      wanted[parameter.name] = std::move(other);
      auto neighbour = completed(*this, wanted);
      if (!validity_ || !validity_(neighbour)) all.push_back(std::move(neighbour));
    }
  }
  return all;
}

std::size_t Space::encoded_size() const {
  std::size_t size = 0;
  for (const auto& parameter : parameters_) size += code_size(parameter);
  return size;
}

std::vector<double> Space::encode(const Choice& choice) const {
  std::vector<double> code;
  code.reserve(encoded_size());
  for (const auto& parameter : parameters_) {
    const auto begin = code.size();
    code.resize(begin + code_size(parameter), 0.0);
    const auto found = choice.find(parameter.name);
    if (found == choice.end()) continue;
    const auto index = index_of(parameter.domain, found->second);
    EDGEWISE_ASSERT(index.has_value(), "only a checked choice can be encoded");
    if (std::holds_alternative<Categorical>(parameter.domain)) {
      code[begin + *index] = 1.0;
    } else {
      code[begin] = position(parameter.domain, found->second);
    }
    if (parameter.condition) code.back() = 1.0;
  }
  return code;
}

Choice Space::decode(const std::vector<double>& code) const {
  EDGEWISE_ASSERT(code.size() == encoded_size(), "a code has as many numbers as its space says");
  Choice choice;
  std::size_t begin = 0;
  for (const auto& parameter : parameters_) {
    const auto size = code_size(parameter);
    if (is_active(parameter, choice)) {
      if (const auto* set = std::get_if<Categorical>(&parameter.domain)) {
        std::size_t best = 0;
        for (std::size_t i = 1; i < set->values.size(); ++i) {
          if (code[begin + i] > code[begin + best]) best = i;
        }
        choice[parameter.name] = set->values[best];
      } else {
        choice[parameter.name] = value_at_position(parameter.domain, code[begin]);
      }
    }
    begin += size;
  }
  return choice;
}

}  // namespace edgewise::space
