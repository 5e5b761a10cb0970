/// Augmentations: a random change of the picture that moves the box along.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/random.hpp"

namespace edgewise::data {

/// The `train.augment:` section of the job file. Everything 0 or false: pictures as they are.
struct Augment {
  bool flip = true;            ///< left-right, half of the time
  bool flip_vertical = false;  ///< up-down, half of the time (aerial pictures)
  double scale = 0.0;          ///< zoom by a factor in [1 - scale, 1 + scale], in [0, 0.9]
  double shift = 0.0;          ///< move by up to this share of the edge, in [0, 0.5]
  double colour = 0.0;         ///< brightness, contrast and saturation by up to this share, in [0, 0.9]
  double blur = 0.0;           ///< probability of a light Gaussian blur, in [0, 1]
};

/// Writes an augmented copy of `source` to `target`, both (size, size, channels) interleaved; edges are repeated
/// outwards. One affine warp does flip, zoom and shift. `box` (shares of the edge), when not null, moves along and is
/// clipped; a draw that leaves less than a third of the box's area inside the picture is drawn again, at most 8 times,
/// then the picture is only flipped.
void augment(const Augment& settings, std::span<const std::uint8_t> source, std::span<std::uint8_t> target,
             std::int64_t size, std::int64_t channels, RandomStream& random, std::array<float, 4>* box);

}  // namespace edgewise::data
