#include <algorithm>
#include <array>
#include <cmath>
#include <format>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "data/formats/coco.hpp"
#include "data/formats/reading.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace {

struct CocoImage {
  std::string file;
  std::int64_t width = 0, height = 0;
  std::size_t offset = 0;
};

struct CocoBox {
  std::optional<std::int64_t> image, category;
  std::array<double, 4> xywh{};
  int numbers = 0;  ///< of bbox, that were read
  bool is_crowd = false;
  std::size_t offset = 0;
};

/// Where the parser is in the text; the iterators it reads through all count here.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, const char** newest) : at_(at), newest_(newest) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    *newest_ = ++at_;
    return *this;
  }
  Cursor operator++(int) {
    Cursor old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const Cursor& a, const Cursor& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** newest_;
};

/// Takes images, categories and boxes out of the stream of values. A document tree of COCO's training set would need
/// more than 10 GB.
class CocoHandler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  CocoHandler(std::string_view text, const std::string& file, const char* const* cursor)
      : text_(text), file_(file), cursor_(cursor) {}

  std::optional<Error> error;
  std::unordered_map<std::int64_t, CocoImage> images;
  std::vector<std::int64_t> image_order;
  std::vector<std::pair<std::int64_t, std::string>> categories;
  std::vector<CocoBox> boxes;
  bool has_images = false, has_annotations = false;

  bool null() override { return scalar(); }
  bool boolean(bool value) override {
    if (depth_ == 3 && section_ == Section::annotations && key_ == "iscrowd") box_.is_crowd = value;
    return scalar();
  }
  bool number_integer(number_integer_t value) override { return number(static_cast<double>(value), value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(INT64_MAX)) return number(static_cast<double>(value), std::nullopt);
    return number(static_cast<double>(value), static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return number(value, std::nullopt); }
  bool string(string_t& value) override {
    if (depth_ == 3) {
      if (section_ == Section::images && key_ == "file_name") image_.file = value;
      if (section_ == Section::categories && key_ == "name") category_name_ = value;
      if (key_ == "id" || key_ == "image_id" || key_ == "category_id")
        if (section_ != Section::other)
          return refuse(std::format("\"{}\" must be a whole number", key_), "write it without quotes");
    }
    return in_box() ? refuse("a bbox has four numbers", "write [x, y, width, height]") : scalar();
  }
  bool binary(binary_t&) override { return scalar(); }
  bool start_object(std::size_t) override {
    if (in_box()) return refuse("a bbox has four numbers", "write [x, y, width, height]");
    ++depth_;
    if (depth_ == 3) {
      image_ = {};
      box_ = {};
      id_.reset();
      category_name_.clear();
      start_ = offset();
    }
    return true;
  }
  bool key(string_t& value) override {
    if (depth_ == 1) {
      section_ = value == "images"        ? Section::images
                 : value == "annotations" ? Section::annotations
                 : value == "categories"  ? Section::categories
                                          : Section::other;
      has_images = has_images || section_ == Section::images;
      has_annotations = has_annotations || section_ == Section::annotations;
    }
    if (depth_ == 3) key_ = value;
    return true;
  }
  bool end_object() override {
    --depth_;
    return depth_ == 2 ? finish_entry() : true;
  }
  bool start_array(std::size_t) override {
    if (in_box()) return refuse("a bbox has four numbers", "write [x, y, width, height]");
    ++depth_;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& e) override {
    (void)e;
    error = Error{ErrorCode::invalid_input, "this is not valid JSON",
                  place_of(file_, text_, position == 0 ? 0 : position - 1), "correct the text at this place"};
    return false;
  }

 private:
  enum class Section { other, images, annotations, categories };

  [[nodiscard]] std::size_t offset() const {
    const auto at = static_cast<std::size_t>(*cursor_ - text_.data());
    return at > 0 ? at - 1 : 0;
  }
  [[nodiscard]] bool in_box() const { return depth_ == 4 && section_ == Section::annotations && key_ == "bbox"; }
  bool scalar() { return true; }

  bool refuse(std::string message, std::string next) {
    error = Error{ErrorCode::invalid_input, std::move(message), place_of(file_, text_, offset()), std::move(next)};
    return false;
  }

  bool number(double value, std::optional<std::int64_t> whole) {
    if (in_box()) {
      if (box_.numbers >= 4 || !std::isfinite(value))
        return refuse("a bbox has four numbers", "write [x, y, width, height]");
      box_.xywh[static_cast<std::size_t>(box_.numbers++)] = value;
      return true;
    }
    if (depth_ != 3 || section_ == Section::other) return true;
    const bool is_id = key_ == "id" || key_ == "image_id" || key_ == "category_id";
    if (is_id && !whole && !(section_ == Section::annotations && key_ == "id"))
      return refuse(std::format("\"{}\" must be a whole number", key_), "write it without a point");
    if (key_ == "id") id_ = whole;
    if (key_ == "image_id") box_.image = whole;
    if (key_ == "category_id") box_.category = whole;
    if (key_ == "iscrowd") box_.is_crowd = value != 0;
    if (section_ == Section::images && (key_ == "width" || key_ == "height")) {
      if (!(value >= 0) || value > 1e9)
        return refuse(std::format("{:g} is no {} of a picture", value, key_), "write pixels");
      (key_ == "width" ? image_.width : image_.height) = static_cast<std::int64_t>(value);
    }
    return true;
  }

  bool finish_entry() {
    switch (section_) {
      case Section::other:
        return true;
      case Section::images:
        if (!id_ || image_.file.empty())
          return refuse("an image needs \"id\" and \"file_name\"", "add what is missing");
        image_.offset = start_;
        if (images.size() >= max_lines) return refuse("more than 10 million images", "split the file");
        if (!images.try_emplace(*id_, image_).second)
          return refuse(std::format("image id {} comes twice", *id_), "give each image an id of its own");
        image_order.push_back(*id_);
        return true;
      case Section::categories:
        if (!id_ || category_name_.empty())
          return refuse("a category needs \"id\" and \"name\"", "add what is missing");
        if (categories.size() >= 10'000)
          return refuse("more than 10000 categories", "check that this is a COCO instances file");
        categories.emplace_back(*id_, category_name_);
        return true;
      case Section::annotations:
        if (!box_.image) return refuse("an annotation without \"image_id\"", "add it");
        if (box_.numbers != 4 && !box_.is_crowd)
          return refuse("an annotation whose \"bbox\" is not four numbers", "write \"bbox\": [x, y, width, height]");
        if (!box_.is_crowd && boxes.size() >= max_lines) return refuse("more than 10 million boxes", "split the file");
        box_.offset = start_;
        if (!box_.is_crowd) boxes.push_back(box_);
        return true;
    }
    return true;
  }

  std::string_view text_;
  const std::string& file_;
  const char* const* cursor_;
  int depth_ = 0;
  Section section_ = Section::other;
  std::string key_, category_name_;
  CocoImage image_;
  CocoBox box_;
  std::optional<std::int64_t> id_;
  std::size_t start_ = 0;
};

}  // namespace

Result<Records> parse_coco(std::string_view text, const std::string& file) {
  const char* newest = text.data();
  CocoHandler handler(text, file, &newest);
  try {
    const bool is_whole =
        nlohmann::json::sax_parse(Cursor(text.data(), &newest), Cursor(text.data() + text.size(), &newest), &handler);
    if (!is_whole)
      return std::unexpected(
          handler.error.value_or(Error{ErrorCode::invalid_input, "this is not valid JSON", file, {}}));
  } catch (const nlohmann::json::exception& e) {
    return invalid(std::format("the JSON cannot be read: {}", e.what()), {}, file);
  }
  if (!handler.has_images || !handler.has_annotations)
    return invalid("the JSON has no \"images\" and \"annotations\" lists", "check that this is a COCO instances file",
                   place(file, 1));

  std::ranges::sort(handler.categories);
  std::unordered_map<std::int64_t, std::string> names;
  Records result;
  for (const auto& [id, name] : handler.categories) {
    if (!names.try_emplace(id, name).second)
      return invalid(std::format("category id {} comes twice", id), "give each category an id of its own",
                     place(file, 1));
    if (std::ranges::find(result.classes, name) == result.classes.end()) result.classes.push_back(name);
  }
  Places places(text, file);
  std::unordered_map<std::int64_t, std::size_t> index;
  for (const std::int64_t id : handler.image_order) {
    const CocoImage& image = handler.images.at(id);
    Record record;
    record.image = image.file;
    record.width = image.width;
    record.height = image.height;
    record.where = places.at(image.offset);
    index.emplace(id, result.records.size());
    result.records.push_back(std::move(record));
  }
  std::size_t without_area = 0;
  for (const CocoBox& box : handler.boxes) {
    const std::string where = places.at(box.offset);
    const auto record = index.find(*box.image);
    if (record == index.end())
      return invalid(std::format("the annotation's image_id {} is not in \"images\"", *box.image),
                     "add the image or remove the annotation", where);
    std::string name;
    if (box.category) {
      const auto known = names.find(*box.category);
      if (known == names.end())
        return invalid(std::format("the annotation's category_id {} is not in \"categories\"", *box.category),
                       "correct the number", where);
      name = known->second;
    }
    const auto [x, y, width, height] = box.xywh;
    if (width == 0 || height == 0) {  // exporters write them, the official set too
      ++without_area;
      continue;
    }
    TRY(const Box corners, checked_box(x, y, x + width, y + height, where));
    result.records[record->second].boxes.push_back({corners, std::move(name), where});
  }
  if (without_area > 0) result.remarks.push_back(std::format("left out: {} boxes without area", without_area));
  return result;
}

}  // namespace edgewise::data
