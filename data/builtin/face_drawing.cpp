#include <array>

#include "data/builtin/face_internal.hpp"

namespace edgewise::data {

namespace {

constexpr Colour dark{28, 22, 20}, white{240, 238, 234};

/// Draws one face; methods in the order of painting.
class Painter {
 public:
  Painter(Painting& painting, const Face& face)
      : canvas_(painting), face_(face), f_(face.frame()), details_(face.details) {}

  void draw() {
    body();
    hair_behind();
    ears();
    head();
    eyes();
    nose();
    mouth();
    beard();
    brows();
    hair_in_front();
    glasses();
    hat();
    cover();
  }

 private:
  using Hair = Face::Hair;
  using Hat = Face::Hat;

  [[nodiscard]] Colour lit(Colour c, double u, double v) const { return c * face_.shade(u, v); }
  [[nodiscard]] Colour hair_at(double u, double v) const {
    const double strands = cloud_noise(face_.texture, u * 14, v * 4, 3);
    return lit(face_.hair_colour, u, v) * static_cast<float>(0.72 + 0.56 * strands);
  }
  [[nodiscard]] double down(double v) const { return v + face_.nod; }
  [[nodiscard]] bool is_woolly() const { return face_.hair == Hair::afro; }

  void body() {
    const double lean = -face_.tilt * 0.6;  // the body stays more upright than the head
    const Frame neck = f_.at(0, 0.9, 1, lean);
    const Colour shadowed = face_.skin * static_cast<float>(0.62 * face_.ambient + 0.2);
    canvas_.paint(
        neck, 0.42, 0.75, [](double u, double v) { return box_distance(u, v, 0.38 + 0.05 * v * v, 0.7); },
        [&](double, double v) { return mix(shadowed, face_.skin * 0.85F, std::clamp(v + 0.2, 0.0, 1.0)); });
    const double wide = details_.uniform(1.5, 1.9);
    const Frame torso = f_.at(0, 0.9, 1, lean).at(0, 2.35);
    const bool striped = details_.chance(0.25);
    const Colour second = face_.cloth * 0.6F;
    canvas_.paint(
        torso, wide, 1.9,
        [&](double u, double v) {
          const double s = u / wide, t = v / 1.75;
          return std::max((s * s * s * s + t * t * t * t - 1) * 0.5, 0.42 - std::sqrt(u * u + (v + 1.85) * (v + 1.85)));
        },
        [&](double u, double v) {
          const float fold = static_cast<float>(0.8 + 0.3 * cloud_noise(face_.texture + 5, u * 2, v * 2, 2));
          return (striped && std::sin(v * 18) > 0 ? second : face_.cloth) *
                 (fold * static_cast<float>(face_.ambient * 0.4 + 0.6));
        });
  }

  void hair_behind() {
    if (face_.hat == Hat::headscarf) {
      canvas_.paint(
          f_.at(0, 0.35), 1.4, 1.75,
          [](double u, double v) { return ellipse_distance(u, v, 1.05 + 0.2 * std::max(0.0, v), 1.6); },
          [&](double u, double v) { return cloth_at(u, v); });
      return;
    }
    if (face_.hair == Hair::long_straight) {
      const double length = details_.uniform(0.7, 1.6), wide = face_.width * details_.uniform(1.22, 1.45);
      canvas_.paint(
          f_.at(0, (length - 1.2) / 2), wide * 1.1, (length + 1.25) / 2,
          [&](double u, double v) {
            const double half = (length + 1.2) / 2;
            const double crown = ellipse_distance(u, v + half - wide, wide, wide);
            const double fall = box_distance(u, v - wide / 2, wide * (0.96 + 0.05 * std::sin(v * 5)), half - wide / 2);
            return std::min(crown, fall);
          },
          [&](double u, double v) { return hair_at(u, v) * 0.82F; });
    } else if (face_.hair == Hair::afro) {
      const double radius = details_.uniform(1.15, 1.42);
      canvas_.paint(
          f_.at(0, -0.38), radius * 1.1, radius * 1.1,
          [&](double u, double v) {
            return std::sqrt(u * u + v * v) - radius + 0.16 * cloud_noise(face_.texture, u * 6, v * 6, 2);
          },
          [&](double u, double v) {
            return lit(face_.hair_colour, u * 0.7, v * 0.7) *
                   static_cast<float>(0.6 + 0.8 * cloud_noise(face_.texture + 1, u * 16, v * 16, 2));
          });
    } else if (face_.hair == Hair::bun) {
      canvas_.paint(
          f_.at(face_.turn * -0.5, -1.25), 0.42, 0.42,
          [](double u, double v) { return ellipse_distance(u, v, 0.38, 0.34); },
          [&](double u, double v) { return hair_at(u, v - 1.2) * 0.9F; });
    }
  }

  void ears() {
    for (const int side : {-1, 1}) {
      if (!face_.shows_ear(side)) continue;
      const Frame ear = f_.at(side * face_.width * 0.985, 0.02);
      canvas_.paint(
          ear, 0.12, 0.22, [](double u, double v) { return ellipse_distance(u, v, 0.11, 0.21); },
          [&](double, double) { return lit(face_.skin, side * face_.width * 0.9, 0) * 0.92F; });
      canvas_.ellipse(ear.at(side * 0.01, 0), 0.05, 0.12, face_.skin * static_cast<float>(0.6 * face_.ambient + 0.1),
                      0.7, 0.03);
    }
  }

  void head() {
    canvas_.paint(
        f_, 1.0, 1.05, [&](double u, double v) { return face_.head_distance(u, v); },
        [&](double u, double v) {
          Colour c = face_.skin;
          // Redder cheeks and nose, and a little unevenness.
          for (const double cheek : {-0.42, 0.42}) {
            const double du = u - face_.turned(cheek), dv = v - down(0.28);
            c = mix(c, Colour{c.r * 1.02F, c.g * 0.86F, c.b * 0.84F},
                    0.6 * std::max(0.0, 1 - (du * du + dv * dv) / 0.07));
          }
          if (face_.hair == Hair::shaved && v < -0.5 - 0.3 * std::abs(std::abs(u) - face_.width))
            c = mix(c, face_.hair_colour, 0.45);
          const auto uneven = static_cast<float>(0.96 + 0.08 * cloud_noise(face_.texture + 9, u * 5, v * 5, 2));
          // Eye sockets and the region below the lip lie deeper.
          double deep = 0;
          for (const double eye : {-0.33, 0.33}) {
            const double du = (u - face_.turned(eye)) / 0.22, dv = (v - down(-0.1)) / 0.16;
            deep += 0.14 * std::max(0.0, 1 - du * du - dv * dv);
          }
          return lit(c, u, v) * (uneven * static_cast<float>(1 - deep));
        });
  }

  void eyes() {
    const double half_width = details_.uniform(0.115, 0.15), half_height = half_width * details_.uniform(0.42, 0.62);
    const double apart = details_.uniform(0.30, 0.36), glance = details_.uniform(-0.05, 0.05);
    const bool is_closed = details_.chance(0.06);
    for (const int side : {-1, 1}) {
      const double u = face_.turned(side * apart), narrow = face_.narrowed(side * apart), v = down(-0.10);
      const Frame eye = f_.at(u, v);
      const double a = half_width * narrow;
      if (is_closed) {
        canvas_.paint(
            eye, a, 0.08, [&](double s, double t) { return std::abs(t - 0.03 + 2.2 * s * s) - 0.018; },
            [&](double, double) { return face_.skin * 0.3F; });
        continue;
      }
      canvas_.ellipse(eye, a, half_height, lit(white, u, v), 1, 0.01);
      const double iris = half_height * 0.95;
      const Frame pupil = eye.at(glance + face_.turn * 0.03, 0);
      canvas_.paint(
          pupil, iris, iris,
          [&](double s, double t) {
            const double gs = s + glance + face_.turn * 0.03;
            return std::max(ellipse_distance(s, t, iris * std::min(1.0, narrow + 0.1), iris),
                            ellipse_distance(gs, t, a, half_height));
          },
          [&](double, double) { return lit(face_.eye_colour, u, v); });
      canvas_.ellipse(pupil, iris * 0.45, iris * 0.45, dark);
      canvas_.ellipse(pupil.at(iris * 0.3, -iris * 0.35), iris * 0.2, iris * 0.2, white, 0.9);
      // Lashes and lid above, a softer line below.
      canvas_.paint(
          eye, a * 1.12, half_height * 1.4,
          [&](double s, double t) {
            return std::max(std::abs(ellipse_distance(s, t, a, half_height)) - 0.018, t + 0.01);
          },
          [&](double, double) { return mix(face_.skin * 0.25F, dark, 0.5); });
      canvas_.paint(
          eye.at(0, -0.03), a * 1.2, half_height * 1.6,
          [&](double s, double t) {
            return std::max(std::abs(ellipse_distance(s, t, a * 1.1, half_height * 1.25)) - 0.012, t + 0.02);
          },
          [&](double, double) { return face_.skin * 0.55F; }, 0.6, 0.01);
    }
  }

  void brows() {
    const double thick = details_.uniform(0.02, 0.042), slope = details_.uniform(-0.12, 0.16),
                 lift = details_.uniform(-0.30, -0.25);
    const Colour colour = mix(face_.hair_colour * 0.75F, face_.skin * 0.5F, 0.25);
    for (const int side : {-1, 1}) {
      const double apart = 0.33, narrow = face_.narrowed(side * apart), a = 0.17 * narrow;
      const Frame brow = f_.at(face_.turned(side * apart), down(lift), 1, side * slope);
      canvas_.paint(
          brow, a, 0.1,
          [&](double s, double t) {
            return std::max(std::abs(t + 0.05 * (1 - s * s / (a * a))) - thick, std::abs(s) - a);
          },
          [&](double, double) { return colour; }, 0.9, 0.015);
    }
  }

  void nose() {
    const double tip_u = face_.turned(0, 1.16), root_u = face_.turned(0, 0.95), tip_v = down(0.25);
    const double wide = details_.uniform(0.10, 0.16);
    const double shadow_side = face_.light_u > 0 ? -1 : 1;
    // A bridge: light on one side, shadow on the other.
    const Colour shadow = face_.skin * static_cast<float>(0.45 + 0.25 * face_.ambient),
                 shine = mix(face_.skin, white, 0.35);
    canvas_.paint(
        f_, 0.8, 0.7,
        [&](double u, double v) {
          return stroke_distance(u, v, root_u + shadow_side * 0.07, down(-0.12), tip_u + shadow_side * wide * 0.8,
                                 tip_v, 0.03);
        },
        [&](double u, double v) { return lit(shadow, u, v); }, 0.55, 0.07);
    canvas_.paint(
        f_, 0.8, 0.7,
        [&](double u, double v) { return stroke_distance(u, v, root_u, down(-0.1), tip_u, tip_v - 0.04, 0.02); },
        [&](double u, double v) { return lit(shine, u, v); }, 0.5, 0.06);
    canvas_.ellipse(f_.at(tip_u, tip_v + 0.05), wide, 0.05, face_.skin * static_cast<float>(0.4 + 0.25 * face_.ambient),
                    0.7, 0.05);
    for (const int side : {-1, 1}) {
      const double u = tip_u + side * wide * 0.55 * face_.narrowed(0);
      canvas_.ellipse(f_.at(u, tip_v + 0.04), 0.035, 0.024, face_.skin * 0.22F, 0.9, 0.012);
    }
  }

  void mouth() {
    const double half = details_.uniform(0.19, 0.28) * face_.narrowed(0), full = details_.uniform(0.035, 0.065);
    const double smile = details_.uniform(-0.25, 1.3);
    const bool is_open = details_.chance(0.28);
    const double u = face_.turned(0, 1.05), v = down(0.53);
    const Frame m = f_.at(u, v);
    const auto curve = [&](double s) { return -smile * s * s; };  // corners up when it smiles
    const Colour lip = lit(face_.lip_colour, u, v);
    const double gap = is_open ? details_.uniform(0.05, 0.13) : 0;
    const auto taper = [&](double s) { return std::max(0.0, 1 - s * s / (half * half)); };
    canvas_.paint(
        m, half, 0.3,
        [&](double s, double t) {
          const double w = t - curve(s), k = taper(s);
          return std::max(std::abs(s) - half, std::max(w - (full * 1.25 + gap) * k, -w - full * 0.85 * k));
        },
        [&](double, double t) { return lip * (t < 0 ? 0.86F : 1.0F); }, 1, 0.012);
    canvas_.paint(
        m, half * 0.92, 0.3,
        [&](double s, double t) {
          const double w = t - curve(s), k = taper(s * 1.08);
          return std::max(std::abs(s) - half * 0.92, std::max(w - (gap + 0.008) * k, -w - 0.012 * k));
        },
        [&](double s, double t) {
          const double w = t - curve(s);
          return is_open && w < gap * 0.5 ? lit(white, u, v) * 0.92F : Colour{70, 22, 24} * face_.shade(u, v);
        });
    canvas_.ellipse(f_.at(face_.turned(0, 1.0), down(0.53) + full + gap + 0.10), 0.14, 0.03, face_.skin * 0.55F, 0.35,
                    0.05);
  }

  void beard() {
    if (face_.beard == Face::Beard::none) return;
    const double u0 = face_.turned(0, 1.05), mouth_v = down(0.53);
    const bool is_full = face_.beard == Face::Beard::full;
    const double alpha = face_.beard == Face::Beard::stubble ? 0.35 : 0.94;
    if (face_.beard != Face::Beard::moustache) {
      const double longer = is_full ? details_.uniform(0.0, 0.25) : 0;
      canvas_.paint(
          f_, 1.05, 1.4,
          [&](double u, double v) {
            const double head = face_.head_distance(u, v - longer * std::clamp(v, 0.0, 1.0)) - (is_full ? 0.03 : 0.0);
            // Below a line from the ears under the cheeks to the moustache; free around the lips.
            const double du = u - u0, line = 0.42 - 0.42 * std::max(0.0, std::abs(du) - 0.28);
            const double lips = 0.02 - ellipse_distance(du, v - mouth_v - 0.03, 0.26, 0.12);
            return std::max({head, line - v, lips});
          },
          [&](double u, double v) { return mix(hair_at(u, v), face_.hair_colour * 0.7F, 0.4); }, alpha,
          is_full ? 0.04 : 0.10);
    }
    canvas_.paint(
        f_.at(u0, mouth_v - 0.105), 0.32, 0.1,
        [&](double u, double v) {
          return std::max(std::abs(v - 0.5 * u * u) - 0.05 * (1 - u * u / 0.1), std::abs(u) - 0.31);
        },
        [&](double u, double v) { return hair_at(u + u0, v + mouth_v); }, alpha, 0.03);
  }

  void hair_in_front() {
    if (face_.hair == Hair::bald || face_.hair == Hair::shaved || face_.hat == Hat::headscarf) return;
    const double thick = is_woolly()                     ? 0.16
                         : face_.hair == Hair::short_cut ? details_.uniform(0.08, 0.2)
                                                         : details_.uniform(0.1, 0.22);
    double edge = details_.uniform(-0.68, -0.56), side_fall = 0.9;
    const double parting = details_.uniform(-0.5, 0.5);
    if (face_.hair == Hair::fringe) edge = details_.uniform(-0.46, -0.36), side_fall = 0.3;
    if (face_.hair == Hair::receding) edge = -0.86, side_fall = 1.5;
    if (face_.hair == Hair::long_straight) side_fall = 1.6;
    const double wide = face_.width + thick;
    canvas_.paint(
        f_, wide + 0.1, 1.3,
        [&](double u, double v) {
          const double s = u / wide, t = v / (1 + thick);
          const double outside =
              (std::sqrt(s * s + t * t) - 1) * wide + 0.05 * (value_noise(face_.texture + 3, u * 9, v * 9) - 0.5);
          const double from = u - face_.turn * 0.5 - (face_.hair == Hair::fringe ? 0 : parting * 0.3);
          const double line =
              edge + side_fall * from * from +
              0.07 * (value_noise(face_.texture + 4, u * (face_.hair == Hair::fringe ? 14 : 5), 0.5) - 0.5);
          return std::max(outside, v - std::min(line, face_.hair == Hair::long_straight ? 0.6 : 0.08));
        },
        [&](double u, double v) { return is_woolly() ? hair_at(u * 2.5, v * 8) : hair_at(u, v); }, 1, 0.02);
  }

  void glasses() {
    if (face_.glasses == Face::Glasses::none) return;
    const bool is_sun = face_.glasses == Face::Glasses::sun, is_round = face_.glasses == Face::Glasses::round;
    const Colour rim = details_.chance(0.6) ? dark : Colour{120, 90, 60};
    const double v = down(-0.08), a0 = details_.uniform(0.19, 0.23), b = a0 * (is_round ? 0.95 : 0.72), apart = 0.33;
    double inner[2]{};
    for (const int side : {-1, 1}) {
      const double u = face_.turned(side * apart, 1.03), a = a0 * std::max(0.45, face_.narrowed(side * apart));
      inner[side > 0 ? 1 : 0] = u - side * a;
      const Frame lens = f_.at(u, v);
      const auto outline = [&](double s, double t) {
        if (is_round) return ellipse_distance(s, t, a, b);
        const double p = s / a, q = t / b;
        return (std::sqrt(std::sqrt(p * p * p * p + q * q * q * q)) - 1) * b;
      };
      if (is_sun)
        canvas_.paint(
            lens, a, b, outline,
            [&](double s, double t) {
              return Colour{22, 22, 26} + white * static_cast<float>(0.22 * std::max(0.0, 0.3 - s - t));
            },
            0.96);
      else
        canvas_.paint(lens, a, b, outline, [&](double, double) { return white; }, 0.10);
      canvas_.paint(
          lens, a + 0.03, b + 0.03, [&](double s, double t) { return std::abs(outline(s, t)) - 0.022; },
          [&](double, double) { return rim; });
      canvas_.paint(
          f_, 1.0, 0.6,
          [&](double s, double t) {
            return stroke_distance(s, t, u + side * a, v - 0.04, side * face_.width * 0.98, v - 0.08, 0.02);
          },
          [&](double, double) { return rim; });
    }
    canvas_.paint(
        f_, 1.0, 0.6,
        [&](double s, double t) { return stroke_distance(s, t, inner[0], v - 0.03, inner[1], v - 0.03, 0.02); },
        [&](double, double) { return rim; });
  }

  [[nodiscard]] Colour cloth_at(double u, double v) const {
    const double folds = cloud_noise(face_.texture + 11, u * 3 + v, v * 3 - u, 2);
    return lit(face_.hat_colour, u * 0.8, v * 0.6) * static_cast<float>(0.7 + 0.5 * folds);
  }

  void hat() {
    const auto dome = [&](double thick, double edge) {
      return [this, thick, edge](double u, double v) {
        const double s = u / (face_.width + thick), t = v / (1.05 + thick);
        return std::max((std::sqrt(s * s + t * t) - 1) * face_.width, v - edge + 0.10 * u * u);
      };
    };
    const auto knit = [&](double u, double v) {
      return cloth_at(u, v) * static_cast<float>(0.9 + 0.15 * std::sin(u * 40));
    };
    switch (face_.hat) {
      case Hat::none:
        return;
      case Hat::beanie:
        canvas_.paint(f_, 1.2, 1.4, dome(0.2, -0.46), knit);
        canvas_.paint(
            f_, 1.2, 1.4,
            [&](double u, double v) { return std::max(dome(0.24, -0.44)(u, v), -0.68 - v - 0.1 * u * u); },
            [&](double u, double v) { return knit(u, v) * 0.8F; });
        return;
      case Hat::cap:
        canvas_.paint(f_, 1.2, 1.4, dome(0.16, -0.52), [&](double u, double v) { return cloth_at(u, v); });
        canvas_.paint(
            f_.at(face_.turn * 0.9, -0.5), 0.95, 0.2,
            [&](double u, double v) { return ellipse_distance(u, v - 0.12 * u * u, 0.78, 0.13); },
            [&](double u, double v) { return cloth_at(u, v) * 0.66F; });
        return;
      case Hat::brim:
        canvas_.paint(f_, 1.2, 1.5, dome(0.22, -0.6), [&](double u, double v) { return cloth_at(u, v); });
        canvas_.paint(
            f_.at(0, -0.6), 1.6, 0.3,
            [&](double u, double v) { return ellipse_distance(u, v + 0.06 * u * u, 1.5, 0.15); },
            [&](double u, double v) { return cloth_at(u, v) * 0.85F; });
        canvas_.paint(
            f_, 1.2, 1.5, [&](double u, double v) { return std::max(dome(0.22, -0.68)(u, v), -0.84 - v); },
            [&](double, double) { return dark; }, 0.8);
        return;
      case Hat::headscarf:
        canvas_.paint(
            f_, 1.2, 1.5,
            [&](double u, double v) {
              const double outside = ellipse_distance(u, v - 0.1, 1.04, 1.36);
              const double opening = ellipse_distance(u - face_.turn * 0.25, v - 0.12, face_.width * 0.92, 0.87);
              return std::max(outside, -opening);
            },
            [&](double u, double v) { return cloth_at(u, v); }, 1, 0.02);
        return;
    }
  }

  void cover() {
    const double angle = details_.uniform(0, 6.28), u = details_.uniform(-0.6, 0.6), v = details_.uniform(-0.3, 0.9);
    const Colour colour = mix(face_.cloth, Colour{90, 90, 90}, 0.4);
    switch (face_.cover) {
      case Face::Cover::none:
        return;
      case Face::Cover::bar:  // a post, a rail, a branch in front
        canvas_.paint(
            f_.at(u, v, 1, angle), 9, 0.2, [](double, double t) { return std::abs(t) - 0.16; },
            [&](double, double t) { return colour * static_cast<float>(0.7 + 2.0 * (0.16 - std::abs(t))); });
        return;
      case Face::Cover::hand: {
        const double side = u > 0 ? 1 : -1;
        const Frame palm = f_.at(side * 0.62, 0.62, 1, -side * 0.35);
        const Colour skin = face_.skin * static_cast<float>(0.75 + 0.2 * face_.ambient);
        canvas_.ellipse(palm.at(0, 0.35), 0.32, 0.42, skin * 0.92F);
        for (int finger = 0; finger < 4; ++finger) {
          const double at = (finger - 1.5) * 0.155;
          canvas_.stroke(palm.at(at, 0.1), 0, 0, at * 0.3, -0.5 + 0.06 * std::abs(finger - 1.5), 0.085, skin * 0.6F);
          canvas_.stroke(palm.at(at, 0.1), 0, 0, at * 0.3, -0.5 + 0.06 * std::abs(finger - 1.5), 0.07, skin);
        }
        return;
      }
      case Face::Cover::blob:  // something near, out of focus
        canvas_.ellipse(f_.at(u * 1.4, 0.7 + v * 0.4), 0.6, 0.42, colour, 0.97, 0.25);
        return;
      case Face::Cover::microphone:
        canvas_.stroke(f_.at(face_.turned(0) + 0.1, 0.9), 0, 0, 0.35, 1.3, 0.09, Colour{40, 40, 44});
        canvas_.ellipse(f_.at(face_.turned(0) + 0.05, 0.78), 0.2, 0.22, Colour{66, 66, 70});
        canvas_.ellipse(f_.at(face_.turned(0) - 0.02, 0.70), 0.08, 0.08, Colour{140, 140, 144}, 0.7, 0.06);
        return;
    }
  }

  Painting& canvas_;
  const Face& face_;
  Frame f_;
  RandomStream details_;
};

}  // namespace

void draw_face(Painting& painting, const Face& face) {
  Painter(painting, face).draw();
}

}  // namespace edgewise::data
