#include "train/losses_internal.hpp"

namespace edgewise::train {

namespace {

constexpr double smooth_l1_beta = 0.05;  // errors above 5 % of the edge count linearly
constexpr double tiny = 1e-7;

struct Corners {
  torch::Tensor x0, y0, x1, y1;
  [[nodiscard]] torch::Tensor area() const { return (x1 - x0).clamp_min(0) * (y1 - y0).clamp_min(0); }
};

Corners corners(const torch::Tensor& boxes) {
  return {boxes.select(1, 0), boxes.select(1, 1), boxes.select(1, 2), boxes.select(1, 3)};
}

struct Overlap {
  torch::Tensor intersection, united;  // (n)
};

Overlap overlap(const Corners& p, const Corners& t) {
  const auto width = (torch::min(p.x1, t.x1) - torch::max(p.x0, t.x0)).clamp_min(0);
  const auto height = (torch::min(p.y1, t.y1) - torch::max(p.y0, t.y0)).clamp_min(0);
  const auto intersection = width * height;
  return {intersection, p.area() + t.area() - intersection};
}

}  // namespace

torch::Tensor classification_loss(const torch::Tensor& outputs, const torch::Tensor& labels, double smoothing) {
  return torch::cross_entropy_loss(outputs, labels, {}, at::Reduction::Mean, -100, smoothing);
}

torch::Tensor iou(const torch::Tensor& predicted, const torch::Tensor& target) {
  const auto [intersection, united] = overlap(corners(predicted), corners(target));
  return intersection / united.clamp_min(tiny);
}

torch::Tensor generalised_iou(const torch::Tensor& predicted, const torch::Tensor& target) {
  const auto p = corners(predicted), t = corners(target);
  const auto [intersection, united] = overlap(p, t);
  const auto width = torch::max(torch::max(p.x0, p.x1), t.x1) - torch::min(torch::min(p.x0, p.x1), t.x0);
  const auto height = torch::max(torch::max(p.y0, p.y1), t.y1) - torch::min(torch::min(p.y0, p.y1), t.y0);
  const auto enclosing = (width * height).clamp_min(tiny);
  return intersection / united.clamp_min(tiny) - (enclosing - united) / enclosing;
}

torch::Tensor box_loss(const torch::Tensor& predicted, const torch::Tensor& target, const std::string& kind) {
  torch::Tensor loss;
  if (kind != "giou") {
    loss = torch::smooth_l1_loss(predicted, target, at::Reduction::Sum, smooth_l1_beta) / predicted.size(0);
  }
  if (kind != "smooth_l1") {
    const auto distance = (1.0 - generalised_iou(predicted, target)).mean();
    loss = loss.defined() ? loss + distance : distance;
  }
  return loss;
}

}  // namespace edgewise::train
