#include "data/builtin/builtin.hpp"

#include <algorithm>
#include <format>

#include "data/builtin/sets_internal.hpp"
#include "data/images/image_internal.hpp"
#include "data/splits/split_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

Catalogue<BuiltinSet>& builtin_sets() {
  static Catalogue<BuiltinSet> all("built-in set", {faces_set(), drainage_set()});
  return all;
}

bool is_builtin(std::string_view path) {
  return path.starts_with("builtin:");
}

const BuiltinSet* find_builtin(const std::string& path) {
  return builtin_sets().find(path);
}

bool has_colours(const DataSet& set) {
  const BuiltinSet* builtin = find_builtin(set.spec.path);
  return set.channels == 3 && !(builtin && builtin->colour);
}

Result<DataSet> load_builtin(const DataSpec& spec, const task::Task& task) {
  const BuiltinSet* builtin = find_builtin(spec.path);
  if (!builtin) {
    const auto names = builtin_sets().names();
    const std::string nearest = nearest_word(spec.path, names);
    return fail(
        ErrorCode::not_found, std::format("there is no built-in set \"{}\"", shown(spec.path)),
        nearest.empty() ? "the built-in sets are " + quoted_list(names) : std::format("did you mean \"{}\"?", nearest));
  }
  if (!std::ranges::contains(builtin->gives, task.wants()))
    return invalid(
        std::format("\"{}\" is a set for task \"{}\", not for \"{}\"", spec.path, builtin->task, task.name()),
        std::format("write task: {}", builtin->task));
  if (!spec.format.empty() || !spec.annotations.empty() || !spec.images.empty() || !spec.splits.empty() ||
      !spec.classes.empty() || !spec.presence.empty() || spec.channels != 0 || spec.range)
    return invalid(
        std::format("\"{}\" is drawn, not read: format, annotations, images, splits, classes, presence, channels and "
                    "range do not apply",
                    spec.path),
        "remove them");
  constexpr std::int64_t most = 1'000'000;
  if (spec.count < 0 || spec.count > most || (spec.count > 0 && spec.count < 10))
    return invalid(std::format("count {} is not within 10 and {}", spec.count, most), "0 takes the set's default");
  DataSet set;
  set.name = spec.path;
  set.task = &task;
  set.classes = builtin->classes;
  set.is_builtin = true;
  set.spec = spec;
  const std::int64_t count = spec.count > 0 ? spec.count : builtin->default_count;
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) {
    Item item;
    item.image = std::format("{}/{}", spec.path, i);
    item.annotation = builtin->describe(spec.seed, static_cast<std::uint64_t>(i));
    names.push_back(item.image.string());
    set.items.push_back(std::move(item));
  }
  const auto splits = hashed_splits(spec.seed, names, spec.validation_share, spec.test_share);
  for (std::size_t i = 0; i < splits.size(); ++i) set.items[i].split = splits[i];
  return set;
}

void render_builtin(const DataSet& set, std::size_t item, Size size, std::span<std::uint8_t> target) {
  const BuiltinSet* builtin = find_builtin(set.spec.path);
  EDGEWISE_ASSERT(builtin != nullptr, "a built-in set is in the list of sets");
  if (size.is_square()) return builtin->render(set.spec.seed, item, size.width, target);
  // Drawn as a square, then stretched as any other picture.
  const std::int64_t edge = size.longer();
  std::vector<std::uint8_t> square(static_cast<std::size_t>(edge * edge * set.channels));
  builtin->render(set.spec.seed, item, edge, square);
  stretch(square, edge, set.channels, size, target);
}

}  // namespace edgewise::data
