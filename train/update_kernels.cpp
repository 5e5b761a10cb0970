// Compiled with -O3 and, on x86-64, for three generations of vector units; the loader picks one.
#include "train/update_kernels_internal.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
#define EDGEWISE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EDGEWISE_CLONES
#endif

namespace edgewise::train::kernels {

namespace {

constexpr float beta1 = 0.9F, beta2 = 0.999F, epsilon = 1e-8F;

inline __attribute__((always_inline)) float widened(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
inline __attribute__((always_inline)) std::uint16_t rounded(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
}

}  // namespace

EDGEWISE_CLONES void adam(const Part& part, const Rates& rates) {
  float* __restrict weight = part.weight;
  std::uint16_t* __restrict copy = part.copy;
  const std::uint16_t* __restrict gradient = part.gradient;
  float *__restrict first = part.first, *__restrict second = part.second;
  const float scale = rates.gradient_scale, shrink = rates.is_decoupled ? 1.0F - rates.rate * rates.decay : 1.0F;
  const float coupled = rates.is_decoupled ? 0.0F : rates.decay, step = rates.rate / rates.correction1, root = 1.0F / rates.correction2_root;
  for (std::int64_t i = 0; i < part.count; ++i) {
    float w = weight[i];
    const float g = widened(gradient[i]) * scale + coupled * w;
    w *= shrink;
    const float m = first[i] + (1.0F - beta1) * (g - first[i]);
    const float v = beta2 * second[i] + (1.0F - beta2) * g * g;
    w -= step * m / (std::sqrt(v) * root + epsilon);
    first[i] = m;
    second[i] = v;
    weight[i] = w;
    copy[i] = rounded(w);
  }
}

EDGEWISE_CLONES void sgd(const Part& part, const Rates& rates) {
  float* __restrict weight = part.weight;
  std::uint16_t* __restrict copy = part.copy;
  const std::uint16_t* __restrict gradient = part.gradient;
  float* __restrict first = part.first;
  for (std::int64_t i = 0; i < part.count; ++i) {
    const float g = widened(gradient[i]) * rates.gradient_scale + rates.decay * weight[i];
    const float m = rates.momentum * first[i] + g, w = weight[i] - rates.rate * m;
    first[i] = m;
    weight[i] = w;
    copy[i] = rounded(w);
  }
}

EDGEWISE_CLONES double sum_of_squares(const std::uint16_t* values, std::int64_t count) {
  constexpr std::int64_t lanes = 64, before_flush = 4096;
  double all = 0;
  for (std::int64_t start = 0; start < count; start += before_flush) {
    const auto n = std::min(before_flush, count - start);
    float partial[lanes] = {};
    std::int64_t at = 0;
    for (; at + lanes <= n; at += lanes) {
      for (std::int64_t i = 0; i < lanes; ++i) {
        const float value = widened(values[start + at + i]);
        partial[i] += value * value;
      }
    }
    for (; at < n; ++at) all += static_cast<double>(widened(values[start + at])) * static_cast<double>(widened(values[start + at]));
    for (const float part : partial) all += static_cast<double>(part);
  }
  return all;
}

}  // namespace edgewise::train::kernels
