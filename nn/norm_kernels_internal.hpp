/// Batch normalisation fused with a clamping activation, on plain memory. Only for the sources of nn/.
///
/// All work on `rows` x `channels` values side by side, as a channels-last image batch lies in memory. LibTorch's own
/// kernels go through memory separately for the activation and again for its gradient; small networks are limited by
/// just that.
#pragma once

#include <cstdint>

namespace edgewise::nn::kernels {

/// The upper 16 bits of a 32-bit float.
struct Bf16 {
  std::uint16_t bits;
};

/// What follows the normalisation: y = min(max(z, low), high). ReLU: [0, inf]; ReLU6: [0, 6]; nothing: [-inf, inf].
struct Clamp {
  float low, high;
};

/// Per channel: sum of (x - shift) and of its square, added to `sum` and `squares`.
void sums(const float* x, std::int64_t rows, std::int64_t channels, const float* shift, double* sum, double* squares);
void sums(const Bf16* x, std::int64_t rows, std::int64_t channels, const float* shift, double* sum, double* squares);

/// y = clamp(x * scale + offset), scale and offset per channel.
void apply(const float* x, float* y, std::int64_t rows, std::int64_t channels, const float* scale, const float* offset,
           Clamp clamp);
void apply(const Bf16* x, Bf16* y, std::int64_t rows, std::int64_t channels, const float* scale, const float* offset,
           Clamp clamp);

/// What the backward pass needs to know of the forward pass, per channel.
struct Normalised {
  const float *scale, *offset, *mean;
};

/// Per channel, over what the clamp lets through: sum of g and of g * (x - mean), added to `sum` and `products`.
void gradient_sums(const float* x, const float* g, std::int64_t rows, std::int64_t channels, Normalised forward,
                   Clamp clamp, double* sum, double* products);
void gradient_sums(const Bf16* x, const Bf16* g, std::int64_t rows, std::int64_t channels, Normalised forward,
                   Clamp clamp, double* sum, double* products);

/// out = g * scale + (x - mean) * per_x + constant, where the clamp cuts g; `out` may be `g`.
void gradient(const float* x, const float* g, float* out, std::int64_t rows, std::int64_t channels, Normalised forward,
              Clamp clamp, const float* per_x, const float* constant);
void gradient(const Bf16* x, const Bf16* g, Bf16* out, std::int64_t rows, std::int64_t channels, Normalised forward,
              Clamp clamp, const float* per_x, const float* constant);

}  // namespace edgewise::nn::kernels
