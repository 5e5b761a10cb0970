/// A picture that can be drawn on.
#pragma once

#include <cstdint>
#include <string>

#include "picture/annotation.hpp"

namespace edgewise::picture {

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
  friend bool operator==(const Colour&, const Colour&) = default;
};

/// One picture on a sheet of many, and the line below it. Who draws knows neither its size nor the library that fills
/// the pixels.
class Canvas {
 public:
  virtual ~Canvas() = default;
  /// The outline of a box in shares of the picture.
  virtual void outline(const Box& shares, Colour colour, int thickness) = 0;
  /// Writes below the picture; what does not fit is cut off.
  virtual void caption(const std::string& text) = 0;
};

}  // namespace edgewise::picture
