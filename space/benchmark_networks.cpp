#include "space/benchmark_networks_internal.hpp"

namespace edgewise::space {

Catalogue<BenchmarkNetworks>& benchmark_networks() {
  static Catalogue<BenchmarkNetworks> all("kind of network", {nasbench201_entry()});
  return all;
}

}  // namespace edgewise::space
