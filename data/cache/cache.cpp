#include "data/cache/cache.hpp"

#include <bit>
#include <cmath>
#include <format>

#include "base/file.hpp"
#include "base/random.hpp"
#include "data/builtin/builtin.hpp"
#include "data/cache/cache_file_internal.hpp"
#include "data/picture_files_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

struct Cache::Mapping {
  CacheLayout layout;
  std::unique_ptr<MappedPixels> file;
  task::Targets targets;  // not in the file: labels may change while the pictures stay
  const task::Task* task = nullptr;
};

Cache::Cache() : mapping_(std::make_unique<Mapping>()) {}
Cache::~Cache() = default;
Cache::Cache(Cache&&) noexcept = default;
Cache& Cache::operator=(Cache&&) noexcept = default;

Size Cache::size() const {
  return {mapping_->layout.width, mapping_->layout.height};
}
std::int64_t Cache::channels() const {
  return mapping_->layout.channels;
}
std::size_t Cache::count() const {
  return static_cast<std::size_t>(mapping_->layout.count);
}

std::span<const std::uint8_t> Cache::pixels(std::size_t item) const {
  EDGEWISE_ASSERT(item < count(), "an item of the cache is asked for");
  const auto bytes = static_cast<std::size_t>(mapping_->layout.picture_bytes());
  return mapping_->file->pixels().subspan(item * bytes, bytes);
}

void Cache::let_go() const {
  mapping_->file->let_go();
}

const task::Targets& Cache::targets() const {
  return mapping_->targets;
}

const task::Task& Cache::task() const {
  return *mapping_->task;
}

namespace {

constexpr std::uint64_t renderer_version = 2;  ///< of decoding and resizing

/// Hashes numbers and texts one after the other.
class Key {
 public:
  void add(std::uint64_t number) {
    value_ = std::rotl(value_ ^ (number + 0x9e3779b97f4a7c15), 23) * 0xd6e8feb86659fd93;
  }
  void add(std::string_view text) {
    add(text.size());
    add(stable_hash(text));
  }
  [[nodiscard]] std::uint64_t value() const { return value_ ^ (value_ >> 32); }

 private:
  std::uint64_t value_ = 0x2545f4914f6cdd1d;
};

/// Which pictures these are: their paths, sizes and times of change, and how they are decoded.
Result<std::uint64_t> key_of_pictures(const DataSet& set) {
  Key key;
  key.add(renderer_version);
  key.add(set.items.size());
  if (set.is_builtin) {
    const BuiltinSet* builtin = find_builtin(set.spec.path);
    if (!builtin) return invalid(std::format("there is no built-in set \"{}\"", set.spec.path));
    key.add(set.spec.path);
    key.add(builtin->version);
    key.add(set.spec.seed);
    return key.value();
  }
  TRY(const auto states, states_of_pictures(set));
  for (std::size_t i = 0; i < set.items.size(); ++i) {
    std::error_code ignored;
    key.add(fs::absolute(set.items[i].image, ignored).lexically_normal().string());
    key.add(static_cast<std::uint64_t>(states[i].st_size));
    key.add(static_cast<std::uint64_t>(states[i].st_mtim.tv_sec));
    key.add(static_cast<std::uint64_t>(states[i].st_mtim.tv_nsec));
    key.add(static_cast<std::uint64_t>(set.items[i].orientation));
  }
  key.add(static_cast<std::uint64_t>(set.channels));
  if (set.range)
    for (const double end : *set.range) key.add(std::bit_cast<std::uint64_t>(end));
  return key.value();
}

/// What the user asked for, apart from the pictures' state: a newer cache of the same set takes the older one's place.
std::uint64_t key_of_set(const DataSet& set) {
  const DataSpec& spec = set.spec;
  Key key;
  std::error_code ignored;
  key.add(set.is_builtin ? spec.path : fs::absolute(spec.path, ignored).lexically_normal().string());
  for (const std::string& text : {spec.format, spec.annotations, spec.images, spec.boxes}) key.add(text);
  for (const auto& [split, file] : spec.splits) {
    key.add(split);
    key.add(file);
  }
  for (const std::string& name : spec.classes) key.add(name);
  key.add(static_cast<std::uint64_t>(set.task->wants()));  // other records are kept for it
  key.add(static_cast<std::uint64_t>(set.is_builtin ? set.items.size() : 0));
  key.add(set.is_builtin ? spec.seed : 0);
  return key.value();
}

std::string plain_name(const std::string& name) {
  std::string plain;
  for (const char c : name.substr(0, 40))
    plain += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ? c : '-';
  return plain;
}

/// Files of the same set and size that no longer match, and what a killed process left half written.
void remove_old(const fs::path& folder, const std::string& prefix, const fs::path& current) {
  std::error_code ignored;
  std::vector<fs::path> old;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || entry.path() == current) continue;
    if (name.ends_with(".pixels") || name.ends_with(unfinished)) old.push_back(entry.path());
  }
  for (const fs::path& path : old) fs::remove(path, ignored);
}

/// Not the pictures but the folder, its disk or its locks are at fault.
std::unexpected<Error> no_place_for_cache(std::string message) {
  return fail(ErrorCode::unavailable, std::move(message), choose_another_folder);
}

Status make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return {};
  return no_place_for_cache(std::format("cannot make the cache folder \"{}\": {}", folder.string(), error.message()));
}

CacheLayout layout_of(const DataSet& set, Size size) {
  CacheLayout layout;
  layout.count = set.items.size();
  layout.width = static_cast<std::uint32_t>(size.width);
  layout.height = static_cast<std::uint32_t>(size.height);
  layout.channels = static_cast<std::uint32_t>(set.channels);
  return layout;
}

/// Where the cache of a set at a size lies, and what is in it once it is made.
struct CachePlace {
  CacheLayout layout;
  std::string prefix;  ///< of all files of this set and size
  fs::path path;
};

Result<CachePlace> place_of_cache(const DataSet& set, Size size, const fs::path& folder) {
  if (size.shorter() < 8 || size.longer() > 1024)
    return invalid(std::format("input size {} is not within 8 and 1024", to_text(size)),
                   "common sizes are 64, 96, 128 and 224");
  if (set.items.empty()) return invalid("the set has no items", "load it first");
  CachePlace place;
  place.layout = layout_of(set, size);
  TRY(place.layout.key, key_of_pictures(set));
  place.prefix = std::format("{}-{:016x}-{}-", plain_name(set.name), key_of_set(set), to_text(size));
  place.path = folder / std::format("{}{:016x}.pixels", place.prefix, place.layout.key);
  return place;
}

}  // namespace

std::uint64_t bytes_of_cache(const DataSet& set, Size size) {
  return bytes_of_file(layout_of(set, size));
}

Result<bool> is_cached(const DataSet& set, Size size, const fs::path& folder) {
  TRY(const CachePlace place, place_of_cache(set, size, folder));
  return MappedPixels::open(place.path, place.layout).has_value();
}

Status check_cache_folder(const fs::path& folder, std::uint64_t bytes) {
  TRY_DO(make_folder(folder));
  {
    auto probe = PartFile::create(folder / "probe");  // never committed: its destructor removes it
    if (!probe) return no_place_for_cache(probe.error().message);
    constexpr std::size_t page = 4096;
    if (const auto written = probe->write(std::string(page, '\0')); !written)
      return no_place_for_cache(written.error().message);
  }
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  // Some network file systems tell nothing, or a size of 0.
  if (error || space.capacity == 0 || space.available >= bytes) return {};
  constexpr double mb = 1e6;
  return no_place_for_cache(std::format(
      "the disk of the cache folder \"{}\" has {:.0f} MB of room, the pictures need {:.0f} MB", folder.string(),
      std::floor(static_cast<double>(space.available) / mb), std::ceil(static_cast<double>(bytes) / mb)));
}

Result<Cache> open_cache(const DataSet& set, Size size, const fs::path& folder,
                         const std::function<void(std::size_t, std::size_t)>& progress,
                         const std::atomic<bool>* stop) try {
  TRY(const CachePlace place, place_of_cache(set, size, folder));
  TRY_DO(make_folder(folder));
  auto opened = MappedPixels::open(place.path, place.layout);
  if (!opened) {
    const auto lock = FileLock::acquire(folder / (place.prefix + "making.lock"), FileLock::Mode::exclusive);
    if (!lock) return no_place_for_cache(lock.error().message);
    // Someone else may have made it while this process waited.
    opened = MappedPixels::open(place.path, place.layout);
    if (!opened && opened.error().code != ErrorCode::exhausted) {
      remove_old(folder, place.prefix, place.path);
      TRY(const auto refused, write_pixels(
                                  place.path, place.layout,
                                  [&](std::size_t i, std::span<std::uint8_t> target) -> Status {
                                    if (stop && stop->load())
                                      return fail(ErrorCode::interrupted, "stopped while pictures were decoded");
                                    return fill_picture(set, i, size, target, stop);
                                  },
                                  progress));
      if (!refused.empty()) return std::unexpected(error_of(set, refused, not_to_be_decoded));
      opened = MappedPixels::open(place.path, place.layout);
    }
  }
  if (!opened && opened.error().code == ErrorCode::exhausted) return std::unexpected(opened.error());
  if (!opened) return no_place_for_cache(opened.error().message);
  Cache cache;
  Cache::Mapping& mapping = *cache.mapping_;
  mapping.layout = place.layout;
  mapping.file = std::move(*opened);

  mapping.task = set.task;
  for (const Item& item : set.items) {
    TRY(const auto target, set.task->target(item.annotation, set.classes.size()));
    mapping.targets.add(target);
  }
  return cache;
} catch (const std::system_error& e) {  // of the file system, or no thread can be had
  return no_place_for_cache(std::format("the cache cannot be made: {}", e.what()));
}

}  // namespace edgewise::data
