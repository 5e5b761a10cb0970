#include <algorithm>
#include <array>
#include <format>
#include <ranges>

#include "space/benchmark_networks_internal.hpp"
#include "space/net.hpp"

namespace edgewise::space {

namespace {

enum class EdgeOp { none, skip, conv1, conv3, pool };
struct NamedOp {
  std::string_view name;
  EdgeOp op;
};
constexpr std::array<NamedOp, 5> edge_ops{{{"none", EdgeOp::none},
                                           {"skip_connect", EdgeOp::skip},
                                           {"nor_conv_1x1", EdgeOp::conv1},
                                           {"nor_conv_3x3", EdgeOp::conv3},
                                           {"avg_pool_3x3", EdgeOp::pool}}};

constexpr std::size_t cell_nodes = 4;
/// What stands between each two values of a cell; `none` where a link is dead: the cell's input does not reach it, or
/// it does not reach the cell's output.
using Cell = std::array<std::array<EdgeOp, cell_nodes>, cell_nodes>;  // [to][from], from < to

Result<EdgeOp> edge_op(std::string_view text) {
  const auto found = std::ranges::find(edge_ops, text, &NamedOp::name);
  if (found != edge_ops.end()) return found->op;
  return invalid(std::format("\"{}\" is no operator of NAS-Bench-201", text),
                 "it has none, skip_connect, nor_conv_1x1, nor_conv_3x3 and avg_pool_3x3");
}

/// "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"
Result<Cell> parse_string(std::string_view text) {
  const auto mistake = [&] {
    return invalid(std::format("\"{}\" is no cell of NAS-Bench-201", text.substr(0, 200)),
                   "it looks like |nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|, or has one "
                   "digit for each edge");
  };
  Cell cell{};
  std::size_t to = 1;
  for (const auto part : std::views::split(text, '+')) {
    const std::string_view node(part);
    if (to >= cell_nodes || node.size() < 2 || !node.starts_with('|') || !node.ends_with('|')) return mistake();
    std::size_t from = 0;
    for (const auto one : std::views::split(node.substr(1, node.size() - 2), '|')) {
      const std::string_view edge(one);
      const auto tilde = edge.find('~');
      if (from >= to || tilde == std::string_view::npos || edge.substr(tilde + 1) != std::to_string(from))
        return mistake();
      TRY(cell[to][from], edge_op(edge.substr(0, tilde)));
      ++from;
    }
    if (from != to) return mistake();
    ++to;
  }
  if (to != cell_nodes) return mistake();
  return cell;
}

/// A digit for each edge, in the order 0>1, 0>2, 1>2, 0>3, 1>3, 2>3: the place of the operator in `edge_ops`.
Cell parse_digits(std::string_view text) {
  Cell cell{};
  std::size_t place = 0;
  for (std::size_t to = 1; to < cell_nodes; ++to)
    for (std::size_t from = 0; from < to; ++from)
      cell[to][from] = edge_ops[static_cast<std::size_t>(text[place++] - '0')].op;
  return cell;
}

Result<Cell> parse(std::string_view text) {
  const bool is_digits = text.size() == 6 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '4'; });
  if (is_digits) return parse_digits(text);
  return parse_string(text);
}

/// Without the links that lead nowhere; whether the input still reaches the output.
bool remove_dead_links(Cell& cell) {
  std::array<bool, cell_nodes> from_input{true}, to_output{};
  to_output.back() = true;
  for (std::size_t to = 1; to < cell_nodes; ++to)
    for (std::size_t from = 0; from < to; ++from)
      if (cell[to][from] != EdgeOp::none && from_input[from]) from_input[to] = true;
  for (std::size_t from = cell_nodes - 1; from-- > 0;)
    for (std::size_t to = from + 1; to < cell_nodes; ++to)
      if (cell[to][from] != EdgeOp::none && to_output[to]) to_output[from] = true;
  for (std::size_t to = 1; to < cell_nodes; ++to)
    for (std::size_t from = 0; from < to; ++from)
      if (!from_input[from] || !to_output[to]) cell[to][from] = EdgeOp::none;
  return from_input.back();
}

Wire relu_conv_norm(Net& net, const std::string& scope, Wire x, std::int64_t channels, Window window) {
  x = net.activation(scope + ".op.0", x);
  return net.norm(scope + ".op.2", net.conv(scope + ".op.1", x, channels, window));
}

Wire edge(Net& net, const std::string& scope, Wire x, EdgeOp op) {
  switch (op) {
    case EdgeOp::conv1:
      return relu_conv_norm(net, scope, x, net.channels(x), {.kernel = 1});
    case EdgeOp::conv3:
      return relu_conv_norm(net, scope, x, net.channels(x), {.kernel = 3});
    case EdgeOp::pool:
      return net.op(scope + ".op", graph::AvgPool2d{{3, 3}, {1, 1}, {1, 1}, false, false}, {x});
    case EdgeOp::none:
    case EdgeOp::skip:
      break;
  }
  return x;
}

Wire add_cell(Net& net, const std::string& scope, Wire x, const Cell& cell) {
  std::array<Wire, cell_nodes> values{x};
  for (std::size_t to = 1; to < cell_nodes; ++to) {
    std::vector<Wire> terms;
    for (std::size_t from = 0; from < to; ++from)
      if (cell[to][from] != EdgeOp::none)
        terms.push_back(edge(net, std::format("{}.edges.{}<-{}.0", scope, to, from), values[from], cell[to][from]));
    if (terms.empty()) continue;
    values[to] = terms.size() == 1 ? terms.front() : net.op(std::format("{}.node.{}", scope, to), graph::Add{}, terms);
  }
  return values.back();
}

/// Halves the map, doubles the channels: two convolutions beside an average and a 1x1 convolution.
Wire add_reduction(Net& net, const std::string& scope, Wire x) {
  const auto channels = 2 * net.channels(x);
  auto y = relu_conv_norm(net, scope + ".conv_a", x, channels, {.kernel = 3, .stride = 2});
  y = relu_conv_norm(net, scope + ".conv_b", y, channels, {.kernel = 3});
  x = net.op(scope + ".downsample.0", graph::AvgPool2d{{2, 2}, {2, 2}, {0, 0}, false, true}, {x});
  return net.add(scope + ".add", net.conv(scope + ".downsample.1", x, channels, {}), y);
}

constexpr int stages = 3, cells_in_stage = 5;
constexpr std::int64_t first_channels = 16;

/// The network that NAS-Bench-201 trained (Dong & Yang, ICLR 2020). A cell whose output does not depend on its input is
/// none: what is left then is a classifier of the picture's mean colour.
Result<graph::Graph> build(const std::string& text, const Frame& frame) {
  TRY_DO(check_frame(frame));
  TRY(auto cell, parse(text));
  Net net(frame, he_fan_out_init);
  auto x = net.input();
  if (remove_dead_links(cell)) {
    x = net.norm("stem.1", net.conv("stem.0", x, first_channels, {.kernel = 3}));
    int place = 0;
    for (int stage = 0; stage < stages; ++stage) {
      if (stage > 0) x = add_reduction(net, std::format("cells.{}", place++), x);
      for (int i = 0; i < cells_in_stage; ++i) x = add_cell(net, std::format("cells.{}", place++), x, cell);
    }
    x = net.activation("lastact.1", net.norm("lastact.0", x));
  }
  const auto classify = [&](std::int64_t outputs) {
    return net.linear("classifier", net.flatten("flatten", net.average_to("global_pooling", x, 1)), outputs);
  };
  return net.finish(x, classify, frame);
}

}  // namespace

BenchmarkNetworks nasbench201_entry() {
  return {.name = "nasbench201",
          .sentence =
              "a cell of NAS-Bench-201, as its string or as one digit for each edge (0 none, 1 skip, 2 and 3 "
              "convolutions of 1x1 and 3x3, 4 pooling), fifteen times in three stages",
          .check = [](const std::string& text, const Frame&) -> Status {
            TRY_DO(parse(text));
            return {};
          },
          .build = build};
}

}  // namespace edgewise::space
