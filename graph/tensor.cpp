#include "graph/tensor.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <format>
#include <limits>
#include <utility>

#include "graph/operators_internal.hpp"

namespace edgewise::graph {

namespace {

template <std::size_t... I>
Tensor::Values values_of(DataType type, std::index_sequence<I...>) {
  Tensor::Values values;
  ((static_cast<std::size_t>(type) == I ? static_cast<void>(values.emplace<I>()) : static_cast<void>(0)), ...);
  return values;
}

}  // namespace

Tensor::Values empty_values(DataType type) {
  return values_of(type, std::make_index_sequence<std::variant_size_v<Tensor::Values>>{});
}

std::string_view to_text(DataType type) {
  return data_type_names[static_cast<std::size_t>(type)];
}

std::optional<DataType> data_type_by_name(std::string_view name) {
  const auto found = std::ranges::find(data_type_names, name);
  if (found == data_type_names.end()) return std::nullopt;
  return static_cast<DataType>(found - data_type_names.begin());
}

std::int64_t bytes_of(DataType type) {
  switch (type) {
    case DataType::int64:
      return 8;
    case DataType::float32:
    case DataType::int32:
      return 4;
    case DataType::float16:
      return 2;
    case DataType::uint8:
    case DataType::int8:
    case DataType::boolean:
      return 1;
  }
  EDGEWISE_ASSERT(false, "every data type has a size");
  return 0;
}

float to_float(Float16 value) {
  const int exponent = value.bits >> 10 & 0x1f;
  const auto fraction = static_cast<float>(value.bits & 0x3ff);
  const float sign = (value.bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 0x1f)
    return sign * (fraction != 0 ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity());
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024.0F + fraction, exponent - 25);
}

Float16 to_float16(float value) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const float size = std::abs(value);
  if (std::isnan(value)) return {static_cast<std::uint16_t>(sign | 0x7e00)};
  if (size == 0.0F) return {sign};
  if (size >= 65520.0F) return {static_cast<std::uint16_t>(sign | 0x7c00)};  // rounds beyond 65504, the largest
  int exponent = 0;
  std::frexp(size, &exponent);  // size = [0.5, 1) * 2^exponent
  // The spacing of halves there: 2^(exponent - 11), and 2^-24 below the normal ones.
  const int spacing = std::max(exponent - 11, -24);
  const auto steps = static_cast<int>(std::nearbyint(std::ldexp(size, -spacing)));
  // `steps` counts from 0 in the subnormal range; above it the bits go on counting, through each power of two.
  const int bits = spacing == -24 ? steps : steps + (spacing + 24) * 1024;
  return {static_cast<std::uint16_t>(sign | bits)};
}

std::size_t Tensor::size() const {
  return std::visit([](const auto& held) { return held.size(); }, values);
}

std::span<const std::byte> Tensor::bytes() const {
  return std::visit([](const auto& held) { return std::as_bytes(std::span(held)); }, values);
}

Result<Tensor> tensor_of_bytes(DataType type, Shape shape, std::span<const std::byte> bytes) {
  TRY_DO(check_shape("the tensor", shape));
  const std::int64_t wanted = elements(shape) * bytes_of(type);
  if (std::ssize(bytes) != wanted)
    return invalid(std::format("{} bytes for a tensor {} of {}, which needs {}", bytes.size(), to_text(shape),
                               to_text(type), wanted));
  Tensor tensor{std::move(shape), empty_values(type)};
  if (type == DataType::boolean && std::ranges::any_of(bytes, [](std::byte b) { return std::to_integer<int>(b) > 1; }))
    return invalid("a bool is neither 0 nor 1");
  std::visit(
      [&](auto& held) {
        held.resize(static_cast<std::size_t>(elements(tensor.shape)));
        if (!bytes.empty()) std::memcpy(held.data(), bytes.data(), bytes.size());
      },
      tensor.values);
  return tensor;
}

}  // namespace edgewise::graph
