/// The door to pagmo's problems, whose headers are slow to compile.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace edgewise::replay {

/// Objectives of a point, minimised.
using Objectives = std::function<std::vector<double>(const std::vector<double>&)>;

struct BoxProblem {
  std::vector<std::pair<double, double>> bounds;
  Objectives objectives;
};

/// ZDT 1-3 (Zitzler, Deb, Thiele, Evolutionary Computation 8(2), 2000) by pagmo.
BoxProblem zdt(unsigned number, unsigned dimensions);
/// DTLZ 1-7 (Deb, Thiele, Laumanns, Zitzler, CEC 2002) by pagmo. More dimensions than objectives.
BoxProblem dtlz(unsigned number, unsigned dimensions, unsigned objectives);

}  // namespace edgewise::replay
