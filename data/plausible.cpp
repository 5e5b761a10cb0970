#include <algorithm>
#include <format>

#include "data/plausible_internal.hpp"

namespace edgewise::data {

namespace {

/// Pictures of a few pixels may well have boxes of one.
constexpr double smallest_edge = 8;
/// Fewer boxes than these may look odd by chance.
constexpr std::size_t enough_boxes = 8;

bool is_share(const WrittenBox& written) {
  const Box& b = written.box;
  // Boxes drawn by hand reach a little beyond the picture.
  return std::min(b.x0, b.y0) >= -0.01 && largest_number(b) <= 1.01;
}

bool is_below_a_pixel(const WrittenBox& written) {
  const Box b = in_pixels(written);
  return b.x1 - b.x0 < 1 && b.y1 - b.y0 < 1;
}

std::string so_many(std::size_t some, std::size_t all) {
  if (all == 1) return "the only box";
  return some == all ? std::format("all {} boxes", all) : std::format("{} of {} boxes", some, all);
}

/// An error when at least half are odd, a warning when a few are; `question` says what they could be.
Status weigh(std::size_t odd, std::size_t all, const WrittenBox* first, const std::string& lie,
             const std::string& question, const std::string& next, std::vector<std::string>& warnings) {
  if (odd == 0) return {};
  const bool is_one = odd == 1;
  const std::string verb = is_one ? lie.substr(0, lie.find('/')) : lie.substr(lie.find('/') + 1);
  if (odd * 2 >= all) return invalid(std::format("{} {}: {}", so_many(odd, all), verb, question), next, *first->where);
  warnings.push_back(
      std::format("warning: {} {}, the first at {}: {}", so_many(odd, all), verb, *first->where, question));
  return {};
}

}  // namespace

Result<std::vector<std::string>> question_boxes(std::span<const WrittenBox> boxes) {
  std::vector<std::string> warnings;
  std::size_t in_pixels_count = 0, shares = 0, relative = 0, tiny = 0, whole = 0;
  const WrittenBox *first_share = nullptr, *first_tiny = nullptr;
  double reach = 0, largest = 0, shortest_edge = 1e18;
  for (const WrittenBox& written : boxes) {
    const Box b = in_pixels(written);
    if (b.x0 <= 0.01 * written.width && b.y0 <= 0.01 * written.height && b.x1 >= 0.99 * written.width &&
        b.y1 >= 0.99 * written.height)
      ++whole;
    reach = std::max({reach, b.x1 / written.width, b.y1 / written.height});
    shortest_edge = std::min({shortest_edge, written.width, written.height});
    if (std::max(written.width, written.height) <= smallest_edge) continue;
    if (written.is_relative) {
      ++relative;
      if (is_below_a_pixel(written) && tiny++ == 0) first_tiny = &written;
    } else {
      ++in_pixels_count;
      largest = std::max(largest, largest_number(written.box));
      if (is_share(written) && shares++ == 0) first_share = &written;
    }
  }
  TRY_DO(weigh(shares, in_pixels_count, first_share, "lies within 0 to 1/lie within 0 to 1",
               "are they shares of the picture?", "write pixels: multiply by the picture's width and height",
               warnings));
  TRY_DO(weigh(tiny, relative, first_tiny, "is smaller than a pixel/are smaller than a pixel",
               "were they divided by the picture's size twice?",
               "write shares of the picture's width and height, 0 to 1", warnings));
  if (boxes.size() < enough_boxes) return warnings;
  if (whole == boxes.size())
    warnings.push_back(std::format("warning: all {} boxes are the whole picture: is that meant?", boxes.size()));
  if (in_pixels_count == boxes.size() && reach < 0.5 && shortest_edge > 32) {
    const bool is_percent = largest <= 100 && shortest_edge >= 200;
    const bool is_per_mille = largest <= 1000 && largest > 900;
    warnings.push_back(
        std::format("warning: all {} boxes lie in the top left quarter of their pictures (no number is above {:g}): {}",
                    boxes.size(), largest,
                    is_percent     ? "are they percent of the picture?"
                    : is_per_mille ? "are they thousandths of the picture?"
                                   : "were they drawn on smaller copies of the pictures?"));
  }
  return warnings;
}

}  // namespace edgewise::data
