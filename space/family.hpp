/// Families: a search space with the builder that turns a choice into a network.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/catalogue.hpp"
#include "base/size.hpp"
#include "graph/feature_maps.hpp"
#include "graph/graph.hpp"
#include "space/space.hpp"

namespace edgewise::space {

/// The frame that a job sets for every candidate.
struct Frame {
  std::int64_t channels = 3;
  Size input_size = 64;   ///< of pictures; a family with an input-size parameter chooses the width, in its proportions
  graph::HeadMaker head;  ///< the task's layers on the family's features; empty: the network's own classifier
  std::int64_t outputs = 10;  ///< numbers that the head gives
};

/// Puts the frame's head on features and ends the network.
/// @param builder  under construction; used up
Result<graph::Graph> finish(graph::GraphBuilder& builder, const graph::Features& features, const Frame& frame);

/// What a trial evaluates: a network and how to train it. A choice stands for one; an imported network is one without a
/// choice.
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
  std::string
      named_by;  ///< the parameter whose value others call the network by ("resnet18"); empty: they have no names
  std::string drawing = {};                        ///< of a space file: its networks, a line for each step
  std::map<std::string, std::string> places = {};  ///< of a space file: file:line:column of each parameter
};
/// The name of a choice's network, by which a folder of weights is looked through; empty: it has none.
std::string network_name(const Family& family, const Choice& choice);

/// Which family, as a job says it and a study keeps it.
struct Source {
  std::string name;          ///< of families(), or a space file's path
  std::string content = {};  ///< the space file's text, also of a family that is a built-in file; empty: none is kept
  Json options = Json::object();  ///< the rest of the `space:` section
  friend bool operator==(const Source&, const Source&) = default;
};
/// Whether a family's name is a file's: it ends in .yaml or .yml.
bool is_space_file(const std::string& name);
/// The text of a family that is a built-in file; empty: it is none.
std::string built_in_content(const std::string& name);

/// What keeps a source from being a family.
struct FamilyMistakes {
  std::vector<Error> in_file;       ///< with file:line:column
  std::optional<Error> in_options;  ///< `where` is the option's name; "family": the name is unknown
  [[nodiscard]] const Error& first() const { return in_file.empty() ? *in_options : in_file.front(); }
};
/// The content counts where there is one; a name of families() without one means what it means today.
std::expected<Family, FamilyMistakes> read_family(const Source& source, const Frame& frame);
/// The same, and the first mistake.
Result<Family> make_family(const Source& source, const Frame& frame);

/// One line of the catalogue: how a family is made from a job's options.
struct FamilyMaker {
  std::string name;
  std::function<Result<Family>(const Json& options, const Frame& frame)> make;
};
/// All families. One takes the `space:` section of the job file without `family`: for each parameter an optional list
/// of values or {low, high, step} that narrows it ({} keeps the family's own ranges), and options of its own.
Catalogue<FamilyMaker>& families();

/// @error invalid_input: unknown name (with the nearest), unknown parameter, values that the family does not know
Result<Family> make_family(const std::string& name, const Json& options, const Frame& frame);

}  // namespace edgewise::space
