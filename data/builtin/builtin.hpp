/// Sets that are drawn from a seed, so that the product runs with nothing downloaded.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/catalogue.hpp"
#include "data/dataset.hpp"
#include "task/task.hpp"

namespace edgewise::data {

struct BuiltinSet {
  std::string name;                ///< as in `data.path`: "builtin:faces"
  std::string sentence;            ///< what it shows
  std::string task;                ///< the one it is drawn for
  std::vector<task::Wants> gives;  ///< what of its annotations can be learned
  std::vector<std::string> classes;
  std::int64_t default_count = 0;
  std::int64_t edge = 0;      ///< of a picture in pixels, as annotations count them
  std::uint32_t version = 0;  ///< changes when the drawing changes, so that caches are made anew
  /// What is known of a drawn picture before it is drawn.
  picture::Annotation (*describe)(std::uint64_t seed, std::uint64_t index) = nullptr;
  /// Draws picture `index` at (size, size, 3).
  void (*render)(std::uint64_t seed, std::uint64_t index, std::int64_t size, std::span<std::uint8_t> target) = nullptr;
  /// Makes colours for people of its three channels, in place; null: they are red, green and blue.
  void (*colour)(std::span<std::uint8_t> pixels) = nullptr;
};
Catalogue<BuiltinSet>& builtin_sets();

/// Whether a path names a set that is drawn, one that exists or not.
bool is_builtin(std::string_view path);
/// Of `data.path`; null for pictures in files, and when there is no such set.
const BuiltinSet* find_builtin(const std::string& path);

/// Whether a set's pictures have three channels that are red, green and blue.
bool has_colours(const DataSet& set);

/// @error not_found with the nearest name; a task that wants what the set does not give; options of files
Result<DataSet> load_builtin(const DataSpec& spec, const task::Task& task);
/// Draws one picture of a built-in set at (size, size, 3): at twice the edge, then averaged.
void render_builtin(const DataSet& set, std::size_t item, Size size, std::span<std::uint8_t> target);

}  // namespace edgewise::data
