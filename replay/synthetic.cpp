#include "replay/synthetic.hpp"

#include <algorithm>
#include <cmath>
#include <format>
#include <numbers>

#include "replay/synthetic_internal.hpp"

namespace edgewise::replay {

namespace {

using std::numbers::pi;
using std::numbers::sqrt2;
using Vector = std::vector<double>;

constexpr std::size_t front_points = 1000;

/// A box problem with what is known of it.
struct Known {
  BoxProblem box;
  Vector reference;
  search::Matrix front;
  std::vector<std::size_t> whole;  ///< parameters that are whole numbers
};

template <class Point>
search::Matrix curve(double low, double high, const Point& point) {
  search::Matrix points;
  for (std::size_t i = 0; i < front_points; ++i)
    points.push_back(point(low + (high - low) * static_cast<double>(i) / (front_points - 1)));
  return front_of(std::move(points));
}

Known make_zdt(unsigned number, std::size_t dimensions) {
  Known known{zdt(number, static_cast<unsigned>(dimensions)), {11, 11}};
  known.front = curve(0, 1, [number](double f1) -> Vector {
    if (number == 1) return {f1, 1 - std::sqrt(f1)};
    if (number == 2) return {f1, 1 - f1 * f1};
    return {f1, 1 - std::sqrt(f1) - f1 * std::sin(10 * pi * f1)};
  });
  return known;
}

Known make_dtlz(unsigned number, std::size_t dimensions, std::size_t objectives) {
  // Far enough that a random sample has points inside: 1, 3 and 6 have distances in the hundreds or tens.
  const double reach = number == 1   ? 400
                       : number == 3 ? 900
                       : number == 7 ? 6.0 * static_cast<double>(objectives)
                       : number == 6 ? 12
                                     : 2.5;
  return {dtlz(number, static_cast<unsigned>(dimensions), static_cast<unsigned>(objectives)),
          Vector(objectives, reach)};
}

/// Okabe, Jin, Olhofer, Sendhoff, "On test functions for evolutionary multi-objective optimization", PPSN 2004.
Known make_oka1() {
  const double c = std::cos(pi / 12), s = std::sin(pi / 12);
  Known known{{{{6 * s, 6 * s + 2 * pi * c}, {-2 * pi * s, 6 * c}},
               [c, s](const Vector& x) -> Vector {
                 const double u = c * x[0] - s * x[1], v = s * x[0] + c * x[1];
                 return {u,
                         std::sqrt(2 * pi) - std::sqrt(std::abs(u)) + 2 * std::cbrt(std::abs(v - 3 * std::cos(u) - 3))};
               }},
              {7.5, 5}};
  known.front = curve(0, 2 * pi, [](double u) -> Vector { return {u, std::sqrt(2 * pi) - std::sqrt(u)}; });
  return known;
}

/// Same source.
Known make_oka2() {
  Known known{{{{-pi, pi}, {-5, 5}, {-5, 5}},
               [](const Vector& x) -> Vector {
                 const double away = (x[0] + pi) / (2 * pi);
                 return {x[0], 1 - away * away + std::cbrt(std::abs(x[1] - 5 * std::cos(x[0]))) +
                                   std::cbrt(std::abs(x[2] - 5 * std::sin(x[0])))};
               }},
              {pi + 0.5, 5}};
  known.front = curve(-pi, pi, [](double f1) -> Vector { return {f1, 1 - (f1 + pi) * (f1 + pi) / (4 * pi * pi)}; });
  return known;
}

/// Van Veldhuizen, Lamont, "Multiobjective evolutionary algorithm test suites", SAC 1999 (after Fonseca and Fleming).
Vector vlmop2_objectives(const Vector& x) {
  const double shift = 1 / std::sqrt(static_cast<double>(x.size()));
  double below = 0, above = 0;
  for (const double value : x) {
    below += (value - shift) * (value - shift);
    above += (value + shift) * (value + shift);
  }
  return {1 - std::exp(-below), 1 - std::exp(-above)};
}

Known make_vlmop2(std::size_t dimensions) {
  Known known{{std::vector(dimensions, std::pair(-2.0, 2.0)), vlmop2_objectives}, {1.1, 1.1}};
  const double shift = 1 / std::sqrt(static_cast<double>(dimensions));
  known.front = curve(-shift, shift, [dimensions](double t) { return vlmop2_objectives(Vector(dimensions, t)); });
  return known;
}

/// Same source (after Viennet).
Known make_vlmop3() {
  return {{{{-3, 3}, {-3, 3}},
           [](const Vector& x) -> Vector {
             const double r = x[0] * x[0] + x[1] * x[1];
             const double a = 3 * x[0] - 2 * x[1] + 4, b = x[0] - x[1] + 1;
             return {0.5 * r + std::sin(r), a * a / 8 + b * b / 27 + 15, 1 / (r + 1) - 1.1 * std::exp(-r)};
           }},
          {10, 60, 1}};
}

/// Four-bar truss: volume and displacement of a joint. Tanabe, Ishibuchi, "An easy-to-use real-world multi-objective
/// optimization problem suite", Applied Soft Computing 89, 2020, as are the two below; first by Cheng, Li, 1999.
Known make_re21() {
  return {{{{1, 3}, {sqrt2, 3}, {sqrt2, 3}, {1, 3}},
           [](const Vector& x) -> Vector {
             constexpr double force = 10, modulus = 2e5, length = 200;
             return {length * (2 * x[0] + sqrt2 * x[1] + std::sqrt(x[2]) + x[3]),
                     force * length / modulus * (2 / x[0] + 2 * sqrt2 / x[1] - 2 * sqrt2 / x[2] + 2 / x[3])};
           }},
          {3200, 0.06}};
}

/// Pressure vessel: cost, and by how much it breaks its three rules. The walls come in sixteenths of an inch.
Known make_re23() {
  return {{{{1, 100}, {1, 100}, {10, 200}, {10, 240}},
           [](const Vector& x) -> Vector {
             const double shell = 0.0625 * x[0], head = 0.0625 * x[1], radius = x[2], length = x[3];
             const double cost = 0.6224 * shell * radius * length + 1.7781 * head * radius * radius +
                                 3.1661 * shell * shell * length + 19.84 * shell * shell * radius;
             const double volume = pi * radius * radius * length + 4.0 / 3.0 * pi * radius * radius * radius;
             return {cost, std::max(0.0, 0.0193 * radius - shell) + std::max(0.0, 0.00954 * radius - head) +
                               std::max(0.0, 1296000 - volume)};
           }},
          {6437, 1.4175e6},  // the suite's nadir point and a tenth
          {},
          {0, 1}};
}

/// Hatch cover: weight, and by how much it breaks its four rules.
Known make_re24() {
  return {{{{0.5, 4}, {0.5, 50}},
           [](const Vector& x) -> Vector {
             constexpr double modulus = 7e5;
             const double bending = 4500 / (x[0] * x[1]), shear = 1800 / x[1],
                          deflection = 56.2e4 / (modulus * x[0] * x[1] * x[1]);
             const double buckling = modulus * x[0] * x[0] / 100;
             double broken = 0;
             for (const double use : {bending / 700, shear / 450, deflection / 1.5, bending / buckling})
               broken += std::max(0.0, use - 1);
             return {x[0] + 120 * x[1], broken};
           }},
          {530, 48.7}};  // as above
}

Result<Known> known_problem(const std::string& name, std::size_t dimensions, std::size_t objectives) {
  const unsigned number = static_cast<unsigned>(name.back() - '0');
  const std::size_t d = dimensions > 0 ? dimensions : 6, m = objectives > 0 ? objectives : 2;
  if (name.starts_with("zdt")) {
    if (d < 2) return invalid(std::format("{} has at least 2 dimensions, not {}", name, d));
    return make_zdt(number, d);
  }
  if (name.starts_with("dtlz")) {
    if (m < 2 || d <= m)
      return invalid(std::format("{} with {} objectives and {} dimensions does not exist", name, m, d),
                     "give at least 2 objectives and more dimensions than those");
    return make_dtlz(number, d, m);
  }
  if (name == "oka1") return make_oka1();
  if (name == "oka2") return make_oka2();
  if (name == "vlmop2") return make_vlmop2(dimensions > 0 ? dimensions : 2);
  if (name == "vlmop3") return make_vlmop3();
  if (name == "re21") return make_re21();
  if (name == "re23") return make_re23();
  return make_re24();
}

double number_of(const space::Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  return std::get<double>(value);
}

}  // namespace

const std::vector<std::string>& synthetic_names() {
  static const std::vector<std::string> names{"zdt1",   "zdt2",   "zdt3",  "dtlz1", "dtlz2", "dtlz3",
                                              "dtlz4",  "dtlz5",  "dtlz6", "dtlz7", "oka1",  "oka2",
                                              "vlmop2", "vlmop3", "re21",  "re23",  "re24"};
  return names;
}

Result<Problem> synthetic_problem(const std::string& name, std::size_t dimensions, std::size_t objectives) {
  if (!std::ranges::contains(synthetic_names(), name)) {
    const std::string nearest = nearest_word(name, synthetic_names());
    return invalid(std::format("problem \"{}\" is not one of {}", name, quoted_list(synthetic_names())),
                   nearest.empty() ? "" : std::format("did you mean \"{}\"?", nearest));
  }
  TRY(Known known, known_problem(name, dimensions, objectives));
  Problem problem{.name = name, .reference = known.reference, .front = std::move(known.front)};
  std::vector<space::Parameter> parameters;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < known.box.bounds.size(); ++i) {
    const auto [low, high] = known.box.bounds[i];
    names.push_back(std::format("x{}", i + 1));
    parameters.push_back({.name = names.back(), .domain = space::Real{low, high}});
    if (std::ranges::contains(known.whole, i))
      parameters.back().domain = space::Integer{static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)};
  }
  TRY(problem.space, space::make_space(std::move(parameters)));
  for (std::size_t i = 0; i < known.reference.size(); ++i) problem.objectives.push_back({std::format("f{}", i + 1)});
  problem.evaluate = [function = std::move(known.box.objectives), names](const space::Choice& choice, std::size_t) {
    std::vector<double> x;
    for (const auto& parameter : names) x.push_back(number_of(choice.at(parameter)));
    Outcome outcome;
    const auto f = function(x);
    for (std::size_t i = 0; i < f.size(); ++i) outcome.values[std::format("f{}", i + 1)] = f[i];
    return outcome;
  };
  return problem;
}

}  // namespace edgewise::replay
