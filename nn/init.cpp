#include <cmath>

#include "nn/step_internal.hpp"

namespace edgewise::nn {

namespace {

struct Fans {
  double in = 1, out = 1;
};

// As PyTorch counts: groups are not divided out of the outgoing fan.
Fans fans(const graph::Shape& shape) {
  double receptive = 1;
  for (std::size_t i = 2; i < shape.size(); ++i) receptive *= static_cast<double>(shape[i]);
  const double out = shape.empty() ? 1 : static_cast<double>(shape[0]);
  const double in = shape.size() < 2 ? out : static_cast<double>(shape[1]);
  return {std::max(1.0, in * receptive), std::max(1.0, out * receptive)};
}

}  // namespace

torch::Tensor draw(const graph::WeightInit& init, const graph::Shape& shape, RandomStream random) {
  const auto fan = fans(shape);
  auto tensor = torch::zeros(shape);
  auto* const values = tensor.data_ptr<float>();
  const auto fill = [&](auto&& number) {
    for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = static_cast<float>(number());
  };
  const auto fill_normal = [&](double deviation) {
    if (deviation > 0) fill([&] { return deviation * random.normal(); });
  };
  const auto fill_uniform = [&](double half) { fill([&] { return random.uniform(-half, half); }); };
  const auto implied = [&](double spread) { return init.spread > 0 ? init.spread : spread; };
  switch (init.kind) {
    case graph::Init::kaiming_normal_fan_out:
      fill_normal(implied(std::sqrt(2.0 / fan.out)));
      break;
    case graph::Init::kaiming_uniform:
      fill_uniform(implied(std::sqrt(6.0 / fan.in)));
      break;
    case graph::Init::xavier_uniform:
      fill_uniform(implied(std::sqrt(6.0 / (fan.in + fan.out))));
      break;
    case graph::Init::normal:
      fill_normal(init.spread);
      break;
    case graph::Init::uniform:
      fill_uniform(init.spread);
      break;
    case graph::Init::trunc_normal:
      fill([&] {
        double z = random.normal();
        while (std::abs(z) > 2.0) z = random.normal();
        return init.spread * z;
      });
      break;
    case graph::Init::ones:
      tensor.fill_(1.0);
      break;
    case graph::Init::zeros:
      break;
  }
  return tensor;
}

}  // namespace edgewise::nn
