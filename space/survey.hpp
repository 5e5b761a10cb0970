/// What can be learned of a space before a search: how large it is, what its networks cost, what in it makes no sense.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "space/family.hpp"

namespace edgewise::space {

/// The valid choices of a space.
struct Count {
  std::optional<std::uint64_t> choices;  ///< whatever validity says; nothing: a real parameter makes it infinite
  bool is_exact = false;                 ///< every choice was looked at
  std::size_t looked_at = 0, valid = 0;
  /// Of the share of choices that are valid, with 95 % confidence (Wilson's interval); both the share where it is
  /// exact.
  double low = 0, high = 1;
};

/// A quantity over networks.
struct Spread {
  double low = 0, middle = 0, high = 0;
};

struct Survey {
  Count count;
  std::size_t built = 0;                       ///< valid choices whose networks the spreads are of
  std::map<std::string, Spread> spreads;       ///< of what the graph tells, by name
  std::map<std::string, std::size_t> reasons;  ///< why choices were not valid: up to the first figure, how often
};

/// Looks at every choice of a space of up to `samples` choices, else at so many random ones.
/// @param values  of a network, by name
Survey survey(const Family& family, const Frame& frame, std::size_t samples, std::uint64_t seed,
              const std::function<std::map<std::string, double>(const graph::Graph&)>& values);

/// The valid choice whose network has the most parameters, as far as a climb finds it: from the best of some random
/// ones to the best neighbour, until none is better. Settings of training stay as they were drawn.
/// @error invalid_input: no choice is valid
Result<Choice> largest_network(const Family& family, const Frame& frame);

/// Something that makes no sense in a space.
struct Oddity {
  enum class Kind { nothing_valid, unreachable, fails, no_effect };
  Kind kind = Kind::unreachable;
  std::string parameter, value;  ///< no value: the parameter as a whole; no parameter: the space as a whole
  std::string reason;            ///< what most tries ended with; of a parameter without effect how many were compared
};

/// That no choice is valid, and then nothing else; values that no valid choice has, values whose networks cannot be
/// built, and parameters that change neither the network nor its training. Each is found by tries: a value by up to 300
/// draws that have it, an effect by comparing up to 40 networks with theirs when the parameter has another value (what
/// changes no more than the order of nodes is no effect). A value that one in a thousand choices allows may be called
/// unreachable.
std::vector<Oddity> find_oddities(const Family& family, const Frame& frame, std::uint64_t seed);

/// @error invalid_input for each, with what to do and, of a space file, the parameter's place
std::vector<Error> errors_of(const std::vector<Oddity>& oddities, const Family& family);

}  // namespace edgewise::space
