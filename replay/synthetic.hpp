/// Test problems of the literature with formulas instead of networks.
#pragma once

#include <string>
#include <vector>

#include "replay/problem.hpp"

namespace edgewise::replay {

/// "zdt1" ... "zdt3", "dtlz1" ... "dtlz7", "oka1", "oka2", "vlmop2", "vlmop3", "re21", "re23", "re24". Parameters "x1",
/// "x2", ... are real numbers, but whole ones where the problem has them (re23); objectives "f1", "f2", ... are
/// minimised. Where the true front has a formula, `front` holds 1,000 points of it, so that its hypervolume is a little
/// below the true one.
/// @param dimensions  of zdt, dtlz and vlmop2; 0: 6 (vlmop2: 2)  @param objectives  of dtlz; 0: 2
/// @error invalid_input: an unknown name, dimensions that the problem cannot have
Result<Problem> synthetic_problem(const std::string& name, std::size_t dimensions = 0, std::size_t objectives = 0);

const std::vector<std::string>& synthetic_names();

}  // namespace edgewise::replay
