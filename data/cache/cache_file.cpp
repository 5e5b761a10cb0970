#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <format>
#include <string>
#include <vector>

#include "data/cache/cache_file_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t magic = 0x4557'5049'5845'4c53;  // "EWPIXELS"
constexpr std::uint32_t layout_version = 1;
constexpr std::size_t header_bytes = 4096;  // one page, so that the pixels start on one
constexpr std::size_t block_bytes = std::size_t{4} << 20;
constexpr std::size_t always_verified = std::size_t{1} << 30;  // larger files: a sample of blocks

struct Header {
  std::uint64_t magic_number = magic;
  std::uint32_t version = layout_version;
  std::uint32_t width = 0;
  std::uint64_t key = 0, count = 0;
  std::uint32_t channels = 0, height_of_others = 0;  // 0: of squares
  std::uint64_t table_checksum = 0;
};

/// Four multiply-and-rotate lanes over 8-byte words: finds damage, not malice; several GB/s.
std::uint64_t checksum(std::span<const std::uint8_t> bytes) {
  std::uint64_t lane[4] = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93};
  std::size_t i = 0;
  for (; i + 32 <= bytes.size(); i += 32)
    for (std::size_t k = 0; k < 4; ++k) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i + 8 * k, 8);
      lane[k] = std::rotl((lane[k] ^ word) * 0x9fb21c651e98df25, 29);
    }
  for (; i < bytes.size(); ++i) lane[i % 4] = std::rotl((lane[i % 4] ^ bytes[i]) * 0x9fb21c651e98df25, 29);
  std::uint64_t all = bytes.size();
  for (const std::uint64_t word : lane) all = std::rotl((all ^ word) * 0x9e3779b97f4a7c15, 31);
  return all ^ (all >> 32);
}

std::size_t block_count(std::uint64_t bytes) {
  return static_cast<std::size_t>((bytes + block_bytes - 1) / block_bytes);
}

/// A descriptor closed by the destructor.
struct Descriptor {
  int number = -1;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

bool read_all(int descriptor, void* target, std::size_t bytes, std::uint64_t offset) {
  auto* at = static_cast<std::uint8_t*>(target);
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor, at, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    offset += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

bool write_all(int descriptor, const void* source, std::size_t bytes, std::uint64_t offset) {
  const auto* at = static_cast<const std::uint8_t*>(source);
  while (bytes > 0) {
    const ssize_t put = ::pwrite(descriptor, at, bytes, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put == 0) errno = ENOSPC;  // no file takes nothing and says nothing but a full one
    if (put <= 0) return false;
    at += put;
    offset += static_cast<std::uint64_t>(put);
    bytes -= static_cast<std::size_t>(put);
  }
  return true;
}

std::span<const std::uint8_t> bytes_of(const std::vector<std::uint64_t>& table) {
  return {reinterpret_cast<const std::uint8_t*>(table.data()), table.size() * sizeof(std::uint64_t)};
}

}  // namespace

std::uint64_t bytes_of_file(const CacheLayout& layout) {
  const std::uint64_t bytes = layout.pixel_bytes();
  return header_bytes + bytes + block_count(bytes) * sizeof(std::uint64_t);
}

Result<std::unique_ptr<MappedPixels>> MappedPixels::open(const fs::path& path, const CacheLayout& layout) {
  const auto damaged = [&](const char* what) {
    return fail(ErrorCode::conflict, std::format("the cache \"{}\" {}", path.string(), what), "it is made again");
  };
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) {
    const auto code = errno == ENOENT ? ErrorCode::not_found : ErrorCode::invalid_input;
    return fail(code, std::format("cannot open the cache \"{}\": {}", path.string(), std::strerror(errno)));
  }
  Header header{};
  if (!read_all(file.number, &header, sizeof header, 0)) return damaged("is cut short");
  if (header.magic_number != magic || header.version != layout_version) return damaged("is of another version");
  const std::uint32_t height = header.height_of_others == 0 ? header.width : header.height_of_others;
  if (CacheLayout{header.key, header.count, header.width, height, header.channels} != layout)
    return damaged("is of other pictures");
  const std::uint64_t bytes = layout.pixel_bytes();
  std::vector<std::uint64_t> table(block_count(bytes));
  struct stat state{};
  if (::fstat(file.number, &state) != 0 || static_cast<std::uint64_t>(state.st_size) != bytes_of_file(layout))
    return damaged("is cut short");
  if (!read_all(file.number, table.data(), bytes_of(table).size(), header_bytes + bytes))
    return damaged("is cut short");
  if (checksum(bytes_of(table)) != header.table_checksum) return damaged("is damaged");
  // Read, not mapped: verifying must not make all pictures count as this process's memory.
  std::vector<std::uint8_t> block(std::min<std::uint64_t>(block_bytes, bytes));
  const std::size_t step = bytes <= always_verified ? 1 : std::max<std::size_t>(1, table.size() / 256);
  for (std::size_t b = 0; b < table.size(); b += step) {
    const std::size_t length = static_cast<std::size_t>(std::min<std::uint64_t>(block_bytes, bytes - b * block_bytes));
    if (!read_all(file.number, block.data(), length, header_bytes + b * block_bytes)) return damaged("is cut short");
    if (checksum({block.data(), length}) != table[b]) return damaged("is damaged");
  }
  std::unique_ptr<MappedPixels> result(new MappedPixels);
  result->mapped_bytes_ = static_cast<std::size_t>(header_bytes + bytes);
  result->mapping_ = ::mmap(nullptr, result->mapped_bytes_, PROT_READ, MAP_SHARED, file.number, 0);
  if (result->mapping_ == MAP_FAILED) {
    result->mapping_ = nullptr;
    return fail(ErrorCode::exhausted,
                std::format("cannot map the cache \"{}\": {}", path.string(), std::strerror(errno)),
                "free some memory");
  }
  result->bytes_ = static_cast<std::size_t>(bytes);
  result->start_ = static_cast<const std::uint8_t*>(result->mapping_) + header_bytes;
  return result;
}

void MappedPixels::let_go() const {
  ::madvise(mapping_, mapped_bytes_, MADV_DONTNEED);  // a shared, read-only mapping: nothing can be lost
}

MappedPixels::~MappedPixels() {
  if (mapping_) ::munmap(mapping_, mapped_bytes_);
}

namespace {

/// A file that the destructor removes, unless it has got another name by then.
struct Unfinished {
  fs::path path;
  ~Unfinished() { ::unlink(path.c_str()); }
};

}  // namespace

Result<std::vector<Refused>> write_pixels(const fs::path& path, const CacheLayout& layout, const PictureWork& fill,
                                          const std::function<void(std::size_t, std::size_t)>& progress) {
  const auto failed = [&](int error) {
    return fail(ErrorCode::unavailable,
                std::format("cannot write the cache \"{}\": {}", path.string(), std::strerror(error)),
                choose_another_folder);
  };
  const Unfinished part{path.string() + std::string(unfinished)};
  const Descriptor file{::open(part.path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
  if (file.number < 0) return failed(errno);
  const auto write = [&](std::size_t i, std::span<std::uint8_t> picture) -> Status {
    if (write_all(file.number, picture.data(), picture.size(), header_bytes + i * layout.picture_bytes())) return {};
    return failed(errno);
  };
  TRY(auto refused, fill_each(static_cast<std::size_t>(layout.count), static_cast<std::size_t>(layout.picture_bytes()),
                              fill, write, progress));
  if (!refused.empty()) return refused;
  const std::uint64_t bytes = layout.pixel_bytes();
  std::vector<std::uint64_t> table(block_count(bytes));
  std::vector<std::uint8_t> block(std::min<std::uint64_t>(block_bytes, bytes));
  for (std::size_t b = 0; b < table.size(); ++b) {
    const std::size_t length = static_cast<std::size_t>(std::min<std::uint64_t>(block_bytes, bytes - b * block_bytes));
    if (!read_all(file.number, block.data(), length, header_bytes + b * block_bytes)) return failed(EIO);
    table[b] = checksum({block.data(), length});
  }
  Header header{};
  header.width = layout.width;
  header.height_of_others = layout.width == layout.height ? 0 : layout.height;
  header.key = layout.key;
  header.count = layout.count;
  header.channels = layout.channels;
  header.table_checksum = checksum(bytes_of(table));
  if (!write_all(file.number, table.data(), bytes_of(table).size(), header_bytes + bytes) ||
      !write_all(file.number, &header, sizeof header, 0) || ::rename(part.path.c_str(), path.c_str()) != 0)
    return failed(errno);
  return refused;
}

}  // namespace edgewise::data
