#include "graph/weights.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <set>
#include <utility>

#include "graph/operators_internal.hpp"

namespace edgewise::graph {

namespace {

Status check_tensor(const TensorSpec& wanted, const Tensor& tensor) {
  const std::string where = "tensor " + in_quotes(wanted.name);
  if (tensor.shape != wanted.shape)
    return invalid(
        std::format("the shape is {}, but the network needs {}", to_text(tensor.shape), to_text(wanted.shape)),
        "use weights of this architecture", where);
  if (std::cmp_not_equal(tensor.size(), elements(wanted.shape)))
    return invalid(std::format("{} numbers for the shape {}", tensor.size(), to_text(tensor.shape)), {}, where);
  if (tensor.type() != DataType::float32)
    return invalid(std::format("the numbers are {}, but weights are float32", to_text(tensor.type())), {}, where);
  const std::vector<float>& values = tensor.floats();
  const auto bad = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
  if (bad != values.end())
    return invalid(std::format("element {} is {}, not a finite number", bad - values.begin(), *bad),
                   "take weights from before the training diverged", where);
  return {};
}

}  // namespace

Status check_weights(const Graph& graph, const Weights& weights) {
  const std::vector<TensorSpec> wanted = graph.tensors();
  std::set<std::string> names;
  for (const TensorSpec& tensor : wanted) names.insert(tensor.name);
  std::vector<std::string> left_over;
  for (const auto& [name, tensor] : weights)
    if (!names.contains(name)) left_over.push_back(name);
  for (const TensorSpec& tensor : wanted) {
    const auto found = weights.find(tensor.name);
    if (found == weights.end()) {
      const std::string nearest = nearest_word(tensor.name, left_over);
      return invalid("the weights lack this tensor",
                     nearest.empty() ? "use weights of this architecture"
                                     : std::format("is it called {} there?", in_quotes(nearest)),
                     "tensor " + in_quotes(tensor.name));
    }
    TRY_DO(check_tensor(tensor, found->second));
  }
  if (!left_over.empty())
    return invalid(std::format("the network has no such tensor ({} left over)", left_over.size()),
                   "use weights of this architecture", "tensor " + in_quotes(left_over.front()));
  return {};
}

}  // namespace edgewise::graph
