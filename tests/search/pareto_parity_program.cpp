// What the Pareto tools say about fronts, for pareto_parity.py: a line of JSON in, a line of JSON out.
//   {"points": [[...], ...], "reference": [...], "count": 3} -> {"ranks", "volume", "contributions", "subset"}
#include <iostream>
#include <print>
#include <string>

#include "base/json.hpp"
#include "search/fronts.hpp"

int main() {
  using namespace edgewise;
  for (std::string line; std::getline(std::cin, line);) {
    const auto asked = Json::parse(line);
    const auto points = asked.at("points").get<search::Matrix>();
    const auto reference = asked.at("reference").get<std::vector<double>>();
    const Json answer{
        {"ranks", search::non_dominated_ranks(points)},
        {"volume", search::hypervolume(points, reference).value()},
        {"contributions", search::hypervolume_contributions(points, reference).value()},
        {"subset", search::greedy_hypervolume_subset(points, asked.at("count").get<std::size_t>(), reference).value()}};
    std::println("{}", answer.dump());
  }
}
