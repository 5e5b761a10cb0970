/// What the drawing shows and where, before it becomes SVG.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace edgewise::graph {

/// Nodes that are drawn as one: a node and the norms, activations and reshapes that follow it alone.
struct Box {
  std::vector<std::size_t> nodes;
  std::vector<std::size_t> inputs;  ///< earlier boxes, ascending, each once
  std::int64_t macs = 0, parameters = 0;
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
