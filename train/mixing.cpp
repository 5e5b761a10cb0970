#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "train/mixing_internal.hpp"

namespace edgewise::train {

namespace {

torch::Tensor random_order(std::int64_t count, RandomStream& random) {
  std::vector<std::int64_t> places;
  for (const auto place : random.permutation(static_cast<std::size_t>(count)))
    places.push_back(static_cast<std::int64_t>(place));
  return torch::tensor(places, torch::kInt64);
}

struct Stretch1D {
  std::int64_t begin, end;
};

/// `length` pixels around a random place of the edge, cut off where they reach beyond it.
Stretch1D stretch_of(double length, std::int64_t edge, RandomStream& random) {
  const double middle = random.uniform(0, static_cast<double>(edge));
  const auto at = [&](double place) { return std::clamp<std::int64_t>(std::llround(place), 0, edge); };
  return {at(middle - length / 2), at(middle + length / 2)};
}

/// The share of the pictures that stays their own.
double paste_rectangle(torch::Tensor& inputs, const torch::Tensor& other, double share, RandomStream& random) {
  const auto height = inputs.size(2), width = inputs.size(3);
  const double side = std::sqrt(1 - share);
  const auto rows = stretch_of(side * static_cast<double>(height), height, random);
  const auto columns = stretch_of(side * static_cast<double>(width), width, random);
  auto window = inputs.slice(2, rows.begin, rows.end).slice(3, columns.begin, columns.end);
  window.copy_(window.index_select(0, other));  // index_select makes a copy first
  const auto pasted = static_cast<double>((rows.end - rows.begin) * (columns.end - columns.begin));
  return 1 - pasted / static_cast<double>(height * width);
}

}  // namespace

double draw_beta(double alpha, RandomStream& random) {
  for (;;) {
    // Logarithms: a small alpha makes both powers vanish.
    const double x = std::log(1 - random.uniform()) / alpha, y = std::log(1 - random.uniform()) / alpha;
    const double larger = std::max(x, y);
    const double log_sum = larger + std::log(std::exp(x - larger) + std::exp(y - larger));
    if (log_sum <= 0) return std::exp(x - log_sum);
  }
}

std::optional<Mix> mix(const Settings& settings, torch::Tensor& inputs, RandomStream& random) {
  if ((settings.mixup <= 0 && settings.cutmix <= 0) || inputs.size(0) < 2) return std::nullopt;
  const torch::NoGradGuard no_grad;
  const bool pastes = settings.cutmix > 0 && (settings.mixup <= 0 || random.chance(0.5));
  Mix drawn{.other = random_order(inputs.size(0), random).to(inputs.device()),
            .share = draw_beta(pastes ? settings.cutmix : settings.mixup, random)};
  if (pastes) {
    drawn.share = paste_rectangle(inputs, drawn.other, drawn.share, random);
  } else {
    const auto others = inputs.index_select(0, drawn.other);
    inputs.mul_(drawn.share).add_(others, 1 - drawn.share);
  }
  return drawn;
}

torch::Tensor mixed(const torch::Tensor& rows, const Mix& mix) {
  return rows * mix.share + rows.index_select(0, mix.other) * (1 - mix.share);
}

}  // namespace edgewise::train
