#include "space/benchmark_networks_internal.hpp"

namespace edgewise::space {

Catalogue<BenchmarkNetworks>& benchmark_networks() {
  const auto entries = [] {
    std::vector<BenchmarkNetworks> all{nasbench201_entry()};
    for (const auto& family : families().names()) all.push_back(family_entry(family));
    return all;
  };
  static Catalogue<BenchmarkNetworks> all("kind of network", entries());
  return all;
}

}  // namespace edgewise::space
