#include "data/cache/cache.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <format>

#include "base/file.hpp"
#include "base/quiet.hpp"
#include "base/random.hpp"
#include "data/builtin/builtin.hpp"
#include "data/cache/cache_file_internal.hpp"
#include "data/images/picture_kinds_internal.hpp"
#include "data/parallel_internal.hpp"

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

std::int64_t Cache::size() const {
  return mapping_->layout.size;
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
  std::vector<struct stat> states(set.items.size());
  std::vector<char> is_there(set.items.size());
  parallel_for(
      set.items.size(),
      [&](std::size_t i) {
        is_there[i] = ::stat(set.items[i].image.c_str(), &states[i]) == 0;
        return true;
      },
      1024);
  for (std::size_t i = 0; i < set.items.size(); ++i) {
    if (!is_there[i])
      return fail(ErrorCode::not_found, std::format("the image \"{}\" is gone", set.items[i].image.string()),
                  "put it back, or load the set again");
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

}  // namespace

Result<Cache> open_cache(const DataSet& set, std::int64_t size, const fs::path& folder,
                         const std::function<void(std::size_t, std::size_t)>& progress) try {
  if (size < 8 || size > 1024)
    return invalid(std::format("input size {} is not within 8 and 1024", size), "common sizes are 64, 96, 128 and 224");
  if (set.items.empty()) return invalid("the set has no items", "load it first");
  Cache cache;
  Cache::Mapping& mapping = *cache.mapping_;
  CacheLayout& layout = mapping.layout;
  layout.count = set.items.size();
  layout.size = static_cast<std::uint32_t>(size);
  layout.channels = static_cast<std::uint32_t>(set.channels);
  TRY(layout.key, key_of_pictures(set));

  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    return invalid(std::format("cannot make the cache folder \"{}\": {}", folder.string(), error.message()),
                   "check its path and permissions");
  const std::string prefix = std::format("{}-{:016x}-{}-", plain_name(set.name), key_of_set(set), size);
  const fs::path path = folder / std::format("{}{:016x}.pixels", prefix, layout.key);
  auto opened = MappedPixels::open(path, layout);
  if (!opened) {
    TRY(const FileLock lock, FileLock::acquire(folder / (prefix + "making.lock"), FileLock::Mode::exclusive));
    // Someone else may have made it while this process waited.
    opened = MappedPixels::open(path, layout);
    if (!opened) {
      remove_old(folder, prefix, path);
      TRY_DO(write_pixels(
          path, layout,
          [&](std::size_t i, std::span<std::uint8_t> target) -> Status {
            TRY(const auto busy, BusyMachine::enter());  // another worker may be measuring
            if (!set.is_builtin) return decode_image(set.items[i].image, size, pixels_of(set, set.items[i]), target);
            render_builtin(set, i, size, target);
            return {};
          },
          progress));
      opened = MappedPixels::open(path, layout);
    }
  }
  if (!opened) return std::unexpected(opened.error());
  mapping.file = std::move(*opened);

  mapping.task = set.task;
  for (const Item& item : set.items) {
    TRY(const auto target, set.task->target(item.annotation, set.classes.size()));
    mapping.targets.add(target);
  }
  return cache;
} catch (const fs::filesystem_error& e) {
  return invalid(std::format("the cache cannot be made: {}", e.what()), "check the folder's permissions");
}

}  // namespace edgewise::data
