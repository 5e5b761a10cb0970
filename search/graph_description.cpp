#include "search/graph_description.hpp"

#include "graph/graph_features.hpp"

namespace edgewise::search {

std::shared_ptr<const Description> described_by_graph(
    std::function<std::optional<graph::Graph>(const space::Choice&)> build, bool is_looked_up) {
  std::vector<DescribingColumn> columns;
  for (const auto& feature : graph::graph_feature_list()) columns.push_back({feature.name, feature.group});
  const auto of = [build = std::move(build)](const space::Choice& choice) {
    const auto graph = build(choice);
    return graph ? graph::graph_features(*graph) : std::vector<double>{};
  };
  return std::make_shared<const Description>(std::move(columns), of, is_looked_up);
}

}  // namespace edgewise::search
