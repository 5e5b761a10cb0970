#include "space/blocks/blocks_internal.hpp"

namespace edgewise::space {

Block squeeze_excite_entry() {
  return {.name = "squeeze_excite",
          .sentence = "weighs the channels by what they are on average (Hu, Shen, Sun, CVPR 2018)",
          .arguments = {number("share", 0.25, 0.001, 1, "of the channels, that it looks through"),
                        whole("divisor", 8, 1, 256, "what it looks through is rounded to a multiple of it"),
                        word("gate", "hardsigmoid", {"hardsigmoid", "sigmoid"}, "what gives the weights")},
          .build = [](const Site& at) -> Result<Wire> {
            const auto squeezed = round_to_multiple(
                static_cast<double>(at.net.channels(at.x)) * at.given.number("share"), at.whole("divisor"));
            return at.net.squeeze_excitation(at.scope, at.x, squeezed, *activation_of(at.given.word("gate")));
          }};
}

}  // namespace edgewise::space
