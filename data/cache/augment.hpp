/// Augmentations: a random change of the picture that moves the target along.
#pragma once

#include <cstdint>
#include <span>

#include "base/random.hpp"
#include "base/size.hpp"
#include "task/task.hpp"

namespace edgewise::data {

/// The `train.augment:` section of the job file. Everything 0 or false: pictures as they are.
struct Augment {
  bool flip = true;            ///< left-right, half of the time
  bool flip_vertical = false;  ///< up-down, half of the time (aerial pictures)
  double scale = 0.0;          ///< zoom by a factor in [1 - scale, 1 + scale], in [0, 0.9]
  double shift = 0.0;          ///< move by up to this share of the edge, in [0, 0.5]
  double colour = 0.0;         ///< brightness, contrast and saturation by up to this share, in [0, 0.9]
  double blur = 0.0;           ///< probability of a light Gaussian blur, in [0, 1]
  std::int64_t random = 0;     ///< changes drawn from a fixed list for each picture, in [0, 8] (random_changes)
  double strength = 0.3;       ///< of those, in [0, 1]
  double erase = 0.0;          ///< probability that a rectangle is covered, in [0, 1]
};

/// Writes an augmented copy of `source` to `pixels`, both (height, width, channels) interleaved; edges are repeated
/// outwards. One affine warp does flip, zoom and shift, and the task moves the target along; a draw that the target
/// does not survive is drawn again, at most 8 times, then the picture is only flipped. Of the random changes only those
/// that move nothing are made where the task's targets say where something is.
void augment(const Augment& settings, std::span<const std::uint8_t> source, std::span<std::uint8_t> pixels, Size size,
             std::int64_t channels, RandomStream& random, const task::Task& task, task::Target& target);

}  // namespace edgewise::data
