#include <algorithm>
#include <array>
#include <cmath>
#include <format>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>

#include "graph/costs.hpp"
#include "graph/drawing_internal.hpp"
#include "graph/operators_internal.hpp"

namespace edgewise::graph {

namespace {

constexpr std::size_t max_rows = 300;
constexpr std::size_t max_period = 24;  // boxes; the longest block of the backbones has 8
constexpr std::size_t max_times = 256;
constexpr std::size_t max_lanes = 12;
constexpr double column_height = 1150.0;  // pixels
constexpr std::size_t max_columns = 5;

/// Whether `op` goes into the box that `first` began.
bool folds(const Operator& op, const Operator& first) {
  const auto takes = boxing_of(first).takes;
  const auto goes = boxing_of(op).goes;
  if (takes == Boxing::Takes::nothing) return false;
  return goes == Boxing::Goes::with_all || (goes == Boxing::Goes::with_layers && takes == Boxing::Takes::all);
}

bool is_concat(const Operator& op) {
  return std::holds_alternative<Concat>(op);
}

/// Attributes that make two boxes look different. Drop rates grow from block to block and are not among them.
struct SignatureWriter {
  std::string text;
  void operator()(std::string_view name, std::int64_t value) { text += std::format("{}{} ", name, value); }
  void operator()(std::string_view name, bool value) { text += std::format("{}{} ", name, value); }
  void operator()(std::string_view name, double value) {
    if (name != "p") text += std::format("{}{:a} ", name, value);
  }
  void operator()(std::string_view name, const Pair& value) { text += std::format("{}{}x{} ", name, value.h, value.w); }
  void operator()(std::string_view name, const Shape& value) { text += std::format("{}{} ", name, to_text(value)); }
  void operator()(std::string_view name, ResizeMode value) {
    text += std::format("{}{} ", name, static_cast<int>(value));
  }
  void operator()(std::string_view name, DataType value) {
    text += std::format("{}{} ", name, static_cast<int>(value));
  }
  void operator()(std::string_view name, const Tensor& value) {
    text += std::format("{}{} {} ", name, to_text(value.type()), to_text(value.shape));
  }
};

/// Equal numbers for boxes that look the same and read values from the same places relative to themselves. In dense
/// blocks each layer joins more values or channels than the one before; so a concat's inputs do not count, and the
/// first axis only where the box itself sets it.
std::vector<std::size_t> signatures(const Graph& graph, const std::vector<Box>& boxes) {
  std::map<std::string, std::size_t> known;
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    SignatureWriter writer;
    for (const std::size_t node : boxes[i].nodes) {
      writer.text += operator_name(graph.node(node).op);
      writer.text += ' ';
      std::visit([&](const auto& op) { for_each_attribute(op, writer); }, graph.node(node).op);
    }
    const Operator& first = graph.node(boxes[i].nodes[0]).op;
    Shape shape = graph.shape(boxes[i].nodes.back());
    if (!boxing_of(first).sets_first_axis) shape[0] = 0;
    writer.text += to_text(shape);
    writer.text += boxes[i].part;
    if (!is_concat(first))
      for (const std::size_t input : boxes[i].inputs) writer.text += std::format(" -{}", i - input);
    all.push_back(known.emplace(std::move(writer.text), known.size()).first->second);
  }
  return all;
}

/// Finds runs of repeated boxes.
class RunFinder {
 public:
  RunFinder(const Graph& graph, const std::vector<Box>& boxes)
      : graph_(graph), boxes_(boxes), last_reader_(boxes.size()) {
    const std::vector<std::size_t> signature = signatures(graph, boxes);
    for (std::size_t i = 0; i < boxes.size(); ++i)
      for (const std::size_t input : boxes[i].inputs) last_reader_[input] = i;
    for (std::size_t i = 0; i < boxes.size(); ++i)
      if (graph.is_output(boxes[i].nodes.back())) last_reader_[i] = boxes.size();
    for (std::size_t period = 1; period <= max_period; ++period) {
      auto& equal = equal_ahead_[period];
      equal.assign(boxes.size() + 1, 0);
      for (std::size_t i = boxes.size(); i-- > 0;)
        if (i + period < boxes.size() && signature[i] == signature[i + period]) equal[i] = equal[i + 1] + 1;
    }
  }

  struct Found {
    std::size_t period = 1, times = 1;
  };
  /// The repetition from box `start` on that hides most boxes.
  [[nodiscard]] Found at(std::size_t start) const {
    Found best;
    for (std::size_t period = 1; period <= max_period; ++period) {
      const std::size_t times = std::min(1 + equal_ahead_[period][start] / period, max_times);
      const std::size_t hidden = (times - 1) * period, best_hidden = (best.times - 1) * best.period;
      if (hidden > best_hidden && has_one_entry(start, period, times) && has_one_exit(start, period, times))
        best = {period, times};
    }
    return best;
  }

 private:
  /// Each repeat reads only what the box right before it made; a concat also what earlier repeats made.
  [[nodiscard]] bool has_one_entry(std::size_t start, std::size_t period, std::size_t times) const {
    for (std::size_t i = start; i < start + period * times; ++i) {
      const std::vector<std::size_t>& inputs = boxes_[i].inputs;
      if (inputs.empty() || inputs.front() + 1 < start) return false;
      const std::size_t repeat_start = start + (i - start) / period * period;
      if (!is_concat(graph_.node(boxes_[i].nodes[0]).op) && inputs.front() + 1 < repeat_start) return false;
    }
    return true;
  }
  /// Only the last repeat is read from outside.
  [[nodiscard]] bool has_one_exit(std::size_t start, std::size_t period, std::size_t times) const {
    const std::size_t end = start + period * times;
    for (std::size_t i = start; i < end - period; ++i)
      if (last_reader_[i] >= end) return false;
    return true;
  }

  const Graph& graph_;
  const std::vector<Box>& boxes_;
  std::vector<std::size_t> last_reader_;
  std::array<std::vector<std::size_t>, max_period + 1>
      equal_ahead_;  // boxes from i on that equal the one a period later
};

}  // namespace

std::vector<Box> fold_boxes(const Graph& graph) {
  const std::size_t count = graph.nodes().size();
  const std::vector<NodeCost> costs = node_costs(graph);
  std::vector<std::size_t> readers(count, 0), box_of(count, 0);
  for (const Node& node : graph.nodes())
    for (const std::size_t input : node.inputs) ++readers[input];
  std::vector<Box> boxes;
  for (std::size_t i = 0; i < count; ++i) {
    const Node& node = graph.node(i);
    const bool is_folded = !node.inputs.empty() && readers[node.inputs[0]] == 1 && !graph.is_output(node.inputs[0]) &&
                           folds(node.op, graph.node(boxes[box_of[node.inputs[0]]].nodes[0]).op) &&
                           node.part == boxes[box_of[node.inputs[0]]].part;
    if (is_folded) {
      box_of[i] = box_of[node.inputs[0]];
    } else {
      box_of[i] = boxes.size();
      Box box;
      box.part = node.part;
      for (const std::size_t input : node.inputs) box.inputs.push_back(box_of[input]);
      std::ranges::sort(box.inputs);
      box.inputs.erase(std::ranges::unique(box.inputs).begin(), box.inputs.end());
      boxes.push_back(std::move(box));
    }
    Box& box = boxes[box_of[i]];
    box.nodes.push_back(i);
    box.macs += costs[i].macs;
    box.parameters += costs[i].parameters;
  }
  return boxes;
}

Plan plan_rows(const Graph& graph, const std::vector<Box>& boxes) {
  const RunFinder finder(graph, boxes);
  Plan plan;
  std::vector<std::size_t> row_of(boxes.size(), 0);
  std::size_t next = 0;
  while (next < boxes.size() && plan.rows.size() < max_rows) {
    const auto [period, times] = finder.at(next);
    const std::size_t first_row = plan.rows.size();
    for (std::size_t k = 0; k < period; ++k) {
      Row row{.box = next + k, .last_box = next + k + period * (times - 1)};
      if (times > 1) row.run = plan.runs.size();
      for (std::size_t i = row.box; i <= row.last_box; i += period) {
        row_of[i] = first_row + k;
        row.macs += boxes[i].macs;
        row.parameters += boxes[i].parameters;
      }
      plan.rows.push_back(row);
    }
    if (times > 1) plan.runs.push_back({first_row, first_row + period - 1, times});
    next += period * times;
  }
  plan.boxes_hidden = boxes.size() - next;
  for (std::size_t i = 0; i < next; ++i)
    for (const std::size_t input : boxes[i].inputs)
      if (row_of[input] < row_of[i]) plan.edges.push_back({row_of[input], row_of[i]});
  std::ranges::sort(plan.edges);
  plan.edges.erase(std::ranges::unique(plan.edges).begin(), plan.edges.end());
  return plan;
}

std::vector<Column> break_columns(const Plan& plan, const std::vector<double>& heights) {
  const std::size_t count = plan.rows.size();
  const double total = std::accumulate(heights.begin(), heights.end(), 0.0);
  const std::size_t wanted =
      std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(total / column_height)), 1, max_columns);
  // The farthest row that reads a value made above row i.
  std::vector<std::size_t> reach(count + 1, 0);
  for (const Edge& edge : plan.edges) reach[edge.from + 1] = std::max(reach[edge.from + 1], edge.to);
  for (std::size_t i = 1; i <= count; ++i) reach[i] = std::max(reach[i], reach[i - 1]);
  const auto can_break_after = [&](std::size_t row) {
    const bool in_run = plan.rows[row].run != Row::no_run && plan.rows[row].run == plan.rows[row + 1].run;
    return !in_run && reach[row] <= row;
  };
  // The places nearest to equal shares.
  std::vector<Column> columns;
  std::size_t first = 0;
  for (std::size_t share = 1; share < wanted; ++share) {
    const double target = total * static_cast<double>(share) / static_cast<double>(wanted);
    std::size_t best = count;
    double best_distance = std::numeric_limits<double>::infinity(), end = 0.0;
    for (std::size_t row = 0; row + 1 < count; ++row) {
      end += heights[row];
      const double distance = std::abs(end - target);
      if (row >= first && can_break_after(row) && distance < best_distance) {
        best = row;
        best_distance = distance;
      }
    }
    if (best_distance > column_height / 3) continue;
    columns.push_back({first, best});
    first = best + 1;
  }
  columns.push_back({first, count - 1});
  return columns;
}

std::vector<std::size_t> assign_lanes(const std::vector<Edge>& edges) {
  std::vector<std::size_t> order(edges.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return edges[i].to - edges[i].from; });
  std::vector<std::vector<Edge>> lanes;
  std::vector<std::size_t> lane_of(edges.size(), 0);
  for (const std::size_t i : order) {
    const auto is_free = [&](const std::vector<Edge>& lane) {
      return std::ranges::all_of(
          lane, [&](const Edge& other) { return other.to <= edges[i].from || edges[i].to <= other.from; });
    };
    std::size_t lane = 0;
    while (lane < lanes.size() && !is_free(lanes[lane])) ++lane;
    if (lane == max_lanes) lane = max_lanes - 1;  // a tangle is drawn as one
    if (lane == lanes.size()) lanes.emplace_back();
    lanes[lane].push_back(edges[i]);
    lane_of[i] = lane;
  }
  return lane_of;
}

}  // namespace edgewise::graph
