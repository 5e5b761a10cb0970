#include <pagmo/problems/dtlz.hpp>
#include <pagmo/problems/zdt.hpp>

#include "replay/synthetic_internal.hpp"

namespace edgewise::replay {

namespace {

template <class Pagmo>
BoxProblem boxed(const Pagmo& problem) {
  BoxProblem box{.objectives = [problem](const std::vector<double>& x) { return problem.fitness(x); }};
  const auto [low, high] = problem.get_bounds();
  for (std::size_t i = 0; i < low.size(); ++i) box.bounds.emplace_back(low[i], high[i]);
  return box;
}

}  // namespace

BoxProblem zdt(unsigned number, unsigned dimensions) {
  return boxed(pagmo::zdt(number, dimensions));
}
BoxProblem dtlz(unsigned number, unsigned dimensions, unsigned objectives) {
  return boxed(pagmo::dtlz(number, dimensions, objectives));
}

}  // namespace edgewise::replay
