#include "graph/drawing.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <optional>
#include <utility>

#include "graph/costs.hpp"
#include "graph/drawing_internal.hpp"
#include "graph/operators_internal.hpp"

namespace edgewise::graph {

namespace {

// Pixels.
constexpr double box_width = 262, tall_box = 42, flat_box = 25, row_gap = 13, run_gap = 7;
constexpr double left_margin = 42, lane_offset = 14, lane_width = 9, column_gap = 22, stub_height = 22;
constexpr double header_height = 66, bottom_margin = 46, part_height = 16;

constexpr std::string_view ink = "#1e293b", pale_ink = "#64748b", line_colour = "#94a3b8", skip_colour = "#8b9dc3";

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

/// Cut to `most` characters.
std::string shortened(const std::string& text, std::size_t most) {
  const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  if (std::ranges::count_if(text, is_start) <= static_cast<std::ptrdiff_t>(most)) return text;
  std::string cut;
  std::size_t count = 0;
  for (const char c : text) {
    if (is_start(c) && ++count >= most) break;
    cut += c;
  }
  return cut + "…";
}

/// "1.82 G", three digits that count.
std::string counted(std::int64_t value) {
  const auto number = static_cast<double>(value);
  for (const auto& [unit, sign] :
       {std::pair{1e12, " T"}, std::pair{1e9, " G"}, std::pair{1e6, " M"}, std::pair{1e3, " k"}})
    if (number >= unit) {
      const double scaled = number / unit;
      return std::format("{:.{}f}{}", scaled, scaled < 10 ? 2 : scaled < 100 ? 1 : 0, sign);
    }
  return std::to_string(value);
}

/// Everything one row shows.
struct Picture {
  std::string title, details, shape, share, tooltip;
  std::string part;  ///< said above it, where it is another than that of the row before
  Family family{};
  double bar = 0.0;  ///< 0 .. 1
  double height = 0.0;
};

std::string share_text(double share) {
  if (share <= 0.0) return {};
  return share < 0.0005 ? "&lt;0.1 %" : std::format("{:.1f} %", share * 100);
}

/// The words of the first node and the names of those folded into it; "concat of 2 .. 7" where repeats differ.
void describe(const Graph& graph, const Box& box, const Box& last, Picture& picture) {
  // Moves of axes are left to the tooltip where a box does something else.
  const auto moves_axes = [&](std::size_t node) { return std::holds_alternative<Permute>(graph.node(node).op); };
  const auto found = std::ranges::find_if_not(box.nodes, moves_axes);
  const std::size_t main = found == box.nodes.end() ? box.nodes[0] : *found;
  Words words = words_of(graph, main);
  const std::size_t inputs = graph.node(box.nodes[0]).inputs.size(),
                    last_inputs = graph.node(last.nodes[0]).inputs.size();
  if (inputs != last_inputs) words.title += std::format(" … {}", last_inputs);
  picture.title = std::move(words.title);
  picture.details = std::move(words.details);
  for (const std::size_t node : box.nodes)
    if (node > main && !moves_axes(node))
      picture.details += (picture.details.empty() ? "" : " · ") + words_of(graph, node).title;
  const Shape &shape = graph.shape(box.nodes.back()), &last_shape = graph.shape(last.nodes.back());
  picture.shape = shape == last_shape ? pretty(shape) : std::format("{} … {}", shape[0], pretty(last_shape));
}

std::string tooltip_of(const Graph& graph, const Box& box, const Row& row, std::size_t times) {
  std::string text;
  constexpr std::size_t most = 8;
  for (std::size_t k = 0; k < std::min(box.nodes.size(), most); ++k) {
    const Node& node = graph.node(box.nodes[k]);
    text += std::format("{} ({}) {}\n", node.name, operator_name(node.op), pretty(graph.shape(box.nodes[k])));
  }
  if (box.nodes.size() > most) text += "…\n";
  text += std::format("{} MACs, {} parameters", counted(row.macs), counted(row.parameters));
  if (times > 1) text += std::format(" in all {} repeats", times);
  return text;
}

/// What a box of a named output says besides.
std::optional<std::string> output_name(const Graph& graph, std::size_t node) {
  const auto found = std::ranges::find(graph.outputs(), node, &Output::node);
  if (found == graph.outputs().end() || found->name.empty()) return std::nullopt;
  return found->name;
}

std::vector<Picture> picture_rows(const Graph& graph, const std::vector<Box>& boxes, const Plan& plan,
                                  std::int64_t total_macs) {
  std::int64_t most = 1;
  for (const Row& row : plan.rows) most = std::max(most, row.macs);
  std::vector<Picture> pictures;
  for (const Row& row : plan.rows) {
    Picture picture;
    describe(graph, boxes[row.box], boxes[row.last_box], picture);
    if (const auto name = output_name(graph, boxes[row.box].nodes.back()))
      picture.details += std::format("{}output \"{}\"", picture.details.empty() ? "" : " · ", *name);
    if (pictures.empty() || boxes[row.box].part != boxes[plan.rows[pictures.size() - 1].box].part)
      picture.part = boxes[row.box].part;
    picture.family = family_of(graph, boxes[row.box].nodes[0]);
    if (total_macs > 0) picture.share = share_text(static_cast<double>(row.macs) / static_cast<double>(total_macs));
    picture.bar = static_cast<double>(row.macs) / static_cast<double>(most);
    picture.tooltip = tooltip_of(graph, boxes[row.box], row, row.run == Row::no_run ? 1 : plan.runs[row.run].times);
    // Short words go behind the title, so that additions and the like stay flat.
    const bool is_flat = row.macs == 0 && picture.title.size() + picture.details.size() + picture.shape.size() < 34;
    if (is_flat && !picture.details.empty()) picture.title += " · " + std::exchange(picture.details, {});
    picture.height = is_flat || (picture.details.empty() && picture.share.empty()) ? flat_box : tall_box;
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

/// Writes the pieces of the SVG.
class Pen {
 public:
  void text(double x, double y, double size, std::string_view colour, const std::string& escaped_text,
            std::string_view more = {}) {
    svg += std::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" fill=\"{}\"{}>{}</text>\n", x, y, size, colour,
                       more, escaped_text);
  }
  void rectangle(double x, double y, double w, double h, double radius, std::string_view fill,
                 std::string_view more = {}) {
    svg += std::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"{}\" fill=\"{}\"{}/>\n",
                       x, y, w, h, radius, fill, more);
  }
  void line(const std::string& path, std::string_view colour) {
    svg += std::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>\n", path, colour);
  }
  void arrow_down(double x, double y0, double y1, std::string_view colour) {
    line(std::format("M{:.1f} {:.1f}V{:.1f}", x, y0, y1 - 4), colour);
    svg += std::format("<path d=\"M{:.1f} {:.1f}l-3.6 -5.5h7.2z\" fill=\"{}\"/>\n", x, y1, colour);
  }
  /// From a right edge round to a right edge further down.
  void arrow_round(double x0, double y0, double x, double x1, double y1, std::string_view colour) {
    const double r = std::min({9.0, (y1 - y0) / 2, x - std::max(x0, x1)});
    line(std::format(
             "M{0:.1f} {1:.1f}H{2:.1f}Q{3:.1f} {1:.1f} {3:.1f} {4:.1f}V{5:.1f}Q{3:.1f} {6:.1f} {2:.1f} {6:.1f}H{7:.1f}",
             x0, y0, x - r, x, y0 + r, y1 - r, y1, x1 + 5),
         colour);
    svg += std::format("<path d=\"M{:.1f} {:.1f}l5.5 -3.6v7.2z\" fill=\"{}\"/>\n", x1, y1, colour);
  }
  void dot(double x, double y) {
    svg += std::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" fill=\"#ffffff\" stroke=\"{}\" stroke-width=\"1.5\"/>\n", x, y,
        line_colour);
  }
  std::string svg;
};

void draw_box(Pen& pen, const Picture& picture, double x, double y) {
  const double h = picture.height;
  pen.svg += "<g><title>" + escaped(picture.tooltip) + "</title>\n";
  const bool is_input = picture.family.label == families::input.label;
  pen.rectangle(x, y, box_width, h, 6, "#ffffff", " stroke=\"#d3dae6\"");
  pen.svg += std::format("<path d=\"M{:.1f} {:.1f}q-6 0 -6 6v{:.1f}q0 6 6 6z\" fill=\"{}\"/>\n", x + 6, y, h - 12,
                         picture.family.colour);
  const double baseline = y + (h == flat_box ? 16.5 : 17.0), right = x + box_width - 9;
  const std::size_t shape_size = std::clamp<std::size_t>(picture.shape.size(), 14, 28);
  pen.text(x + 14, baseline, 12, ink, escaped(shortened(picture.title, 44 - shape_size)),
           is_input ? " font-weight=\"700\"" : " font-weight=\"600\"");
  pen.text(right, baseline, 11, pale_ink, escaped(shortened(picture.shape, 28)), " text-anchor=\"end\"");
  if (!picture.details.empty()) pen.text(x + 14, y + 32, 10.5, pale_ink, escaped(shortened(picture.details, 37)));
  if (!picture.share.empty()) {
    pen.text(right, y + 32, 10.5, picture.family.colour, picture.share, " text-anchor=\"end\" font-weight=\"600\"");
    pen.rectangle(x + 6, y + h - 4, std::max(1.0, (box_width - 12) * picture.bar), 3, 1.5, picture.family.colour,
                  " fill-opacity=\"0.55\"");
  }
  pen.svg += "</g>\n";
}

/// Room above a row for the name of the part that begins with it.
double part_gap(const Picture& picture) {
  return picture.part.empty() ? 0.0 : part_height;
}

/// One column of rows with the lines between them.
struct ColumnLayout {
  Column rows;
  double x = 0, width = 0, bottom = 0;
  std::vector<double> top;        ///< of each row
  std::vector<Edge> round;        ///< edges beside the rows; `from` may be the stub, the row before the first
  std::vector<std::size_t> lane;  ///< of each of `round`
};

ColumnLayout lay_out(const Plan& plan, const std::vector<Picture>& pictures, Column rows, double x) {
  ColumnLayout layout{.rows = rows, .x = x};
  double y = header_height + (rows.first > 0 ? stub_height : 0);
  for (std::size_t i = rows.first; i <= rows.last; ++i) {
    const std::size_t run = plan.rows[i].run;
    y += part_gap(pictures[i]);
    if (run != Row::no_run && plan.runs[run].first_row == i) y += run_gap;
    layout.top.push_back(y);
    y += pictures[i].height + row_gap;
    if (run != Row::no_run && plan.runs[run].last_row == i) y += run_gap;
  }
  layout.bottom = y - row_gap;
  for (const Edge& edge : plan.edges)
    if (edge.to >= rows.first && edge.to <= rows.last && edge.to > edge.from + 1) layout.round.push_back(edge);
  layout.lane = assign_lanes(layout.round);
  const std::size_t lanes = layout.lane.empty() ? 0 : *std::ranges::max_element(layout.lane) + 1;
  layout.width = left_margin + box_width + lane_offset + static_cast<double>(lanes) * lane_width;
  return layout;
}

void draw_column(Pen& pen, const Plan& plan, const std::vector<Picture>& pictures, const ColumnLayout& layout) {
  const auto [first, last] = layout.rows;
  const double left = layout.x + left_margin, middle = left + box_width / 2, right = left + box_width;
  const auto top = [&](std::size_t row) { return layout.top[row - first]; };
  const auto bottom = [&](std::size_t row) { return top(row) + pictures[row].height; };
  const double stub = header_height + 2;
  for (const Run& run : plan.runs) {
    if (run.first_row < first || run.first_row > last) continue;
    const double y0 = top(run.first_row) - run_gap, y1 = bottom(run.last_row) + run_gap;
    pen.rectangle(layout.x + 2, y0, layout.width - 2, y1 - y0, 9, "#eef2f9");
    pen.text(layout.x + 21, (y0 + y1) / 2 + 5, 14, "#475569", std::format("×{}", run.times),
             " text-anchor=\"middle\" font-weight=\"700\"");
  }
  if (first > 0) pen.dot(middle, stub);
  for (std::size_t k = 0; k < layout.round.size(); ++k) {
    const auto [from, to] = layout.round[k];
    const double x = right + lane_offset + static_cast<double>(layout.lane[k]) * lane_width;
    const bool from_stub = from < first;
    pen.arrow_round(from_stub ? middle + 4.5 : right, from_stub ? stub : top(from) + pictures[from].height * 0.68, x,
                    right, top(to) + pictures[to].height * 0.32, skip_colour);
  }
  for (const Edge& edge : plan.edges)
    if (edge.to == edge.from + 1 && edge.to >= first && edge.to <= last)
      pen.arrow_down(middle, edge.from < first ? stub + 4.5 : bottom(edge.from), top(edge.to) - 1, line_colour);
  for (std::size_t i = first; i <= last; ++i) {
    if (!pictures[i].part.empty()) {
      const bool opens_run = plan.rows[i].run != Row::no_run && plan.runs[plan.rows[i].run].first_row == i;
      pen.text(left, top(i) - (opens_run ? run_gap : 0) - 4, 11, pale_ink, escaped(shortened(pictures[i].part, 18)),
               " font-weight=\"700\"");
    }
    draw_box(pen, pictures[i], left, top(i));
  }
}

/// From the end of a column to the top of the next.
void connect(Pen& pen, const ColumnLayout& from, const ColumnLayout& to) {
  const double x0 = from.x + left_margin + box_width / 2, x1 = to.x + left_margin + box_width / 2;
  const double x = to.x - column_gap / 2 + 4, y0 = from.bottom + 16, y1 = header_height + 2, r = 9;
  pen.line(std::format("M{0:.1f} {1:.1f}V{2:.1f}Q{0:.1f} {3:.1f} {4:.1f} {3:.1f}H{5:.1f}Q{6:.1f} {3:.1f} {6:.1f} "
                       "{7:.1f}V{8:.1f}Q{6:.1f} "
                       "{9:.1f} {10:.1f} {9:.1f}H{11:.1f}",
                       x0, from.bottom, y0 - r, y0, x0 + r, x - r, x, y0 - r, y1 + r, y1, x + r, x1 - 5),
           line_colour);
}

std::string outputs_text(const Graph& graph) {
  constexpr std::size_t most = 4;
  std::string text;
  const auto& outputs = graph.outputs();
  for (std::size_t i = 0; i < std::min(outputs.size(), most); ++i)
    text += (i > 0 ? ", " : "") + pretty(graph.shape(outputs[i].node));
  return text + (outputs.size() > most ? ", …" : "");
}

void draw_header(Pen& pen, const Graph& graph, const Costs& costs, const std::vector<Picture>& pictures) {
  pen.text(10, 22, 14, ink,
           std::format("{} → {}: {} MACs, {} parameters", pretty(graph.input_shape()), outputs_text(graph),
                       counted(costs.macs), counted(costs.parameters)),
           " font-weight=\"700\"");
  double x = 10;
  for (const Family& family : {families::convolution, families::depthwise, families::linear, families::pooling,
                               families::joining, families::other}) {
    if (std::ranges::none_of(pictures, [&](const Picture& picture) { return picture.family.label == family.label; }))
      continue;
    pen.rectangle(x, 35, 9, 9, 2, family.colour);
    pen.text(x + 13, 43.5, 11, pale_ink, std::string(family.label));
    x += 28 + 5.8 * static_cast<double>(family.label.size());
  }
}

}  // namespace

std::string draw_svg(const Graph& graph) {
  const std::vector<Box> boxes = fold_boxes(graph);
  const Plan plan = plan_rows(graph, boxes);
  const Costs cost = costs(graph);
  const std::vector<Picture> pictures = picture_rows(graph, boxes, plan, cost.macs);
  std::vector<double> heights;
  for (const Picture& picture : pictures) heights.push_back(picture.height + row_gap + part_gap(picture));

  std::vector<ColumnLayout> columns;
  double x = 0, height = 0;
  for (const Column& rows : break_columns(plan, heights)) {
    columns.push_back(lay_out(plan, pictures, rows, x));
    x += columns.back().width + column_gap;
    height = std::max(height, columns.back().bottom);
  }
  const double width = std::max(x, 520.0);
  height += bottom_margin;

  Pen pen;
  pen.svg = std::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "role=\"img\" "
      "aria-label=\"architecture\" style=\"max-width:100%;height:auto\" font-family=\"system-ui, sans-serif\">\n",
      width, height);
  pen.rectangle(0, 0, width, height, 8, "#fbfcfe");
  draw_header(pen, graph, cost, pictures);
  for (std::size_t k = 0; k + 1 < columns.size(); ++k) connect(pen, columns[k], columns[k + 1]);
  for (const ColumnLayout& column : columns) draw_column(pen, plan, pictures, column);
  const ColumnLayout& end = columns.back();
  const double middle = end.x + left_margin + box_width / 2;
  pen.arrow_down(middle, end.bottom, end.bottom + 11, line_colour);
  pen.text(middle, end.bottom + 23, 11, pale_ink,
           plan.boxes_hidden > 0        ? std::format("… and {} more operations", plan.boxes_hidden)
           : graph.outputs().size() > 1 ? std::format("{} outputs", graph.outputs().size())
                                        : std::string("output"),
           " text-anchor=\"middle\"");
  if (cost.macs > 0)
    pen.text(10, height - 8, 10.5, pale_ink,
             "% and bar: share of the multiply-accumulates (MACs), all repeats of a block together");
  pen.svg += "</svg>\n";
  return pen.svg;
}

}  // namespace edgewise::graph
