/// Multi-objective Bayesian optimisation, put together from parts; any combination works.
#pragma once

#include <string>

#include "search/bayes/parts.hpp"
#include "search/free/options.hpp"

namespace edgewise::search {

struct MoboOptions {
  InitialOptions initial;  ///< 0: 3 to 20, by the space
  std::string surrogate = "gp", acquisition = "ehvi", solver = "local", selection = "hvi";
  /// What the parts themselves can be told.
  SettingsOfAll<surrogate::SurrogateEntry> surrogates{surrogate::surrogates};
  SettingsOfAll<AcquisitionEntry> acquisitions{search::acquisitions};
  SettingsOfAll<SolverEntry> solvers{search::solvers};
  SettingsOfAll<SelectionEntry> selections{search::selections};
  void fields(config::Options& o);
};

}  // namespace edgewise::search
