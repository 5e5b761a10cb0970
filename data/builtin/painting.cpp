#include "data/builtin/painting_internal.hpp"
#include "data/images/image_internal.hpp"

namespace edgewise::data {

double lattice(std::uint64_t seed, std::int64_t x, std::int64_t y) {
  std::uint64_t h =
      seed + static_cast<std::uint64_t>(x) * 0x9e3779b97f4a7c15 + static_cast<std::uint64_t>(y) * 0xc2b2ae3d27d4eb4f;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
  h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
  return static_cast<double>((h ^ (h >> 31)) >> 11) * 0x1.0p-53;
}

double value_noise(std::uint64_t seed, double x, double y) {
  const double fx = std::floor(x), fy = std::floor(y);
  const auto ix = static_cast<std::int64_t>(fx), iy = static_cast<std::int64_t>(fy);
  const auto eased = [](double t) { return t * t * (3 - 2 * t); };
  const double u = eased(x - fx), v = eased(y - fy);
  const double top = lattice(seed, ix, iy) * (1 - u) + lattice(seed, ix + 1, iy) * u;
  const double bottom = lattice(seed, ix, iy + 1) * (1 - u) + lattice(seed, ix + 1, iy + 1) * u;
  return top * (1 - v) + bottom * v;
}

double cloud_noise(std::uint64_t seed, double x, double y, int octaves) {
  double sum = 0, weight = 0.5, all = 0;
  for (int o = 0; o < octaves; ++o) {
    sum += weight * value_noise(seed + static_cast<std::uint64_t>(o) * 7919, x, y);
    all += weight;
    weight /= 2;
    x *= 2;
    y *= 2;
  }
  return sum / all;
}

double stroke_distance(double u, double v, double u0, double v0, double u1, double v1, double r) {
  const double du = u1 - u0, dv = v1 - v0, length = du * du + dv * dv;
  const double t = length > 0 ? std::clamp(((u - u0) * du + (v - v0) * dv) / length, 0.0, 1.0) : 0.0;
  const double eu = u - u0 - t * du, ev = v - v0 - t * dv;
  return std::sqrt(eu * eu + ev * ev) - r;
}

void Painting::blur(int times) {
  std::vector<Colour> old;
  for (int t = 0; t < times; ++t) {
    old = pixels_;
    for (std::int64_t y = 0; y < edge_; ++y)
      for (std::int64_t x = 0; x < edge_; ++x) {
        Colour sum;
        for (std::int64_t v = -1; v <= 1; ++v)
          for (std::int64_t u = -1; u <= 1; ++u)
            sum = sum + old[static_cast<std::size_t>(std::clamp(y + v, std::int64_t{0}, edge_ - 1) * edge_ +
                                                     std::clamp(x + u, std::int64_t{0}, edge_ - 1))];
        at(x, y) = sum * (1.0F / 9);
      }
  }
}

void Painting::write(std::span<std::uint8_t> target, std::int64_t factor) const {
  std::vector<std::uint8_t> bytes(pixels_.size() * 3);
  const auto byte = [](float value) { return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F)); };
  for (std::size_t i = 0; i < pixels_.size(); ++i) {
    bytes[3 * i] = byte(pixels_[i].r);
    bytes[3 * i + 1] = byte(pixels_[i].g);
    bytes[3 * i + 2] = byte(pixels_[i].b);
  }
  shrink(bytes, edge_ / factor, factor, 3, target);
}

}  // namespace edgewise::data
