#include "task/heads.hpp"

#include <algorithm>
#include <cmath>

namespace edgewise::task {

namespace {

using Value = graph::GraphBuilder::Value;

std::int64_t length(const graph::GraphBuilder& builder, Value x) {
  const auto shape = builder.shape(x);
  return shape.empty() ? 1 : shape.front();  // empty after a mistake, which `finish` tells
}

Value linear(graph::GraphBuilder& builder, Value x, std::int64_t outputs, const char* name) {
  const double spread = 1.0 / std::sqrt(static_cast<double>(length(builder, x)));
  return builder.add(graph::Linear{outputs}, {x}, name, {graph::Init::uniform, spread});
}

}  // namespace

Value regression_head(graph::GraphBuilder& builder, const graph::Features& features, std::int64_t outputs) {
  auto x = builder.add(graph::AdaptiveAvgPool2d{{1, 1}}, {features.last()}, "global_pool");
  x = builder.add(graph::Reshape{{length(builder, x)}}, {x}, "flatten");
  x = linear(builder, x, std::max<std::int64_t>(1, length(builder, x) / 2), "head.0");
  x = builder.add(graph::Activation{graph::ActivationKind::relu}, {x}, "head.1");
  return linear(builder, x, outputs, "head.2");
}

}  // namespace edgewise::task
