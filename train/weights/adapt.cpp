#include <algorithm>
#include <array>
#include <format>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <vector>

#include "train/weights/by_shape_internal.hpp"
#include "train/weights/starting_weights.hpp"

namespace edgewise::train {

namespace {

using Named =
    std::map<std::string, std::pair<std::string, const graph::Tensor*>>;  // usual name -> (name in the file, tensor)

// Old DenseNet files say "denselayer1.norm.1.weight" for what is "denselayer1.norm1.weight" since; torchvision renames
// them too.
std::string renamed(const std::string& name) {
  if (name.size() > 200 || !name.contains("denselayer")) return name;
  static const std::regex old_name(R"((denselayer\d+\.(?:norm|relu|conv))\.(\d\.))");
  return std::regex_replace(name, old_name, "$1$2");
}

// Components that wrappers put before the wrapped module's names, wherever it stands: DataParallel
// ("features.module.0." in the VGGs of PyTorch's own example), torch.compile, sharding and checkpointing of
// activations.
constexpr std::array<std::string_view, 5> wrappers = {"module", "_orig_mod", "_fsdp_wrapped_module",
                                                      "_checkpoint_wrapped_module", "_forward_module"};

std::string without_wrappers(const std::string& name) {
  std::string out;
  for (std::size_t begin = 0; begin <= name.size();) {
    const auto end = std::min(name.find('.', begin), name.size());
    const auto part = std::string_view(name).substr(begin, end - begin);
    if (std::ranges::find(wrappers, part) == wrappers.end()) {
      if (!out.empty()) out += '.';
      out += part;
    }
    begin = end + 1;
  }
  return out;
}

std::string in_quotes(const std::string& name) {
  std::string out = "\"";
  for (const char c : name.substr(0, 80)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + "\"";
}

bool is_counter(std::string_view name) {
  return name.ends_with(".num_batches_tracked");
}

std::string_view top_of(std::string_view name) {
  return name.substr(0, name.find('.'));
}

std::int64_t elements(const graph::Shape& shape) {
  std::int64_t count = 1;
  for (const auto extent : shape) count *= extent;
  return count;
}

/// Counters may be absent in old files; they do not count as found or missing.
void count(Share& share, const graph::TensorSpec& spec, bool is_taken) {
  if (is_counter(spec.name)) return;
  const auto parameters = spec.trainable ? elements(spec.shape) : 0;
  ++share.of_tensors;
  share.of_parameters += parameters;
  if (!is_taken) return;
  ++share.tensors;
  share.parameters += parameters;
}

/// What a file has for a network under one prefix.
struct Match {
  std::string prefix;
  std::map<std::string, const graph::Tensor*> taken;  // by the network's name, counters included
  Share share;
  std::vector<graph::TensorSpec> missing;  // of the network, in its order
  std::vector<std::string> left,
      all;  // usual names in the file without the prefix, counters left out: beyond the network's; all
};

class Matcher {
 public:
  Matcher(const graph::Graph& graph, const graph::Weights& loaded, Fit fit) : graph_(graph), fit_(fit) {
    for (const auto& spec : graph.tensors()) wanted_.emplace(spec.name, spec);
    // Names that are usual already come first: "conv1.weight" before "module.conv1.weight".
    for (const bool is_exact : {true, false})
      for (const auto& [name, tensor] : loaded)
        if (const auto usual = without_wrappers(renamed(name)); (usual == name) == is_exact) {
          const auto [there, is_new] = file_.emplace(usual, std::pair{name, &tensor});
          if (!is_new && !doubled_ && !is_counter(usual)) doubled_ = {there->second.first, name};
        }
    find_head();
  }

  Result<Match> match(bool head_may_differ) const {
    const Fit fit = fit_;
    if (doubled_ && fit != Fit::half)
      return invalid(std::format("the network is twice in the file: {} and {}", in_quotes(doubled_->first),
                                 in_quotes(doubled_->second)),
                     "save the one that is meant alone");
    std::vector<Match> candidates{match_under("")};
    for (const auto& prefix : likely_prefixes()) candidates.push_back(match_under(prefix));
    // What fits comes first, then what has more; of equals the names as they are.
    const auto fits = [&](const Match& match) { return check(match, fit, head_may_differ).has_value(); };
    std::ranges::stable_sort(candidates, [&](const Match& a, const Match& b) {
      return std::pair(fits(a), a.share.tensors) > std::pair(fits(b), b.share.tensors);
    });
    auto& best = candidates.front();
    TRY_DO(check(best, fit, head_may_differ));
    // A student and its teacher, a network and its running average: which is meant?
    if (candidates.size() > 1 && !best.prefix.empty()) {
      const auto& second = candidates[1];
      const bool is_whole = fit == Fit::exact || fit == Fit::backbone;
      const bool is_equal =
          second.share.tensors == best.share.tensors && 2 * best.share.tensors >= best.share.of_tensors;
      if (is_whole ? fits(second) : is_equal) {
        return invalid(std::format("the file has the network twice, under {} and under {}", in_quotes(best.prefix),
                                   in_quotes(second.prefix)),
                       "save one of them alone: torch.save(model.state_dict(), path)");
      }
    }
    return std::move(best);
  }

 private:
  // The head: the layer that the number of classes shapes, which is the last one with tensors; and the layers beside it
  // in its module when the file knows no such module, as "head.0" before "head.2" of a box network.
  void find_head() {
    std::size_t node = graph_.output();
    while (graph_.tensors(node).empty() && graph_.node(node).inputs.size() == 1) node = graph_.node(node).inputs[0];
    for (const auto& spec : graph_.tensors(node)) last_layer_.insert(spec.name);
    if (!last_layer_.empty()) head_module_ = top_of(*last_layer_.begin());
    for (const auto& [name, spec] : wanted_)
      if (!last_layer_.contains(name)) trunk_modules_.insert(std::string(top_of(name)));
  }

  // The prefixes under which the file has the most of the network. A few: a name may end by chance as another one does
  // ("layer1.0.conv1.weight").
  std::vector<std::string> likely_prefixes() const {
    std::map<std::string, std::size_t> counted;
    constexpr int most_levels = 12;  // of a prefix; a hostile name may have hundreds
    for (const auto& [name, source] : file_) {
      int level = 0;
      for (auto dot = name.find('.'); dot != std::string::npos && level < most_levels;
           dot = name.find('.', dot + 1), ++level) {
        const auto found = wanted_.find(name.substr(dot + 1));
        if (found != wanted_.end() && !is_counter(found->first) && fits(found->second, source.second->shape))
          ++counted[name.substr(0, dot + 1)];
      }
    }
    std::vector<std::pair<std::string, std::size_t>> sorted(counted.begin(), counted.end());
    std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) { return a.second > b.second; });
    constexpr std::size_t most_prefixes = 8;
    if (sorted.size() > most_prefixes) sorted.resize(most_prefixes);
    std::vector<std::string> prefixes;
    for (const auto& [prefix, count] : sorted) prefixes.push_back(prefix);
    return prefixes;
  }

  bool fits(const graph::TensorSpec& spec, const graph::Shape& there) const {
    if (there == spec.shape) return true;
    if (fit_ != Fit::cut || there.size() != spec.shape.size() || last_layer_.contains(spec.name)) return false;
    return std::ranges::equal(there, spec.shape, std::greater_equal());
  }

  Match match_under(const std::string& prefix) const {
    Match match{.prefix = prefix};
    match.share.prefix = prefix;
    for (const auto& spec : graph_.tensors()) {
      const auto source = file_.find(prefix + spec.name);
      const bool is_there = source != file_.end() && fits(spec, source->second.second->shape);
      if (is_there) match.taken[spec.name] = source->second.second;
      count(match.share, spec, is_there);
      if (!is_there && !is_counter(spec.name)) match.missing.push_back(spec);
    }
    for (const auto& [name, source] : file_) {
      if (!name.starts_with(prefix) || is_counter(name)) continue;
      auto inner = name.substr(prefix.size());
      if (!wanted_.contains(inner)) match.left.push_back(inner);
      match.all.push_back(std::move(inner));
    }
    return match;
  }

  bool is_head(const Match& match, const std::string& name) const {
    if (last_layer_.contains(name)) return true;
    return top_of(name) == head_module_ &&
           std::ranges::none_of(match.all, [&](const auto& other) { return top_of(other) == head_module_; });
  }

  Status check(const Match& match, Fit fit, bool head_may_differ) const {
    const auto& share = match.share;
    if (takes_what_fits(fit)) return {};
    if (fit == Fit::half) {
      if (2 * share.tensors >= share.of_tensors) return {};
      return invalid(std::format("only {} of the network's {} tensors are in the file by name and shape{}",
                                 share.tensors, share.of_tensors, example(match, match.missing.front())),
                     "give the weights of the same backbone, or none");
    }
    const bool head_is_free = fit == Fit::backbone || head_may_differ;
    for (const auto& spec : match.missing) {
      if (head_is_free && is_head(match, spec.name)) continue;
      return invalid(std::format("only {} of the network's {} tensors are in the file by name and shape{}",
                                 share.tensors, share.of_tensors, example(match, spec)),
                     fit == Fit::exact
                         ? "give the weights of the same network, or `fit: backbone` where only its head differs"
                         : "give the weights of the same backbone; `weights: {path: FILE, fit: partial}` takes "
                           "whatever fits");
    }
    for (const auto& name : match.left) {
      // Where only the head may differ, modules that the network does not have are heads: the classifier of a network
      // that finds boxes now, auxiliary classifiers.
      if (head_is_free && !trunk_modules_.contains(std::string(top_of(name)))) continue;
      return invalid(
          std::format("the file is of another, larger network: {} of the network's {} tensors are in it, but it has {} "
                      "as well, and the network ends with {}",
                      share.tensors, share.of_tensors, in_quotes(original(match, name)),
                      last_layer_.empty() ? "no layer" : in_quotes(*last_layer_.begin())),
          "give the weights of the same backbone; `weights: {path: FILE, fit: partial}` takes whatever fits");
    }
    return {};
  }

  std::string original(const Match& match, const std::string& inner) const {
    const auto found = file_.find(match.prefix + inner);
    return found == file_.end() ? inner : found->second.first;
  }

  // A name of the network and one of the file, for the message.
  std::string example(const Match& match, const graph::TensorSpec& spec) const {
    const auto found = file_.find(match.prefix + spec.name);
    if (found != file_.end()) {
      return std::format("; {} is {} there and {} in the network", in_quotes(found->second.first),
                         graph::to_text(found->second.second->shape), graph::to_text(spec.shape));
    }
    std::string other;
    if (!match.left.empty())
      other = original(match, match.left.front());
    else if (!file_.empty())
      other = file_.begin()->second.first;
    return std::format("; the network has {}, the file {}", in_quotes(spec.name),
                       other.empty() ? "nothing" : in_quotes(other));
  }

  const graph::Graph& graph_;
  const Fit fit_;
  std::map<std::string, graph::TensorSpec> wanted_;
  Named file_;
  std::optional<std::pair<std::string, std::string>> doubled_;  // two names of the file for one tensor of the network
  std::set<std::string> last_layer_, trunk_modules_;
  std::string head_module_;
};

/// Under their names in the network, what `by_shape` finds in the file.
Result<Match> matched(const graph::Graph& graph, const graph::Weights& loaded, Fit fit, bool head_may_differ) {
  if (fit != Fit::shape) return Matcher(graph, loaded, fit).match(head_may_differ);
  const auto pairs = by_shape(graph, loaded);
  Match match;
  for (const auto& spec : graph.tensors()) {
    const auto found = pairs.find(spec.name);
    if (found != pairs.end()) match.taken[spec.name] = &loaded.at(found->second);
    count(match.share, spec, found != pairs.end());
  }
  return match;
}

/// The first channels of a larger tensor, and the middle of its kernel.
graph::Tensor cut(const graph::Tensor& larger, const graph::Shape& shape) {
  const std::size_t axes = shape.size();
  std::vector<std::int64_t> first(axes, 0), stride(axes, 1);
  for (std::size_t axis = axes; axis-- > 0;) {
    if (axes == 4 && axis >= 2) first[axis] = (larger.shape[axis] - shape[axis]) / 2;
    if (axis + 1 < axes) stride[axis] = stride[axis + 1] * larger.shape[axis + 1];
  }
  graph::Tensor part{shape, std::vector<float>(static_cast<std::size_t>(elements(shape)))};
  const auto& from = larger.floats();
  auto& to = part.floats();
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::int64_t place = 0, rest = static_cast<std::int64_t>(i);
    for (std::size_t axis = axes; axis-- > 0; rest /= shape[axis])
      place += (first[axis] + rest % shape[axis]) * stride[axis];
    to[i] = from[static_cast<std::size_t>(place)];
  }
  return part;
}

}  // namespace

Json to_json(const Share& share) {
  return {{"file", share.file},
          {"prefix", share.prefix},
          {"tensors", share.tensors},
          {"of_tensors", share.of_tensors},
          {"parameters", share.parameters},
          {"of_parameters", share.of_parameters}};
}

Share share_from_json(const Json& json) {
  return {.file = json.value("file", ""),
          .prefix = json.value("prefix", ""),
          .tensors = json.value("tensors", std::int64_t{0}),
          .of_tensors = json.value("of_tensors", std::int64_t{0}),
          .parameters = json.value("parameters", std::int64_t{0}),
          .of_parameters = json.value("of_parameters", std::int64_t{0})};
}

Result<Adapted> adapt_weights(const graph::Graph& graph, const graph::Weights& random, const graph::Weights& loaded,
                              Fit fit) {
  TRY_DO(graph::check_weights(graph, random));
  TRY(const auto match, matched(graph, loaded, fit, false));
  Adapted adapted{.weights = random, .share = match.share};
  for (const auto& [name, tensor] : match.taken) {
    auto& weight = adapted.weights[name];
    weight = tensor->shape == weight.shape ? *tensor : cut(*tensor, weight.shape);
  }
  TRY_DO(graph::check_weights(graph, adapted.weights));
  return adapted;
}

Result<Share> share_of(const graph::Graph& graph, const graph::Weights& shapes, Fit fit, bool head_may_differ) {
  TRY(auto match, matched(graph, shapes, fit, head_may_differ));
  return std::move(match.share);
}

}  // namespace edgewise::train
