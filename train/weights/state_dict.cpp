#include <algorithm>
#include <array>
#include <cstring>
#include <format>
#include <functional>
#include <optional>
#include <set>

#include "base/file.hpp"
#include "train/weights/numbers_internal.hpp"
#include "train/weights/pickle_internal.hpp"
#include "train/weights/starting_weights.hpp"
#include "train/weights/state_dict_internal.hpp"

namespace edgewise::train {

namespace {

using numbers::brain_half;
using numbers::half;
using numbers::plain;
using pickle::Document;
using pickle::Kind;
using pickle::Value;

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 80)) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

/// How the numbers of a storage are kept.
struct Format {
  std::string_view name;
  std::size_t size;
  float (*read)(const char*);
};
constexpr std::array<Format, 10> formats = {{
    {"torch.FloatStorage", 4, plain<float>},
    {"torch.DoubleStorage", 8, plain<double>},
    {"torch.HalfStorage", 2, half},
    {"torch.BFloat16Storage", 2, brain_half},
    {"torch.LongStorage", 8, plain<std::int64_t>},
    {"torch.IntStorage", 4, plain<std::int32_t>},
    {"torch.ShortStorage", 2, plain<std::int16_t>},
    {"torch.CharStorage", 1, plain<std::int8_t>},
    {"torch.ByteStorage", 1, plain<std::uint8_t>},
    {"torch.BoolStorage", 1, plain<std::uint8_t>},
}};

/// Finds the bytes of a storage by its key.
using Storages = std::function<std::optional<std::string_view>(const std::string& key, std::size_t item_size)>;

class StateDict {
 public:
  StateDict(const Document& document, Storages storages, std::size_t most_elements, bool with_values)
      : document_(document), storages_(std::move(storages)), elements_left_(most_elements), with_values_(with_values) {}

  Result<graph::Weights> read() {
    TRY(const Value* found, find());
    graph::Weights weights;
    for (const auto& [key, value] : found->entries) {
      if (at(key).kind != Kind::text || at(key).text.size() > 1000) return invalid("a tensor has no name", advice);
      if (is_plain_data(at(value))) continue;  // "epoch" and the like; "_extra_state" of a layer that has none
      const auto& name = at(key).text;
      auto tensor = read_tensor(at(value), 0);
      if (!tensor) return fail_with(std::move(tensor).error(), std::format("tensor \"{}\"", name));
      if (!weights.emplace(name, std::move(*tensor)).second)
        return invalid(std::format("two tensors are called \"{}\"", name));
    }
    return weights;
  }

 private:
  static constexpr const char* advice = "save the weights alone: torch.save(model.state_dict(), path)";

  /// The dictionary of tensors: the root, or what training scripts put beside other things.
  Result<const Value*> find() const;
  /// All dictionaries of tensors inside `value`, with the keys on the way as "a.b".
  struct Place {
    std::string path;
    std::size_t rank;  // of the first key among the known ones
    const Value* value;
  };
  void collect(const Value& value, const std::string& path, std::size_t rank, int depth, std::set<const Value*>& seen,
               std::vector<Place>& places) const;

  [[nodiscard]] const Value& at(std::size_t index) const { return document_.values[index]; }
  static bool is_plain_data(const Value& value) {
    return !is_tensor(value) && value.kind != Kind::foreign && value.kind != Kind::persistent;
  }
  static bool is_tensor(const Value& value) {
    return value.kind == Kind::call && value.text.starts_with("torch._utils._rebuild_");
  }
  [[nodiscard]] std::size_t tensors_in(const Value& value) const {
    if (value.kind != Kind::dictionary) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(value.entries, [&](const auto& entry) {
      return at(entry.first).kind == Kind::text && is_tensor(at(entry.second));
    }));
  }

  Result<std::vector<std::int64_t>> integers(std::size_t index) {
    const auto& value = at(index);
    if (value.kind != Kind::sequence || value.items.size() > 16) return invalid("its shape is no short tuple");
    std::vector<std::int64_t> numbers;
    for (const auto item : value.items) {
      if (at(item).kind != Kind::integer || at(item).integer < 0)
        return invalid("its shape has a part that is no natural number");
      numbers.push_back(at(item).integer);
    }
    return numbers;
  }

  Result<graph::Tensor> read_tensor(const Value& value, int depth) {
    if (value.kind == Kind::call && value.text == "torch._utils._rebuild_parameter" && !value.items.empty() &&
        depth == 0) {
      return read_tensor(at(value.items.front()), 1);
    }
    if (value.kind != Kind::call || value.text != "torch._utils._rebuild_tensor_v2" || value.items.size() < 4) {
      return invalid("it is no plain tensor", advice);
    }
    const auto& storage = at(value.items[0]);
    if (storage.kind != Kind::persistent || storage.items.size() < 5) return invalid("its storage is not described");
    const auto& type = at(storage.items[1]);
    const auto& key = at(storage.items[2]);
    const auto& count = at(storage.items[4]);
    const auto& offset = at(value.items[1]);
    if ((type.kind != Kind::name && type.kind != Kind::foreign) || key.kind != Kind::text ||
        count.kind != Kind::integer || count.integer < 0 || offset.kind != Kind::integer || offset.integer < 0) {
      return invalid("its storage is not described");
    }
    const auto format = std::ranges::find(formats, type.text, &Format::name);
    if (format == formats.end())
      return invalid(std::format("its numbers are of the kind \"{}\"",
                                 type.kind == Kind::foreign ? pickle::foreign_name(document_, type) : type.text),
                     "save the weights as 32-bit floats");
    TRY(const auto shape, integers(value.items[2]));
    TRY(const auto strides, integers(value.items[3]));
    if (shape.size() != strides.size()) return invalid("its shape and strides do not fit");
    return gather(*format, key.text, static_cast<std::uint64_t>(offset.integer), shape, strides);
  }

  Result<graph::Tensor> gather(const Format& format, const std::string& key, std::uint64_t offset,
                               const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& strides) {
    const auto bytes = storages_(key, format.size);
    if (!bytes)
      return invalid(std::format("its storage \"{}\" is missing", key.substr(0, 40)), "download the file again");
    const std::uint64_t available = bytes->size() / format.size;
    if (std::ranges::find(shape, 0) != shape.end()) return graph::Tensor{shape, {}};
    std::uint64_t elements = 1, last = offset;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const auto extent = static_cast<std::uint64_t>(shape[i]), stride = static_cast<std::uint64_t>(strides[i]);
      if (extent > available || stride > available) return invalid("it reaches beyond its storage");
      elements *= extent;  // both factors are at most the file's size, and the product is cut here
      if (elements > available) return invalid("it reaches beyond its storage");
      last += (extent - 1) * stride;
    }
    if (offset >= available || last >= available) return invalid("it reaches beyond its storage");
    if (elements > elements_left_) return invalid("the tensors together are larger than the file");
    elements_left_ -= elements;
    graph::Tensor tensor{shape, {}};
    if (!with_values_) return tensor;
    auto& values = tensor.floats();
    values.resize(elements);
    std::vector<std::int64_t> index(shape.size(), 0);
    std::uint64_t place = offset;
    for (auto& value : values) {
      value = format.read(bytes->data() + place * format.size);
      for (std::size_t axis = shape.size(); axis-- > 0;) {
        place += static_cast<std::uint64_t>(strides[axis]);
        if (++index[axis] < shape[axis]) break;
        place -= static_cast<std::uint64_t>(strides[axis]) * static_cast<std::uint64_t>(shape[axis]);
        index[axis] = 0;
      }
    }
    return tensor;
  }

  const Document& document_;
  Storages storages_;
  std::size_t elements_left_;
  bool with_values_;
};

// Keys under which training scripts keep the weights, those of the running average last: where a file has several, the
// first that it has is meant.
constexpr std::array<std::string_view, 16> known_keys = {
    "state_dict",    "model_state_dict", "model_state", "model",     "weights",
    "net",           "network",          "module",      "backbone",  "params",
    "parameters",    "generator",        "ema",         "model_ema", "model_ema_state_dict",
    "state_dict_ema"};
constexpr int deepest_wrapper = 3;

void StateDict::collect(const Value& value, const std::string& path, std::size_t rank, int depth,
                        std::set<const Value*>& seen, std::vector<Place>& places) const {
  // A dictionary can be reached in many ways, or contain itself.
  if (value.kind != Kind::dictionary || depth > deepest_wrapper || !seen.insert(&value).second) return;
  const bool is_found = tensors_in(value) > 0;
  if (is_found) places.push_back({path, rank, &value});
  if (is_found && depth > 0) return;
  for (const auto& [key, inner] : value.entries) {
    if (at(key).kind != Kind::text || at(key).text.size() > 100) continue;
    const auto& name = at(key).text;
    const auto known = static_cast<std::size_t>(std::ranges::find(known_keys, name) - known_keys.begin());
    collect(at(inner), path.empty() ? name : path + "." + name, depth == 0 ? known : rank, depth + 1, seen, places);
  }
}

Result<const Value*> StateDict::find() const {
  std::set<const Value*> seen;
  std::vector<Place> places;
  collect(at(document_.root), "", known_keys.size(), 0, seen, places);
  if (places.empty()) {
    // What a whole module, or an attack, asks for says more than that there is no tensor.
    for (const auto& value : document_.values)
      if (value.kind == Kind::foreign && value.integer < 0)
        return invalid(std::format("the pickle asks for \"{}\", which a state dict of plain tensors does not need",
                                   pickle::foreign_name(document_, value)),
                       advice);
    if (at(document_.root).kind != Kind::dictionary) return invalid("the file holds no dictionary of tensors", advice);
    return invalid("the file holds no tensor", advice);
  }
  // A few tensors lie beside the weights of many files (a random state, the best accuracy): the root counts where it
  // has the most, or where nothing inside it is known by its key.
  const bool root_has_tensors = places.front().path.empty();
  std::ranges::stable_sort(places, {}, &Place::rank);
  if (root_has_tensors && places.front().rank == known_keys.size()) {
    return std::ranges::max_element(places, {}, [&](const Place& place) { return tensors_in(*place.value); })->value;
  }
  if (places.size() > 1 && places[0].rank == places[1].rank) {
    return invalid(
        std::format("the file holds several dictionaries of tensors, \"{}\" and \"{}\", and does not say which "
                    "is the network's",
                    printable(places[0].path), printable(places[1].path)),
        advice);
  }
  return places.front().value;
}

Result<graph::Weights> parse_zip(std::string_view bytes, bool with_values) {
  TRY(const auto archive, list_zip(bytes));
  const auto& files = archive.files;
  // One folder holds all: "archive/data.pkl" and "archive/data/0", "archive/data/1", ...
  std::string folder;
  std::string_view description;
  for (const auto& [name, contents] : files) {
    if (!name.ends_with("/data.pkl")) continue;
    folder = name.substr(0, name.size() - std::string_view("data.pkl").size());
    description = contents;
    break;
  }
  if (folder.empty() && archive.has_others) {
    return invalid("the zip archive is compressed or encrypted",
                   "save the weights anew with torch.save, which stores tensors as they are");
  }
  if (folder.empty()) {
    return invalid("the zip archive holds no \"data.pkl\"",
                   "give a file written by torch.save(model.state_dict(), path)");
  }
  if (files.contains(folder + "constants.pkl")) {
    return invalid("the file is a TorchScript program, not a state dict",
                   "save the weights alone: torch.save(model.state_dict(), path)");
  }
  if (const auto order = files.find(folder + "byteorder"); order != files.end() && order->second != "little") {
    return invalid("the file was written on a big-endian machine");
  }
  TRY(const auto document, pickle::read(description));
  const auto storages = [&](const std::string& key, std::size_t) -> std::optional<std::string_view> {
    const auto found = files.find(folder + "data/" + key);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  };
  return StateDict(document, storages, bytes.size(), with_values).read();
}

// Before version 1.6: pickles of a magic number, a version, the machine's word sizes, the state dict and the list of
// storage keys; then for each key the number of elements (64 bits) and the elements.
constexpr std::string_view old_magic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);

Result<graph::Weights> parse_old(std::string_view bytes, bool with_values) {
  std::vector<Document> documents;
  auto rest = bytes;
  for (int i = 0; i < 5; ++i) {
    TRY(auto document, pickle::read(rest));
    rest.remove_prefix(document.bytes);
    documents.push_back(std::move(document));
    if (i == 0 && documents[0].values[documents[0].root].text != old_magic) {
      return invalid("the file is neither a zip archive nor an old PyTorch file",
                     "give a file written by torch.save(model.state_dict(), path)");
    }
  }
  // The elements' size of each storage is known from the tensors alone.
  std::map<std::string, std::size_t> item_sizes;
  for (const auto& value : documents[3].values) {
    if (value.kind != Kind::persistent || value.items.size() < 5) continue;
    const auto& type = documents[3].values[value.items[1]];
    const auto& key = documents[3].values[value.items[2]];
    const auto format = std::ranges::find(formats, type.text, &Format::name);
    if (key.kind == Kind::text && format != formats.end()) item_sizes[key.text] = format->size;
  }
  std::map<std::string, std::string_view> storages;
  const auto& keys = documents[4].values[documents[4].root];
  if (keys.kind != Kind::sequence) return invalid("the list of storages is damaged", "download the file again");
  for (const auto item : keys.items) {
    const auto& key = documents[4].values[item];
    const auto size = item_sizes.find(key.text);
    if (key.kind != Kind::text || size == item_sizes.end())
      return invalid("the list of storages is damaged", "download the file again");
    if (rest.size() < 8) return invalid("the file ends too early", "download the file again");
    std::uint64_t count = 0;
    std::memcpy(&count, rest.data(), 8);
    rest.remove_prefix(8);
    if (count > rest.size() / size->second) return invalid("the file ends too early", "download the file again");
    storages[key.text] = rest.substr(0, count * size->second);
    rest.remove_prefix(count * size->second);
  }
  const auto find = [&](const std::string& key, std::size_t item_size) -> std::optional<std::string_view> {
    const auto found = storages.find(key);
    return found == storages.end() || item_sizes.at(key) != item_size ? std::nullopt : std::optional(found->second);
  };
  return StateDict(documents[3], find, bytes.size(), with_values).read();
}

}  // namespace

Result<graph::Weights> parse_state_dict(std::string_view bytes, bool with_values) {
  if (bytes.starts_with("PK\x03\x04")) return parse_zip(bytes, with_values);
  // Before the old files: the length that safetensors begin with may have 0x80 as its lowest byte.
  if (is_safetensors(bytes)) return parse_safetensors(bytes, with_values);
  if (bytes.starts_with('\x80')) return parse_old(bytes, with_values);
  return invalid("the file is neither a zip archive nor an old PyTorch file, nor of safetensors",
                 "give a file written by torch.save(model.state_dict(), path)");
}

namespace {

Result<graph::Weights> read(const std::filesystem::path& pth, bool with_values) {
  TRY(const auto bytes, read_file(pth, std::size_t{4} << 30));
  auto weights = parse_state_dict(bytes, with_values);
  if (!weights) {
    auto error = std::move(weights).error();
    error.message = std::format("cannot read the weights \"{}\": {}", pth.string(), error.message);
    return std::unexpected(std::move(error));
  }
  return weights;
}

}  // namespace

Result<graph::Weights> read_state_dict(const std::filesystem::path& pth) {
  return read(pth, true);
}
Result<graph::Weights> read_shapes(const std::filesystem::path& pth) {
  return read(pth, false);
}

}  // namespace edgewise::train
