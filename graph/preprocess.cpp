#include "graph/preprocess.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <format>
#include <string>
#include <utility>

#include "graph/operators_internal.hpp"

namespace edgewise::graph {

namespace {

constexpr std::array<std::string_view, 1> fitting_names{"stretch"};

Status check_extent(std::string_view name, std::int64_t extent) {
  if (extent < 1 || extent > max_extent)
    return invalid(std::format("\"{}\" {} is not within 1 .. {}", name, extent, max_extent));
  return {};
}

Status check_channels(std::string_view name, const std::vector<float>& values, std::int64_t channels) {
  if (std::cmp_not_equal(values.size(), channels))
    return invalid(std::format("\"{}\" has {} entries for {} channels", name, values.size(), channels));
  for (const float value : values)
    if (!std::isfinite(value)) return invalid(std::format("\"{}\" holds {}, not a finite number", name, value));
  return {};
}

Result<std::int64_t> read_extent(const Json& json, const char* name) {
  const Json& value = json[name];
  if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<std::uint64_t>() > max_extent))
    return invalid(std::format("\"{}\" takes a whole number within 1 .. {}", name, max_extent));
  return value.get<std::int64_t>();
}

Result<std::vector<float>> read_numbers(const Json& json, const char* name) {
  const Json& list = json[name];
  if (!list.is_array() || !std::ranges::all_of(list, [](const Json& one) { return one.is_number(); }))
    return invalid(std::format("\"{}\" takes a list of numbers", name));
  return list.get<std::vector<float>>();
}

}  // namespace

std::string_view to_text(Fitting fitting) {
  return fitting_names[static_cast<std::size_t>(fitting)];
}

Normalisation usual_normalisation(std::int64_t channels) {
  if (channels == 3) return {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  const auto n = static_cast<std::size_t>(std::max<std::int64_t>(0, channels));
  return {std::vector<float>(n, 0.5F), std::vector<float>(n, 0.25F)};
}

Result<Preprocess> make_preprocess(std::int64_t height, std::int64_t width, std::int64_t channels) {
  TRY_DO(check_extent("channels", channels));  // before a list of so many entries is made
  return make_preprocess(Preprocess{
      .height = height, .width = width, .channels = channels, .normalisation = usual_normalisation(channels)});
}

Result<Preprocess> make_preprocess(Preprocess preprocess) {
  TRY_DO(check_extent("height", preprocess.height));
  TRY_DO(check_extent("width", preprocess.width));
  TRY_DO(check_extent("channels", preprocess.channels));
  if (static_cast<std::size_t>(preprocess.resize) >= fitting_names.size())
    return invalid(std::format("\"resize\" {} is unknown", static_cast<int>(preprocess.resize)));
  if (!std::isfinite(preprocess.low) || !std::isfinite(preprocess.high) || !(preprocess.low < preprocess.high))
    return invalid(std::format("\"range\" {} .. {} has no extent", preprocess.low, preprocess.high),
                   "give the values of the bytes 0 and 255");
  TRY_DO(check_channels("mean", preprocess.normalisation.mean, preprocess.channels));
  TRY_DO(check_channels("deviation", preprocess.normalisation.deviation, preprocess.channels));
  for (const float value : preprocess.normalisation.deviation)
    if (!(value > 0.0F)) return invalid(std::format("\"deviation\" holds {}, which is not above 0", value));
  return preprocess;
}

Affine from_bytes(const Preprocess& preprocess) {
  const auto& [mean, deviation] = preprocess.normalisation;
  const float extent = preprocess.high - preprocess.low;
  Affine affine;
  for (std::size_t c = 0; c < mean.size(); ++c) {
    affine.factor.push_back(extent / (255.0F * deviation[c]));
    affine.offset.push_back((preprocess.low - mean[c]) / deviation[c]);
  }
  return affine;
}

Json to_json(const Preprocess& preprocess) {
  return {{"height", preprocess.height},
          {"width", preprocess.width},
          {"channels", preprocess.channels},
          {"resize", std::string(to_text(preprocess.resize))},
          {"range", Json::array({preprocess.low, preprocess.high})},
          {"mean", preprocess.normalisation.mean},
          {"deviation", preprocess.normalisation.deviation}};
}

Result<Preprocess> preprocess_from_json(const Json& json) {
  static const std::vector<std::string> members{"height", "width", "channels", "resize", "range", "mean", "deviation"};
  if (!json.is_object()) return invalid("what becomes of a picture is a JSON object", {}, "preprocess");
  for (const auto& [name, value] : json.items())
    if (!std::ranges::contains(members, name))
      return invalid(std::format("{} is not known here; allowed are {}", in_quotes(name), quoted_list(members)), {},
                     "preprocess");
  for (const std::string& name : members)
    if (!json.contains(name)) return invalid(std::format("\"{}\" is missing", name), {}, "preprocess");
  Preprocess preprocess;
  TRY(preprocess.height, read_extent(json, "height"));
  TRY(preprocess.width, read_extent(json, "width"));
  TRY(preprocess.channels, read_extent(json, "channels"));
  const auto fitting =
      std::ranges::find_if(fitting_names, [&](std::string_view name) { return json["resize"] == name; });
  if (fitting == fitting_names.end())
    return invalid(std::format("\"resize\" is not {}", quoted_list({fitting_names.begin(), fitting_names.end()})), {},
                   "preprocess");
  preprocess.resize = static_cast<Fitting>(fitting - fitting_names.begin());
  TRY(const std::vector<float> range, read_numbers(json, "range"));
  if (range.size() != 2) return invalid("\"range\" takes the values of the bytes 0 and 255", {}, "preprocess");
  preprocess.low = range[0];
  preprocess.high = range[1];
  TRY(preprocess.normalisation.mean, read_numbers(json, "mean"));
  TRY(preprocess.normalisation.deviation, read_numbers(json, "deviation"));
  return make_preprocess(std::move(preprocess));
}

}  // namespace edgewise::graph
