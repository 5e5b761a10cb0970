#include "space/survey.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <functional>

#include "graph/costs.hpp"
#include "space/domain_internal.hpp"

namespace edgewise::space {

namespace {

constexpr std::size_t most_values = 16, most_draws = 300, most_compared = 40, enough_compared = 8;

/// Wilson, J. Am. Stat. Assoc. 22 (1927), at 95 %.
void set_interval(Count& count) {
  const double n = static_cast<double>(count.looked_at), share = static_cast<double>(count.valid) / std::max(n, 1.0);
  if (count.is_exact || n == 0) {
    count.low = count.high = share;
    if (n == 0) count.high = 1;
    return;
  }
  constexpr double z = 1.959964;
  const double middle = share + z * z / (2 * n), width = z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  count.low = std::max(0.0, (middle - width) / (1 + z * z / n));
  count.high = std::min(1.0, (middle + width) / (1 + z * z / n));
}

/// Reasons differ by their numbers: what comes before the first one is the kind.
std::string kind_of_reason(const std::string& reason) {
  const auto digit = reason.find_first_of("0123456789");
  auto kind = reason.substr(0, digit);
  while (!kind.empty() && (kind.back() == ' ' || kind.back() == '"' || kind.back() == '(')) kind.pop_back();
  return kind.empty() ? reason : kind;
}

/// Some values of a domain, from end to end.
std::vector<Value> some_values(const Domain& domain) {
  std::vector<Value> values;
  const auto count = value_count(domain);
  if (!count) {
    for (std::size_t i = 0; i < most_values; ++i)
      values.push_back(value_at_position(domain, static_cast<double>(i) / (most_values - 1)));
    return values;
  }
  const auto shown = std::min<std::uint64_t>(*count, most_values);
  for (std::uint64_t i = 0; i < shown; ++i)
    values.push_back(value_at(domain, shown == 1 ? 0 : i * (*count - 1) / (shown - 1)));
  return values;
}

/// Values under which a parameter exists: one for each it depends on, drawn anew.
Choice conditions_of(const Space& space, const Parameter& parameter, RandomStream& random) {
  Choice given;
  for (const auto* at = &parameter; at->condition;) {
    const auto parent = std::ranges::find(space.parameters(), at->condition->parent, &Parameter::name);
    const auto& words = at->condition->values;
    const auto& word = words[random.below(words.size())];
    if (const auto index = index_of_text(parent->domain, word)) given[parent->name] = value_at(parent->domain, *index);
    at = &*parent;
  }
  return given;
}

class OddityFinder {
 public:
  OddityFinder(const Family& family, const Frame& frame, std::uint64_t seed)
      : family_(family), frame_(frame), random_(RandomStream::named(seed, "space oddities")) {}

  std::vector<Oddity> find() && {
    if (!is_reached({}, Oddity{Oddity::Kind::nothing_valid, "", "", ""})) return std::move(found_);
    for (const auto& parameter : family_.space.parameters()) {
      std::vector<Value> reached;
      for (const auto& value : some_values(parameter.domain))
        if (is_reached([&] { return given_for(parameter, value); },
                       Oddity{Oddity::Kind::unreachable, parameter.name, to_text(value), ""}))
          reached.push_back(value);
      if (reached.size() > 1) compare(parameter, reached);
    }
    return std::move(found_);
  }

 private:
  Choice given_for(const Parameter& parameter, const Value& value) {
    auto given = conditions_of(family_.space, parameter, random_);
    given[parameter.name] = value;
    return given;
  }

  /// Whether a choice that has what is given is valid and can be built; keeps the oddity where none is.
  bool is_reached(const std::function<Choice()>& given, Oddity oddity) {
    std::map<std::string, std::pair<std::size_t, std::string>> reasons;  // how often, and one in full
    std::size_t valid = 0;
    for (std::size_t i = 0; i < most_draws; ++i) {
      const auto choice = family_.space.draw(random_, given ? given() : Choice{});
      std::string reason;
      if (const auto checked = family_.space.check(choice); !checked) {
        reason = checked.error().message;
      } else if (const auto built = family_.build(choice, frame_); built) {
        return true;
      } else {
        ++valid;
        reason = built.error().message;
      }
      auto& entry = reasons[kind_of_reason(reason)];
      ++entry.first;
      entry.second = reason;
    }
    std::vector<std::pair<std::size_t, std::string>> most;
    for (const auto& [kind, entry] : reasons) most.push_back(entry);
    std::ranges::stable_sort(most, std::greater(), [](const auto& entry) { return entry.first; });
    if (valid > 0 && oddity.kind == Oddity::Kind::unreachable) oddity.kind = Oddity::Kind::fails;
    oddity.reason = most.size() > 1 ? most[0].second + "; or " + most[1].second : most[0].second;
    found_.push_back(std::move(oddity));
    return false;
  }

  void compare(const Parameter& parameter, const std::vector<Value>& values) {
    std::size_t compared = 0;
    for (std::size_t i = 0; i < most_draws && compared < most_compared; ++i) {
      const auto choice = family_.space.draw(random_, given_for(parameter, values[i % values.size()]));
      const auto one = family_.space.check(choice) ? family_.build(choice, frame_) : std::unexpected(Error{});
      if (!one) continue;
      const auto name = identity(*one);
      for (const auto& value : values) {
        if (value == choice.at(parameter.name)) continue;
        auto given = choice;
        given[parameter.name] = value;
        const auto other = family_.space.draw(random_, given);  // what depends on it may come and go
        const auto two = family_.space.check(other) ? family_.build(other, frame_) : std::unexpected(Error{});
        if (!two) continue;
        ++compared;
        if (identity(*two) != name) return;
      }
    }
    if (compared >= enough_compared)
      found_.push_back({Oddity::Kind::no_effect, parameter.name, "", std::format("{} pairs", compared)});
  }

  const Family& family_;
  const Frame& frame_;
  RandomStream random_;
  std::vector<Oddity> found_;
};

/// What stands wrong in a file ends with its place: "... (space.yaml:4:17)".
std::string place_at_end(const std::string& reason) {
  const auto open = reason.rfind('(');
  if (open == std::string::npos || !reason.ends_with(')')) return {};
  auto place = reason.substr(open + 1, reason.size() - open - 2);
  return std::ranges::count(place, ':') >= 2 ? place : std::string();
}

}  // namespace

Survey survey(const Family& family, const Frame& frame, std::size_t samples, std::uint64_t seed,
              const std::function<std::map<std::string, double>(const graph::Graph&)>& values) {
  Survey survey;
  auto& count = survey.count;
  count.choices = family.space.size();
  count.is_exact = count.choices && *count.choices <= samples;
  auto random = RandomStream::named(seed, "space samples");
  std::map<std::string, std::vector<double>> all;
  const auto look = [&](const std::optional<Choice>& choice) {
    ++count.looked_at;
    if (!choice) return;
    const auto built = family.build(*choice, frame);
    if (!built) {
      ++survey.reasons[kind_of_reason(built.error().message)];
      return;
    }
    ++count.valid;
    for (const auto& [name, value] : values(built->graph)) all[name].push_back(value);
  };
  if (count.is_exact)
    for (std::uint64_t i = 0; i < *count.choices; ++i) look(family.space.at(i));
  else
    for (std::size_t i = 0; i < samples; ++i) look(family.space.draw(random));
  set_interval(count);
  survey.built = count.valid;
  for (auto& [name, numbers] : all) {
    std::ranges::sort(numbers);
    survey.spreads[name] = {numbers.front(), numbers[numbers.size() / 2], numbers.back()};
  }
  return survey;
}

std::vector<Oddity> find_oddities(const Family& family, const Frame& frame, std::uint64_t seed) {
  return OddityFinder(family, frame, seed).find();
}

std::vector<Error> errors_of(const std::vector<Oddity>& oddities, const Family& family) {
  std::vector<Error> errors;
  for (const auto& one : oddities) {
    Error error;
    const auto place = family.places.find(one.parameter);
    if (place != family.places.end()) error.where = place->second;
    switch (one.kind) {
      case Oddity::Kind::nothing_valid:
        error.message = std::format("no choice is valid: {}", one.reason);
        error.where = place_at_end(one.reason);
        error.next = "mend what is built, or loosen what forbids it";
        break;
      case Oddity::Kind::unreachable:
        error.message = std::format("parameter \"{}\" never has the value {}: no choice with it is valid ({})",
                                    one.parameter, one.value, one.reason);
        error.next = "take it out, or loosen what forbids it";
        break;
      case Oddity::Kind::fails:
        error.message = std::format("parameter \"{}\" cannot be {}: no network with it can be built ({})",
                                    one.parameter, one.value, one.reason);
        error.next = "take it out, or mend what is built of it";
        break;
      case Oddity::Kind::no_effect:
        error.message = std::format("parameter \"{}\" changes neither the network nor its training ({} compared)",
                                    one.parameter, one.reason);
        error.next = "use it in the network, or take it out";
        break;
    }
    errors.push_back(std::move(error));
  }
  return errors;
}

Result<Choice> largest_network(const Family& family, const Frame& frame) {
  constexpr int draws = 100;
  const auto parameters_of = [&](const Choice& choice) -> std::int64_t {
    const auto candidate = family.build(choice, frame);
    return candidate ? graph::costs(candidate->graph).parameters : -1;
  };
  std::optional<Choice> largest;
  std::int64_t most = -1;
  const auto take_if_larger = [&](const Choice& choice) {
    const auto parameters = parameters_of(choice);
    if (parameters <= most) return false;
    largest = choice;
    most = parameters;
    return true;
  };
  auto random = RandomStream::named(1, "largest network");
  for (int i = 0; i < draws; ++i) {
    TRY(const auto choice, family.space.sample(random));
    take_if_larger(choice);
  }
  if (!largest) return invalid("no choice of the space can be built");
  for (bool climbs = true; climbs;) {
    climbs = false;
    for (const Choice& neighbour : family.space.neighbours(*largest)) climbs = take_if_larger(neighbour) || climbs;
  }
  return *largest;
}

}  // namespace edgewise::space
