#include <ATen/Parallel.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include <bit>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "nn/norm_internal.hpp"

namespace edgewise::nn {

namespace {

using kernels::Bf16;
using kernels::Clamp;
constexpr float infinity = std::numeric_limits<float>::infinity();

/// Calls body(begin, end, part) for `parts` equal shares of the rows: a fixed division, so that sums do not depend on
/// scheduling.
template <class Body>
void over_rows(std::int64_t rows, std::int64_t parts, Body&& body) {
  at::parallel_for(0, parts, 1, [&](std::int64_t first, std::int64_t last) {
    for (auto part = first; part < last; ++part) body(rows * part / parts, rows * (part + 1) / parts, part);
  });
}

struct Extent {
  std::int64_t rows, channels, parts;
  explicit Extent(const torch::Tensor& x)
      : rows(x.numel() / x.size(1)),
        channels(x.size(1)),
        // Below some 10,000 values a second thread costs more than it gives.
        parts(std::clamp<std::int64_t>(x.numel() / 16'384, 1, at::get_num_threads())) {}
};

template <class T>
T* data(const torch::Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

template <class F>
void with_type(const torch::Tensor& x, F&& f) {
  if (x.scalar_type() == torch::kFloat32)
    f(static_cast<float*>(nullptr));
  else
    f(static_cast<Bf16*>(nullptr));
}

/// Two sums for each channel over all rows.
struct Sums {
  std::vector<double> first, second;
};
template <class Body>
Sums add_up(const Extent& extent, Body&& body) {
  const auto c = static_cast<std::size_t>(extent.channels), parts = static_cast<std::size_t>(extent.parts);
  std::vector<double> first(c * parts), second(c * parts);
  over_rows(extent.rows, extent.parts, [&](std::int64_t begin, std::int64_t end, std::int64_t part) {
    body(begin, end, first.data() + part * extent.channels, second.data() + part * extent.channels);
  });
  for (std::size_t part = 1; part < parts; ++part) {
    for (std::size_t i = 0; i < c; ++i) {
      first[i] += first[part * c + i];
      second[i] += second[part * c + i];
    }
  }
  // The parts are added up: what follows takes one value for each channel.
  first.resize(c);
  second.resize(c);
  return {std::move(first), std::move(second)};
}

struct Moments {
  std::vector<double> mean, variance;  // the biased variance
};

Moments moments(const torch::Tensor& x, const Extent& extent) {
  Moments m;
  with_type(x, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    const auto* values = data<T>(x);
    // Differences to the first row: variances of values far from 0 keep their digits.
    std::vector<float> shift(static_cast<std::size_t>(extent.channels), 0.0F), ones(shift.size(), 1.0F),
        zeros(shift.size(), 0.0F);
    if constexpr (std::is_same_v<T, float>) {
      std::copy(values, values + extent.channels, shift.begin());
    } else {
      for (std::int64_t i = 0; i < extent.channels; ++i) {
        shift[static_cast<std::size_t>(i)] = std::bit_cast<float>(static_cast<std::uint32_t>(values[i].bits) << 16);
      }
    }
    auto all = add_up(extent, [&](std::int64_t begin, std::int64_t end, double* sum, double* squares) {
      kernels::sums(values + begin * extent.channels, end - begin, extent.channels, shift.data(), sum, squares);
    });
    const auto n = static_cast<double>(extent.rows);
    m.mean = std::move(all.first);
    m.variance = std::move(all.second);
    for (std::size_t i = 0; i < m.mean.size(); ++i) {
      const double delta = m.mean[i] / n;
      m.variance[i] = std::max(0.0, m.variance[i] / n - delta * delta);
      // max() drops a NaN, which has to stay visible.
      if (std::isnan(delta)) m.variance[i] = delta;
      m.mean[i] = delta + static_cast<double>(shift[i]);
    }
  });
  return m;
}

/// The affine map of each channel: (3, C) rows scale, offset, mean.
torch::Tensor affine(const Norm& norm, const std::vector<double>& mean, const std::vector<double>& variance) {
  const auto c = static_cast<std::int64_t>(mean.size());
  auto map = torch::empty({3, c});
  auto* const out = map.data_ptr<float>();
  const auto *weight = norm.weight.data_ptr<float>(), *bias = norm.bias.data_ptr<float>();
  for (std::int64_t i = 0; i < c; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const double scale = static_cast<double>(weight[i]) / std::sqrt(variance[k] + norm.eps);
    out[i] = static_cast<float>(scale);
    out[c + i] = static_cast<float>(static_cast<double>(bias[i]) - mean[k] * scale);
    out[2 * c + i] = static_cast<float>(mean[k]);
  }
  return map;
}

torch::Tensor applied(const torch::Tensor& x, const torch::Tensor& map, Clamp clamp) {
  const Extent extent(x);
  auto y = torch::empty_like(x);
  const auto* const scale = map.data_ptr<float>();
  with_type(x, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    over_rows(extent.rows, extent.parts, [&](std::int64_t begin, std::int64_t end, std::int64_t) {
      kernels::apply(data<T>(x) + begin * extent.channels, data<T>(y) + begin * extent.channels, end - begin,
                     extent.channels, scale, scale + extent.channels, clamp);
    });
  });
  return y;
}

/// Then it may be written over: the largest gradient of a network needs no second buffer.
bool is_ours_alone(const torch::Tensor& x) {
  return x.use_count() == 1 && x.storage().use_count() == 1 && !x.requires_grad();
}

class NormAndClamp : public torch::autograd::Function<NormAndClamp> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias, const Norm* norm, double low,
                               double high) {
    const Extent extent(x);
    const auto m = moments(x, extent);
    const auto map = affine(*norm, m.mean, m.variance);
    const auto n = static_cast<double>(extent.rows);
    auto *running_mean = norm->running_mean.data_ptr<float>(), *running_var = norm->running_var.data_ptr<float>();
    for (std::size_t i = 0; i < m.mean.size(); ++i) {
      const double unbiased = m.variance[i] * n / std::max(1.0, n - 1.0);
      running_mean[i] = static_cast<float>((1 - norm->momentum) * running_mean[i] + norm->momentum * m.mean[i]);
      running_var[i] = static_cast<float>((1 - norm->momentum) * running_var[i] + norm->momentum * unbiased);
    }
    auto inverse = torch::empty({extent.channels});
    for (std::size_t i = 0; i < m.variance.size(); ++i) {
      inverse.data_ptr<float>()[i] = static_cast<float>(1.0 / std::sqrt(m.variance[i] + norm->eps));
    }
    context->save_for_backward({x, map, inverse});
    context->saved_data["low"] = low;
    context->saved_data["high"] = high;
    (void)weight, (void)bias;  // inputs so that they get gradients
    return applied(x, map, {static_cast<float>(low), static_cast<float>(high)});
  }

  // `outputs` by reference: the engine then leaves the gradient to us alone.
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list& outputs) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &map = saved[1], &inverse = saved[2];
    const Extent extent(x);
    const auto c = extent.channels;
    const Clamp clamp{static_cast<float>(context->saved_data["low"].toDouble()),
                      static_cast<float>(context->saved_data["high"].toDouble())};
    const auto g = std::exchange(outputs[0], {}).to(x.scalar_type()).contiguous(torch::MemoryFormat::ChannelsLast);
    const auto* const scale = map.data_ptr<float>();
    const kernels::Normalised forward{scale, scale + c, scale + 2 * c};
    auto weight = torch::empty({c}), bias = torch::empty({c});
    auto result = is_ours_alone(g) ? g : torch::empty_like(x);
    with_type(x, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      const auto all = add_up(extent, [&](std::int64_t begin, std::int64_t end, double* sum, double* products) {
        kernels::gradient_sums(data<T>(x) + begin * c, data<T>(g) + begin * c, end - begin, c, forward, clamp, sum,
                               products);
      });
      // dx = scale * (g - mean(g) - xhat * mean(g * xhat)), xhat = (x - mean) * inverse
      std::vector<float> per_x(static_cast<std::size_t>(c)), constant(per_x.size());
      const auto n = static_cast<double>(extent.rows);
      for (std::size_t i = 0; i < per_x.size(); ++i) {
        const double spread = inverse.data_ptr<float>()[i];
        weight.data_ptr<float>()[i] = static_cast<float>(all.second[i] * spread);
        bias.data_ptr<float>()[i] = static_cast<float>(all.first[i]);
        constant[i] = static_cast<float>(-static_cast<double>(scale[i]) * all.first[i] / n);
        per_x[i] = static_cast<float>(-static_cast<double>(scale[i]) * spread * spread * all.second[i] / n);
      }
      over_rows(extent.rows, extent.parts, [&](std::int64_t begin, std::int64_t end, std::int64_t) {
        kernels::gradient(data<T>(x) + begin * c, data<T>(g) + begin * c, data<T>(result) + begin * c, end - begin, c,
                          forward, clamp, per_x.data(), constant.data());
      });
    });
    return {result, weight, bias, {}, {}, {}};
  }
};

torch::Tensor by_libtorch(const torch::Tensor& x, const Norm& norm, Clamp clamp) {
  auto y = torch::batch_norm(x, norm.weight, norm.bias, norm.running_mean, norm.running_var, norm.is_training,
                             norm.momentum, norm.eps, true);
  if (clamp.high < infinity) return torch::hardtanh_(y, clamp.low, clamp.high);
  return clamp.low > -infinity ? y.relu_() : y;
}

}  // namespace

torch::Tensor normalise_and_clamp(const torch::Tensor& x, const Norm& norm, Clamp clamp) {
  const bool is_known = x.device().is_cpu() &&
                        (x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16) && x.dim() == 4 &&
                        x.numel() > 0 && x.is_contiguous(torch::MemoryFormat::ChannelsLast);
  if (!is_known || (!norm.is_training && torch::GradMode::is_enabled())) return by_libtorch(x, norm, clamp);
  if (norm.is_training) return NormAndClamp::apply(x, norm.weight, norm.bias, &norm, clamp.low, clamp.high);
  const auto *mean = norm.running_mean.data_ptr<float>(), *variance = norm.running_var.data_ptr<float>();
  const auto c = norm.running_mean.numel();
  return applied(x, affine(norm, {mean, mean + c}, {variance, variance + c}), clamp);
}

}  // namespace edgewise::nn
