#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "train/weights/by_shape_internal.hpp"

namespace edgewise::train {

namespace {

/// Tensors of one module.
struct Layer {
  std::string module;                         // "blocks.0.conv1"; of the file
  std::map<std::string, graph::Shape> parts;  // "weight", "bias", "running_mean", ... -> shape
  std::map<std::string, std::string> names;   // the same -> its whole name
  bool is_used = false;

  [[nodiscard]] const graph::Shape* weight() const {
    const auto found = parts.find("weight");
    return found == parts.end() ? nullptr : &found->second;
  }
  [[nodiscard]] bool has_matrix() const { return weight() && weight()->size() >= 2; }
  [[nodiscard]] bool is_norm() const { return weight() && weight()->size() == 1; }
  [[nodiscard]] std::string parent() const {
    const auto dot = module.rfind('.');
    return dot == std::string::npos ? "" : module.substr(0, dot);
  }
};

/// Layers in the order in which they first come.
class Layers {
 public:
  void add(const std::string& name, const graph::Shape& shape) {
    const auto dot = name.rfind('.');
    if (dot == std::string::npos) return;  // a tensor without a module, as a class token, is like no other
    const std::string module = name.substr(0, dot), part = name.substr(dot + 1);
    const auto [place, is_new] = places_.try_emplace(module, layers_.size());
    if (is_new) layers_.push_back({.module = module, .parts = {}, .names = {}});
    layers_[place->second].parts[part] = shape;
    layers_[place->second].names[part] = name;
  }
  [[nodiscard]] std::vector<Layer> take() { return std::move(layers_); }

 private:
  std::vector<Layer> layers_;
  std::map<std::string, std::size_t> places_;
};

/// As people order names with numbers: runs of digits by their value.
bool comes_before(const std::string& a, const std::string& b) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (!is_digit(a[i]) || !is_digit(b[j])) {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i, ++j;
      continue;
    }
    const auto number = [&](const std::string& text, std::size_t& at) {
      const std::size_t begin = std::min(text.find_first_not_of('0', at), text.size());
      at = begin;
      while (at < text.size() && is_digit(text[at])) ++at;
      return text.substr(begin, at - begin);
    };
    const std::string x = number(a, i), y = number(b, j);
    if (x != y) return x.size() != y.size() ? x.size() < y.size() : x < y;
  }
  return a.size() - i < b.size() - j;
}

class Pairing {
 public:
  Pairing(const graph::Graph& graph, const graph::Weights& loaded) {
    Layers here, there;
    for (const auto& spec : graph.tensors()) here.add(spec.name, spec.shape);
    for (const auto& [name, tensor] : loaded) there.add(name, tensor.shape);
    ours_ = here.take();
    file_ = there.take();
    std::ranges::stable_sort(file_, comes_before, &Layer::module);
  }

  std::map<std::string, std::string> pairs() {
    const auto matrices = [](const Layer& layer) { return layer.has_matrix(); };
    pair_equal_modules();
    pair_equal_counts(matrices);
    pair_norms_beside_their_layers();
    pair_equal_counts([](const Layer& layer) { return layer.is_norm(); });
    return std::move(pairs_);
  }

 private:
  using Some = std::vector<Layer*>;

  /// The layers with a matrix that lie in one module, module after module.
  static std::vector<Some> modules_of(std::vector<Layer>& layers) {
    std::vector<Some> modules;
    std::map<std::string, std::size_t> places;
    for (Layer& layer : layers) {
      if (!layer.has_matrix()) continue;
      const auto [place, is_new] = places.try_emplace(layer.parent(), modules.size());
      if (is_new) modules.emplace_back();
      modules[place->second].push_back(&layer);
    }
    return modules;
  }

  /// Modules of several layers with the same weights: they tell apart what single layers do not, such as the branches
  /// of a unit.
  void pair_equal_modules() {
    using Weights = std::vector<graph::Shape>;
    std::map<Weights, std::pair<std::vector<Some>, std::vector<Some>>> by_weights;
    const auto weights_of = [](const Some& module) {
      Weights weights;
      for (const Layer* layer : module) weights.push_back(*layer->weight());
      std::ranges::sort(weights);
      return weights;
    };
    for (Some& module : modules_of(ours_)) by_weights[weights_of(module)].first.push_back(std::move(module));
    for (Some& module : modules_of(file_)) by_weights[weights_of(module)].second.push_back(std::move(module));
    for (auto& [weights, both] : by_weights) {
      if (weights.size() < 2 || both.first.size() != both.second.size()) continue;
      for (std::size_t i = 0; i < both.first.size(); ++i) pair_in_order(both.first[i], both.second[i]);
    }
  }

  /// Of layers with equal weights, as many here as there.
  template <class Kind>
  void pair_equal_counts(Kind is_of_kind) {
    Some here, there;
    for (auto [layers, some] : {std::pair(&ours_, &here), std::pair(&file_, &there)})
      for (Layer& layer : *layers)
        if (is_of_kind(layer) && !layer.is_used) some->push_back(&layer);
    pair_in_order(here, there);
  }

  void pair_in_order(const Some& here, const Some& there) {
    std::map<graph::Shape, std::pair<Some, Some>> by_weight;
    for (Layer* layer : here) by_weight[*layer->weight()].first.push_back(layer);
    for (Layer* layer : there) by_weight[*layer->weight()].second.push_back(layer);
    for (auto& [shape, both] : by_weight) {
      if (both.first.size() != both.second.size()) continue;
      for (std::size_t i = 0; i < both.first.size(); ++i) pair(*both.first[i], *both.second[i]);
    }
  }

  void pair_norms_beside_their_layers() {
    const Layer* before = nullptr;  // the file's layer of the last matrix
    for (Layer& layer : ours_) {
      if (layer.has_matrix()) {
        const auto found = partner_.find(&layer);
        before = found == partner_.end() ? nullptr : found->second;
      }
      if (!layer.is_norm() || !before) continue;
      const auto beside = std::ranges::find_if(file_, [&](const Layer& other) {
        return other.is_norm() && !other.is_used && *other.weight() == *layer.weight() &&
               other.parent() == before->parent();
      });
      if (beside != file_.end()) pair(layer, *beside);
    }
  }

  void pair(Layer& here, Layer& there) {
    here.is_used = there.is_used = true;
    partner_[&here] = &there;
    for (const auto& [part, shape] : here.parts) {
      const auto found = there.parts.find(part);
      if (found != there.parts.end() && found->second == shape) pairs_[here.names.at(part)] = there.names.at(part);
    }
  }

  std::vector<Layer> ours_, file_;
  std::map<const Layer*, const Layer*> partner_;
  std::map<std::string, std::string> pairs_;
};

}  // namespace

std::map<std::string, std::string> by_shape(const graph::Graph& graph, const graph::Weights& loaded) {
  return Pairing(graph, loaded).pairs();
}

}  // namespace edgewise::train
