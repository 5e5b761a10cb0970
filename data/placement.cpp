#include <algorithm>
#include <array>
#include <format>
#include <unordered_map>

#include "data/images/image_internal.hpp"
#include "data/images/picture_kinds_internal.hpp"
#include "data/parallel_internal.hpp"
#include "data/placement_internal.hpp"
#include "data/plausible_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace {

/// Which way round a picture is meant, and its size then.
struct Upright {
  std::int64_t width = 0, height = 0;
  int orientation = 1;     ///< that is applied
  bool is_stated = false;  ///< the labels' size decided for the pixels as stored, against what is usual
};

/// "48 x 64 pixels", with the other way round where an EXIF orientation makes one.
std::string size_text(const Upright& upright, const ImageHeader& header) {
  std::string text = std::format("{} x {} pixels", upright.width, upright.height);
  if (header.orientation == 1) return text;
  if (upright.orientation == 1)
    return text + std::format(" as stored, its EXIF orientation {} not applied", header.orientation);
  return text + std::format(" after its EXIF orientation {}, {} x {} as stored", header.orientation, header.width,
                            header.height);
}

/// What the labels state decides; else the set's convention.
/// @error a stated size that is neither (of boxes: labels of classes do not depend on it)
Result<Upright> upright(const Record& record, const ImageHeader& header, const DataSpec& spec, task::Wants wants) {
  Upright stored{header.width, header.height}, turned{header.width, header.height, header.orientation};
  if (swaps_edges(header.orientation)) std::swap(turned.width, turned.height);
  const Upright& usual = spec.orientation == "applied" ? turned : stored;
  const auto is_as_stated = [&](const Upright& way) {
    return way.width == record.width && way.height == record.height;
  };
  if (record.width <= 0 || record.height <= 0 || is_as_stated(usual)) return usual;
  if (spec.orientation == "applied" && is_as_stated(stored)) {
    stored.is_stated = true;
    return stored;
  }
  if (wants == task::Wants::label) return usual;
  return invalid(std::format("the labels say that \"{}\" has {} x {} pixels, the file has {}", shown(record.image),
                             record.width, record.height, size_text(usual, header)),
                 is_as_stated(turned) ? "remove data.orientation: the boxes were drawn on the turned picture"
                                      : "scale the boxes to the file, or take the file they were drawn on",
                 record.where);
}

/// Box of a record in pixels of the image, clipped.
Result<Box> placed_box(const Record& record, const LabelledBox& labelled, const Upright& image,
                       const ImageHeader& header) {
  Box box = labelled.box;
  const auto width = static_cast<double>(image.width), height = static_cast<double>(image.height);
  if (record.is_relative) box = {box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height};
  if (box.x0 < -1 || box.y0 < -1 || box.x1 > width + 1 || box.y1 > height + 1) {
    const bool fits_other_way =
        swaps_edges(header.orientation) && box.x0 >= -1 && box.y0 >= -1 && box.x1 <= height + 1 && box.y1 <= width + 1;
    return invalid(std::format("the box {:g} {:g} {:g} {:g} lies outside of \"{}\", which has {}", box.x0, box.y0,
                               box.x1, box.y1, shown(record.image), size_text(image, header)),
                   !fits_other_way ? "correct the box; at most 1 pixel outside is clipped"
                   : image.orientation == 1
                       ? "if the boxes were drawn on the turned pictures, remove data.orientation"
                       : "if the boxes were drawn on the pixels as stored, write data.orientation: as_stored",
                   labelled.where);
  }
  box = {std::max(box.x0, 0.0), std::max(box.y0, 0.0), std::min(box.x1, width), std::min(box.y1, height)};
  if (!(box.x0 < box.x1 && box.y0 < box.y1))
    return invalid(std::format("no part of the box lies inside \"{}\"", shown(record.image)), "correct the box",
                   labelled.where);
  return box;
}

/// Questions the boxes of all kept pictures together. A mistake at one box is told with what could be meant.
Status question(const Opened& opened, const Rule& rule, const std::vector<Kept>& kept, DataSet& set,
                std::optional<Error>* box_mistake) {
  std::vector<WrittenBox> written;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const picture::Annotation& annotation = set.items[i].annotation;
    if (annotation.width <= 0 || annotation.height <= 0 || !rule.asks_boxes(kept[i])) continue;
    for (const LabelledBox& box : kept[i].record->boxes)
      written.push_back({box.box, kept[i].record->is_relative, static_cast<double>(annotation.width),
                         static_cast<double>(annotation.height), &box.where});
  }
  TRY(const auto warnings, question_boxes(written));
  if (*box_mistake) {
    // Which way round the picture is meant explains more than what else x and y could be.
    const bool is_turned = (*box_mistake)->next.find("data.orientation") != std::string::npos;
    if (const std::string reading = opened.format->other_reading(written); !reading.empty() && !is_turned)
      (*box_mistake)->next = reading;
  } else {
    set.remarks.insert(set.remarks.end(), warnings.begin(), warnings.end());
  }
  return {};
}

/// Says which way round pictures were taken, where there was a choice.
void remark_orientations(const std::vector<ImageHeader>& headers, std::size_t stated, DataSet& set) {
  std::size_t oriented = 0, applied = 0;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    oriented += headers[i].orientation != 1;
    applied += set.items[i].orientation != 1;
  }
  if (applied > 0)
    set.remarks.push_back(
        std::format("{} pictures have an EXIF orientation; it is applied, as annotation tools show them "
                    "(data.orientation: as_stored for labels of the "
                    "pixels as stored)",
                    applied));
  if (stated > 0)
    set.remarks.push_back(std::format(
        "{} pictures have an EXIF orientation that is not applied: their labels state the size as stored", stated));
  if (oriented > applied + stated)
    set.remarks.push_back(
        std::format("{} pictures have an EXIF orientation; they are taken as stored (data.orientation)",
                    oriented - applied - stated));
}

}  // namespace

Status fill_items(const Opened& opened, const Rule& rule, const Found& found, const std::vector<Kept>& kept,
                  DataSet& set) {
  std::optional<Error> first;
  std::size_t mistakes = 0, first_at = SIZE_MAX;
  const auto note = [&](std::size_t i, const Error& error) {
    ++mistakes;
    if (i < first_at) first = error, first_at = i;
  };
  set.items.resize(kept.size());
  std::vector<char> is_found(kept.size(), 0), is_placed(kept.size(), 1);
  std::unordered_map<std::string, std::size_t> used;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto& path = found[i];
    if (!path) {
      note(i, path.error());
      continue;
    }
    if (const auto [it, is_new] = used.try_emplace(path->string(), i); !is_new) {
      note(i,
           Error{ErrorCode::invalid_input,
                 std::format("\"{}\" is labelled twice, first at {}", path->string(), kept[it->second].record->where),
                 kept[i].record->where, "leave one label for each image"});
      continue;
    }
    Item& item = set.items[i];
    item.image = *path;
    item.group = kept[i].record->group;
    item.split = kept[i].split;
    is_found[i] = 1;
  }
  std::vector<std::optional<Error>> errors(kept.size());
  std::vector<ImageHeader> headers(kept.size());
  std::vector<char> is_stated(kept.size(), 0);
  parallel_for(
      kept.size(),
      [&](std::size_t i) {
        if (!is_found[i]) return true;
        Item& item = set.items[i];
        auto header = read_image_header(item.image);
        if (!header) {
          errors[i] = header.error();
          errors[i]->where = kept[i].record->where;
          return true;
        }
        headers[i] = *header;
        const Record& record = *kept[i].record;
        const auto image = upright(record, *header, opened.place.spec, set.task->wants());
        if (!image) {
          errors[i] = image.error();
          return true;
        }
        item.annotation.width = image->width;
        item.annotation.height = image->height;
        item.orientation = image->orientation;
        is_stated[i] = image->is_stated;
        const auto place = [&](const LabelledBox& box) { return placed_box(record, box, *image, *header); };
        if (const auto placed = rule.annotate(kept[i], place, item.annotation); !placed)
          errors[i] = placed.error(), is_placed[i] = 0;
        return true;
      },
      256);
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (errors[i]) note(i, *errors[i]);
  std::optional<Error> box_mistake;
  if (first && is_placed[first_at] == 0) box_mistake = first;
  if (!first || box_mistake) TRY_DO(question(opened, rule, kept, set, &box_mistake));
  if (!first) {
    remark_orientations(headers, static_cast<std::size_t>(std::ranges::count(is_stated, 1)), set);
    return settle_pixels(headers, set);
  }
  if (box_mistake) first = box_mistake;
  if (mistakes > 1) first->message += std::format(" (and {} more mistakes)", mistakes - 1);
  return std::unexpected(*first);
}

}  // namespace edgewise::data
