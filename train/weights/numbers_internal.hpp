/// How files of weights keep numbers, as 32-bit floats. Only for the sources of train/.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace edgewise::train::numbers {

/// The number at `data`, little-endian and unaligned.
template <class T>
float plain(const char* data) {
  T value;
  std::memcpy(&value, data, sizeof(T));
  return static_cast<float>(value);
}

/// IEEE 754 binary16.
inline float half(const char* data) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, data, sizeof bits);
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  const std::uint32_t exponent = bits >> 10 & 31U, mantissa = bits & 1023U;
  if (exponent == 0) return (sign ? -1.0F : 1.0F) * std::ldexp(static_cast<float>(mantissa), -24);
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000U | mantissa << 13);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

/// bfloat16: the upper half of a float.
inline float brain_half(const char* data) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, data, sizeof bits);
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace edgewise::train::numbers
