/// Sets that are drawn from a seed, so that the product runs with nothing downloaded.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.hpp"

namespace edgewise::data {

/// What is known of a drawn picture before it is drawn.
struct Drawn {
  std::int64_t label = 0;
  Box box;  ///< in pixels of a picture of edge `canvas`
};

struct BuiltinSet {
  std::string_view name;   ///< "builtin:faces"
  std::string_view title;  ///< for people
  Task task;
  std::vector<std::string> classes;
  std::int64_t default_count;
  std::int64_t canvas;    ///< nominal edge of a picture in pixels
  std::uint32_t version;  ///< changes when the drawing changes, so that caches are made anew
  Drawn (*describe)(std::uint64_t seed, std::uint64_t index);
  /// Draws picture `index` at (size, size, 3).
  void (*render)(std::uint64_t seed, std::uint64_t index, std::int64_t size, std::span<std::uint8_t> target);
};

const std::vector<BuiltinSet>& builtin_sets();
/// Null when there is no such set.
const BuiltinSet* find_builtin(std::string_view name);

Result<DataSet> load_builtin(const DataSpec& spec, Task task);
/// Draws one picture of a built-in set at (size, size, 3): at twice the edge, then averaged.
void render_builtin(const DataSet& set, std::size_t item, std::int64_t size, std::span<std::uint8_t> target);

Drawn describe_face(std::uint64_t seed, std::uint64_t index);
void render_face(std::uint64_t seed, std::uint64_t index, std::int64_t size, std::span<std::uint8_t> target);
Drawn describe_drainage(std::uint64_t seed, std::uint64_t index);
void render_drainage(std::uint64_t seed, std::uint64_t index, std::int64_t size, std::span<std::uint8_t> target);

}  // namespace edgewise::data
