/// What the tables and the page share: which columns a study has, and how texts and numbers are written for people.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "study/study.hpp"

namespace edgewise::report {

/// Names of all parameters that some trial has, in name order.
std::vector<std::string> choice_names(const study::Study& study);
/// Those of them whose value differs between trials (being absent counts as a value).
std::vector<std::string> varying_choice_names(const study::Study& study);
/// Names of all recorded values: objectives in their order, then the others in name order.
std::vector<std::string> value_names(const study::Study& study);

/// A front of more trials than this is also shown by the few that stand for it.
constexpr std::size_t long_front = 12;

/// Where each trial stands.
struct Standing {
  std::vector<const study::Trial*> ranked;     ///< best first; trials without a rank are not in it
  std::vector<const study::Trial*> front;      ///< in order of the first objective
  std::set<study::TrialId> on_front;           ///< the same by number
  const study::Trial* knee = nullptr;          ///< of the front; null without a front
  std::map<study::TrialId, std::size_t> rank;  ///< from 1
  /// Of the front's trials: share of the hypervolume that nothing else there covers. May be empty.
  std::map<study::TrialId, double> contribution;
  std::string no_contribution;  ///< why it is empty, for people; "" when it is not, and without a front
  [[nodiscard]] bool is_on_front(study::TrialId id) const;
};
/// The ranking that the study's own job asks for (`search.rank`), or by dominance.
Standing standing(const study::Study& study);

/// Values of a trial by name: what is known, overlaid by the latest result.
std::map<std::string, double> all_values(const study::Trial& trial);
/// What `study::violated` says of the trial; "" when it keeps all constraints.
std::string broken_constraint(const study::Study& study, const study::Trial& trial);

/// Whether the latency was measured while something else used the machine; nothing when it was not measured.
std::optional<bool> was_disturbed(const study::Trial& trial);

/// Four significant digits, "3.505M" for a large count, "-" for what is not finite.
std::string short_number(double value);
/// A parameter's value as a person reads it.
std::string short_text(const space::Value& value);
/// The shortest text that reads back as the same number; "" for what is not finite.
std::string exact_number(double value);

/// `text` as valid UTF-8: each broken byte becomes U+FFFD.
std::string valid_utf8(std::string_view text);
/// As `valid_utf8`, and control characters become spaces, so that a recorded text cannot steer a terminal.
std::string one_line(std::string_view text);
/// Columns that a terminal needs for valid UTF-8: 2 for East Asian wide characters and pictographs, 0 for combining
/// marks.
std::size_t display_width(std::string_view text);
/// At most `width` columns, the last of them an ellipsis when something was cut.
std::string cut(std::string_view text, std::size_t width);
/// Filled up with spaces to `width` columns.
std::string padded(std::string_view text, std::size_t width, bool right);

}  // namespace edgewise::report
