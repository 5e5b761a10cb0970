#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

AcquisitionEntry thompson_entry() {
  return {.name = "thompson",
          .sentence = "one function drawn for each objective (Thompson sampling)",
          .make = [](const Beliefs& beliefs, std::uint64_t number, const Settings& /*none*/) {
            return Acquisition(
                beliefs, seen_front(beliefs),
                [&beliefs, number](std::span<const space::Choice> candidates, const Belief&) -> Result<Matrix> {
                  return beliefs.drawn(candidates, number);
                });
          }};
}

}  // namespace edgewise::search
