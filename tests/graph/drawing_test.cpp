#include "graph/drawing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "graph/costs.hpp"
#include "graph/drawing_internal.hpp"
#include "random_graph.hpp"

namespace edgewise::graph {
namespace {

using testing::HasSubstr;
using testing::Not;

/// What is wrong with an XML text without comments and declarations: tags that do not pair, raw signs, attributes
/// without quotes.
std::string xml_mistake(const std::string& text) {
  static const std::regex tag(R"re(<(/?)([a-z]+)((?:\s[a-zA-Z:-]+="[^"<&]*")*)\s*(/?)>)re");
  static const std::regex entity("&(amp|lt|gt|quot|#39);");
  std::vector<std::string> open;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t next = text.find('<', at);
    const std::string words = std::regex_replace(text.substr(at, next - at), entity, "");
    if (words.find_first_of("&>") != std::string::npos) return "a raw sign in " + words;
    if (next == std::string::npos) break;
    std::smatch match;
    const std::string rest = text.substr(next, text.find('>', next) - next + 1);
    if (!std::regex_match(rest, match, tag)) return "no tag: " + rest;
    if (match[1] == "/") {
      if (open.empty() || open.back() != match[2]) return "closes what is not open: " + rest;
      open.pop_back();
    } else if (match[4] != "/") {
      open.push_back(match[2]);
    }
    at = next + rest.size();
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

int count(const std::string& text, const std::string& part) {
  int times = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++times;
  return times;
}

/// A residual network: blocks of two convolutions around which the input goes.
Graph residual_network(int blocks, std::int64_t channels) {
  GraphBuilder builder({3, 32, 32});
  auto x = builder.add(Conv2d{.out_channels = channels, .kernel_size = {3, 3}, .padding = {1, 1}}, {builder.input()});
  for (int i = 0; i < blocks; ++i) {
    auto y = builder.add(Conv2d{.out_channels = channels, .kernel_size = {3, 3}, .padding = {1, 1}}, {x});
    y = builder.add(Activation{}, {builder.add(BatchNorm2d{}, {y})});
    y = builder.add(BatchNorm2d{}, {builder.add(Conv2d{.out_channels = channels}, {y})});
    x = builder.add(Activation{}, {builder.add(Add{}, {builder.add(StochasticDepth{0.01 * i}, {y}), x})});
  }
  x = builder.add(Reshape{{channels}}, {builder.add(AdaptiveAvgPool2d{}, {x})});
  x = builder.add(Linear{10, true}, {x}, "head <&> \"'");
  return *std::move(builder).finish(x);
}

TEST(Drawing, FoldsNormsAndActivationsAndRepeatsBlocksOnce) {
  const Graph graph = residual_network(5, 16);
  const std::vector<Box> boxes = fold_boxes(graph);
  EXPECT_EQ(boxes.size(), 1U + 1 + 5 * 3 + 1 + 1);
  const Plan plan = plan_rows(graph, boxes);
  ASSERT_EQ(plan.runs.size(), 1U);
  EXPECT_EQ(plan.runs[0].times, 5U);
  EXPECT_EQ(plan.rows.size(), 7U);  // input, stem, three for the blocks, pooling, head
  EXPECT_THAT(plan.edges,
              testing::ElementsAre(Edge{0, 1}, Edge{1, 2}, Edge{1, 4}, Edge{2, 3}, Edge{3, 4}, Edge{4, 5}, Edge{5, 6}));
  std::int64_t macs = 0;
  for (const Row& row : plan.rows) macs += row.macs;
  EXPECT_EQ(macs, costs(graph).macs);
}

TEST(Drawing, DoesNotRepeatBlocksThatAreReadFromOutside) {
  GraphBuilder builder({4, 8, 8});
  const auto a = builder.add(Conv2d{.out_channels = 4}, {builder.input()});
  const auto b = builder.add(Conv2d{.out_channels = 4}, {a});
  const auto c = builder.add(Conv2d{.out_channels = 4}, {b});
  const auto sum = builder.add(Add{}, {a, c});
  const Graph graph = *std::move(builder).finish(sum);
  const Plan plan = plan_rows(graph, fold_boxes(graph));
  EXPECT_THAT(plan.edges, testing::Contains(Edge{1, plan.rows.size() - 1}))
      << "the long way round from the first convolution is shown";
}

TEST(Drawing, SaysOperatorAttributesShapeAndShare) {
  const std::string svg = draw_svg(residual_network(5, 16));
  EXPECT_EQ(xml_mistake(svg), "");
  for (const char* words : {">input<", "3×32×32", ">conv 3×3 → 16<", "batch norm · ReLU", ">add · ReLU<", ">×5<",
                            ">linear → 10<", "global average pool · flatten"})
    EXPECT_THAT(svg, HasSubstr(words));
  EXPECT_THAT(svg, HasSubstr("head &lt;&amp;&gt; &quot;&#39; (linear) 10"));
  EXPECT_THAT(svg, Not(HasSubstr("head <")));
}

TEST(Drawing, NamesOutputsAndTheBeginningOfEachPart) {
  GraphBuilder builder({3, 32, 32});
  builder.begin_part("stem <1>");
  auto x = builder.add(Conv2d{.out_channels = 8}, {builder.input()});
  builder.begin_part("stage");
  x = builder.add(Conv2d{.out_channels = 8}, {x});
  const auto features = builder.add(Activation{}, {x});
  builder.begin_part("head");
  const auto mask = builder.add(Constant{{{8, 32, 32}, std::vector<float>(8 * 32 * 32, 1.0F)}}, {});
  const auto scores = builder.add(Mul{}, {builder.add(Activation{}, {features}), mask});
  const std::vector<GraphBuilder::NamedValue> outputs{{"features", features}, {"scores", scores}};
  const Graph graph = *std::move(builder).finish(outputs);
  const std::string svg = draw_svg(graph);
  EXPECT_EQ(xml_mistake(svg), "");
  for (const char* words : {">stem &lt;1&gt;<", ">stage<", ">head<", "output &quot;features&quot;",
                            "output &quot;scores&quot;", "3×32×32 → 8×32×32, 8×32×32:", ">2 outputs<", "constant"})
    EXPECT_THAT(svg, HasSubstr(words));
  EXPECT_EQ(count(svg, ">stage<"), 1);
  // Equal convolutions of two parts are not one repeated block, and a value that is given is not hidden in a box.
  const Plan plan = plan_rows(graph, fold_boxes(graph));
  EXPECT_TRUE(plan.runs.empty());
  EXPECT_EQ(plan.rows.size(), 6U);  // input, stem, stage, the head's activation, constant, product
}

TEST(Drawing, OfARandomGraphIsWellFormed) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Graph graph = random_graph(RandomStream::named(seed, "drawing"), 40, seed % 2 == 1);
    const std::string svg = draw_svg(graph);
    ASSERT_EQ(xml_mistake(svg), "") << "seed " << seed;
    ASSERT_EQ(svg, draw_svg(graph));
    const std::vector<Box> boxes = fold_boxes(graph);
    ASSERT_EQ(count(svg, "<g>"), static_cast<int>(plan_rows(graph, boxes).rows.size()));
  }
}

TEST(Drawing, PlacesEveryRowInOneColumnAndBreaksOnlyAtOneValue) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Graph graph = random_graph(RandomStream::named(seed, "columns"), 150);
    const Plan plan = plan_rows(graph, fold_boxes(graph));
    const auto columns = break_columns(plan, std::vector<double>(plan.rows.size(), 50.0));
    std::size_t next = 0;
    for (const Column& column : columns) {
      ASSERT_EQ(column.first, next);
      ASSERT_LE(column.first, column.last);
      next = column.last + 1;
      for (const Edge& edge : plan.edges) {
        if (edge.from < column.first && edge.to >= column.first) {
          ASSERT_EQ(edge.from + 1, column.first) << "seed " << seed;
        }
      }
    }
    ASSERT_EQ(next, plan.rows.size());
  }
}

TEST(Drawing, OfAHugeGraphStaysShort) {
  RandomStream random = RandomStream::named(1, "widths");
  GraphBuilder builder({8});
  auto x = builder.input();
  for (int i = 0; i < 50'000; ++i) x = builder.add(Linear{between(random, 7, 40), true}, {x});
  const std::string svg = draw_svg(*std::move(builder).finish(x));
  EXPECT_LT(svg.size(), 1U << 20);
  EXPECT_TRUE(svg.contains("more operations"));
}

TEST(Lanes, OfEdgesThatMeetDiffer) {
  const std::vector<Edge> edges{{0, 5}, {1, 3}, {3, 5}, {5, 8}};
  const auto lanes = assign_lanes(edges);
  EXPECT_EQ(lanes[1], lanes[2]);
  EXPECT_NE(lanes[0], lanes[1]);
  EXPECT_EQ(lanes[1], 0U);
  EXPECT_EQ(lanes[3], 0U);
}

}  // namespace
}  // namespace edgewise::graph
