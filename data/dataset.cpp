#include "data/dataset.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <format>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "data/account_internal.hpp"
#include "data/builtin/builtin_internal.hpp"
#include "data/formats/format.hpp"
#include "data/image_finder_internal.hpp"
#include "data/images/image_internal.hpp"
#include "data/images/picture_kinds_internal.hpp"
#include "data/parallel_internal.hpp"
#include "data/plausible_internal.hpp"
#include "data/splits/split_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

std::string_view to_text(Task task) {
  return task == Task::classification ? "classification" : "box";
}

std::string_view to_text(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::validation:
      return "validation";
    case Split::test:
      return "test";
  }
  return "";
}

double intersection_over_union(const Box& a, const Box& b) {
  const auto area = [](const Box& box) { return std::max(0.0, box.x1 - box.x0) * std::max(0.0, box.y1 - box.y0); };
  const double shared = area({std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)});
  if (area(a) <= 0 || area(b) <= 0) return 0;
  return shared / (area(a) + area(b) - shared);
}

std::vector<std::size_t> DataSet::of(Split split) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (items[i].split == split) found.push_back(i);
  return found;
}

namespace {

Status check_spec(const DataSpec& spec) {
  if (!(spec.validation_share > 0 && spec.validation_share <= 0.9))
    return invalid(std::format("validation_share {:g} is not within 0 (excluded) and 0.9", spec.validation_share),
                   "the default is 0.2");
  if (!(spec.test_share >= 0 && spec.test_share + spec.validation_share <= 0.95))
    return invalid(
        std::format("test_share {:g} is not within 0 and {:g}", spec.test_share, 0.95 - spec.validation_share),
        "leave at least 5 % for training");
  if (spec.orientation != "applied" && spec.orientation != "as_stored")
    return invalid(
        std::format("orientation \"{}\" is not one of \"applied\" or \"as_stored\"", shown(spec.orientation)),
        "\"applied\" turns pictures as their EXIF orientation says");
  if (spec.channels < 0 || spec.channels > max_channels)
    return invalid(std::format("channels {} is not within 1 and {}", spec.channels, max_channels),
                   "0 takes what the files have");
  if (spec.range &&
      !((*spec.range)[0] < (*spec.range)[1] && std::isfinite((*spec.range)[0]) && std::isfinite((*spec.range)[1])))
    return invalid(
        std::format("range [{:g}, {:g}] is not from a lower to a higher number", (*spec.range)[0], (*spec.range)[1]),
        "write e.g. [0, 4095]");
  if (spec.boxes != "only" && spec.boxes != "largest") {
    const std::string nearest = nearest_word(spec.boxes, {"only", "largest"});
    return invalid(std::format("boxes \"{}\" is not one of \"only\" or \"largest\"", shown(spec.boxes)),
                   nearest.empty()
                       ? "\"only\" keeps images with exactly one box, \"largest\" takes the largest of each image"
                       : std::format("did you mean \"{}\"?", nearest));
  }
  return {};
}

Status check_presence(const DataSpec& spec, Task task) {
  if (spec.presence.empty()) return {};
  if (task != Task::classification)
    return invalid("presence is a class of the whole picture", "write task: classification, or remove data.presence");
  if (!(spec.presence_share >= 0 && spec.presence_share < 1))
    return invalid(std::format("presence share {:g} is not within 0 and 1 (excluded)", spec.presence_share),
                   "the default is 0.005: half a percent of the picture");
  if (!spec.classes.empty())
    return invalid("data.classes and data.presence do not go together",
                   "presence looks at the boxes of its own class alone; remove data.classes");
  return {};
}

/// A record that stays: its only or largest box, its class, its split.
struct Kept {
  const Record* record;
  std::size_t index;  ///< of the record
  const LabelledBox* box = nullptr;
  std::string label;
  Split split;
};

double area(const Box& box) {
  return (box.x1 - box.x0) * (box.y1 - box.y0);
}

/// Classes in the set's own order, else numbers by value, else by the alphabet.
std::vector<std::string> ordered_classes(const std::vector<Kept>& kept, const std::vector<std::string>& declared) {
  std::vector<std::string> used;
  std::unordered_set<std::string> seen;
  for (const Kept& k : kept)
    if (seen.insert(k.label).second) used.push_back(k.label);
  std::unordered_map<std::string, std::size_t> rank;
  for (const std::string& name : declared) rank.try_emplace(name, rank.size());
  const bool are_numbers = std::ranges::all_of(used, [](const std::string& s) { return integer_of(s).has_value(); });
  std::ranges::sort(used, [&](const std::string& a, const std::string& b) {
    const std::size_t ra = rank.contains(a) ? rank[a] : rank.size(), rb = rank.contains(b) ? rank[b] : rank.size();
    if (ra != rb) return ra < rb;
    if (are_numbers && *integer_of(a) != *integer_of(b)) return *integer_of(a) < *integer_of(b);
    return a < b;
  });
  return used;
}

/// A label in a list is a class's name or, where the set has a class list, its number.
Result<std::string> named_label(const std::string& label, const std::vector<std::string>& classes,
                                const std::string& where) {
  if (classes.empty() || std::ranges::find(classes, label) != classes.end()) return label;
  const auto number = integer_of(label);
  if (number && *number >= 0 && *number < static_cast<std::int64_t>(classes.size()))
    return classes[static_cast<std::size_t>(*number)];
  const std::string nearest = nearest_word(label, classes);
  return invalid(
      std::format("label \"{}\" is neither a class nor a number from 0 to {}", shown(label), classes.size() - 1),
      nearest.empty() ? "correct the label" : std::format("did you mean \"{}\"?", nearest), where);
}

/// @error a class that the data does not have
Status check_classes(const std::vector<std::string>& wanted, const Records& records,
                     const std::vector<std::string>& listed) {
  if (wanted.empty()) return {};
  std::vector<std::string> known = records.classes;
  std::unordered_set<std::string> seen(known.begin(), known.end());
  const auto note = [&](const std::string& name) {
    if (!name.empty() && seen.insert(name).second) known.push_back(name);
  };
  for (const Record& record : records.records) {
    if (record.label) note(*record.label);
    for (const LabelledBox& box : record.boxes) note(box.name);
  }
  for (const std::string& name : listed) note(name);
  for (const std::string& name : wanted)
    if (!seen.contains(name)) {
      const std::string nearest = nearest_word(name, known);
      std::vector<std::string> some(
          known.begin(), known.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(known.size(), 20)));
      return invalid(std::format("class \"{}\" is not in the data", shown(name)),
                     !nearest.empty() ? std::format("did you mean \"{}\"?", nearest)
                     : known.empty()  ? "the labels name no classes; remove data.classes or data.presence"
                                      : "the data has " + quoted_list(some));
    }
  return {};
}

/// Applies the class filter and the box rule; `fates` says of each record that is left out why.
Result<std::vector<Kept>> select(const Place& place, const Records& records, const Splits& splits,
                                 std::vector<Fate>& fates) {
  const DataSpec& spec = place.spec;
  const bool asks_presence = !spec.presence.empty();
  const auto is_wanted = [&](const std::string& name) {
    return spec.classes.empty() || std::ranges::find(spec.classes, name) != spec.classes.end();
  };
  TRY_DO(check_classes(asks_presence ? std::vector{spec.presence} : spec.classes, records, splits.labels));
  const std::string of_classes(spec.classes.empty() ? "" : of_chosen_classes);
  std::vector<Kept> kept;
  std::size_t with_several = 0;
  for (std::size_t i = 0; i < records.records.size(); ++i) {
    if (!splits.of[i]) {
      fates[i].reason = splits.lists.empty() ? no_split : in_no_list;
      continue;
    }
    const Record& record = records.records[i];
    Kept item{&record, i, nullptr, {}, *splits.of[i]};
    if (asks_presence) {  // of every picture: its label comes when its size is known
      kept.push_back(std::move(item));
      continue;
    }
    if (place.task == Task::classification && !splits.labels.empty()) {
      TRY(item.label, named_label(splits.labels[i], records.classes, record.where));
      if (record.label && *record.label != item.label)
        return invalid(std::format("\"{}\" is \"{}\" in the list, but its own label is \"{}\"", shown(record.image),
                                   shown(item.label), shown(*record.label)),
                       "correct the list", record.where);
    } else if (place.task == Task::classification && record.label) {
      TRY(item.label, named_label(*record.label, records.classes, record.where));
    } else {
      std::size_t count = 0;
      for (const LabelledBox& box : record.boxes) {
        if (!is_wanted(box.name)) continue;
        ++count;
        if (!item.box || area(box.box) > area(item.box->box)) item.box = &box;
      }
      if (count == 0) {
        fates[i].reason = "without a box" + of_classes;
        continue;
      }
      if (count > 1 && spec.boxes == "only") {
        ++with_several;
        fates[i].reason = std::format("with more than one box{} (boxes: largest keeps them)", of_classes);
        continue;
      }
      item.label = item.box->name;
      if (place.task == Task::classification && item.label.empty())
        return invalid("the box has no class", "use task: box, or name the classes", item.box->where);
    }
    if (place.task == Task::classification && !is_wanted(item.label)) {
      fates[i].reason = other_classes;
      continue;
    }
    kept.push_back(std::move(item));
  }
  if (kept.empty())
    return invalid(std::format("no image is left of {}", records.records.size()),
                   with_several > 0 ? "write boxes: largest to keep images with several boxes"
                                    : "check data.classes, data.splits and the labels",
                   place.spec.path);
  return kept;
}

/// What the labels' pictures are called, or why they are not found; by kept record.
using Found = std::vector<Result<fs::path>>;

/// Leaves out what leads to a file that was met under another path: it would count twice, and in two splits the
/// networks would be judged by what they learned from.
/// @error one file in two splits or of two classes
Status leave_out_same_files(Task task, bool asks_presence, std::vector<Kept>& kept, Found& found,
                            std::vector<Fate>& fates) {
  std::map<std::pair<dev_t, ino_t>, std::size_t> met;
  std::vector<char> is_left(kept.size(), 0);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    struct stat status{};
    if (!found[i] || ::stat(found[i]->c_str(), &status) != 0 || status.st_ino == 0) continue;
    const auto [it, is_new] = met.try_emplace({status.st_dev, status.st_ino}, i);
    const Kept &one = kept[it->second], &other = kept[i];
    const fs::path &path = *found[it->second], &other_path = *found[i];
    if (is_new || path == other_path) continue;  // one path labelled twice is told later
    const std::string both =
        std::format("\"{}\" and \"{}\" are the same file, through a link", path.string(), other_path.string());
    if (one.split != other.split)
      return invalid(
          std::format("{}, and lie in two splits: {} and {}", both, to_text(one.split), to_text(other.split)),
          "leave it in one split", other.record->where);
    if (task == Task::classification && !asks_presence && one.label != other.label)
      return invalid(
          std::format("{}, and are of two classes: \"{}\" and \"{}\"", both, shown(one.label), shown(other.label)),
          "leave it in one class", other.record->where);
    is_left[i] = 1;
    fates[other.index] = {.picture = other_path, .reason = std::string(same_file)};
  }
  std::size_t left = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (is_left[i] != 0) continue;
    if (left != i) kept[left] = std::move(kept[i]), found[left] = std::move(found[i]);
    ++left;
  }
  kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(left), kept.end());
  found.erase(found.begin() + static_cast<std::ptrdiff_t>(left), found.end());
  return {};
}

/// Splits what no list decided. After the filters, so that a small set is not left without a validation split.
void decide_splits(const Place& place, Undecided undecided, std::vector<Kept>& kept,
                   std::vector<std::string>& remarks) {
  if (undecided == Undecided::nothing) return;
  std::vector<std::string> keys;
  std::vector<Kept*> open;
  bool has_groups = false;
  for (Kept& item : kept) {
    if (item.split != Split::train) continue;
    keys.push_back(split_key(*item.record));
    open.push_back(&item);
    has_groups = has_groups || !item.record->group.empty();
  }
  const DataSpec& spec = place.spec;
  const double test_share = undecided == Undecided::all ? spec.test_share : 0;
  const auto splits = hashed_splits(spec.seed, keys, spec.validation_share, test_share);
  for (std::size_t i = 0; i < open.size(); ++i) open[i]->split = splits[i];
  remarks.push_back(
      std::format("{} by a hash of the {} with seed {}: {:g} % validation{}",
                  undecided == Undecided::all ? "split" : "no validation split is given; the training images are split",
                  has_groups ? "group" : "image's name", spec.seed, spec.validation_share * 100,
                  test_share > 0 ? std::format(", {:g} % test", test_share * 100) : ""));
}

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
Result<Upright> upright(const Record& record, const ImageHeader& header, const DataSpec& spec, Task task) {
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
  if (task != Task::box) return usual;
  return invalid(std::format("the labels say that \"{}\" has {} x {} pixels, the file has {}", shown(record.image),
                             record.width, record.height, size_text(usual, header)),
                 is_as_stated(turned) ? "remove data.orientation: the boxes were drawn on the turned picture"
                                      : "scale the boxes to the file, or take the file they were drawn on",
                 record.where);
}

/// Box of `kept` in pixels of the image, clipped.
Result<Box> placed_box(const Kept& kept, const Upright& image, const ImageHeader& header) {
  const Record& record = *kept.record;
  Box box = kept.box->box;
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
                   kept.box->where);
  }
  box = {std::max(box.x0, 0.0), std::max(box.y0, 0.0), std::min(box.x1, width), std::min(box.y1, height)};
  if (!(box.x0 < box.x1 && box.y0 < box.y1))
    return invalid(std::format("no part of the box lies inside \"{}\"", shown(record.image)), "correct the box",
                   kept.box->where);
  return box;
}

/// Whether a box of the class covers more than the share of its picture: the rule of the Visual Wake Words set
/// (Chowdhery et al., arXiv:1906.05721, 2019), whose share is 0.005.
/// @param placed  a box of a record in pixels of the image
template <class Placed>
Result<bool> shows_class(const Kept& kept, const Item& item, const DataSpec& spec, const Placed& placed) {
  const double picture = static_cast<double>(item.width) * static_cast<double>(item.height);
  bool is_shown = false;
  for (const LabelledBox& box : kept.record->boxes) {
    if (box.name != spec.presence) continue;
    Kept one = kept;
    one.box = &box;
    TRY(const Box in_pixels, placed(one));
    is_shown = is_shown || area(in_pixels) > spec.presence_share * picture;
  }
  return is_shown;
}

/// Questions the boxes of all kept pictures together. A mistake at one box is told with what could be meant.
Status question(const Opened& opened, const std::vector<Kept>& kept, DataSet& set, std::optional<Error>* box_mistake) {
  std::vector<WrittenBox> written;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const Item& item = set.items[i];
    // Where lists say the classes, boxes do not matter.
    if (item.width <= 0 || item.height <= 0 || (opened.place.task == Task::classification && !kept[i].box)) continue;
    for (const LabelledBox& box : kept[i].record->boxes)
      written.push_back({box.box, kept[i].record->is_relative, static_cast<double>(item.width),
                         static_cast<double>(item.height), &box.where});
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

/// Takes the files that were found, reads their headers and places the boxes.
Status fill_items(const Opened& opened, const Found& found, const std::vector<Kept>& kept, DataSet& set) {
  const Place& place = opened.place;
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
        const auto image = upright(*kept[i].record, *header, place.spec, set.task);
        if (!image) {
          errors[i] = image.error();
          return true;
        }
        item.width = image->width;
        item.height = image->height;
        item.orientation = image->orientation;
        is_stated[i] = image->is_stated;
        const auto placed = [&](const Kept& one) { return placed_box(one, *image, *header); };
        if (set.task == Task::box) {
          auto box = placed(kept[i]);
          if (box)
            item.box = *box;
          else
            errors[i] = box.error(), is_placed[i] = 0;
        } else if (!place.spec.presence.empty()) {
          const auto is_shown = shows_class(kept[i], item, place.spec, placed);
          if (is_shown)
            item.label = *is_shown ? 1 : 0;
          else
            errors[i] = is_shown.error(), is_placed[i] = 0;
        }
        return true;
      },
      256);
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (errors[i]) note(i, *errors[i]);
  std::optional<Error> box_mistake;
  if (first && is_placed[first_at] == 0) box_mistake = first;
  if (!first || box_mistake) TRY_DO(question(opened, kept, set, &box_mistake));
  if (!first) {
    remark_orientations(headers, static_cast<std::size_t>(std::ranges::count(is_stated, 1)), set);
    return settle_pixels(headers, set);
  }
  if (box_mistake) first = box_mistake;
  if (mistakes > 1) first->message += std::format(" (and {} more mistakes)", mistakes - 1);
  return std::unexpected(*first);
}

/// The classes of a presence set, with what was asked as a remark.
Status name_presence(const DataSpec& spec, DataSet& set) {
  set.classes = {"no " + spec.presence, spec.presence};
  const auto count = static_cast<std::size_t>(
      std::ranges::count_if(set.items, [](const Item& item) { return item.label == std::optional<std::int64_t>(1); }));
  if (count == 0 || count == set.items.size())
    return invalid(std::format("{} of {} pictures shows a \"{}\" that covers more than {:g} % of it",
                               count == 0 ? "none" : "every one", set.items.size(), shown(spec.presence),
                               spec.presence_share * 100),
                   "a classifier needs pictures of both kinds; check data.presence", spec.path);
  set.remarks.push_back(std::format("presence: {} of {} pictures show a \"{}\" whose box covers more than {:g} % of it",
                                    count, set.items.size(), shown(spec.presence), spec.presence_share * 100));
  return {};
}

void label_items(const std::vector<Kept>& kept, const std::vector<std::string>& declared, DataSet& set) {
  set.classes = ordered_classes(kept, declared);
  std::unordered_map<std::string, std::int64_t> index;
  for (std::size_t c = 0; c < set.classes.size(); ++c) index[set.classes[c]] = static_cast<std::int64_t>(c);
  for (std::size_t i = 0; i < kept.size(); ++i) set.items[i].label = index[kept[i].label];
}

Status check_set(DataSet& set) {
  std::array<std::size_t, 3> images{};
  for (const Item& item : set.items) ++images[static_cast<std::size_t>(item.split)];
  for (const Split split : {Split::train, Split::validation})
    if (images[static_cast<std::size_t>(split)] == 0)
      return invalid(std::format("the {} split is empty", to_text(split)),
                     "check data.splits and the class and box filters, or add images", set.spec.path);
  if (set.task != Task::classification) return {};
  if (set.classes.size() < 2)
    return invalid(
        std::format("there is one class only, \"{}\"; a classifier needs two or more", shown(set.classes.front())),
        "add images of another class", set.spec.path);
  std::vector<std::array<std::size_t, 3>> counts(set.classes.size());
  for (const Item& item : set.items)
    ++counts[static_cast<std::size_t>(*item.label)][static_cast<std::size_t>(item.split)];
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    if (images[static_cast<std::size_t>(split)] == 0) continue;
    std::vector<std::string> missing;
    for (std::size_t c = 0; c < counts.size(); ++c)
      if (counts[c][static_cast<std::size_t>(split)] == 0) missing.push_back(shown(set.classes[c]));
    constexpr std::size_t most = 5;
    if (missing.size() <= most) {
      for (const std::string& name : missing)
        set.remarks.push_back(std::format("warning: class \"{}\" has no image in the {} split", name, to_text(split)));
    } else {
      const std::size_t count = missing.size();
      missing.resize(most);
      set.remarks.push_back(std::format("warning: {} classes have no image in the {} split, among them {}", count,
                                        to_text(split), quoted_list(missing)));
    }
  }
  return {};
}

}  // namespace

Result<DataSet> load(const DataSpec& spec, Task task) try {
  TRY_DO(check_spec(spec));
  TRY_DO(check_presence(spec, task));
  if (spec.path.starts_with("builtin:")) {
    TRY(DataSet set, load_builtin(spec, task));
    TRY_DO(check_set(set));
    return set;
  }
  const bool asks_presence = !spec.presence.empty();
  // Presence is told by boxes: the labels are read as for the task box.
  TRY(const Opened opened, open_place(spec, asks_presence ? Task::box : task));
  const Place& place = opened.place;
  if (asks_presence && !opened.format->boxless.empty())
    return invalid(std::format("{} has no boxes, and presence is told by boxes", opened.format->boxless),
                   "name the annotations (data.annotations), or remove data.presence", spec.path);
  TRY(const Records records, opened.format->read(place));
  if (records.records.empty())
    return invalid("the labels name no image", "expected: " + opened.format->expects, spec.path);
  TRY(const Splits splits, assign_splits(place, records));
  DataSet set;
  set.name =
      place.root.filename().empty() ? place.root.parent_path().filename().string() : place.root.filename().string();
  if (set.name.empty() || set.name == ".") set.name = spec.path;
  set.task = task;
  set.spec = spec;
  set.spec.format = opened.format->name;
  set.remarks = records.remarks;
  set.remarks.insert(set.remarks.end(), splits.remarks.begin(), splits.remarks.end());
  if (asks_presence && !splits.labels.empty())
    set.remarks.push_back("the labels that the lists name are not used: data.presence says the class");
  std::vector<Fate> fates(records.records.size());
  TRY(auto kept, select(place, records, splits, fates));
  ImageFinder finder(place, records);
  Found found;
  for (const Kept& each : kept) found.push_back(finder.find(*each.record));
  TRY_DO(leave_out_same_files(task, asks_presence, kept, found, fates));
  decide_splits(place, splits.undecided, kept, set.remarks);
  TRY_DO(fill_items(opened, found, kept, set));
  // Labels of a list are the set's own classes; those of the annotations then do not apply.
  if (asks_presence)
    TRY_DO(name_presence(spec, set));
  else if (task == Task::classification)
    label_items(kept, records.classes, set);
  TRY_DO(check_set(set));
  for (std::size_t k = 0; k < kept.size(); ++k) fates[kept[k].index].picture = set.items[k].image;
  for (std::size_t i = 0; i < fates.size(); ++i)
    if (!fates[i].reason.empty() && fates[i].picture.empty())
      if (auto picture = finder.find(records.records[i])) fates[i].picture = std::move(*picture);
  for (std::string& remark : finder.remarks()) set.remarks.push_back(std::move(remark));
  set.account = take_account(opened, records, fates, splits.lists, set);
  set.remarks = in_order(set.remarks);
  return set;
} catch (const fs::filesystem_error& e) {
  return invalid(std::format("the data cannot be read: {}", e.what()), "check the folder's permissions", spec.path);
}

}  // namespace edgewise::data
