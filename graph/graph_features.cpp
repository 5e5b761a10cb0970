#include "graph/graph_features.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <format>
#include <limits>
#include <set>
#include <utility>

#include "base/random.hpp"
#include "graph/costs.hpp"
#include "graph/operators_internal.hpp"
#include "graph/visit.hpp"

namespace edgewise::graph {

namespace {

// ---- What a node is ----

/// A step of a path. A skip is no node, but a branch without any.
enum class Step { conv1, conv, depthwise, pool, attention, skip };
constexpr std::array<std::string_view, 6> step_names{"conv1", "conv", "depthwise", "pool", "attention", "skip"};
using StepSet = std::uint8_t;  // a bit for each step
constexpr StepSet set_of(Step step) {
  return static_cast<StepSet>(1U << static_cast<unsigned>(step));
}
constexpr std::size_t step_sets = (1U << step_names.size()) - 1;  // the empty one left out: set s stands at s - 1

constexpr std::array<std::string_view, 17> kind_names{
    "conv1", "conv3", "conv5",  "depthwise3", "depthwise5", "pool",   "linear",    "attention", "norm",
    "relu",  "gate",  "smooth", "add",        "mul",        "concat", "rearrange", "resize"};
constexpr int no_kind = -1;

constexpr std::array<std::string_view, 7> stage_names{"/1", "/2", "/4", "/8", "/16", "/32", "head"};
constexpr std::size_t head_stage = stage_names.size() - 1;

int place_of_kind(std::string_view name) {
  return static_cast<int>(std::ranges::find(kind_names, name) - kind_names.begin());
}

struct Character {
  int kind = no_kind;  // place in kind_names
  StepSet step = 0;    // one, or none
};

Character character_of(const Conv2d& conv, std::int64_t channels) {
  const bool is_wide = conv.kernel_size.h > 1 || conv.kernel_size.w > 1;
  const bool is_large = std::max(conv.kernel_size.h, conv.kernel_size.w) > 3;
  if (is_wide && conv.groups > 1 && conv.groups == channels)
    return {place_of_kind(is_large ? "depthwise5" : "depthwise3"), set_of(Step::depthwise)};
  if (is_wide) return {place_of_kind(is_large ? "conv5" : "conv3"), set_of(Step::conv)};
  return {place_of_kind("conv1"), set_of(Step::conv1)};
}

Character character_of(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::relu:
    case ActivationKind::relu6:
      return {place_of_kind("relu")};
    case ActivationKind::sigmoid:
    case ActivationKind::hardsigmoid:
      return {place_of_kind("gate")};
    case ActivationKind::silu:
    case ActivationKind::hardswish:
    case ActivationKind::gelu:
      return {place_of_kind("smooth")};
  }
  return {};
}

Character character_of(const Graph& graph, std::size_t index) {
  const Node& node = graph.node(index);
  return std::visit(
      Overloaded{[&](const Conv2d& conv) { return character_of(conv, graph.shape(node.inputs.front()).front()); },
                 [](const Activation& activation) { return character_of(activation.kind); },
                 [](const OneOf<MaxPool2d, AvgPool2d, AdaptiveAvgPool2d> auto&) {
                   return Character{place_of_kind("pool"), set_of(Step::pool)};
                 },
                 [](const Linear&) { return Character{place_of_kind("linear"), set_of(Step::conv1)}; },
                 [](const MatMul&) { return Character{place_of_kind("attention"), set_of(Step::attention)}; },
                 [](const OneOf<BatchNorm2d, LayerNorm> auto&) { return Character{place_of_kind("norm")}; },
                 [](const Add&) { return Character{place_of_kind("add")}; },
                 [](const Mul&) { return Character{place_of_kind("mul")}; },
                 [](const Concat&) { return Character{place_of_kind("concat")}; },
                 [](const OneOf<Split, ChannelShuffle> auto&) { return Character{place_of_kind("rearrange")}; },
                 [](const Resize&) { return Character{place_of_kind("resize")}; },
                 [](const OneOf<Input, Reshape, Permute, Softmax, Dropout, StochasticDepth, LayerScale, Constant,
                                Cast> auto&) { return Character{}; }},
      node.op);
}

/// How many times more of the input's height a step of each value is; what is no map goes on with that of where it
/// comes from.
std::vector<double> strides_of(const Graph& graph) {
  std::vector<double> strides(graph.nodes().size(), 1.0);
  for (std::size_t i = 0; i < strides.size(); ++i) {
    const Node& node = graph.node(i);
    for (const std::size_t from : node.inputs) strides[i] = std::max(strides[i], strides[from]);
    strides[i] *= static_cast<double>(stride_of(node.op));
    if (const auto* resize = std::get_if<Resize>(&node.op))
      strides[i] *=
          static_cast<double>(graph.shape(node.inputs.front())[1]) / static_cast<double>(resize->output_size.h);
  }
  return strides;
}

/// Strides as places in stage_names; a single row of numbers belongs to the head.
std::vector<std::size_t> stages_of(const Graph& graph) {
  const auto strides = strides_of(graph);
  std::vector<std::size_t> stages(strides.size(), 0);
  for (std::size_t i = 1; i < strides.size(); ++i)
    stages[i] = graph.shape(i).size() == 1
                    ? head_stage
                    : static_cast<std::size_t>(std::clamp(std::round(std::log2(strides[i])), 0.0, head_stage - 1.0));
  return stages;
}

// ---- How values lead to each other ----

/// The graph without its constants: what leads from the input to an output.
struct Links {
  std::vector<std::vector<std::size_t>> inputs, readers;  // of each node
  std::vector<bool> is_through;                           // all ways from the input to an output lead through it
};

Links links_of(const Graph& graph) {
  const std::size_t count = graph.nodes().size();
  std::vector<bool> comes_from_input(count, false);
  Links links;
  links.inputs.resize(count);
  links.readers.resize(count);
  links.is_through.resize(count, false);
  comes_from_input[0] = true;
  std::vector<std::size_t> last_reader(count, 0);
  for (std::size_t i = 1; i < count; ++i)
    for (const std::size_t from : graph.node(i).inputs) {
      if (!comes_from_input[from]) continue;
      comes_from_input[i] = true;
      links.inputs[i].push_back(from);
      links.readers[from].push_back(i);
      last_reader[from] = i;
    }
  for (const Output& output : graph.outputs()) last_reader[output.node] = count;
  std::size_t reach = 0;  // the last reader of all values before
  for (std::size_t i = 0; i < count; ++i) {
    if (!comes_from_input[i]) continue;
    links.is_through[i] = reach <= i;
    reach = std::max(reach, last_reader[i]);
  }
  return links;
}

/// What lies between two junctions: a value that several nodes read, a node that joins several, or an end.
struct Branch {
  std::size_t from = 0, to = 0;
  StepSet steps = 0;  // what it holds; a skip when nothing
};

struct Walk {
  std::vector<Branch> branches;
  // Most and fewest steps of each set on a way from the input to each node, and the logarithm of the number of ways.
  using Lengths = std::array<int, step_sets>;
  std::vector<Lengths> longest, shortest;
  std::vector<double> log_ways;
  std::vector<std::array<double, step_names.size()>> mean;  // steps on a way to each node, all ways alike
};

bool is_join(const Links& links, std::size_t node) {
  return links.inputs[node].size() > 1;
}

double log_sum(double a, double b) {
  return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

Walk walk(const Links& links, const std::vector<Character>& characters) {
  const std::size_t count = characters.size();
  Walk result;
  result.longest.resize(count);
  result.shortest.resize(count);
  result.log_ways.assign(count, 0.0);
  result.mean.assign(count, {});
  std::vector<std::size_t> origin(count, 0);  // the junction that a node's branch comes from
  std::vector<StepSet> since(count, 0);       // steps since then, the node's own included
  for (std::size_t i = 1; i < count; ++i) {
    const auto& inputs = links.inputs[i];
    const StepSet own = characters[i].step;
    bool is_first = true;
    for (const std::size_t from : inputs) {
      const bool starts_here = links.readers[from].size() > 1 || is_join(links, from);
      const StepSet before = starts_here ? StepSet{0} : since[from];
      const std::size_t begin = starts_here ? from : origin[from];
      const StepSet skipped = is_join(links, i) && before == 0 ? set_of(Step::skip) : StepSet{0};
      if (is_join(links, i))
        result.branches.push_back({begin, i, before == 0 ? set_of(Step::skip) : before});
      else if (const auto steps = static_cast<StepSet>(before | own); links.readers[i].size() > 1 && steps != 0)
        result.branches.push_back({begin, i, steps});
      origin[i] = begin;
      since[i] = is_join(links, i) ? own : static_cast<StepSet>(before | own);
      for (std::size_t s = 0; s < step_sets; ++s) {
        const auto set = static_cast<StepSet>(s + 1);
        const int more = ((set & skipped) != 0 ? 1 : 0) + ((set & own) != 0 ? 1 : 0);
        const int most = result.longest[from][s] + more, fewest = result.shortest[from][s] + more;
        result.longest[i][s] = is_first ? most : std::max(result.longest[i][s], most);
        result.shortest[i][s] = is_first ? fewest : std::min(result.shortest[i][s], fewest);
      }
      const double ways = is_first ? result.log_ways[from] : log_sum(result.log_ways[i], result.log_ways[from]);
      const double share = is_first ? 1 : std::exp(result.log_ways[from] - ways);
      for (std::size_t step = 0; step < step_names.size(); ++step) {
        const double steps = result.mean[from][step] + static_cast<double>((skipped >> step & 1U) + (own >> step & 1U));
        result.mean[i][step] += share * (steps - result.mean[i][step]);
      }
      result.log_ways[i] = ways;
      is_first = false;
    }
  }
  return result;
}

// ---- The blocks between values that all ways lead through ----

struct Block {
  std::size_t begin = 0, end = 0;
};

/// A name of what a block computes, sizes left aside: each node's kind joined with those of its inputs, from the
/// block's beginning to its end.
std::uint64_t kind_of_block(const Block& block, const Links& links, const std::vector<Character>& characters) {
  using Colours = std::vector<std::uint64_t>;
  const auto hash_of = [](const Colours& numbers) {
    return stable_hash({reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(std::uint64_t)});
  };
  Colours colours(block.end - block.begin + 1, 0);  // of the nodes from block.begin on
  for (std::size_t node = block.begin + 1; node <= block.end; ++node) {
    Colours parts{static_cast<std::uint64_t>(characters[node].kind + 1)};
    for (const std::size_t from : links.inputs[node]) parts.push_back(colours[from - block.begin]);
    std::sort(parts.begin() + 1, parts.end());
    colours[node - block.begin] = hash_of(parts);
  }
  return colours.back();
}

/// The ones with a junction inside, each kind once, in their order.
std::vector<Block> different_blocks(const Links& links, const std::vector<Character>& characters) {
  std::vector<Block> blocks;
  std::set<std::uint64_t> seen;
  std::size_t begin = 0;
  bool has_more = false;  // than its end: what is no constant
  for (std::size_t i = 1; i < characters.size(); ++i) {
    if (!links.is_through[i]) {
      has_more = has_more || !links.inputs[i].empty();
      continue;
    }
    const Block block{begin, i};
    const bool has_junction = std::exchange(has_more, false) || is_join(links, i);
    begin = i;
    if (!has_junction) continue;
    if (seen.insert(kind_of_block(block, links, characters)).second) blocks.push_back(block);
  }
  return blocks;
}

// ---- The numbers ----

/// Numbers in the order of the list; the list itself is made by the same calls.
class Writer {
 public:
  explicit Writer(std::vector<GraphFeature>* list) : list_(list) {}
  template <class Name>
  void add(std::string_view group, const Name& name, double value) {
    if (list_ != nullptr) list_->push_back({name(), std::string(group)});
    values.push_back(value);
  }
  std::vector<double> values;

 private:
  std::vector<GraphFeature>* list_;  // null: the list is known
};

std::string name_of_set(std::size_t place) {
  std::string name;
  for (std::size_t step = 0; step < step_names.size(); ++step)
    if (((place + 1) >> step & 1U) != 0) name += (name.empty() ? "" : "+") + std::string(step_names[step]);
  return name;
}

void write_counts(Writer& writer, const std::vector<Character>& characters, const std::vector<std::size_t>& stages) {
  std::array<std::array<int, stage_names.size()>, kind_names.size()> counts{};
  for (std::size_t i = 0; i < characters.size(); ++i)
    if (characters[i].kind != no_kind) ++counts[static_cast<std::size_t>(characters[i].kind)][stages[i]];
  for (std::size_t kind = 0; kind < kind_names.size(); ++kind) {
    int all = 0;
    for (const int count : counts[kind]) all += count;
    writer.add("counts", [&] { return std::format("count.{}", kind_names[kind]); }, all);
    for (std::size_t stage = 0; stage < stage_names.size(); ++stage)
      writer.add(
          "counts",
          [&] {
            return std::format("count.{}{}{}", kind_names[kind], stage == head_stage ? "/" : "", stage_names[stage]);
          },
          counts[kind][stage]);
  }
}

/// How much of the input's height a value depends on, the most of all values; at most all of it.
double receptive_field(const Graph& graph, const Links& links) {
  const auto strides = strides_of(graph);
  std::vector<double> heights(graph.nodes().size(), 1.0);
  double highest = 1;
  for (std::size_t i = 1; i < heights.size(); ++i) {
    double stride = 1;
    for (const std::size_t from : links.inputs[i]) {
      heights[i] = std::max(heights[i], heights[from]);
      stride = std::max(stride, strides[from]);
    }
    const auto widen = [&](std::int64_t kernel, std::int64_t dilation) {
      heights[i] += static_cast<double>((kernel - 1) * dilation) * stride;
    };
    if (const auto* conv = std::get_if<Conv2d>(&graph.node(i).op))
      widen(conv->kernel_size.h, conv->dilation.h);
    else if (const auto* most = std::get_if<MaxPool2d>(&graph.node(i).op))
      widen(most->kernel_size.h, 1);
    else if (const auto* mean = std::get_if<AvgPool2d>(&graph.node(i).op))
      widen(mean->kernel_size.h, 1);
    highest = std::max(highest, heights[i]);
  }
  const auto& input = graph.input_shape();
  return input.size() == 3 ? std::min(highest, static_cast<double>(input[1])) : highest;
}

void write_costs(Writer& writer, const Graph& graph, const Links& links, const std::vector<std::size_t>& stages) {
  const auto nodes = node_costs(graph);
  const auto all = costs(graph);
  std::array<double, stage_names.size()> macs{}, parameters{};
  double widest = 0, deepest = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    macs[stages[i]] += static_cast<double>(nodes[i].macs);
    parameters[stages[i]] += static_cast<double>(nodes[i].parameters);
    widest = std::max(widest, static_cast<double>(nodes[i].output_elements));
    if (graph.shape(i).size() == 3) deepest = std::max(deepest, static_cast<double>(graph.shape(i).front()));
  }
  const auto add = [&](const std::string& name, double amount) {
    writer.add("costs", [&] { return name; }, std::log1p(amount));
  };
  add("log.macs", static_cast<double>(all.macs));
  add("log.parameters", static_cast<double>(all.parameters));
  add("log.activation_bytes", static_cast<double>(all.peak_activation_bytes));
  add("log.widest_value", widest);
  add("log.most_channels", deepest);
  add("log.receptive_field", receptive_field(graph, links));
  for (std::size_t stage = 0; stage < stage_names.size(); ++stage) {
    const std::string at = (stage == head_stage ? "/" : "") + std::string(stage_names[stage]);
    add("log.macs" + at, macs[stage]);
    add("log.parameters" + at, parameters[stage]);
  }
}

void write_lengths(Writer& writer, std::string_view group, std::string_view suffix, const Walk::Lengths& longest,
                   const Walk::Lengths& shortest) {
  for (std::size_t s = 0; s < step_sets; ++s)
    writer.add(group, [&] { return std::format("longest{}.{}", suffix, name_of_set(s)); }, longest[s]);
  for (std::size_t s = 0; s < step_sets; ++s)
    writer.add(group, [&] { return std::format("shortest{}.{}", suffix, name_of_set(s)); }, shortest[s]);
}

void write_paths(Writer& writer, const Graph& graph, const Walk& walked) {
  Walk::Lengths longest{}, shortest{};
  double log_ways = -std::numeric_limits<double>::infinity();
  bool is_first = true;
  for (const Output& output : graph.outputs()) {
    for (std::size_t s = 0; s < step_sets; ++s) {
      const int most = walked.longest[output.node][s], fewest = walked.shortest[output.node][s];
      longest[s] = std::max(longest[s], most);
      shortest[s] = is_first ? fewest : std::min(shortest[s], fewest);
    }
    log_ways = is_first ? walked.log_ways[output.node] : log_sum(log_ways, walked.log_ways[output.node]);
    is_first = false;
  }
  write_lengths(writer, "paths", "", longest, shortest);
  writer.add("paths", [] { return std::string("log.ways"); }, log_ways);
  for (std::size_t step = 0; step < step_names.size(); ++step) {
    double sum = 0;
    for (const Output& output : graph.outputs()) sum += walked.mean[output.node][step];
    writer.add(
        "paths", [&] { return std::format("mean.{}", step_names[step]); },
        sum / static_cast<double>(graph.outputs().size()));
  }
}

/// Branches with a step of each set that do one thing at a block.
using Degrees = std::array<double, step_sets>;
void count(Degrees& degrees, StepSet steps, double share) {
  for (std::size_t s = 0; s < step_sets; ++s)
    if (((s + 1) & steps) != 0) degrees[s] += share;
}

void write_blocks(Writer& writer, const Links& links, const Walk& walked, const std::vector<Block>& blocks) {
  Walk::Lengths longest{}, shortest{};
  double log_ways = 0;
  Degrees leave{}, enter{}, meet{}, part{};
  const double share = blocks.empty() ? 0 : 1.0 / static_cast<double>(blocks.size());
  for (const Block& block : blocks) {
    for (std::size_t s = 0; s < step_sets; ++s) {
      longest[s] += walked.longest[block.end][s] - walked.longest[block.begin][s];
      shortest[s] += walked.shortest[block.end][s] - walked.shortest[block.begin][s];
    }
    log_ways += walked.log_ways[block.end] - walked.log_ways[block.begin];
    double joins = 0, forks = 0;
    for (std::size_t i = block.begin + 1; i < block.end; ++i) {
      joins += is_join(links, i) ? 1 : 0;
      forks += links.readers[i].size() > 1 ? 1 : 0;
    }
    for (const Branch& branch : walked.branches) {
      if (branch.from < block.begin || branch.to > block.end) continue;
      if (branch.from == block.begin) count(leave, branch.steps, share);
      if (branch.to == block.end) count(enter, branch.steps, share);
      if (branch.from > block.begin && links.readers[branch.from].size() > 1) count(part, branch.steps, share / forks);
      if (branch.to < block.end && is_join(links, branch.to)) count(meet, branch.steps, share / joins);
    }
  }
  write_lengths(writer, "blocks", "_once", longest, shortest);
  writer.add("blocks", [] { return std::string("log.ways_once"); }, log_ways);
  writer.add("blocks", [] { return std::string("count.blocks_once"); }, static_cast<double>(blocks.size()));
  const auto write = [&](std::string_view name, const Degrees& degrees) {
    for (std::size_t s = 0; s < step_sets; ++s)
      writer.add("degrees", [&] { return std::format("{}.{}", name, name_of_set(s)); }, degrees[s]);
  };
  write("leave", leave);
  write("enter", enter);
  write("meet", meet);
  write("part", part);
}

std::vector<double> written(const Graph& graph, std::vector<GraphFeature>* list) {
  std::vector<Character> characters(graph.nodes().size());
  for (std::size_t i = 0; i < characters.size(); ++i) characters[i] = character_of(graph, i);
  const auto stages = stages_of(graph);
  const auto links = links_of(graph);
  const auto walked = walk(links, characters);
  Writer writer(list);
  write_counts(writer, characters, stages);
  write_costs(writer, graph, links, stages);
  write_paths(writer, graph, walked);
  write_blocks(writer, links, walked, different_blocks(links, characters));
  return std::move(writer.values);
}

}  // namespace

const std::vector<GraphFeatureGroup>& graph_feature_groups() {
  static const std::vector<GraphFeatureGroup> all{
      {"counts", "operators by kind and stage"},
      {"costs", "logarithms of MACs and parameters by stage, widest value, receptive field, planned memory"},
      {"paths", "most and fewest operators of each set of kinds on a way through the network; ways"},
      {"blocks", "the same through the blocks it is made of, each counted once"},
      {"degrees", "branches with an operator of each set that leave, enter, meet and part in those blocks"}};
  return all;
}

const std::vector<GraphFeature>& graph_feature_list() {
  static const auto all = [] {
    std::vector<GraphFeature> list;
    const auto smallest = make_graph({{.name = "input", .op = Input{{1, 1, 1}}, .inputs = {}, .init = {}}}, 0);
    EDGEWISE_ASSERT(smallest.has_value(), "an input alone is a graph");
    written(*smallest, &list);
    return list;
  }();
  return all;
}

std::vector<double> graph_features(const Graph& graph) {
  return written(graph, nullptr);
}

}  // namespace edgewise::graph
