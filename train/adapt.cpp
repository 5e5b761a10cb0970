#include <algorithm>
#include <format>
#include <regex>

#include "train/train.hpp"

namespace edgewise::train {

namespace {

// Old DenseNet files say "denselayer1.norm.1.weight" for what is "denselayer1.norm1.weight" since; torchvision renames
// them too.
std::string renamed(const std::string& name) {
  if (!name.contains("denselayer")) return name;
  static const std::regex old_name(R"((denselayer\d+\.(?:norm|relu|conv))\.(\d\.))");
  return std::regex_replace(name, old_name, "$1$2");
}

}  // namespace

Result<graph::Weights> adapt_weights(const graph::Graph& graph, const graph::Weights& random,
                                     const graph::Weights& loaded, std::size_t* taken) {
  TRY_DO(graph::check_weights(graph, random));
  std::map<std::string, const graph::Tensor*> by_name;
  for (const auto& [name, tensor] : loaded) by_name[name.size() < 200 ? renamed(name) : name] = &tensor;
  graph::Weights result = random;
  std::size_t found = 0, wanted = 0;
  for (const auto& spec : graph.tensors()) {
    // Counters may be absent in old files; they do not count as found or missing.
    const bool is_counter = spec.name.ends_with(".num_batches_tracked");
    if (!is_counter) ++wanted;
    const auto source = by_name.find(spec.name);
    if (source == by_name.end() || source->second->shape != spec.shape) continue;
    result[spec.name] = *source->second;
    if (!is_counter) ++found;
  }
  if (taken) *taken = found;
  if (found * 2 < wanted) {
    return invalid(std::format("only {} of the network's {} tensors are in the file by name and shape", found, wanted),
                   "give the weights of the same backbone, or none");
  }
  TRY_DO(graph::check_weights(graph, result));
  return result;
}

}  // namespace edgewise::train
