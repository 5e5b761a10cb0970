#include "agent/tensor.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <format>

namespace edgewise::agent {

static_assert(std::endian::native == std::endian::little, "tensors travel in little-endian order");

namespace {

struct DtypeRow {
  Dtype dtype;
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array<DtypeRow, 13> rows{{{Dtype::float32, "float32", 4},
                                         {Dtype::float64, "float64", 8},
                                         {Dtype::float16, "float16", 2},
                                         {Dtype::bfloat16, "bfloat16", 2},
                                         {Dtype::int8, "int8", 1},
                                         {Dtype::int16, "int16", 2},
                                         {Dtype::int32, "int32", 4},
                                         {Dtype::int64, "int64", 8},
                                         {Dtype::uint8, "uint8", 1},
                                         {Dtype::uint16, "uint16", 2},
                                         {Dtype::uint32, "uint32", 4},
                                         {Dtype::uint64, "uint64", 8},
                                         {Dtype::boolean, "bool", 1}}};

const DtypeRow& row_of(Dtype dtype) {
  for (const auto& row : rows)
    if (row.dtype == dtype) return row;
  EDGEWISE_ASSERT(false, "every data type has a row");
  return rows[0];
}

}  // namespace

std::string_view to_text(Dtype dtype) {
  return row_of(dtype).name;
}

std::optional<Dtype> dtype_from_text(std::string_view text) {
  for (const auto& row : rows)
    if (row.name == text) return row.dtype;
  return std::nullopt;
}

std::size_t bytes_each(Dtype dtype) {
  return row_of(dtype).bytes;
}

Result<std::size_t> elements_of(std::span<const std::int64_t> shape, std::size_t most) {
  std::size_t elements = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0) return invalid(std::format("a shape has the extent {}", extent));
    if (extent > 0 && elements > most / static_cast<std::size_t>(extent))
      return invalid(std::format("a tensor has more than {} numbers", most));
    elements *= static_cast<std::size_t>(extent);
  }
  return elements;
}

Tensor float_tensor(std::string name, std::vector<std::int64_t> shape, std::span<const float> values) {
  Tensor tensor{.name = std::move(name), .dtype = Dtype::float32, .shape = std::move(shape), .bytes = {}};
  tensor.bytes.assign(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  return tensor;
}

Result<std::vector<float>> floats_of(const Tensor& tensor) {
  if (tensor.dtype != Dtype::float32)
    return invalid(std::format("\"{}\" is of {}, not of 32-bit floats", tensor.name, to_text(tensor.dtype)));
  std::vector<float> values(tensor.bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(float));
  return values;
}

}  // namespace edgewise::agent
