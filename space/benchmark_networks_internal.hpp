/// The entries of the catalogue, each in a file of its own.
#pragma once

#include "space/benchmark_networks.hpp"

namespace edgewise::space {

BenchmarkNetworks nasbench201_entry();
/// Tables of trials of a family of families().
BenchmarkNetworks family_entry(const std::string& name);

}  // namespace edgewise::space
