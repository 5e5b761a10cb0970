#include <algorithm>
#include <array>
#include <cmath>
#include <format>
#include <string>
#include <string_view>

#include "data/images/picture_kinds_internal.hpp"
#include "data/parallel_internal.hpp"

namespace edgewise::data {

namespace {

/// Grey and colour go together as RGB; any other count must be that of all pictures.
Status settle_channels(const std::vector<ImageHeader>& headers, DataSet& set) {
  const auto is_photograph = [](std::int64_t channels) { return channels == 1 || channels == 3; };
  const std::int64_t wanted = set.spec.channels;
  set.channels = wanted > 0 ? wanted : is_photograph(headers.front().channels) ? 3 : headers.front().channels;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::int64_t channels = headers[i].channels;
    if (channels == set.channels || (is_photograph(channels) && is_photograph(set.channels))) continue;
    if (wanted > 0)
      return invalid(
          std::format("data.channels is {}, but \"{}\" has {}", wanted, set.items[i].image.string(), channels),
          is_photograph(wanted) ? std::format("write data.channels: {}, or leave it out", channels)
                                : "grey and colour become 1 or 3 channels, no other number");
    return invalid(std::format("\"{}\" has {} channels, \"{}\" has {}", set.items[i].image.string(), channels,
                               set.items.front().image.string(), headers.front().channels),
                   "use pictures of one kind; grey and colour may be mixed");
  }
  return {};
}

/// The smallest 2^k - 1 that is not less than `value`.
double full_scale(double value) {
  double scale = 255;
  while (scale < value) scale = 2 * scale + 1;
  return scale;
}

bool needs_range(const ImageHeader& header) {
  return header.values != ImageHeader::Values::whole || header.bits > 16;
}

/// What a sample of the pictures chosen by `is_meant` holds.
struct Sample {
  ValuesSeen seen;
  std::size_t pictures = 0, with_missing = 0;
};
template <class Meant>
Result<Sample> sample_of(const std::vector<ImageHeader>& headers, const DataSet& set, const Meant& is_meant) {
  constexpr std::size_t enough = 32;
  constexpr std::int64_t enough_pixels = std::int64_t{1} << 26;  // about a second's decoding
  std::vector<std::size_t> meant;
  for (std::size_t i = 0; i < headers.size(); ++i)
    if (is_meant(headers[i])) meant.push_back(i);
  std::vector<std::size_t> chosen;  // spread over the set: neighbours are often alike
  std::int64_t pixels = 0;
  for (std::size_t k = 0, all = std::min(enough, meant.size()); k < all && pixels < enough_pixels; ++k) {
    chosen.push_back(meant[k * meant.size() / all]);
    pixels += headers[chosen.back()].width * headers[chosen.back()].height;
  }
  std::vector<Result<ValuesSeen>> values(chosen.size(), ValuesSeen{});
  parallel_for(
      chosen.size(),
      [&](std::size_t k) {
        values[k] = values_of(set.items[chosen[k]].image);
        return true;
      },
      1);
  Sample sample;
  for (const auto& each : values) {
    if (!each) return std::unexpected(each.error());
    ++sample.pictures;
    sample.with_missing += each->has_missing;
    if (!each->has_any) continue;
    sample.seen.low = sample.seen.has_any ? std::min(sample.seen.low, each->low) : each->low;
    sample.seen.high = sample.seen.has_any ? std::max(sample.seen.high, each->high) : each->high;
    sample.seen.has_any = true;
    sample.seen.some.insert(sample.seen.some.end(), each->some.begin(), each->some.end());
  }
  std::ranges::sort(sample.seen.some);
  return sample;
}

/// The value that a share of the sampled ones does not exceed: a few hot or dead pixels of a camera do not move it.
double quantile(const ValuesSeen& seen, double share) {
  if (seen.some.empty()) return share < 0.5 ? seen.low : seen.high;
  return static_cast<double>(seen.some[static_cast<std::size_t>(share * static_cast<double>(seen.some.size() - 1))]);
}
constexpr double rare = 0.005;

/// Questions a stated range by the values of one kind of pictures.
void question_range(const std::array<double, 2>& range, const Sample& sample, std::string_view kind, DataSet& set) {
  const auto [low, high] = range;
  const ValuesSeen& seen = sample.seen;
  const std::string from_to =
      std::format("values of {}{} pictures looked at go from {:g} to {:g}", sample.pictures, kind, seen.low, seen.high);
  const auto outside =
      static_cast<double>(std::ranges::count_if(seen.some, [&](float value) { return value < low || value > high; }));
  const double share = seen.some.empty() ? 0 : outside / static_cast<double>(seen.some.size());
  if (share > 0.1)
    set.remarks.push_back(
        std::format("warning: {}; what lies outside of data.range [{:g}, {:g}] becomes its ends: {:.0f} % of them",
                    from_to, low, high, share * 100));
  else if (std::min(quantile(seen, 1 - rare), high) - std::max(quantile(seen, rare), low) < (high - low) / 10)
    set.remarks.push_back(
        std::format("warning: {}, most of them in a small part of data.range [{:g}, {:g}]", from_to, low, high));
  else if (seen.low < low || seen.high > high)
    set.remarks.push_back(
        std::format("{}; what lies outside of data.range [{:g}, {:g}] becomes its ends", from_to, low, high));
}

Status settle_range(const std::vector<ImageHeader>& headers, DataSet& set) {
  set.range = set.spec.range;
  if (const auto first = std::ranges::find_if(headers, needs_range); first != headers.end() && !set.range) {
    TRY(const Sample sample, sample_of(headers, set, needs_range));
    const char* what = first->values == ImageHeader::Values::real           ? "real numbers"
                       : first->values == ImageHeader::Values::whole_signed ? "signed whole numbers"
                                                                            : "whole numbers of 32 bits";
    const std::string& image = set.items[static_cast<std::size_t>(first - headers.begin())].image.string();
    if (!sample.seen.has_any)
      return invalid(std::format("the values of \"{}\" are {}, and {} pictures looked at hold no value at all", image,
                                 what, sample.pictures),
                     "check the files");
    return invalid(std::format("the values of \"{}\" are {}: which of them are black and white is not known; in {} "
                               "pictures they go from {:g} to {:g}",
                               image, what, sample.pictures, sample.seen.low, sample.seen.high),
                   std::format("state the range for all pictures, e.g. data.range: [{:g}, {:g}]",
                               std::floor(sample.seen.low), std::ceil(sample.seen.high)));
  }
  const auto is_deep = [](const ImageHeader& header) { return header.bits > 8 || needs_range(header); };
  const auto deep = static_cast<std::size_t>(std::ranges::count_if(headers, is_deep)), shallow = headers.size() - deep;
  const bool is_mixed = deep > 0 && shallow > 0;
  if (is_mixed && set.range)
    set.remarks.push_back(
        std::format("warning: {} pictures have more than 8 bits a value, {} have 8: data.range [{:g}, {:g}] is applied "
                    "to both kinds alike",
                    deep, shallow, (*set.range)[0], (*set.range)[1]));
  else if (is_mixed)
    set.remarks.push_back(
        std::format("warning: {} pictures have 16 bits a value, {} have 8: each kind is taken by its own full range",
                    deep, shallow));
  if (shallow > 0 && set.range) {
    TRY(const Sample sample, sample_of(headers, set, [&](const ImageHeader& header) { return !is_deep(header); }));
    if (sample.seen.has_any) question_range(*set.range, sample, is_mixed ? " 8-bit" : "", set);
  }
  if (deep == 0) return {};
  TRY(const Sample sample, sample_of(headers, set, is_deep));
  if (sample.with_missing > 0)
    set.remarks.push_back(
        std::format("{} of {} pictures looked at have places without data (NaN or GDAL_NODATA); these take the low end "
                    "of the range",
                    sample.with_missing, sample.pictures));
  if (!sample.seen.has_any) return {};
  if (set.range) {
    question_range(*set.range, sample, is_mixed ? " deeper" : "", set);
    return {};
  }
  const double usual = quantile(sample.seen, 1 - rare),
               most = full_scale(usual) == full_scale(sample.seen.high) ? sample.seen.high : usual;
  if (most < 16384)
    set.remarks.push_back(std::format(
        "warning: the 16-bit pictures use values up to {:g} only{}, so that they are dark; state data.range: [0, {:g}] "
        "if that is all they can be",
        most, sample.seen.high > most ? std::format(" (a few up to {:g})", sample.seen.high) : "", full_scale(most)));
  return {};
}

}  // namespace

Status settle_pixels(const std::vector<ImageHeader>& headers, DataSet& set) {
  if (headers.empty()) return {};
  TRY_DO(settle_channels(headers, set));
  TRY_DO(settle_range(headers, set));
  if (const auto pages = std::ranges::count_if(headers, &ImageHeader::has_more_pages); pages > 0)
    set.remarks.push_back(std::format("{} TIFF files have several pages; the first is read", pages));
  return {};
}

Pixels pixels_of(const DataSet& set, const Item& item) {
  return {.channels = set.channels, .orientation = item.orientation, .range = set.range};
}

}  // namespace edgewise::data
