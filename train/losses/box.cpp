#include "task/box/box.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <array>

#include "train/losses/box_internal.hpp"
#include "train/losses/loss.hpp"

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

Result<torch::Tensor> box_tensor(const task::Targets& targets, std::int64_t) {
  if (targets.numbers().size() != targets.size() * 4)
    return invalid("the pictures have no boxes", "use a data set with one box per picture");
  return torch::tensor(targets.numbers()).reshape({static_cast<std::int64_t>(targets.size()), 4});
}

std::array<float, 4> mean_box(const task::Targets& targets) {
  std::array<double, 4> sum{};
  for (std::size_t item = 0; item < targets.size(); ++item) {
    const auto box = targets.of(item);
    for (std::size_t i = 0; i < 4; ++i) sum[i] += static_cast<double>(box[i]);
  }
  std::array<float, 4> mean{};
  for (std::size_t i = 0; i < 4; ++i)
    mean[i] = static_cast<float>(sum[i] / static_cast<double>(std::max<std::size_t>(1, targets.size())));
  return mean;
}

// A box network that starts at the mean box of the training pictures, with small weights in its last layer, need not
// spend its first epochs on finding the picture's middle.
void start_at_mean_box(nn::Network& network, const task::Targets& training) {
  const auto& graph = network->graph();
  const auto* linear = std::get_if<graph::Linear>(&graph.node(graph.output()).op);
  if (!linear || !linear->bias) return;
  const torch::NoGradGuard no_grad;
  const auto tensors = network->tensors();
  std::size_t next = 0;
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const auto count = graph.tensors(i).size();
    if (i == graph.output()) {
      const auto &weight = tensors[next], &bias = tensors[next + 1];
      const auto deviation = weight.numel() > 1 ? weight.std().item<double>() : 0.0;
      if (deviation > 0.01) weight.mul_(0.01 / deviation);
      const auto box = mean_box(training);
      bias.copy_(torch::tensor({box[0], box[1], box[2], box[3]}));
    }
    next += count;
  }
}

}  // namespace

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

Loss box() {
  return {.name = task::box().name(),
          .targets = box_tensor,
          .of =
              [](const torch::Tensor& outputs, const torch::Tensor& targets, const edgewise::Settings& options) {
                return box_loss(outputs, targets, options.as<task::BoxLossOptions>().kind);
              },
          .start = start_at_mean_box};
}

}  // namespace edgewise::train
