/// Weight updates on plain memory, for weights with a copy in bf16. Only for the sources of train/.
#pragma once

#include <cstdint>

namespace edgewise::train::kernels {

/// One tensor's memory, or a part of it: the weight, its bf16 copy, the gradient in bf16, and the moments.
struct Part {
  float* weight;
  std::uint16_t* copy;
  const std::uint16_t* gradient;
  float *first, *second;  ///< second: not with SGD
  std::int64_t count;
};

struct Rates {
  float rate = 0, decay = 0, momentum = 0;
  float gradient_scale = 1;                      ///< the gradient is multiplied by it: clipping
  float correction1 = 1, correction2_root = 1;   ///< Adam: 1 - beta1^t and sqrt(1 - beta2^t)
  bool is_decoupled = true;                      ///< AdamW, else Adam
};

/// Adam and AdamW with betas 0.9 and 0.999 and epsilon 1e-8.
void adam(const Part& part, const Rates& rates);
void sgd(const Part& part, const Rates& rates);
double sum_of_squares(const std::uint16_t* values, std::int64_t count);

}  // namespace edgewise::train::kernels
