// Compiled with -O3 and, on x86-64, for three generations of vector units; the loader picks one.
#include <algorithm>
#include <bit>
#include <vector>

#include "nn/norm_kernels_internal.hpp"

// A sanitizer is not yet at work when the loader picks.
#if defined(__x86_64__) && !defined(EDGEWISE_SANITIZED)
#define EDGEWISE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EDGEWISE_CLONES
#endif
// Before a loop whose output may be one of its inputs: a value is read before it is written and never again, so vectors
// need no check.
#if defined(__clang__)
#define EDGEWISE_EACH_ITS_OWN _Pragma("clang loop vectorize(assume_safety)")
#else
#define EDGEWISE_EACH_ITS_OWN _Pragma("GCC ivdep")
#endif
#define EDGEWISE_INLINE inline __attribute__((always_inline))

namespace edgewise::nn::kernels {

namespace {

EDGEWISE_INLINE float load(const float* x) {
  return *x;
}
EDGEWISE_INLINE float load(const Bf16* x) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(x->bits) << 16);
}
EDGEWISE_INLINE void store(float* y, float value) {
  *y = value;
}
// Round to the nearest, ties to even; a NaN stays one because its upper half is not all ones followed by zeros.
EDGEWISE_INLINE void store(Bf16* y, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  y->bits = static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
}

// A few channels make a short row: several rows are taken as one, with the values per channel repeated.
std::int64_t rows_at_once(std::int64_t channels) {
  return std::max<std::int64_t>(1, 256 / channels);
}

std::vector<float> repeated(const float* values, std::int64_t channels) {
  std::vector<float> all;
  for (std::int64_t i = rows_at_once(channels); i > 0; --i) all.insert(all.end(), values, values + channels);
  return all;
}

// Sums of 32-bit floats are flushed into 64-bit ones before they lose digits.
constexpr std::int64_t rows_before_flush = 128;

EDGEWISE_INLINE void flush(std::vector<float>& partial, std::int64_t channels, double* sum) {
  for (std::size_t i = 0; i < partial.size(); ++i)
    sum[static_cast<std::int64_t>(i) % channels] += static_cast<double>(partial[i]);
  std::ranges::fill(partial, 0.0F);
}

template <class T>
EDGEWISE_INLINE void sums_body(const T* __restrict x, std::int64_t rows, std::int64_t channels, const float* shift,
                               double* sum, double* squares) {
  const auto shifts = repeated(shift, channels);
  const auto width = static_cast<std::int64_t>(shifts.size());
  std::vector<float> first(shifts.size()), second(shifts.size());
  float* __restrict a = first.data(), * __restrict b = second.data();
  const float* __restrict s = shifts.data();
  std::int64_t unflushed = 0;
  for (std::int64_t at = 0, all = rows * channels; at < all; at += width) {
    const auto n = std::min(width, all - at);
    for (std::int64_t i = 0; i < n; ++i) {
      const float d = load(x + at + i) - s[i];
      a[i] += d;
      b[i] += d * d;
    }
    if (++unflushed == rows_before_flush) {
      flush(first, channels, sum);
      flush(second, channels, squares);
      unflushed = 0;
    }
  }
  flush(first, channels, sum);
  flush(second, channels, squares);
}

template <class T>
EDGEWISE_INLINE void apply_body(const T* __restrict x, T* __restrict y, std::int64_t rows, std::int64_t channels,
                                const float* scale, const float* offset, Clamp clamp) {
  const auto scales = repeated(scale, channels), offsets = repeated(offset, channels);
  const auto width = static_cast<std::int64_t>(scales.size());
  const float* __restrict a = scales.data(), * __restrict b = offsets.data();
  for (std::int64_t at = 0, all = rows * channels; at < all; at += width) {
    const auto n = std::min(width, all - at);
    for (std::int64_t i = 0; i < n; ++i) {
      // Written so that a NaN passes through: the loss has to show it.
      float z = load(x + at + i) * a[i] + b[i];
      z = z < clamp.low ? clamp.low : z;
      z = z > clamp.high ? clamp.high : z;
      store(y + at + i, z);
    }
  }
}

template <class T>
EDGEWISE_INLINE void gradient_sums_body(const T* __restrict x, const T* __restrict g, std::int64_t rows,
                                        std::int64_t channels, Normalised forward, Clamp clamp, double* sum,
                                        double* products) {
  const auto scales = repeated(forward.scale, channels), offsets = repeated(forward.offset, channels),
             means = repeated(forward.mean, channels);
  const auto width = static_cast<std::int64_t>(scales.size());
  std::vector<float> first(scales.size()), second(scales.size());
  float* __restrict p = first.data(), * __restrict q = second.data();
  const float* __restrict a = scales.data(), * __restrict b = offsets.data(), * __restrict m = means.data();
  std::int64_t unflushed = 0;
  for (std::int64_t at = 0, all = rows * channels; at < all; at += width) {
    const auto n = std::min(width, all - at);
    for (std::int64_t i = 0; i < n; ++i) {
      const float value = load(x + at + i), z = value * a[i] + b[i];
      const float passed = z > clamp.low && z < clamp.high ? load(g + at + i) : 0.0F;
      p[i] += passed;
      q[i] += passed * (value - m[i]);
    }
    if (++unflushed == rows_before_flush) {
      flush(first, channels, sum);
      flush(second, channels, products);
      unflushed = 0;
    }
  }
  flush(first, channels, sum);
  flush(second, channels, products);
}

// What a kernel needs, one by one: nine.
// NOLINTBEGIN(readability-function-size)
template <class T>
EDGEWISE_INLINE void gradient_body(const T* x, const T* g, T* out, std::int64_t rows, std::int64_t channels,
                                   Normalised forward, Clamp clamp, const float* per_x, const float* constant) {
  const auto scales = repeated(forward.scale, channels), offsets = repeated(forward.offset, channels),
             means = repeated(forward.mean, channels);
  const auto slopes = repeated(per_x, channels), constants = repeated(constant, channels);
  const auto width = static_cast<std::int64_t>(scales.size());
  const float* __restrict a = scales.data(), * __restrict b = offsets.data(), * __restrict m = means.data();
  const float* __restrict s = slopes.data(), * __restrict c = constants.data();
  for (std::int64_t at = 0, all = rows * channels; at < all; at += width) {
    const auto n = std::min(width, all - at);
    EDGEWISE_EACH_ITS_OWN
    for (std::int64_t i = 0; i < n; ++i) {
      const float value = load(x + at + i), z = value * a[i] + b[i];
      const float passed = z > clamp.low && z < clamp.high ? load(g + at + i) : 0.0F;
      store(out + at + i, passed * a[i] + (value - m[i]) * s[i] + c[i]);
    }
  }
}

// NOLINTEND(readability-function-size)

}  // namespace

EDGEWISE_CLONES void sums(const float* x, std::int64_t rows, std::int64_t channels, const float* shift, double* sum,
                          double* squares) {
  sums_body(x, rows, channels, shift, sum, squares);
}
EDGEWISE_CLONES void sums(const Bf16* x, std::int64_t rows, std::int64_t channels, const float* shift, double* sum,
                          double* squares) {
  sums_body(x, rows, channels, shift, sum, squares);
}
EDGEWISE_CLONES void apply(const float* x, float* y, std::int64_t rows, std::int64_t channels, const float* scale,
                           const float* offset, Clamp clamp) {
  apply_body(x, y, rows, channels, scale, offset, clamp);
}
EDGEWISE_CLONES void apply(const Bf16* x, Bf16* y, std::int64_t rows, std::int64_t channels, const float* scale,
                           const float* offset, Clamp clamp) {
  apply_body(x, y, rows, channels, scale, offset, clamp);
}
EDGEWISE_CLONES void gradient_sums(const float* x, const float* g, std::int64_t rows, std::int64_t channels,
                                   Normalised forward, Clamp clamp, double* sum, double* products) {
  gradient_sums_body(x, g, rows, channels, forward, clamp, sum, products);
}
EDGEWISE_CLONES void gradient_sums(const Bf16* x, const Bf16* g, std::int64_t rows, std::int64_t channels,
                                   Normalised forward, Clamp clamp, double* sum, double* products) {
  gradient_sums_body(x, g, rows, channels, forward, clamp, sum, products);
}
// NOLINTBEGIN(readability-function-size)
EDGEWISE_CLONES void gradient(const float* x, const float* g, float* out, std::int64_t rows, std::int64_t channels,
                              Normalised forward, Clamp clamp, const float* per_x, const float* constant) {
  gradient_body(x, g, out, rows, channels, forward, clamp, per_x, constant);
}
EDGEWISE_CLONES void gradient(const Bf16* x, const Bf16* g, Bf16* out, std::int64_t rows, std::int64_t channels,
                              Normalised forward, Clamp clamp, const float* per_x, const float* constant) {
  gradient_body(x, g, out, rows, channels, forward, clamp, per_x, constant);
}
// NOLINTEND(readability-function-size)

}  // namespace edgewise::nn::kernels
