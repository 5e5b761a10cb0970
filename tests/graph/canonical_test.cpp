// The canonical hash: the same for every way to write a network down, different for different networks.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "graph/graph.hpp"
#include "graph/operators_internal.hpp"
#include "random_graph.hpp"
#include "rewritten.hpp"

namespace edgewise::graph {
namespace {

struct Change {
  int wanted = 0, seen = 0;
  bool is_done = false;
  bool mine() { return !is_done && seen++ == wanted && (is_done = true); }
  void operator()(std::string_view, std::int64_t& value) {
    if (mine()) value += 1;
  }
  void operator()(std::string_view, bool& value) {
    if (mine()) value = !value;
  }
  void operator()(std::string_view, double& value) {
    if (mine()) value += 0.0625;
  }
  void operator()(std::string_view, Pair& value) {
    if (mine()) value.w += 1;
  }
  void operator()(std::string_view, Shape& value) {
    if (mine()) std::ranges::reverse(value);
  }
  void operator()(std::string_view, ResizeMode& value) {
    if (mine()) value = value == ResizeMode::nearest ? ResizeMode::bilinear : ResizeMode::nearest;
  }
  void operator()(std::string_view, DataType& value) {
    if (mine()) value = value == DataType::int8 ? DataType::uint8 : DataType::int8;
  }
  void operator()(std::string_view, Tensor& value) {
    if (auto* floats = std::get_if<std::vector<float>>(&value.values); floats != nullptr && mine())
      floats->back() += 0.0625F;
  }
};

TEST(CanonicalHash, IsTheSameHoweverANetworkIsWrittenDown) {
  std::size_t reordered = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const auto graph = random_graph(RandomStream(seed), 25, seed % 2 == 1);
    RandomStream random(seed + 1000);
    for (int i = 0; i < 3; ++i) {
      const auto other = rewritten(graph, random);
      if (structural_hash(other) != structural_hash(graph)) ++reordered;
      ASSERT_EQ(canonical_hash(other), canonical_hash(graph));
    }
  }
  EXPECT_GT(reordered, 100U);  // or the test would not show anything
}

TEST(CanonicalHash, DiffersWhenAnyAttributeDoes) {
  std::size_t changed = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    const auto graph = random_graph(RandomStream(seed), 20);
    for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
      for (int attribute = 0; attribute < 7; ++attribute) {
        auto nodes = graph.nodes();
        Change change{.wanted = attribute};
        std::visit([&](auto& op) { for_each_attribute(op, change); }, nodes[i].op);
        if (nodes[i].op == graph.node(i).op) continue;
        const auto other = make_graph(std::move(nodes), graph.outputs());
        if (!other) continue;
        ++changed;
        ASSERT_NE(canonical_hash(*other), canonical_hash(graph)) << graph.node(i).name << ' ' << attribute;
      }
    }
  }
  EXPECT_GT(changed, 1000U);
}

TEST(CanonicalHash, DiffersForDifferentRandomGraphs) {
  std::set<std::uint64_t> hashes;
  std::set<std::string> graphs;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const auto graph = random_graph(RandomStream(seed), 30);
    auto nodes = graph.nodes();
    hashes.insert(canonical_hash(graph));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      nodes[i].name = std::to_string(i);
      nodes[i].part = "";
    }
    graphs.insert(to_json(make_graph(std::move(nodes), graph.output()).value()).dump());
  }
  // Documents that differ only in the order of Add's inputs or in an initial distribution that nothing uses are one
  // network.
  EXPECT_LE(hashes.size(), graphs.size());
  EXPECT_GT(hashes.size() + 5, graphs.size());
  EXPECT_GT(hashes.size(), 1900U);
}

TEST(CanonicalHash, SeesLinksTheirOrderAndSharing) {
  const auto build = [](auto&& body) {
    GraphBuilder builder({4, 8, 8});
    const auto out = body(builder);
    return canonical_hash(std::move(builder).finish(out).value());
  };
  const Conv2d conv{.out_channels = 4};
  const auto chain = [&](bool relu_first) {
    return build([&](auto& b) {
      const auto x = relu_first ? b.add(Activation{}, {b.input()}) : b.add(conv, {b.input()});
      return relu_first ? b.add(conv, {x}) : b.add(Activation{}, {x});
    });
  };
  EXPECT_NE(chain(true), chain(false));
  const auto shared = build([&](auto& b) {
    const auto x = b.add(conv, {b.input()});
    return b.add(Add{}, {x, x});
  });
  const auto twice = build([&](auto& b) { return b.add(Add{}, {b.add(conv, {b.input()}), b.add(conv, {b.input()})}); });
  EXPECT_NE(shared, twice);
  const auto joined = [&](bool swap) {
    return build([&](auto& b) {
      const auto x = b.add(conv, {b.input()}), y = b.add(Activation{}, {b.input()});
      return swap ? b.add(Concat{0}, {y, x}) : b.add(Concat{0}, {x, y});
    });
  };
  EXPECT_NE(joined(true), joined(false));
  const auto scaled = [&](WeightInit init) {
    return build([&](auto& b) { return b.add(conv, {b.input()}, "", init); });
  };
  EXPECT_NE(scaled({}), scaled({Init::normal, 0.02}));
  EXPECT_NE(scaled({Init::normal, 0.01}), scaled({Init::normal, 0.02}));
}

TEST(CanonicalHash, SeesWhichOutputsThereAreAndTheirOrder) {
  const auto hash = [](const std::vector<std::size_t>& order, const std::string& first_name) {
    std::vector<Node> nodes{{"input", Input{{4, 8, 8}}, {}, {}},
                            {"a", Activation{}, {0}, {}},
                            {"b", Softmax{}, {1}, {}},
                            {"c", Conv2d{.out_channels = 2}, {2}, {}}};
    std::vector<Output> outputs;
    for (const std::size_t node : order) outputs.push_back({"output " + std::to_string(outputs.size()), node});
    outputs[0].name = first_name;
    const auto graph = make_graph(std::move(nodes), std::move(outputs)).value();
    return std::pair(canonical_hash(graph), structural_hash(graph));
  };
  EXPECT_EQ(hash({3}, ""), hash({3}, "scores"));
  EXPECT_EQ(hash({3, 1}, "x"), hash({3, 1}, "y"));
  const std::vector others{hash({3, 1}, "x"), hash({1, 3}, "x"), hash({3, 2}, "x"), hash({3, 2, 1}, "x"),
                           hash({3}, "")};
  for (std::size_t i = 0; i < others.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) {
      EXPECT_NE(others[i].first, others[k].first) << i << ' ' << k;
      EXPECT_NE(others[i].second, others[k].second) << i << ' ' << k;
    }
}

TEST(CanonicalHash, SeesEveryNumberOfAConstantAndItsType) {
  const auto hash = [](Tensor tensor) {
    GraphBuilder b({3});
    const auto constant = b.add(Constant{std::move(tensor)}, {});
    const auto cast = b.add(Cast{DataType::float32}, {constant});
    const auto sum = b.add(Add{}, {b.input(), cast});
    const auto graph = std::move(b).finish(sum).value();
    return std::pair(canonical_hash(graph), structural_hash(graph));
  };
  const std::vector all{hash({{3}, std::vector<float>{1, 2, 3}}), hash({{3}, std::vector<float>{1, 2, 4}}),
                        hash({{3}, std::vector<std::int32_t>{1, 2, 3}}), hash({{3}, std::vector<std::int8_t>{1, 2, 3}}),
                        hash({{3}, std::vector<std::uint8_t>{1, 2, 3}})};
  EXPECT_EQ(all[0], hash({{3}, std::vector<float>{1, 2, 3}}));
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) {
      EXPECT_NE(all[i].first, all[k].first) << i << ' ' << k;
      EXPECT_NE(all[i].second, all[k].second) << i << ' ' << k;
    }
}

}  // namespace
}  // namespace edgewise::graph
