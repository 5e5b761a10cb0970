#include "search/bayes/parts_internal.hpp"

namespace edgewise::search {

Catalogue<SelectionEntry>& selections() {
  static Catalogue<SelectionEntry> all("selection", {by_hypervolume_entry(), by_uncertainty_entry(),
                                                     by_dominance_entry(), by_diversity_entry(), by_chance_entry()});
  return all;
}

}  // namespace edgewise::search
