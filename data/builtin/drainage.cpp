#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "base/random.hpp"
#include "data/builtin/painting_internal.hpp"
#include "data/builtin/sets_internal.hpp"
#include "data/builtin/terrain_internal.hpp"

namespace edgewise::data {

namespace {

constexpr std::int64_t tile = 80;    ///< cells along the edge of what is shown
constexpr std::int64_t border = 32;  ///< cells around it, so that streams come from somewhere
constexpr std::int64_t area = tile + 2 * border;
constexpr double stream_cells = 0.07 * area * area;  ///< that drain through a cell which counts as a stream
constexpr double clear_distance = 11;                ///< between road and stream in a tile without a crossing

struct Point {
  double x = 0, y = 0;
};

/// What a tile shows. All but the first are "no_crossing".
enum class Kind { crossing, road_beside_stream, road_alone, stream_alone, neither };

/// A point of the road's middle line and the height of its surface there.
struct RoadPoint {
  Point at;
  double height = 0;
};

bool is_shown(double x, double y, double margin) {
  const double low = border + margin, high = border + tile - margin;
  return x >= low && x < high && y >= low && y < high;
}

std::int64_t label_of(std::uint64_t seed, std::uint64_t index) {
  // Of each pair of tiles one has a crossing: balanced for any count.
  const auto flip = static_cast<std::uint64_t>(lattice(seed ^ 0x5eed, static_cast<std::int64_t>(index / 2), 1) < 0.5);
  return static_cast<std::int64_t>((index & 1) ^ flip);
}

/// Fractal land that falls to one side.
Grid make_land(RandomStream& random) {
  Grid land(area);
  const std::uint64_t texture = random.next();
  const double angle = random.uniform(0, 2 * std::numbers::pi), fall = random.uniform(0.02, 0.12),
               relief = random.uniform(9, 26);
  const double wavelength = random.uniform(45, 90), gain = random.uniform(0.34, 0.43);
  const double du = std::cos(angle) * fall, dv = std::sin(angle) * fall;
  for (std::int64_t y = 0; y < area; ++y)
    for (std::int64_t x = 0; x < area; ++x) {
      double height = 0, amplitude = relief, scale = 1 / wavelength;
      for (std::uint64_t octave = 0; octave < 5; ++octave) {
        // Each octave is turned, so that the lattice of the noise does not show.
        const double turn = 0.9 * static_cast<double>(octave), c = std::cos(turn) * scale, s = std::sin(turn) * scale;
        const auto px = static_cast<double>(x), py = static_cast<double>(y);
        height += amplitude * value_noise(texture + octave, px * c - py * s, px * s + py * c);
        amplitude *= gain;
        scale *= 2;
      }
      land.at(x, y) = height + du * static_cast<double>(x) + dv * static_cast<double>(y);
    }
  return land;
}

/// Adds `depth` * exp(-d^2 / (2 width^2)) of the deepest cut around each cell of the stream.
void cut_streams(Grid& land, const Drainage& drainage, double depth, double width) {
  Grid cut(area);
  const auto reach = static_cast<std::int64_t>(std::ceil(3 * width));
  for (std::int64_t y = 0; y < area; ++y)
    for (std::int64_t x = 0; x < area; ++x) {
      const double through = drainage.cells.at(x, y);
      if (through < stream_cells) continue;
      const double own = depth * (0.8 + 0.25 * std::log(through / stream_cells));
      for (std::int64_t v = -reach; v <= reach; ++v)
        for (std::int64_t u = -reach; u <= reach; ++u)
          if (cut.has(x + u, y + v))
            cut.at(x + u, y + v) = std::max(cut.at(x + u, y + v),
                                            own * std::exp(-static_cast<double>(u * u + v * v) / (2 * width * width)));
    }
  for (std::size_t i = 0; i < land.values.size(); ++i) land.values[i] -= cut.values[i];
}

/// Water has worn the land down, more where more of it ran: valleys.
void wear_valleys(Grid& land, const Drainage& drainage, double strength) {
  Grid worn(area);
  for (std::size_t i = 0; i < worn.values.size(); ++i) worn.values[i] = std::log(drainage.cells.values[i]);
  Grid soft(area);
  for (int pass = 0; pass < 2; ++pass) {  // a mean over 5 x 5 cells, twice
    for (std::int64_t y = 0; y < area; ++y)
      for (std::int64_t x = 0; x < area; ++x) {
        double sum = 0;
        for (std::int64_t v = -2; v <= 2; ++v)
          for (std::int64_t u = -2; u <= 2; ++u)
            sum += worn.at(std::clamp(x + u, std::int64_t{0}, area - 1), std::clamp(y + v, std::int64_t{0}, area - 1));
        soft.at(x, y) = sum / 25;
      }
    std::swap(soft.values, worn.values);
  }
  for (std::size_t i = 0; i < land.values.size(); ++i) land.values[i] -= strength * worn.values[i];
}

std::vector<Point> shown_streams(const Drainage& drainage, double margin) {
  std::vector<Point> points;
  for (std::int64_t y = 0; y < area; ++y)
    for (std::int64_t x = 0; x < area; ++x)
      if (drainage.cells.at(x, y) >= stream_cells && is_shown(static_cast<double>(x), static_cast<double>(y), margin))
        points.push_back({static_cast<double>(x), static_cast<double>(y)});
  return points;
}

/// A smooth curve through `middle`, from end to end of the area.
std::vector<RoadPoint> make_road(Point middle, double angle, double bend) {
  std::vector<RoadPoint> road;
  const double du = std::cos(angle), dv = std::sin(angle);
  for (double t = -1.5 * area; t <= 1.5 * area; t += 0.8) {
    const double aside = bend * t * t / (1 + std::abs(t) / 60);  // a parabola that runs out into a line
    const Point p{middle.x + du * t - dv * aside, middle.y + dv * t + du * aside};
    if (p.x >= 0 && p.y >= 0 && p.x < area && p.y < area) road.push_back({p, 0});
  }
  return road;
}

double distance(Point a, Point b) {
  return std::sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
}

/// Smallest distance of the shown part of the road to a stream.
double nearest_stream(const std::vector<RoadPoint>& road, const std::vector<Point>& streams) {
  double nearest = 1e9;
  for (std::size_t i = 0; i < road.size(); i += 2)
    if (is_shown(road[i].at.x, road[i].at.y, -4))
      for (const Point& stream : streams) nearest = std::min(nearest, distance(road[i].at, stream));
  return nearest;
}

/// Direction of the stream at `at`, from the water's way downwards.
double stream_angle(const Drainage& drainage, Point at) {
  std::int64_t cell = static_cast<std::int64_t>(at.y) * area + static_cast<std::int64_t>(at.x);
  Point end = at;
  for (int step = 0; step < 7 && drainage.to[static_cast<std::size_t>(cell)] >= 0; ++step) {
    cell = drainage.to[static_cast<std::size_t>(cell)];
    const std::int64_t row = cell / area;
    end = {static_cast<double>(cell % area), static_cast<double>(row)};
  }
  return std::atan2(end.y - at.y, end.x - at.x);
}

/// Whether the stream goes on for some cells above and below `at`: where it only just begins, a person would not call
/// it a crossing.
bool runs_through(const Drainage& drainage, Point at) {
  constexpr int cells = 16;
  std::int64_t below = static_cast<std::int64_t>(at.y) * area + static_cast<std::int64_t>(at.x), above = below;
  for (int step = 0; step < cells; ++step) {
    if ((below = drainage.to[static_cast<std::size_t>(below)]) < 0) return false;
    std::int64_t largest = -1;
    for (std::int64_t v = -1; v <= 1; ++v)
      for (std::int64_t u = -1; u <= 1; ++u) {
        const std::int64_t x = above % area + u, y = above / area + v, cell = y * area + x;
        if (!drainage.cells.has(x, y) || drainage.to[static_cast<std::size_t>(cell)] != above) continue;
        if (largest < 0 || drainage.cells.values[static_cast<std::size_t>(cell)] >
                               drainage.cells.values[static_cast<std::size_t>(largest)])
          largest = cell;
      }
    if (largest < 0 || drainage.cells.values[static_cast<std::size_t>(largest)] < stream_cells) return false;
    above = largest;
  }
  return true;
}

/// Raises a bank where the road lies above the land and cuts a trench where it lies below.
void build_road(Grid& land, std::vector<RoadPoint>& road, const std::vector<Point>& streams, bool has_culverts,
                RandomStream& random) {
  const double raised = random.uniform(1.8, 3.0), half_width = random.uniform(1.6, 2.3),
               slope = random.uniform(0.75, 1.1);
  const double dip = raised * random.uniform(0.65, 1.0);
  const std::size_t window = 13;
  std::vector<double> natural;
  for (const RoadPoint& point : road) natural.push_back(land.between(point.at.x, point.at.y));
  for (std::size_t i = 0; i < road.size(); ++i) {
    const std::size_t first = i > window ? i - window : 0, last = std::min(road.size() - 1, i + window);
    double sum = 0;
    for (std::size_t k = first; k <= last; ++k) sum += natural[k];
    road[i].height = sum / static_cast<double>(last - first + 1) + raised;
    if (!has_culverts) continue;
    double nearest = 1e9;
    for (const Point& stream : streams) nearest = std::min(nearest, distance(stream, road[i].at));
    road[i].height -=
        dip * std::exp(-nearest * nearest / (2 * 2.5 * 2.5));  // the bank over a culvert is low, or was cut
  }
  Grid to_road(area, 1e9), height(area);
  constexpr std::int64_t reach = 14;
  for (const RoadPoint& point : road) {
    const auto cx = static_cast<std::int64_t>(point.at.x), cy = static_cast<std::int64_t>(point.at.y);
    for (std::int64_t y = cy - reach; y <= cy + reach; ++y)
      for (std::int64_t x = cx - reach; x <= cx + reach; ++x) {
        if (!land.has(x, y)) continue;
        const double d = distance(point.at, {static_cast<double>(x), static_cast<double>(y)});
        if (d < to_road.at(x, y)) to_road.at(x, y) = d, height.at(x, y) = point.height;
      }
  }
  for (std::size_t i = 0; i < land.values.size(); ++i) {
    if (to_road.values[i] > reach) continue;
    const double aside = std::max(0.0, to_road.values[i] - half_width) * slope;
    land.values[i] = std::clamp(land.values[i], height.values[i] - aside, height.values[i] + aside);
  }
}

Kind kind_of(std::int64_t label, RandomStream& random) {
  if (label == 1) return Kind::crossing;
  const double at = random.uniform();
  return at < 0.55   ? Kind::road_beside_stream
         : at < 0.75 ? Kind::road_alone
         : at < 0.93 ? Kind::stream_alone
                     : Kind::neither;
}

/// A road as the kind asks for; nothing when none of many tries fits.
std::vector<RoadPoint> place_road(Kind kind, const Drainage& drainage, const std::vector<Point>& streams,
                                  RandomStream& random) {
  std::vector<Point> crossings;
  for (const Point& p : streams)
    if (is_shown(p.x, p.y, 16) && runs_through(drainage, p)) crossings.push_back(p);
  for (int attempt = 0; attempt < 60; ++attempt) {
    const double bend = random.uniform(-0.007, 0.007);
    if (kind == Kind::crossing) {
      if (crossings.empty()) return {};
      const Point middle = crossings[random.below(crossings.size())];
      const double angle = stream_angle(drainage, middle) + random.uniform(0.28, 0.72) * std::numbers::pi;
      return make_road(middle, angle, bend);
    }
    const Point middle{random.uniform(border + 16, border + tile - 16),
                       random.uniform(border + 16, border + tile - 16)};
    auto road = make_road(middle, random.uniform(0, 2 * std::numbers::pi), bend);
    if (kind == Kind::road_alone || nearest_stream(road, streams) > clear_distance) return road;
  }
  return {};
}

Grid make_tile(std::uint64_t seed, std::uint64_t index) {
  const RandomStream stream = RandomStream::named(seed, "builtin:drainage").child("tile", index);
  RandomStream choice = stream.child("kind");
  const Kind kind = kind_of(label_of(seed, index), choice);
  const bool has_stream = kind == Kind::crossing || kind == Kind::road_beside_stream || kind == Kind::stream_alone;
  const bool has_road = kind == Kind::crossing || kind == Kind::road_beside_stream || kind == Kind::road_alone;
  for (std::uint64_t attempt = 0; attempt < 1000; ++attempt) {
    RandomStream random = stream.child("attempt", attempt);
    Grid land = make_land(random);
    Grid rough = land;  // water finds a winding way on rough ground
    const std::uint64_t texture = random.next();
    for (std::int64_t y = 0; y < area; ++y)
      for (std::int64_t x = 0; x < area; ++x)
        rough.at(x, y) += 0.5 * value_noise(texture, static_cast<double>(x) * 0.45, static_cast<double>(y) * 0.45);
    const Drainage drainage = drain(rough);
    const auto streams = has_stream ? shown_streams(drainage, -8) : std::vector<Point>{};
    if (has_stream && shown_streams(drainage, 4).size() < 35) continue;
    std::vector<RoadPoint> road;
    if (has_road) {
      road = place_road(kind, drainage, streams, random);
      if (road.empty()) continue;
    }
    wear_valleys(land, drainage, random.uniform(0.2, 0.6));
    if (has_stream) {
      const double width = random.uniform(1.6, 2.2), depth = random.uniform(2.4, 3.8);
      cut_streams(land, drainage, depth, width);
    }
    if (has_road) build_road(land, road, streams, kind == Kind::crossing, random);
    const double noise = random.uniform(0.02, 0.12);
    for (std::int64_t y = 0; y < area; ++y)
      for (std::int64_t x = 0; x < area; ++x) land.at(x, y) += noise * (lattice(texture + 1, x, y) - 0.5);
    return land;
  }
  EDGEWISE_ASSERT(false, "one of a thousand random lands has a stream");
  return Grid(area);
}

/// Hill-shade, elevation and slope of the shown part, each 0 .. 255.
std::array<Grid, 3> make_channels(const Grid& land) {
  std::array<Grid, 3> channels{Grid(tile), Grid(tile), Grid(tile)};
  double low = 1e9, high = -1e9;
  for (std::int64_t y = border; y < border + tile; ++y)
    for (std::int64_t x = border; x < border + tile; ++x) {
      low = std::min(low, land.at(x, y));
      high = std::max(high, land.at(x, y));
    }
  for (std::int64_t y = 0; y < tile; ++y)
    for (std::int64_t x = 0; x < tile; ++x) {
      const auto z = [&](std::int64_t u, std::int64_t v) { return land.at(border + x + u, border + y + v); };
      // Gradient by Horn (Proc. IEEE 69(1), 1981); light from the north-west, 45 degrees high, as maps have it.
      const double gx = (z(1, -1) + 2 * z(1, 0) + z(1, 1) - z(-1, -1) - 2 * z(-1, 0) - z(-1, 1)) / 8;
      const double gy = (z(-1, 1) + 2 * z(0, 1) + z(1, 1) - z(-1, -1) - 2 * z(0, -1) - z(1, -1)) / 8;
      const double steepness = std::sqrt(gx * gx + gy * gy);
      const double light = (0.5 * gx + 0.5 * gy + std::numbers::sqrt2 / 2) / std::sqrt(1 + gx * gx + gy * gy);
      channels[0].at(x, y) = std::clamp(light, 0.0, 1.0) * 255;
      channels[1].at(x, y) = high > low ? (z(0, 0) - low) / (high - low) * 255 : 0;
      channels[2].at(x, y) = std::min(1.0, std::atan(steepness) / (0.3 * std::numbers::pi)) * 255;
    }
  return channels;
}

}  // namespace

namespace {

picture::Annotation describe(std::uint64_t seed, std::uint64_t index) {
  return {.width = tile, .height = tile, .marks = {}, .labels = {label_of(seed, index)}, .mask = {}};
}

void render(std::uint64_t seed, std::uint64_t index, std::int64_t size, std::span<std::uint8_t> target) {
  const auto channels = make_channels(make_tile(seed, index));
  // Means of several places within each pixel: an area filter when shrinking, smooth when growing.
  const std::int64_t samples = std::max<std::int64_t>(1, (2 * tile + size - 1) / size);
  const double cells_per_pixel = static_cast<double>(tile) / static_cast<double>(size);
  for (std::int64_t y = 0; y < size; ++y)
    for (std::int64_t x = 0; x < size; ++x)
      for (std::size_t c = 0; c < 3; ++c) {
        double sum = 0;
        for (std::int64_t v = 0; v < samples; ++v)
          for (std::int64_t u = 0; u < samples; ++u) {
            const auto within = [&](std::int64_t pixel, std::int64_t part) {
              return (static_cast<double>(pixel) + (static_cast<double>(part) + 0.5) / static_cast<double>(samples)) *
                         cells_per_pixel -
                     0.5;
            };
            sum += channels[c].between(within(x, u), within(y, v));
          }
        target[static_cast<std::size_t>((y * size + x) * 3) + c] =
            static_cast<std::uint8_t>(std::clamp(sum / static_cast<double>(samples * samples) + 0.5, 0.0, 255.0));
      }
}

/// As a map: green lowlands to pale heights, shaded. The channels are hill-shade, elevation and slope.
void colour(std::span<std::uint8_t> pixels) {
  using Shade = std::array<float, 3>;
  constexpr Shade low{96, 140, 92}, middle{196, 178, 120}, high{238, 232, 224};
  for (std::size_t i = 0; i + 2 < pixels.size(); i += 3) {
    const float light = 0.25F + 0.95F * static_cast<float>(pixels[i]) / 255;
    const float height = static_cast<float>(pixels[i + 1]) / 255;
    const Shade &from = height < 0.5F ? low : middle, &to = height < 0.5F ? middle : high;
    const float share = height < 0.5F ? 2 * height : 2 * height - 1;
    for (std::size_t c = 0; c < 3; ++c) {
      const float value = (from[c] + (to[c] - from[c]) * share) * light;
      pixels[i + c] = static_cast<std::uint8_t>(std::clamp(std::lrint(value), 0L, 255L));
    }
  }
}

}  // namespace

BuiltinSet drainage_set() {
  return {.name = "builtin:drainage",
          .sentence = "drawn elevation tiles: does a stream cross the road",
          .task = "classification",
          .gives = {task::Wants::label},
          .classes = {"no_crossing", "crossing"},
          .default_count = 2400,
          .edge = tile,
          .version = 1,
          .describe = describe,
          .render = render,
          .colour = colour};
}

}  // namespace edgewise::data
