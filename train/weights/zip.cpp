#include <algorithm>
#include <cstdint>
#include <cstring>
#include <format>

#include "train/weights/state_dict_internal.hpp"

namespace edgewise::train {

namespace {

// Structures by their numbers in PKWARE's APPNOTE 6.3.10, sections 4.3.7 to 4.3.16 and 4.5.3; all little-endian.
constexpr std::uint32_t end_signature = 0x06054b50, entry_signature = 0x02014b50, local_signature = 0x04034b50;
constexpr std::size_t end_size = 22, entry_size = 46, local_size = 30;
constexpr std::size_t most_entries = 200'000;

template <class T>
T number_at(std::string_view bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

std::unexpected<Error> damaged(const std::string& why) {
  return invalid(std::format("the zip archive is damaged: {}", why), "download the file again");
}

struct Entry {
  std::uint64_t stored = 0, size = 0, local = 0;
};

// Sizes of 4 GiB and more lie in an extra field, in this order, each only where the 32-bit field is full.
Status read_zip64(std::string_view extra, Entry& entry) {
  while (extra.size() >= 4) {
    const auto id = number_at<std::uint16_t>(extra, 0);
    const std::size_t length = number_at<std::uint16_t>(extra, 2);
    if (length > extra.size() - 4) return damaged("an extra field is cut off");
    auto field = extra.substr(4, length);
    extra.remove_prefix(4 + length);
    if (id != 1) continue;
    for (auto* value : {&entry.size, &entry.stored, &entry.local}) {
      if (*value != 0xFFFFFFFFU) continue;
      if (field.size() < 8) return damaged("a 64-bit size is cut off");
      *value = number_at<std::uint64_t>(field, 0);
      field.remove_prefix(8);
    }
  }
  return {};
}

}  // namespace

Result<Archive> list_zip(std::string_view bytes) {
  if (bytes.size() < end_size) return damaged("it is too short");
  // The end record is followed by a comment of at most 65,535 bytes.
  std::size_t end = bytes.size() - end_size;
  const auto lowest = end - std::min<std::size_t>(end, 65'535);
  while (end > lowest && number_at<std::uint32_t>(bytes, end) != end_signature) --end;
  if (number_at<std::uint32_t>(bytes, end) != end_signature) return damaged("its list of files is missing");
  const std::size_t count = number_at<std::uint16_t>(bytes, end + 10);
  std::size_t position = number_at<std::uint32_t>(bytes, end + 16);
  if (count == 0xFFFF || count > most_entries) return invalid("the zip archive has too many files");
  Archive archive;
  for (std::size_t i = 0; i < count; ++i) {
    if (position > end || end - position < entry_size || number_at<std::uint32_t>(bytes, position) != entry_signature) {
      return damaged("its list of files ends too early");
    }
    const auto flags = number_at<std::uint16_t>(bytes, position + 8),
               method = number_at<std::uint16_t>(bytes, position + 10);
    Entry entry{number_at<std::uint32_t>(bytes, position + 20), number_at<std::uint32_t>(bytes, position + 24),
                number_at<std::uint32_t>(bytes, position + 42)};
    const std::size_t name_length = number_at<std::uint16_t>(bytes, position + 28),
                      extra_length = number_at<std::uint16_t>(bytes, position + 30),
                      comment_length = number_at<std::uint16_t>(bytes, position + 32);
    if (end - position - entry_size < name_length + extra_length + comment_length)
      return damaged("the name of a file is cut off");
    std::string name(bytes.substr(position + entry_size, name_length));
    TRY_DO(read_zip64(bytes.substr(position + entry_size + name_length, extra_length), entry));
    position += entry_size + name_length + extra_length + comment_length;
    if ((flags & 1) != 0 || method != 0 || entry.stored != entry.size) {
      archive.has_others = true;
      continue;
    }
    if (entry.local > bytes.size() || bytes.size() - entry.local < local_size ||
        number_at<std::uint32_t>(bytes, entry.local) != local_signature) {
      return damaged("a file is not where the list says");
    }
    const auto start = entry.local + local_size + number_at<std::uint16_t>(bytes, entry.local + 26) +
                       number_at<std::uint16_t>(bytes, entry.local + 28);
    if (start > bytes.size() || entry.size > bytes.size() - start) return damaged("a file reaches beyond its end");
    if (!archive.files.emplace(std::move(name), bytes.substr(start, entry.size)).second)
      return damaged("two files have one name");
  }
  return archive;
}

}  // namespace edgewise::train
