/// Numbers of one type under a shape: weights, constants of a graph, inputs and outputs of a network.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace edgewise::graph {

using Shape = std::vector<std::int64_t>;
std::string to_text(const Shape& shape);  ///< "3x224x224"

/// What the elements of a value are. New ones go to the end: their order is that of `Tensor::Values`.
enum class DataType { float32, int64, int32, uint8, int8, float16, boolean };
/// Spelling of the enumerators, in their order.
inline constexpr std::array<std::string_view, 7> data_type_names{"float32", "int64",   "int32", "uint8",
                                                                 "int8",    "float16", "bool"};
std::string_view to_text(DataType type);
std::optional<DataType> data_type_by_name(std::string_view name);
/// Of one element in memory and in files.
std::int64_t bytes_of(DataType type);

/// IEEE 754 binary16 as its bits; computed with as a float.
struct Float16 {
  std::uint16_t bits = 0;
  friend bool operator==(Float16, Float16) = default;
};
float to_float(Float16 value);
Float16 to_float16(float value);  ///< rounded to nearest, ties to even; beyond 65504 it becomes infinite

/// A truth value that takes a byte, as in files.
enum class Boolean : std::uint8_t { no, yes };

/// A dense tensor in row-major order. Its numbers are of one type; by default 32-bit floats, as all weights are
/// (counters, num_batches_tracked, too).
struct Tensor {
  using Values =
      std::variant<std::vector<float>, std::vector<std::int64_t>, std::vector<std::int32_t>, std::vector<std::uint8_t>,
                   std::vector<std::int8_t>, std::vector<Float16>, std::vector<Boolean>>;
  Shape shape;
  Values values;

  [[nodiscard]] DataType type() const { return static_cast<DataType>(values.index()); }
  /// Number of elements held; a tensor fits its shape when it is the product of the extents.
  [[nodiscard]] std::size_t size() const;
  /// The elements as they lie in memory.
  [[nodiscard]] std::span<const std::byte> bytes() const;
  /// The elements as `T`. Asserts that they are of that type: ask `type()` first where it may be another.
  template <class T>
  [[nodiscard]] const std::vector<T>& as() const {
    const auto* held = std::get_if<std::vector<T>>(&values);
    EDGEWISE_ASSERT(held != nullptr, "a tensor was read as another type than it holds");
    return *held;
  }
  template <class T>
  [[nodiscard]] std::vector<T>& as() {
    return const_cast<std::vector<T>&>(std::as_const(*this).template as<T>());
  }
  /// `as<float>()`. Fetch it once, before a loop.
  [[nodiscard]] const std::vector<float>& floats() const { return as<float>(); }
  [[nodiscard]] std::vector<float>& floats() { return as<float>(); }
  friend bool operator==(const Tensor&, const Tensor&) = default;
};
static_assert(std::variant_size_v<Tensor::Values> == data_type_names.size());

/// No numbers of this type, to be filled.
Tensor::Values empty_values(DataType type);

/// The inverse of `Tensor::bytes`. Never trusts its arguments.
/// @error invalid_input when the number of bytes is not that of the shape, or a bool is neither 0 nor 1
Result<Tensor> tensor_of_bytes(DataType type, Shape shape, std::span<const std::byte> bytes);

}  // namespace edgewise::graph
