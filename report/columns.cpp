#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>
#include <optional>
#include <set>
#include <variant>

#include "report/columns_internal.hpp"
#include "search/pareto.hpp"
#include "search/picks.hpp"

namespace edgewise::report {

std::vector<std::string> choice_names(const study::Study& study) {
  std::set<std::string> names;
  for (const auto& trial : study.trials)
    for (const auto& [name, value] : trial.choice) names.insert(name);
  return {names.begin(), names.end()};
}

std::vector<std::string> varying_choice_names(const study::Study& study) {
  auto names = choice_names(study);
  std::erase_if(names, [&](const std::string& name) {
    const auto& first = study.trials.front().choice;
    const auto expected = first.find(name);
    return std::ranges::all_of(study.trials, [&](const study::Trial& trial) {
      const auto found = trial.choice.find(name);
      if (found == trial.choice.end()) return expected == first.end();
      return expected != first.end() && found->second == expected->second;
    });
  });
  return names;
}

std::vector<std::string> value_names(const study::Study& study) {
  std::set<std::string> others;
  for (const auto& trial : study.trials)
    for (const auto& [name, value] : all_values(trial)) others.insert(name);
  std::vector<std::string> names;
  for (const auto& objective : study.settings.objectives) {
    names.push_back(objective.name);
    others.erase(objective.name);
  }
  names.insert(names.end(), others.begin(), others.end());
  return names;
}

bool Standing::is_on_front(study::TrialId id) const {
  return on_front.contains(id);
}

Standing standing(const study::Study& study) {
  std::optional<study::Expression> rank;
  const auto& job = study.settings.job;
  if (job.is_object() && job.contains("search") && job["search"].is_object()) {
    const auto text = job["search"].value("rank", Json());
    if (text.is_string() && !text.get_ref<const std::string&>().empty()) {
      // A study whose expression no longer parses still has its dominance ranking to show.
      if (auto parsed = study::Expression::parse(text.get_ref<const std::string&>())) rank = *std::move(parsed);
    }
  }
  Standing all;
  all.ranked = search::ranked(study, rank);
  for (std::size_t i = 0; i < all.ranked.size(); ++i) all.rank[all.ranked[i]->id] = i + 1;
  all.front = search::pareto_front(study);
  for (const auto* trial : all.front) all.on_front.insert(trial->id);
  if (!all.front.empty())
    if (const auto knee = search::knee_point(search::objective_matrix(study.settings.objectives, all.front)))
      all.knee = all.front[*knee];
  auto shares = search::contribution_shares(study);
  all.contribution = std::move(shares.of);
  all.no_contribution = std::move(shares.left_out);
  return all;
}

std::optional<bool> was_disturbed(const study::Trial& trial) {
  const auto* result = trial.result();
  if (!result || !result->measurement.is_object() || !result->measurement.contains("disturbed")) return std::nullopt;
  return result->measurement["disturbed"] == Json(true);
}

std::map<std::string, double> all_values(const study::Trial& trial) {
  auto values = numbers(trial.known);
  if (const auto* result = trial.result())
    for (const auto& [name, value] : result->values) values[name] = value.value;
  return values;
}

std::string broken_constraint(const study::Study& study, const study::Trial& trial) {
  return study::violated(study.settings.constraints, all_values(trial)).value_or("");
}

std::string short_number(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::abs(value);
  if (size >= 1e15) return std::format("{:.3e}", value);
  if (size >= 1e9) return std::format("{:.4g}G", value / 1e9);
  if (size >= 1e6) return std::format("{:.4g}M", value / 1e6);
  if (value == std::floor(value)) return std::format("{:.0f}", value);
  if (size >= 1e4) return std::format("{:.0f}", value);
  return std::format("{:.4g}", value);
}

std::string short_text(const space::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return one_line(*text);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  return std::format("{:.4g}", std::get<double>(value));
}

std::string exact_number(double value) {
  if (!std::isfinite(value)) return "";
  // The shortest text of 0.0001 is "1e-04", which spreadsheets and people read less well.
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e15);
  char text[64];
  const auto format = plain ? std::chars_format::fixed : std::chars_format::general;
  return {text, std::to_chars(text, text + sizeof text, value, format).ptr};
}

namespace {

/// The code point that starts at `at`, and its length in bytes; length 0 where the bytes are no UTF-8.
struct Point {
  char32_t code = 0;
  std::size_t length = 0;
};

Point point_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || lead > 0xF4 || at + length > text.size()) return {};
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80) return {};
    code = (code << 6) | (byte(at + i) & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && (code < 0x10000 || code > 0x10FFFF));
  if (overlong || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

struct Range {
  char32_t first, last;
};
// Unicode 16, East Asian Width W and F, gathered into blocks; general categories Mn, Me and Cf likewise.
constexpr Range wide[] = {{0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
                          {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x2728, 0x2728},   {0x274C, 0x274C},
                          {0x2753, 0x2757},   {0x2B50, 0x2B50},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
                          {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
                          {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
                          {0x16FE0, 0x18CFF}, {0x1AFF0, 0x1B2FF}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
                          {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};
constexpr Range empty[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},  {0x0610, 0x061A}, {0x064B, 0x065F},
                           {0x0900, 0x0902}, {0x093C, 0x093C}, {0x1AB0, 0x1AFF},  {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
                           {0x202A, 0x202E}, {0x2060, 0x2064}, {0x2066, 0x206F},  {0x20D0, 0x20FF}, {0xFE00, 0xFE0F},
                           {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}};

std::size_t width_of(char32_t code) {
  const auto within = [&](const Range& range) { return code >= range.first && code <= range.last; };
  if (std::ranges::any_of(empty, within)) return 0;
  return std::ranges::any_of(wide, within) ? 2 : 1;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto point = point_at(text, at);
    if (point.length == 0) {
      clean += "\uFFFD";
      ++at;
    } else {
      clean += text.substr(at, point.length);
      at += point.length;
    }
  }
  return clean;
}

std::string one_line(std::string_view text) {
  std::string line;
  const auto clean = valid_utf8(text);
  for (std::size_t at = 0; at < clean.size();) {
    const auto point = point_at(clean, at);
    const bool control = point.code < 0x20 || (point.code >= 0x7F && point.code < 0xA0) ||
                         (point.code >= 0x202A && point.code <= 0x202E) ||
                         (point.code >= 0x2066 && point.code <= 0x2069);
    if (control)
      line += ' ';
    else
      line.append(clean, at, point.length);
    at += point.length;
  }
  return line;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = point_at(text, at);
    width += point.length == 0 ? 1 : width_of(point.code);
    at += std::max<std::size_t>(point.length, 1);
  }
  return width;
}

std::string cut(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return "";
  std::size_t used = 0, at = 0;
  while (at < text.size()) {
    const auto point = point_at(text, at);
    const auto next = point.length == 0 ? 1 : width_of(point.code);
    if (used + next > width - 1) break;
    used += next;
    at += std::max<std::size_t>(point.length, 1);
  }
  return std::string(text.substr(0, at)) + "…";
}

std::string padded(std::string_view text, std::size_t width, bool right) {
  const auto has = display_width(text);
  const std::string space(width > has ? width - has : 0, ' ');
  return right ? space + std::string(text) : std::string(text) + space;
}

}  // namespace edgewise::report
