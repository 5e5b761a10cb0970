/// Tensors as they travel between a device and its agent: named, typed, with their bytes in little-endian order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace edgewise::agent {

/// Data types that a model's inputs and outputs can have.
enum class Dtype {
  float32,
  float64,
  float16,
  bfloat16,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  boolean
};
std::string_view to_text(Dtype dtype);  ///< "float32", "bool"
std::optional<Dtype> dtype_from_text(std::string_view text);
std::size_t bytes_each(Dtype dtype);

/// What an input takes or an output gives.
struct TensorType {
  std::string name;
  Dtype dtype = Dtype::float32;
  std::vector<std::optional<std::int64_t>> shape;  ///< nothing: known only once the model ran
  friend bool operator==(const TensorType&, const TensorType&) = default;
};

struct Tensor {
  std::string name;
  Dtype dtype = Dtype::float32;
  std::vector<std::int64_t> shape;
  std::string bytes;  ///< row-major
  friend bool operator==(const Tensor&, const Tensor&) = default;
};

/// Numbers in a tensor of this shape; 1 of a scalar. @error invalid_input when an extent is negative or there are more
/// than `most`
Result<std::size_t> elements_of(std::span<const std::int64_t> shape, std::size_t most);

Tensor float_tensor(std::string name, std::vector<std::int64_t> shape, std::span<const float> values);
/// @error invalid_input when the tensor is of another type
Result<std::vector<float>> floats_of(const Tensor& tensor);

}  // namespace edgewise::agent
