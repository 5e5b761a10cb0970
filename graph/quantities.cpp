#include "graph/quantities.hpp"

#include "graph/costs.hpp"

namespace edgewise::graph {

namespace {

/// A quantity beside the way to take it from the costs.
struct Told {
  Quantity quantity;
  double (*of)(const Costs& costs);
};

const std::vector<Told>& told() {
  static const auto from_graph = [](std::string name, std::string unit, Interval range, std::string sentence) {
    return Quantity{.name = std::move(name),
                    .unit = std::move(unit),
                    .better = Direction::minimize,
                    .known = Known::from_graph,
                    .range = range,
                    .sentence = std::move(sentence)};
  };
  static const std::vector<Told> all{
      {from_graph("parameters", "", intervals::at_least_one, "trainable numbers of the network"),
       [](const Costs& costs) { return static_cast<double>(costs.parameters); }},
      {from_graph("macs", "", intervals::at_least_one, "multiply-accumulates of one inference at batch 1"),
       [](const Costs& costs) { return static_cast<double>(costs.macs); }},
      {from_graph("weight_mb", "MB", intervals::above_zero, "memory of parameters and buffers as 32-bit floats"),
       [](const Costs& costs) { return static_cast<double>(costs.weight_bytes) / 1e6; }},
      {from_graph("activation_mb", "MB", intervals::above_zero,
                  "most memory that values take at once when the layers run in order, at batch 1"),
       [](const Costs& costs) { return static_cast<double>(costs.peak_activation_bytes) / 1e6; }},
  };
  return all;
}

}  // namespace

const std::vector<Quantity>& quantities() {
  static const auto all = [] {
    std::vector<Quantity> list;
    for (const Told& one : told()) list.push_back(one.quantity);
    return list;
  }();
  return all;
}

std::map<std::string, double> known_values(const Graph& graph) {
  const Costs sum = costs(graph);
  std::map<std::string, double> values;
  for (const Told& one : told()) values[one.quantity.name] = one.of(sum);
  return values;
}

}  // namespace edgewise::graph
