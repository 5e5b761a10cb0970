#include <array>

#include "data/builtin/face_internal.hpp"

namespace edgewise::data {

namespace {

Colour any_colour(RandomStream& random, double low = 15, double high = 235) {
  const double grey = random.uniform(low, high), spread = random.uniform(0, 70);
  const auto one = [&] { return static_cast<float>(std::clamp(grey + random.uniform(-spread, spread), 0.0, 255.0)); };
  const float r = one(), g = one(), b = one();
  return {r, g, b};
}

/// The far end of the scene.
void draw_wall(Painting& painting, RandomStream& random) {
  const Colour a = any_colour(random), b = any_colour(random), c = any_colour(random);
  const std::uint64_t texture = random.next();
  const double du = random.uniform(-1, 1), dv = random.uniform(-1, 1), scale = random.uniform(2, 7),
               stripes = random.uniform(10, 60);
  switch (random.below(6)) {
    case 0:  // a plain wall in uneven light
      painting.fill([&](double x, double y) {
        return mix(a, b, std::clamp(0.5 + 0.5 * (du * (x - 0.5) + dv * (y - 0.5)), 0.0, 1.0));
      });
      return;
    case 1:  // foliage or clouds
      painting.fill([&](double x, double y) {
        const double n = cloud_noise(texture, x * scale * 2, y * scale * 2, 4);
        return mix(mix(a, b, std::clamp(2 * n - 0.5, 0.0, 1.0)), c,
                   std::clamp(3 * cloud_noise(texture + 77, x * scale, y * scale, 2) - 1.6, 0.0, 1.0));
      });
      return;
    case 2:  // wallpaper, planks, blinds
      painting.fill([&](double x, double y) {
        const double wave = std::sin((x * du + y * dv) * stripes) * 3;
        return mix(a, b, std::clamp(0.5 + wave, 0.0, 1.0)) *
               static_cast<float>(0.85 + 0.3 * cloud_noise(texture, x * 30 * du, y * 30 * dv, 2));
      });
      return;
    case 3: {  // bricks
      const double rows = random.uniform(7, 18);
      painting.fill([&](double x, double y) {
        const double r = std::floor(y * rows),
                     shifted = x * rows * 0.5 + (static_cast<std::int64_t>(r) % 2 == 0 ? 0.0 : 0.5);
        const double inner_u = shifted - std::floor(shifted), inner_v = y * rows - r;
        if (inner_u < 0.05 || inner_v < 0.1) return b;
        return a * static_cast<float>(0.7 + 0.5 * lattice(texture, static_cast<std::int64_t>(std::floor(shifted)),
                                                          static_cast<std::int64_t>(r)));
      });
      return;
    }
    case 4:  // horizon: sky above, ground below
      painting.fill([&](double x, double y) {
        const double horizon = 0.5 + 0.3 * du + 0.05 * cloud_noise(texture, x * 6, 0.3, 3);
        return y < horizon ? mix(a, {235, 240, 245}, y) : mix(b, c, cloud_noise(texture + 1, x * 12, y * 30, 3));
      });
      return;
    default:  // out of focus lights
      painting.fill([&](double x, double y) { return mix(a * 0.5F, b * 0.5F, cloud_noise(texture, x * 3, y * 3, 2)); });
      for (int i = 0; i < 25; ++i) {
        const double r = random.uniform(0.02, 0.09);
        const double y = random.uniform(), x = random.uniform(), opacity = random.uniform(0.2, 0.6);
        painting.ellipse(Frame::make(x, y, r), 1, 1, any_colour(random, 90, 250), opacity, 0.2);
      }
  }
}

/// Things of everyday without any resemblance.
void draw_clutter(Painting& painting, RandomStream& random) {
  const double angle = random.uniform(-0.6, 0.6), size = random.uniform(0.05, 0.3), y = random.uniform(),
               x = random.uniform();
  const Frame at = Frame::make(x, y, size, angle);
  const Colour colour = any_colour(random), second = any_colour(random);
  const double ratio = random.uniform(0.2, 1.2);
  switch (random.below(5)) {
    case 0:
      painting.box(at, 1, ratio, colour);
      return;
    case 1:
      painting.ellipse(at, 1, ratio, colour, random.uniform(0.6, 1), 0.05);
      return;
    case 2:
      painting.stroke(at, -2, 0, 2, ratio - 0.5, 0.1, colour);
      return;
    case 3:  // a picture frame or a window
      painting.box(at, 1, ratio, colour);
      painting.box(at, 0.85, ratio * 0.82, second);
      painting.box(at, 0.04, ratio * 0.82, colour);
      return;
    default:  // books on a shelf
      for (int i = 0; i < 7; ++i) {
        const Colour back = any_colour(random);
        painting.box(at.at(-1 + 0.3 * i, 0), 0.14, 0.5 + 0.4 * random.uniform(), back);
      }
      painting.box(at.at(-0.1, 0.9), 1.3, 0.06, second);
  }
}

/// Things that have something of a face: round, or with two dots. None has skin, nose and mouth together.
void draw_distractor(Painting& painting, RandomStream& random, const Frame& at) {
  const Colour colour = any_colour(random, 50, 235), second = colour * 0.45F;
  const double light = random.uniform(-0.5, 0.5);
  const auto ball = [&](double u, double v) {
    return colour *
           static_cast<float>(0.55 + 0.5 * std::sqrt(std::max(0.0, 1 - u * u - v * v)) + 0.25 * (light * u - 0.5 * v));
  };
  const auto round = [](double u, double v) { return ellipse_distance(u, v, 1, 1); };
  const std::uint64_t texture = random.next();
  switch (random.below(7)) {
    case 0:  // a ball with two dots
      painting.paint(at, 1, 1, round, ball);
      for (const double side : {-0.35, 0.35}) painting.ellipse(at.at(side, -0.15), 0.12, 0.12, second);
      return;
    case 1:  // a plain ball
      painting.paint(at, 1, 1, round, ball);
      return;
    case 2: {  // a plate
      painting.ellipse(at, 1, 1, colour);
      painting.ring(at, 0.7, 0.7, 0.03, second, 0.6);
      painting.ring(at, 0.95, 0.95, 0.04, colour * 0.7F);
      const bool is_full = random.chance(0.5);
      painting.ellipse(at.at(0.1, 0.05), 0.4, 0.3, any_colour(random), is_full ? 1 : 0, 0.1);
      return;
    }
    case 3:  // a socket
      painting.paint(
          at, 1, 1, [](double u, double v) { return std::sqrt(std::sqrt(u * u * u * u + v * v * v * v)) - 1; },
          [](double, double) { return Colour{226, 224, 216}; });
      painting.ring(at, 0.72, 0.72, 0.03, {170, 168, 160});
      for (const double side : {-0.3, 0.3}) painting.ellipse(at.at(side, 0), 0.1, 0.1, {40, 40, 40});
      return;
    case 4: {  // a knot in wood
      const Colour wood{168, 118, 70};
      painting.paint(
          at, 1, 1.25, [](double u, double v) { return ellipse_distance(u, v, 0.9, 1.2); },
          [&](double u, double v) {
            const double r = std::sqrt(u * u / 0.8 + v * v / 1.4) + 0.15 * cloud_noise(texture, u * 3, v * 3, 2);
            return wood * static_cast<float>(0.65 + 0.3 * std::abs(std::sin(r * 16)) - (r < 0.3 ? 0.35 : 0));
          });
      return;
    }
    case 5: {  // a drawn smiley: flat, of a colour that no skin has
      constexpr std::array<Colour, 5> flat{
          {{90, 190, 90}, {90, 150, 230}, {190, 110, 210}, {240, 240, 240}, {255, 215, 60}}};
      painting.ellipse(at, 0.92, 1.08, flat[random.below(flat.size())]);
      painting.ring(at, 0.92, 1.08, 0.05, {30, 30, 30});
      for (const double side : {-0.32, 0.32}) painting.ellipse(at.at(side, -0.2), 0.09, 0.14, {25, 25, 25});
      if (random.chance(0.6))
        painting.paint(
            at, 0.6, 0.8,
            [](double u, double v) { return std::max(std::abs(v - 0.5 + 0.6 * u * u) - 0.05, std::abs(u) - 0.5); },
            [](double, double) { return Colour{25, 25, 25}; });
      return;
    }
    default:  // a clock
      painting.ellipse(at, 1, 1, {236, 234, 226});
      painting.ring(at, 1, 1, 0.07, second);
      painting.stroke(at, 0, 0, 0.5, -0.3, 0.05, {30, 30, 30});
      painting.stroke(at, 0, 0, -0.1, 0.75, 0.035, {30, 30, 30});
  }
}

}  // namespace

void draw_background(Painting& painting, RandomStream random, const Box& keep_free) {
  draw_wall(painting, random);
  const std::uint64_t things = random.below(9);
  for (std::uint64_t i = 0; i < things; ++i) draw_clutter(painting, random);
  const std::uint64_t distractors = random.below(5);
  for (std::uint64_t i = 0; i < distractors; ++i) {
    const double r = random.uniform(0.05, 0.2);
    const double x = random.uniform(0, 1), y = random.uniform(0, 1), angle = random.uniform(-0.5, 0.5);
    RandomStream own = random.child("distractor", i);
    if (x + r > keep_free.x0 && x - r < keep_free.x1 && y + r > keep_free.y0 && y - r < keep_free.y1) continue;
    draw_distractor(painting, own, Frame::make(x, y, r, angle));
  }
  if (random.chance(0.5)) painting.blur(1 + static_cast<int>(random.below(3)));
}

}  // namespace edgewise::data
