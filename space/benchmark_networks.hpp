/// The networks that published tables of evaluations speak of, from the texts that name them there.
#pragma once

#include <functional>
#include <string>

#include "base/catalogue.hpp"
#include "space/family.hpp"

namespace edgewise::space {

/// How a table writes its networks.
struct BenchmarkNetworks {
  std::string name;
  std::string sentence;
  /// Whether a text names a network that such a frame can have; quick. @error invalid_input: what in it does not
  std::function<Status(const std::string& text, const Frame& frame)> check;
  /// @param text  of one network, as the table has it
  /// @param frame  size of the pictures and number of classes; the head is the networks' own
  /// @error invalid_input: what in the text is no network of this kind
  std::function<Result<graph::Graph>(const std::string& text, const Frame& frame)> build;
};
/// Those of published benchmarks, and each of our own families by its name.
Catalogue<BenchmarkNetworks>& benchmark_networks();

}  // namespace edgewise::space
