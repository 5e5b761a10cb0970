/// A small painter for the built-in sets: shapes given by a distance function, painted with soft edges, the same on
/// every platform.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace edgewise::data {

struct Colour {
  float r = 0, g = 0, b = 0;  ///< 0 .. 255, linear enough for drawing
  friend Colour operator*(Colour c, float f) { return {c.r * f, c.g * f, c.b * f}; }
  friend Colour operator+(Colour a, Colour b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
};
inline Colour mix(Colour a, Colour b, double share) {
  const auto s = static_cast<float>(share);
  return a * (1 - s) + b * s;
}

/// A rotated, scaled system of coordinates: local (u right, v down) to the picture, whose edge is 1.
struct Frame {
  double x = 0.5, y = 0.5;      ///< where (0, 0) lies
  double unit = 1;              ///< length of 1 in the picture
  double cosine = 1, sine = 0;  ///< of the rotation
  static Frame make(double x, double y, double unit, double angle = 0) {
    return {x, y, unit, std::cos(angle), std::sin(angle)};
  }
  [[nodiscard]] double to_x(double u, double v) const { return x + unit * (u * cosine - v * sine); }
  [[nodiscard]] double to_y(double u, double v) const { return y + unit * (u * sine + v * cosine); }
  /// The same frame moved, turned and scaled within itself.
  [[nodiscard]] Frame at(double u, double v, double scale = 1, double angle = 0) const {
    const double c = std::cos(angle), s = std::sin(angle);
    return {to_x(u, v), to_y(u, v), unit * scale, cosine * c - sine * s, sine * c + cosine * s};
  }
};

/// A smooth random field in [0, 1] over the plane, lattice spacing 1 (value noise).
double value_noise(std::uint64_t seed, double x, double y);
/// Several octaves of it, in [0, 1].
double cloud_noise(std::uint64_t seed, double x, double y, int octaves);
/// A number in [0, 1) that belongs to a lattice point.
double lattice(std::uint64_t seed, std::int64_t x, std::int64_t y);

/// A signed distance to an ellipse about 0, near enough close to its edge.
inline double ellipse_distance(double u, double v, double a, double b) {
  const double f = std::sqrt(u * u / (a * a) + v * v / (b * b));
  return (f - 1) * std::min(a, b);
}
inline double box_distance(double u, double v, double a, double b) {
  return std::max(std::abs(u) - a, std::abs(v) - b);
}
/// Distance to a line of half width `r` from (u0, v0) to (u1, v1).
double stroke_distance(double u, double v, double u0, double v0, double u1, double v1, double r);

class Painting {
 public:
  explicit Painting(std::int64_t edge) : edge_(edge), pixels_(static_cast<std::size_t>(edge * edge)) {}
  [[nodiscard]] std::int64_t edge() const { return edge_; }
  Colour& at(std::int64_t x, std::int64_t y) { return pixels_[static_cast<std::size_t>(y * edge_ + x)]; }

  /// Every pixel: colour(x, y) with x, y in [0, 1].
  template <class Paint>
  void fill(const Paint& colour) {
    for (std::int64_t y = 0; y < edge_; ++y)
      for (std::int64_t x = 0; x < edge_; ++x) at(x, y) = colour(middle(x), middle(y));
  }

  /// Paints where distance(u, v) < 0, which must lie within |u| <= a, |v| <= b of the frame.
  /// @param softness  width of the edge in local units beyond that of one pixel
  template <class Distance, class Paint>
  void paint(const Frame& frame, double a, double b, const Distance& distance, const Paint& colour, double alpha = 1,
             double softness = 0) {
    const double reach_x = frame.unit * (std::abs(a * frame.cosine) + std::abs(b * frame.sine));
    const double reach_y = frame.unit * (std::abs(a * frame.sine) + std::abs(b * frame.cosine));
    const double n = static_cast<double>(edge_), more = 1.5 + softness * frame.unit * n;
    const auto x0 = bound((frame.x - reach_x) * n - more), x1 = bound((frame.x + reach_x) * n + more);
    const auto y0 = bound((frame.y - reach_y) * n - more), y1 = bound((frame.y + reach_y) * n + more);
    const double width = 1 / (n * frame.unit) + softness;
    for (std::int64_t y = y0; y < y1; ++y)
      for (std::int64_t x = x0; x < x1; ++x) {
        const double dx = (middle(x) - frame.x) / frame.unit, dy = (middle(y) - frame.y) / frame.unit;
        const double u = dx * frame.cosine + dy * frame.sine, v = dy * frame.cosine - dx * frame.sine;
        const double cover = std::clamp(0.5 - distance(u, v) / width, 0.0, 1.0) * alpha;
        if (cover <= 0) continue;
        Colour& pixel = at(x, y);
        pixel = mix(pixel, colour(u, v), cover);
      }
  }
  void ellipse(const Frame& frame, double a, double b, Colour colour, double alpha = 1, double softness = 0) {
    paint(
        frame, a, b, [&](double u, double v) { return ellipse_distance(u, v, a, b); },
        [&](double, double) { return colour; }, alpha, softness);
  }
  void box(const Frame& frame, double a, double b, Colour colour, double alpha = 1, double softness = 0) {
    paint(
        frame, a, b, [&](double u, double v) { return box_distance(u, v, a, b); },
        [&](double, double) { return colour; }, alpha, softness);
  }
  void ring(const Frame& frame, double a, double b, double half_width, Colour colour, double alpha = 1) {
    paint(
        frame, a + half_width, b + half_width,
        [&](double u, double v) { return std::abs(ellipse_distance(u, v, a, b)) - half_width; },
        [&](double, double) { return colour; }, alpha);
  }
  void stroke(const Frame& frame, double u0, double v0, double u1, double v1, double r, Colour colour,
              double alpha = 1) {
    const double a = std::max(std::abs(u0), std::abs(u1)) + r, b = std::max(std::abs(v0), std::abs(v1)) + r;
    paint(
        frame, a, b, [&](double u, double v) { return stroke_distance(u, v, u0, v0, u1, v1, r); },
        [&](double, double) { return colour; }, alpha);
  }
  /// A mean over 3 x 3 pixels, `times` times.
  void blur(int times);
  /// Rounded to bytes, shrunk by `factor`: (edge / factor, edge / factor, 3).
  void write(std::span<std::uint8_t> target, std::int64_t factor) const;

 private:
  [[nodiscard]] double middle(std::int64_t i) const {
    return (static_cast<double>(i) + 0.5) / static_cast<double>(edge_);
  }
  [[nodiscard]] std::int64_t bound(double at) const {
    return static_cast<std::int64_t>(std::clamp(at, 0.0, static_cast<double>(edge_)));
  }
  std::int64_t edge_;
  std::vector<Colour> pixels_;
};

}  // namespace edgewise::data
