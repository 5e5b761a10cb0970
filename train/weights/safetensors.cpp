#include <algorithm>
#include <array>
#include <format>
#include <limits>

#include "base/file.hpp"
#include "base/json.hpp"
#include "train/weights/numbers_internal.hpp"
#include "train/weights/starting_weights.hpp"
#include "train/weights/state_dict_internal.hpp"

namespace edgewise::train {

namespace {

// The format: 8 bytes with the header's length, a JSON header, then the tensors' bytes; all little-endian.
constexpr std::size_t length_bytes = 8;
constexpr std::uint64_t longest_header = 100'000'000;

struct NumberFormat {
  std::string_view name;
  std::size_t size;
  float (*read)(const char*);
};
constexpr std::array<NumberFormat, 10> number_formats = {{{"F32", 4, numbers::plain<float>},
                                                          {"F64", 8, numbers::plain<double>},
                                                          {"F16", 2, numbers::half},
                                                          {"BF16", 2, numbers::brain_half},
                                                          {"I64", 8, numbers::plain<std::int64_t>},
                                                          {"I32", 4, numbers::plain<std::int32_t>},
                                                          {"I16", 2, numbers::plain<std::int16_t>},
                                                          {"I8", 1, numbers::plain<std::int8_t>},
                                                          {"U8", 1, numbers::plain<std::uint8_t>},
                                                          {"BOOL", 1, numbers::plain<std::uint8_t>}}};

std::uint64_t length_of_header(std::string_view bytes) {
  std::uint64_t length = 0;
  if (bytes.size() > length_bytes) std::memcpy(&length, bytes.data(), length_bytes);
  return length;
}

std::unexpected<Error> damaged_file(const std::string& why) {
  return invalid("the safetensors file is damaged: " + why, "download the file again");
}

/// Elements of a shape; more than `most` is nothing.
std::optional<std::uint64_t> elements_of(const graph::Shape& shape, std::uint64_t most) {
  std::uint64_t elements = 1;
  for (const auto extent : shape) {
    if (extent < 0) return std::nullopt;
    if (extent == 0) return 0;
    if (static_cast<std::uint64_t>(extent) > most / elements) return std::nullopt;
    elements *= static_cast<std::uint64_t>(extent);
  }
  return elements;
}

Result<graph::Tensor> read_tensor(const Json& described, std::string_view data, std::uint64_t& elements_left,
                                  bool with_values) {
  const auto type = described.at("dtype").get<std::string>();
  const auto format = std::ranges::find(number_formats, type, &NumberFormat::name);
  if (format == number_formats.end())
    return invalid(std::format("its numbers are of the kind \"{}\"", type.substr(0, 20)),
                   "save the weights as 32-bit floats");
  graph::Tensor tensor{described.at("shape").get<graph::Shape>(), {}};
  const auto& offsets = described.at("data_offsets");
  const auto begin = offsets.at(0).get<std::uint64_t>(), end = offsets.at(1).get<std::uint64_t>();
  if (begin > end || end > data.size()) return invalid("it reaches beyond the file");
  const auto elements = elements_of(tensor.shape, (end - begin) / format->size);
  if (tensor.shape.size() > 16 || !elements || *elements * format->size != end - begin)
    return invalid("its shape and the bytes that it takes do not fit");
  if (*elements > elements_left) return invalid("the tensors together are larger than the file");
  elements_left -= *elements;
  if (!with_values) return tensor;
  auto& values = tensor.floats();
  values.reserve(*elements);
  for (std::uint64_t i = 0; i < *elements; ++i) values.push_back(format->read(data.data() + begin + i * format->size));
  return tensor;
}

}  // namespace

bool is_safetensors(std::string_view bytes) {
  const auto length = length_of_header(bytes);
  return length >= 2 && length <= longest_header && bytes.size() > length_bytes && bytes[length_bytes] == '{';
}

Result<graph::Weights> parse_safetensors(std::string_view bytes, bool with_values) {
  const auto length = length_of_header(bytes);
  if (length > bytes.size() - std::min(bytes.size(), length_bytes)) return damaged_file("it ends too early");
  const auto header = parse_json(std::string(bytes.substr(length_bytes, length)), "the header");
  if (!header || !header->is_object()) return damaged_file("its header is not JSON");
  const auto data = bytes.substr(length_bytes + length);
  std::uint64_t elements_left = bytes.size();
  graph::Weights weights;
  for (const auto& [name, described] : header->items()) {
    if (name == "__metadata__") continue;
    if (name.empty() || name.size() > 1000) return invalid("a tensor's name is empty or longer than 1000 characters");
    try {
      auto tensor = read_tensor(described, data, elements_left, with_values);
      if (!tensor) return fail_with(std::move(tensor).error(), std::format("tensor \"{}\"", name));
      weights.emplace(name, std::move(*tensor));
    } catch (const Json::exception&) {
      return damaged_file(std::format("the tensor \"{}\" is not described", name));
    }
  }
  if (weights.empty()) return invalid("the file holds no tensor");
  return weights;
}

Status write_safetensors(const std::filesystem::path& path, const graph::Weights& weights) {
  Json header = Json::object();
  std::string data;
  for (const auto& [name, tensor] : weights) {
    const auto bytes = tensor.bytes();
    EDGEWISE_ASSERT(tensor.type() == graph::DataType::float32, "weights are 32-bit floats");
    header[name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {data.size(), data.size() + bytes.size()}}};
    data.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  std::string text = header.dump();
  text.append((length_bytes - text.size() % length_bytes) % length_bytes, ' ');  // tensors begin at a multiple of 8
  const std::uint64_t length = text.size();
  std::string file(length_bytes, '\0');
  std::memcpy(file.data(), &length, length_bytes);
  return write_file(path, file + text + data);
}

}  // namespace edgewise::train
