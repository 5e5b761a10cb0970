/// What becomes of a picture before a network sees it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/size.hpp"
#include "graph/tensor.hpp"

namespace edgewise::graph {

/// Per channel: the value of a network's input is (value - mean) / deviation.
struct Normalisation {
  std::vector<float> mean, deviation;
  friend bool operator==(const Normalisation&, const Normalisation&) = default;
};
/// ImageNet's for 3 channels, 0.5 and 0.25 else.
Normalisation usual_normalisation(std::int64_t channels);

/// Of the pictures that a network with this input takes. @param input  (C, H, W)
inline Size picture_size(const Shape& input) {
  EDGEWISE_ASSERT(input.size() == 3, "pictures have three axes");
  return {input[2], input[1]};
}

/// How a picture of any size becomes one of the network's.
enum class Fitting {
  stretch,  ///< the whole picture, whatever its proportions; area filter when shrinking, linear when growing
};
std::string_view to_text(Fitting fitting);

/// One value for what data, training, the exported file and a device must agree on. A picture is fitted to height and
/// width; its bytes 0 .. 255 become `low` .. `high`; then each channel is normalised.
struct Preprocess {
  std::int64_t height = 1, width = 1, channels = 3;
  Fitting resize = Fitting::stretch;
  float low = 0.0F, high = 1.0F;
  Normalisation normalisation;  ///< an entry a channel

  [[nodiscard]] Shape input_shape() const { return {channels, height, width}; }
  friend bool operator==(const Preprocess&, const Preprocess&) = default;
};

/// With the usual range and normalisation of so many channels.
/// @error as check
Result<Preprocess> make_preprocess(std::int64_t height, std::int64_t width, std::int64_t channels);
/// @error invalid_input: an extent outside 1 .. 65,536, a normalisation of another number of channels, a mean or
/// deviation that is not finite, a deviation that is not above 0, a range without extent
Result<Preprocess> make_preprocess(Preprocess preprocess);

/// A channel's byte b becomes b * factor + offset: range and normalisation in one.
struct Affine {
  std::vector<float> factor, offset;  ///< an entry a channel
};
Affine from_bytes(const Preprocess& preprocess);

/// {"height", "width", "channels", "resize": "stretch", "range": [low, high], "mean": [...], "deviation": [...]}
Json to_json(const Preprocess& preprocess);
/// The inverse; every member must be there. Never trusts the file.
/// @error invalid_input naming the member
Result<Preprocess> preprocess_from_json(const Json& json);

}  // namespace edgewise::graph
