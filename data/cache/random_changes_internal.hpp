/// Random changes of a picture from a fixed list. Only for the sources and tests of data/.
#pragma once

#include <cstdint>
#include <span>

#include "base/random.hpp"
#include "base/size.hpp"

namespace edgewise::data {

/// `count` changes, each drawn evenly from those that may be made, in place, as RandAugment does (Cubuk et al., NeurIPS
/// 2020): none, automatic contrast, equalised histogram, fewer bits, solarised, saturation, contrast, brightness,
/// sharpness, and where `may_move` rotation, shear and shift in both directions. What has a direction takes either.
/// @param pixels  (height, width, channels) interleaved; saturation changes nothing unless there are 3 channels
/// @param strength  of each change, in [0, 1]: 1 rotates by 30 degrees, shears by 0.3, shifts by 0.3 of the edge
void change_at_random(std::span<std::uint8_t> pixels, Size size, std::int64_t channels, std::int64_t count,
                      double strength, bool may_move, RandomStream& random);

/// Covers a rectangle of 2 to 33 % of the picture, at most three times as long as wide, with grey (Zhong et al., AAAI
/// 2020).
void erase_at_random(std::span<std::uint8_t> pixels, Size size, std::int64_t channels, RandomStream& random);

}  // namespace edgewise::data
