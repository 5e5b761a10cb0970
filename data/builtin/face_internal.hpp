/// One drawn face: what it is, and how it is drawn.
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "data/builtin/painting_internal.hpp"
#include "data/dataset.hpp"

namespace edgewise::data {

/// Everything about a face and its picture. Lengths are in half face heights; the chin is at v = 1, the crown at v =
/// -1.
struct Face {
  enum class Hair { bald, shaved, short_cut, fringe, long_straight, afro, bun, receding };
  enum class Hat { none, beanie, cap, brim, headscarf };
  enum class Glasses { none, round, square, sun };
  enum class Beard { none, stubble, moustache, full };
  enum class Cover { none, bar, hand, blob, microphone };

  double x = 0.5, y = 0.5, half_height = 0.2;  ///< in shares of the picture's edge
  double tilt = 0;                             ///< rotation in the picture, radians
  double turn = 0, nod = 0;                    ///< rotation out of the picture, radians
  double width = 0.76, jaw = 0.2;              ///< half width of the head; how much it narrows to the chin
  Colour skin, hair_colour, eye_colour, lip_colour, cloth, hat_colour;
  Hair hair = Hair::short_cut;
  Hat hat = Hat::none;
  Glasses glasses = Glasses::none;
  Beard beard = Beard::none;
  Cover cover = Cover::none;
  double light_u = 0, light_v = -0.5, light_z = 0.8,
         ambient = 0.6;       ///< direction to the light, and what comes from everywhere
  std::uint64_t texture = 0;  ///< seed of hair and skin texture
  RandomStream details{0};    ///< for small things that do not move the box

  [[nodiscard]] bool shows_ear(int side) const;  ///< side -1: left in the picture, 1: right
  [[nodiscard]] Frame frame() const { return Frame::make(x, y, half_height, tilt); }
  /// Signed distance to the head's outline.
  [[nodiscard]] double head_distance(double u, double v) const;
  /// Forehead to chin, ear to ear, in shares of the edge.
  [[nodiscard]] Box box() const;
  /// Where a point of the face's front comes to lie when the head turns.
  [[nodiscard]] double turned(double u, double depth = 1) const;
  /// By how much widths there shrink.
  [[nodiscard]] double narrowed(double u) const;
  /// Light on the head, as a factor.
  [[nodiscard]] float shade(double u, double v) const;
};

Face make_face(std::uint64_t seed, std::uint64_t index);
void draw_face(Painting& painting, const Face& face);

/// A scene with things that look a bit like faces, none of them over `keep_free`.
void draw_background(Painting& painting, RandomStream random, const Box& keep_free);

}  // namespace edgewise::data
