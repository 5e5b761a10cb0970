#include <array>
#include <cmath>
#include <numbers>

#include "data/builtin/face_internal.hpp"
#include "data/builtin/sets_internal.hpp"

namespace edgewise::data {

namespace {

// From very light to very dark; neighbours are mixed, so that tones are continuous.
constexpr std::array<Colour, 8> skin_tones{{{246, 222, 205},
                                            {238, 200, 172},
                                            {226, 180, 146},
                                            {205, 155, 117},
                                            {172, 122, 86},
                                            {136, 92, 62},
                                            {98, 65, 45},
                                            {66, 45, 34}}};
constexpr std::array<Colour, 9> hair_colours{{{24, 20, 18},
                                              {46, 32, 24},
                                              {82, 54, 34},
                                              {120, 84, 50},
                                              {176, 134, 78},
                                              {214, 184, 128},
                                              {148, 66, 32},
                                              {150, 148, 146},
                                              {222, 220, 216}}};
constexpr std::array<Colour, 5> eye_colours{{{70, 44, 26}, {92, 66, 38}, {84, 110, 70}, {72, 112, 150}, {50, 34, 24}}};

Colour any_colour(RandomStream& random, double low, double high) {
  const auto one = [&] { return static_cast<float>(random.uniform(low, high)); };
  const float r = one(), g = one(), b = one();
  return {r, g, b};
}

/// An index with the given chances, which sum to about 1.
template <std::size_t n>
std::size_t pick(RandomStream& random, const std::array<double, n>& chances) {
  double at = random.uniform();
  for (std::size_t i = 0; i < n; ++i)
    if ((at -= chances[i]) < 0) return i;
  return 0;
}

constexpr double ear_width = 0.10, ear_height = 0.21, hairline = -0.86;

}  // namespace

bool Face::shows_ear(int side) const {
  if (hair == Hair::long_straight || hat == Hat::headscarf) return false;
  return side * turn < 0.25;  // the ear on the side that the head turns to goes behind the cheek
}

double Face::head_distance(double u, double v) const {
  const double k = v > 0 ? 1 - jaw * v * v : 1;
  const double s = u / (width * k);
  return (std::sqrt(s * s + v * v) - 1) * width;
}

double Face::turned(double u, double depth) const {
  const double angle = std::asin(std::clamp(u / width, -1.0, 1.0));
  return width * depth * std::sin(angle + turn);
}

double Face::narrowed(double u) const {
  const double angle = std::asin(std::clamp(u / width, -0.95, 0.95));
  return std::clamp(std::cos(angle + turn) / std::cos(angle), 0.35, 1.15);
}

float Face::shade(double u, double v) const {
  const double nu = u / (width * 1.1), nv = v / 1.1;
  const double nz = std::sqrt(std::max(0.05, 1 - nu * nu - nv * nv));
  const double diffuse = std::max(0.0, nu * light_u + nv * light_v + nz * light_z);
  return static_cast<float>(ambient + (1.12 - ambient) * diffuse);
}

Box Face::box() const {
  const Frame f = frame();
  Box box{1e9, 1e9, -1e9, -1e9};
  const auto add = [&](double u, double v) {
    v = std::max(v, hairline);
    box.x0 = std::min(box.x0, f.to_x(u, v));
    box.y0 = std::min(box.y0, f.to_y(u, v));
    box.x1 = std::max(box.x1, f.to_x(u, v));
    box.y1 = std::max(box.y1, f.to_y(u, v));
  };
  constexpr int steps = 96;
  for (int i = 0; i < steps; ++i) {
    const double t = 2 * std::numbers::pi * i / steps, v = std::sin(t);
    add(width * std::cos(t) * (v > 0 ? 1 - jaw * v * v : 1), v);
    for (const int side : {-1, 1})
      if (shows_ear(side)) add(side * width + ear_width * std::cos(t), 0.02 + ear_height * std::sin(t));
  }
  return box;
}

Face make_face(std::uint64_t seed, std::uint64_t index) {
  RandomStream random = RandomStream::named(seed, "builtin:faces").child("face", index);
  Face face;
  const double tone = random.uniform(0, skin_tones.size() - 1.001);
  const auto low = static_cast<std::size_t>(tone);
  face.skin = mix(skin_tones[low], skin_tones[low + 1], tone - static_cast<double>(low));
  face.hair_colour = hair_colours[random.below(low >= 4 && random.chance(0.8) ? 3 : hair_colours.size())];
  if (random.chance(0.04)) face.hair_colour = any_colour(random, 40, 230);  // dyed
  face.eye_colour = eye_colours[low >= 4 ? (random.chance(0.9) ? 4 : 0) : random.below(eye_colours.size())];
  const double redness = random.uniform(0.35, 0.75);
  face.lip_colour = mix(face.skin, random.chance(0.25) ? Colour{170, 36, 52} : Colour{168, 84, 80}, redness);
  face.cloth = any_colour(random, 20, 235);
  face.hat_colour = any_colour(random, 20, 220);
  face.hair = static_cast<Face::Hair>(pick(random, std::array{0.07, 0.10, 0.27, 0.14, 0.20, 0.08, 0.07, 0.07}));
  face.hat = static_cast<Face::Hat>(pick(random, std::array{0.80, 0.06, 0.06, 0.04, 0.04}));
  face.glasses = static_cast<Face::Glasses>(pick(random, std::array{0.72, 0.10, 0.11, 0.07}));
  face.beard = static_cast<Face::Beard>(pick(random, std::array{0.70, 0.11, 0.07, 0.12}));
  if (face.hair == Face::Hair::long_straight || face.hair == Face::Hair::bun || face.hat == Face::Hat::headscarf)
    face.beard = Face::Beard::none;
  face.cover = static_cast<Face::Cover>(pick(random, std::array{0.82, 0.05, 0.05, 0.04, 0.04}));
  face.width = random.uniform(0.68, 0.82);
  face.jaw = random.uniform(0.08, 0.30);
  face.tilt = std::clamp(random.normal() * 0.16, -0.5, 0.5);
  face.turn = std::clamp(random.normal() * 0.28, -0.62, 0.62);
  face.nod = std::clamp(random.normal() * 0.10, -0.22, 0.22);
  face.light_u = random.uniform(-0.85, 0.85);
  face.light_v = random.uniform(-0.75, 0.35);
  face.light_z = std::sqrt(std::max(0.1, 1 - face.light_u * face.light_u - face.light_v * face.light_v));
  face.ambient = random.uniform(0.35, 0.85);
  face.texture = random.next();
  // The face's height is 18 to 60 % of the edge, small ones as often as large ones; its box lies wholly inside.
  face.half_height = 0.5 * 0.18 * std::pow(0.60 / 0.18, random.uniform());
  const double px = random.uniform(), py = random.uniform();
  face.x = face.y = 0;
  const Box box = face.box();
  const double room_x = 1 - (box.x1 - box.x0), room_y = 1 - (box.y1 - box.y0);
  face.x = px * room_x - box.x0;
  face.y = py * room_y - box.y0;
  face.details = random.child("details");
  return face;
}

namespace {

constexpr std::int64_t edge = 256;

picture::Annotation describe(std::uint64_t seed, std::uint64_t index) {
  constexpr double scale = edge;
  const Box box = make_face(seed, index).box();
  return {.width = edge,
          .height = edge,
          .marks = {{.box = {box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale}, .label = 0}},
          .labels = {},
          .mask = {}};
}

void render(std::uint64_t seed, std::uint64_t index, std::int64_t size, std::span<std::uint8_t> target) {
  const Face face = make_face(seed, index);
  RandomStream random = RandomStream::named(seed, "builtin:faces").child("scene", index);
  Painting painting(2 * size);
  draw_background(painting, random.child("background"), face.box());
  draw_face(painting, face);
  // The camera: out of focus, exposure, white balance, noise.
  const double gain = random.uniform(0.72, 1.18), warmth = random.uniform(-0.09, 0.09), noise = random.uniform(0.5, 9);
  if (random.chance(0.3)) painting.blur(1 + static_cast<int>(random.below(2)) * static_cast<int>(size / 96 + 1));
  const std::uint64_t grain = random.next();
  const auto red = static_cast<float>(gain * (1 + warmth)), green = static_cast<float>(gain),
             blue = static_cast<float>(gain * (1 - warmth));
  for (std::int64_t y = 0; y < painting.edge(); ++y)
    for (std::int64_t x = 0; x < painting.edge(); ++x) {
      Colour& pixel = painting.at(x, y);
      const auto grit = static_cast<float>((lattice(grain, x, y) + lattice(grain + 1, x, y) - 1) * 2 * noise);
      pixel = {pixel.r * red + grit, pixel.g * green + grit, pixel.b * blue + grit};
    }
  painting.write(target, 2);
}

}  // namespace

BuiltinSet faces_set() {
  return {.name = "builtin:faces",
          .sentence = "drawn faces, one in each picture",
          .task = "box",
          .gives = {task::Wants::one_box, task::Wants::boxes},
          .classes = {},
          .default_count = 2000,
          .edge = edge,
          .version = 1,
          .describe = describe,
          .render = render};
}

}  // namespace edgewise::data
