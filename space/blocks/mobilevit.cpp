#include <cmath>
#include <format>

#include "space/blocks/blocks_internal.hpp"

namespace edgewise::space {

namespace {

/// Tokens (P, N, d): P places within a patch, N patches, d numbers each.
struct Tokens {
  std::int64_t places = 1, patches = 1, width = 1;
};

struct Transformer {
  Tokens tokens;
  std::int64_t heads = 1, hidden = 1;
  bool is_linear = false;
  Net::Kind kind = Net::Kind::relu;
  double dropout = 0;
};

Wire dropped(Net& net, const std::string& name, Wire x, double share) {
  return share > 0 ? net.dropout(name, x, share) : x;
}

/// Every patch looks at every other, as many ways as there are heads (Vaswani et al., NeurIPS 2017).
Wire softmax_attention(Net& net, const std::string& scope, Wire x, const Transformer& t) {
  const auto [places, patches, width] = t.tokens;
  const auto head = width / t.heads;
  const auto all = net.linear(scope + ".qkv", x, 3 * width, truncated_init);
  const auto part = [&](const char* name, std::int64_t index) {
    auto y = net.op(std::format("{}.{}", scope, name), graph::Split{2, 3, index}, {all});
    y = net.op(std::format("{}.{}_heads", scope, name), graph::Reshape{{places, patches, t.heads, head}}, {y});
    return net.op(std::format("{}.{}_first", scope, name), graph::Permute{{0, 2, 1, 3}}, {y});
  };
  const auto q = part("q", 0), k = part("k", 1), v = part("v", 2);
  const double scale = 1 / std::sqrt(static_cast<double>(head));
  auto weights = net.op(scope + ".scores", graph::MatMul{.transpose_b = true, .scale = scale}, {q, k});
  weights = net.op(scope + ".softmax", graph::Softmax{}, {weights});
  auto y = net.op(scope + ".mix", graph::MatMul{}, {weights, v});
  y = net.op(scope + ".last", graph::Permute{{0, 2, 1, 3}}, {y});
  y = net.op(scope + ".joined", graph::Reshape{{places, patches, width}}, {y});
  return net.linear(scope + ".proj", y, width, truncated_init);
}

/// One weight for each patch, one mean of them all: costs grow with the patches, not with their square (Mehta &
/// Rastegari, TMLR 2023). On rows of tokens as here, not on maps as there.
Wire linear_attention(Net& net, const std::string& scope, Wire x, const Transformer& t) {
  auto weights = net.linear(scope + ".query", x, 1, truncated_init);
  weights = net.op(scope + ".row", graph::Reshape{{t.tokens.places, 1, t.tokens.patches}}, {weights});
  weights = net.op(scope + ".softmax", graph::Softmax{}, {weights});
  const auto key = net.linear(scope + ".key", x, t.tokens.width, truncated_init);
  const auto context = net.op(scope + ".context", graph::MatMul{}, {weights, key});
  const auto value = net.activation(scope + ".relu", net.linear(scope + ".value", x, t.tokens.width, truncated_init));
  return net.linear(scope + ".proj", net.op(scope + ".mul", graph::Mul{}, {value, context}), t.tokens.width,
                    truncated_init);
}

Wire layer_norm(Net& net, const std::string& name, Wire x) {
  return net.op(name, graph::LayerNorm{}, {x});
}

Wire transformer_layer(Net& net, const std::string& scope, Wire x, const Transformer& t) {
  auto y = layer_norm(net, scope + ".norm1", x);
  y = t.is_linear ? linear_attention(net, scope + ".attn", y, t) : softmax_attention(net, scope + ".attn", y, t);
  x = net.add(scope + ".add1", x, dropped(net, scope + ".drop1", y, t.dropout));
  y = layer_norm(net, scope + ".norm2", x);
  y = net.activation(scope + ".act", net.linear(scope + ".fc1", y, t.hidden, truncated_init), t.kind);
  y = net.linear(scope + ".fc2", y, t.tokens.width, truncated_init);
  return net.add(scope + ".add2", x, dropped(net, scope + ".drop2", y, t.dropout));
}

Result<Wire> build_mobilevit(const Site& at) {
  Net& net = at.net;
  const auto channels = net.channels(at.x), width = at.whole("width"), heads = at.whole("heads"),
             patch = at.whole("patch"), kernel = at.whole("kernel");
  const auto shape = net.shape(at.x);
  if (shape.size() != 3) return invalid("it works on a map, and what comes before gives none");
  const bool is_linear = at.given.word("attention") == "linear";
  if (!is_linear && width % heads != 0)
    return invalid(std::format("{} heads do not share a width of {} evenly", heads, width));

  const auto kind = at.kind();
  auto y = net.conv_norm(at.inner("local"), at.x, channels, {.kernel = kernel}, kind);
  y = at.given.truth("norm_in") ? net.conv_norm(at.inner("in"), y, width, {}, kind)
                                : net.conv(at.inner("in"), y, width, {});

  // A map that is no whole number of patches is stretched to one, and shrunk again.
  const auto rounded = [&](std::int64_t extent) { return (extent + patch - 1) / patch * patch; };
  const graph::Pair size{shape[1], shape[2]}, whole{rounded(size.h), rounded(size.w)};
  if (!(whole == size)) y = net.op(at.inner("stretch"), graph::Resize{whole}, {y});
  const Tokens tokens{patch * patch, whole.h / patch * (whole.w / patch), width};
  y = net.op(at.inner("patches"), graph::Reshape{{width, whole.h / patch, patch, whole.w / patch, patch}}, {y});
  y = net.op(at.inner("unfold"), graph::Permute{{2, 4, 1, 3, 0}}, {y});
  y = net.op(at.inner("tokens"), graph::Reshape{{tokens.places, tokens.patches, width}}, {y});

  const Transformer transformer{tokens,
                                heads,
                                at.whole("ffn"),
                                is_linear,
                                activation_of(at.given.word("ffn_activation")).value_or(Net::Kind::relu),
                                at.given.number("dropout")};
  const auto layers = at.whole("layers");
  const bool norms_each = at.given.truth("norm_each");
  for (std::int64_t i = 0; i < layers; ++i) {
    const auto scope = std::format("{}.layers.{}", at.scope, i);
    y = transformer_layer(net, scope, y, transformer);
    if (norms_each) y = layer_norm(net, scope + ".norm3", y);
  }
  if (!norms_each) y = layer_norm(net, at.inner("norm"), y);

  y = net.op(at.inner("places"), graph::Reshape{{patch, patch, whole.h / patch, whole.w / patch, width}}, {y});
  y = net.op(at.inner("fold"), graph::Permute{{4, 2, 0, 3, 1}}, {y});
  y = net.op(at.inner("map"), graph::Reshape{{width, whole.h, whole.w}}, {y});
  if (!(whole == size)) y = net.op(at.inner("shrink"), graph::Resize{size}, {y});
  y = net.conv_norm(at.inner("out"), y, channels, {}, kind);
  y = net.op(at.inner("concat"), graph::Concat{}, {at.x, y});
  return net.conv_norm(at.inner("fusion"), y, channels, {.kernel = kernel}, kind);
}

}  // namespace

Block mobilevit_entry() {
  return {.name = "mobilevit",
          .sentence =
              "a convolution that looks near, a transformer that looks far, and a convolution over both (Mehta & "
              "Rastegari, ICLR 2022)",
          .arguments =
              {whole("width", {}, 1, 4096, "numbers of a token"),
               whole("ffn", {}, 1, 16384, "numbers inside its feed-forward layers"),
               whole("heads", 4, 1, 64, "ways in which patches look at each other"),
               whole("layers", 1, 1, 64, "transformer layers"), whole("patch", 2, 1, 64, "edge of a patch in pixels"),
               whole("kernel", 3, 1, most_kernel, "of the convolutions before and after"),
               word("attention", "softmax", {"softmax", "linear"},
                    "each patch to each other, or to their weighted mean alone"),
               word("ffn_activation", "silu", {"relu", "silu", "gelu", "hardswish"}, "inside the feed-forward layers"),
               truth("norm_in", false, "norm and activation after the convolution to tokens"),
               truth("norm_each", false, "a third norm after each layer instead of one at the end"),
               number("dropout", 0, 0, 0.9, "in training, after attention and feed-forward"), activation_argument()},
          .build = build_mobilevit};
}

}  // namespace edgewise::space
