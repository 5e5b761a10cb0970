#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

AcquisitionEntry ehvi_entry() {
  return {.name = "ehvi",
          .sentence = "log of the expected growth of the hypervolume",
          .make = [](const Beliefs& beliefs, std::uint64_t /*number*/, const Settings& /*none*/) {
            return Acquisition(beliefs, {seen_front(beliefs)});
          }};
}

}  // namespace edgewise::search
