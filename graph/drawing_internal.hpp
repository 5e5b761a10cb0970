/// What the drawing shows and where, before it becomes SVG.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.hpp"

namespace edgewise::graph {

/// Families of operators share a colour, which the legend explains.
struct Family {
  std::string_view label, colour;
};
namespace families {
inline constexpr Family convolution{"convolution", "#2563eb"}, depthwise{"depthwise", "#0d9488"},
    linear{"linear, matmul", "#7c3aed"}, pooling{"pooling, resize", "#d97706"}, joining{"join, split", "#64748b"},
    other{"other", "#be185d"}, input{"input", "#0f172a"};
}  // namespace families
Family family_of(const Graph& graph, std::size_t node);

/// What a box says of one node: a title, and attributes that are not the usual ones.
struct Words {
  std::string title, details;
};
Words words_of(const Graph& graph, std::size_t index);
std::string pretty(const Shape& shape);  ///< "3×224×224"
std::string pretty(const Pair& pair);

/// With what an operator shares a box.
struct Boxing {
  /// Into which boxes it goes when it alone reads their value.
  enum class Goes { alone, with_layers, with_all } goes = Goes::alone;
  /// What may go into a box that it began: those that go with all alone, or no other at all.
  enum class Takes { nothing, simple, all } takes = Takes::all;
  /// The first axis of its value is its own, not its input's.
  bool sets_first_axis = false;
};
Boxing boxing_of(const Operator& op);

/// Nodes that are drawn as one: a node and the norms, activations and reshapes that follow it alone.
struct Box {
  std::vector<std::size_t> nodes;
  std::vector<std::size_t> inputs;  ///< earlier boxes, ascending, each once
  std::int64_t macs = 0, parameters = 0;
  std::string part;  ///< of its nodes
};
std::vector<Box> fold_boxes(const Graph& graph);

/// A box as drawn; one of a repeated run stands for its counterparts in all repeats.
struct Row {
  std::size_t box = 0;                    ///< the box whose text is shown
  std::size_t last_box = 0;               ///< its counterpart in the last repeat; `box` itself when nothing repeats
  std::int64_t macs = 0, parameters = 0;  ///< of all repeats
  std::size_t run = no_run;               ///< index into `Plan::runs`
  static constexpr std::size_t no_run = static_cast<std::size_t>(-1);
};
/// Consecutive rows whose sequence occurs `times` times in the network and is drawn once.
struct Run {
  std::size_t first_row = 0, last_row = 0;
  std::size_t times = 2;
};
/// A value that goes from one row to a later one.
struct Edge {
  std::size_t from = 0, to = 0;
  friend auto operator<=>(const Edge&, const Edge&) = default;
};
/// All rows from top to bottom.
struct Plan {
  std::vector<Row> rows;
  std::vector<Run> runs;
  std::vector<Edge> edges;       ///< ascending, each once, from < to
  std::size_t boxes_hidden = 0;  ///< boxes past the end of a drawing that would be too long
};
Plan plan_rows(const Graph& graph, const std::vector<Box>& boxes);

/// Rows `first` .. `last` stand one below the other.
struct Column {
  std::size_t first = 0, last = 0;
};
/// Breaks the rows into columns of about equal height. A break is only made where every value that crosses it comes
/// from the row right above it, so that one line connects the columns.
/// @param heights  of the rows, in pixels
std::vector<Column> break_columns(const Plan& plan, const std::vector<double>& heights);

/// The lane in which each edge that passes other rows runs, beside the rows: 0 is nearest. Two edges share a lane when
/// they do not meet.
/// @param edges  of one column, each from < to
std::vector<std::size_t> assign_lanes(const std::vector<Edge>& edges);

}  // namespace edgewise::graph
