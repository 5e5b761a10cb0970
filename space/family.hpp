/// Families: a search space with the builder that turns a choice into a network.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "space/space.hpp"

namespace edgewise::space {

/// What the network has to give.
enum class Head { classification, box };

/// The frame that a job sets for every candidate.
struct Frame {
  std::int64_t channels = 3;
  std::int64_t input_size = 64;  ///< square; a family with an input-size parameter overrides it
  Head head = Head::classification;
  std::int64_t outputs = 10;  ///< classes, or 4 for a box (x0, y0, x1, y1 as shares of the input size)
};

/// What a choice stands for: the network and how to train it.
struct Candidate {
  graph::Graph graph;
  std::map<std::string, Value> training;  ///< train options that the choice sets, e.g. "learning_rate"
};

/// The same text for two candidates that are the same network with the same training settings, so that whatever one of
/// them gives the other would give too, chance aside. By graph::canonical_hash, whose meaning it shares.
std::string identity(const Candidate& candidate);

/// A space that can be built. Name and options as in the job file.
struct Family {
  std::string name;
  Space space;
  std::function<Result<Candidate>(const Choice&, const Frame&)> build;
};

/// The names for messages and `--help`: "backbones", "resnet".
std::vector<std::string> family_names();

/// @param options  the `space:` section of the job file without `family`: for each parameter an optional list of values
/// or
///                 {low, high, step} that narrows it; {} keeps the family's own ranges
///                 (`resnet` also takes max_parameters and max_macs, bounds on what is valid; 2e6 and 4e8 unless given)
/// @error invalid_input: unknown name (with the nearest), unknown parameter, values that the family does not know
Result<Family> make_family(const std::string& name, const Json& options, const Frame& frame);

}  // namespace edgewise::space
