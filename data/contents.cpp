#include "data/contents.hpp"

#include <algorithm>
#include <chrono>
#include <format>
#include <mutex>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/file.hpp"
#include "base/quiet.hpp"
#include "base/sha256.hpp"
#include "data/bad_pictures_internal.hpp"
#include "data/builtin/builtin.hpp"
#include "data/parallel_internal.hpp"
#include "data/picture_files_internal.hpp"
#include "data/text_internal.hpp"

namespace edgewise::data {

namespace {

constexpr std::string_view record_mark = "edgewise contents 1";  // a record of another version is not read

Result<std::string> digest_of(const std::vector<PictureContent>& pictures) {
  std::string text(record_mark);
  for (const PictureContent& each : pictures) {
    text += each.name;
    text += '\0';  // no name has one, so that no two sets give the same text
    text += each.sha256;
  }
  return sha256_of_bytes(text);
}

Result<Contents> contents_of_builtin(const DataSet& set) {
  const BuiltinSet* builtin = find_builtin(set.spec.path);
  if (!builtin) return invalid(std::format("there is no built-in set \"{}\"", set.spec.path));
  Contents contents;
  TRY(contents.digest, sha256_of_bytes(std::format("{} version {} seed {} count {}", set.spec.path, builtin->version,
                                                   set.spec.seed, set.items.size())));
  return contents;
}

/// Times beyond the year 2262 wrap around, which does no harm: they are only compared.
std::int64_t nanoseconds_of(const timespec& time) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
                                   static_cast<std::uint64_t>(time.tv_nsec));
}

/// A picture that has to be read: which one of the contents, and of the set.
struct ToRead {
  std::size_t picture = 0, item = 0;
};

/// Notes the hashes of the files' contents in `pictures`.
Status read_pictures(const DataSet& set, const std::vector<ToRead>& all, std::vector<PictureContent>& pictures,
                     const std::function<void(std::size_t, std::size_t)>& progress, const std::atomic<bool>* stop) {
  using Clock = std::chrono::steady_clock;
  if (all.empty()) return {};
  std::mutex mutex;
  std::vector<Refused> refused;
  std::optional<Error> end;  // of the machine or the user, not of a picture
  std::size_t done = 0;
  auto told = Clock::now();
  parallel_for(
      all.size(),
      [&](std::size_t i) {
        auto busy = BusyMachine::enter({.stop = stop, .at_most = {}});  // another process may be measuring
        if (stop && stop->load()) busy = fail(ErrorCode::interrupted, "stopped while the pictures were read");
        auto hash = busy ? sha256_of(set.items[all[i].item].image) : Result<std::string>();
        const std::lock_guard lock(mutex);
        if (!busy) {
          if (!end) end = std::move(busy).error();
          return false;
        }
        if (hash)
          pictures[all[i].picture].sha256 = std::move(*hash);
        else
          refused.push_back({all[i].item, std::move(hash).error()});
        ++done;
        if (progress && Clock::now() - told >= std::chrono::milliseconds(200)) {
          progress(done, all.size());
          told = Clock::now();
        }
        return true;
      },
      1);
  if (end) return std::unexpected(std::move(*end));
  std::ranges::sort(refused, {}, &Refused::item);
  if (!refused.empty()) return std::unexpected(error_of(set, refused, not_to_be_read));
  if (progress) progress(all.size(), all.size());
  return {};
}

// A record is a line of text for each picture, "BYTES CHANGED_NS SHA256 NAME", below a line with the digest and the
// number of pictures. Names are bytes and may hold anything: control characters and "%" are written as "%0a".

std::string escaped_name(std::string_view name) {
  std::string text;
  for (const char c : name)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '%')
      text += std::format("%{:02x}", static_cast<unsigned char>(c));
    else
      text += c;
  return text;
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  return std::nullopt;
}

std::optional<std::string> plain_name_of(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      name += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const auto high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    name += static_cast<char>(*high << 4 | *low);
    i += 2;
  }
  return name;
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) { return hex_digit(c).has_value(); });
}

/// Cuts off what stands before the next `end`, which must be there.
std::optional<std::string_view> next_part(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at + 1);
  return part;
}

std::optional<PictureContent> parsed_picture(std::string_view line) {
  const auto bytes = next_part(line, ' '), changed_ns = next_part(line, ' '), sha256 = next_part(line, ' ');
  if (!bytes || !changed_ns || !sha256 || !is_sha256(*sha256)) return std::nullopt;
  const auto size = integer_of(*bytes), time = integer_of(*changed_ns);
  auto name = plain_name_of(line);
  if (!size || *size < 0 || !time || !name || name->empty()) return std::nullopt;
  return PictureContent{std::move(*name), static_cast<std::uint64_t>(*size), *time, std::string(*sha256)};
}

std::optional<Contents> parsed_contents(std::string_view text) {
  auto head = next_part(text, '\n');
  if (!head || !head->starts_with(record_mark)) return std::nullopt;
  head->remove_prefix(record_mark.size());
  if (next_part(*head, ' ') != "") return std::nullopt;
  const auto digest = next_part(*head, ' ');
  const auto count = integer_of(*head);
  if (!digest || !is_sha256(*digest) || !count) return std::nullopt;
  Contents contents{.digest = std::string(*digest), .pictures = {}};
  while (!text.empty()) {
    const auto line = next_part(text, '\n');
    auto picture = line ? parsed_picture(*line) : std::nullopt;
    if (!picture || (!contents.pictures.empty() && contents.pictures.back().name >= picture->name)) return std::nullopt;
    contents.pictures.push_back(std::move(*picture));
  }
  if (static_cast<std::uint64_t>(*count) != contents.pictures.size()) return std::nullopt;
  if (contents.pictures.empty()) return contents;
  // Of names and hashes no byte may differ: a picture would be taken for one that it is not.
  const auto again = digest_of(contents.pictures);
  return again && *again == contents.digest ? std::optional(std::move(contents)) : std::nullopt;
}

}  // namespace

Result<Contents> contents_of(const DataSet& set, const Contents& known,
                             const std::function<void(std::size_t, std::size_t)>& progress,
                             const std::atomic<bool>* stop) {
  if (set.is_builtin) return contents_of_builtin(set);
  // Before the reading: who writes to a file meanwhile gives it another time, so that it is read again next time.
  TRY(const auto states, states_of_pictures(set));
  PictureNames names = picture_names(set);
  std::vector<std::size_t> order(set.items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) -> const std::string& { return names.names[i]; });
  std::unordered_map<std::string_view, const PictureContent*> before;
  for (const PictureContent& each : known.pictures) before.emplace(each.name, &each);
  Contents contents;
  contents.pictures.resize(order.size());
  std::vector<ToRead> unknown;
  for (std::size_t k = 0; k < order.size(); ++k) {
    PictureContent& picture = contents.pictures[k];
    const auto& state = states[order[k]];
    picture.name = std::move(names.names[order[k]]);
    picture.bytes = static_cast<std::uint64_t>(state.st_size);
    picture.changed_ns = nanoseconds_of(state.st_mtim);
    const auto found = before.find(picture.name);
    if (found != before.end() && found->second->bytes == picture.bytes &&
        found->second->changed_ns == picture.changed_ns)
      picture.sha256 = found->second->sha256;
    else
      unknown.push_back({.picture = k, .item = order[k]});
  }
  TRY_DO(read_pictures(set, unknown, contents.pictures, progress, stop));
  TRY(contents.digest, digest_of(contents.pictures));
  return contents;
}

std::vector<std::string> changed(const Contents& then, const Contents& now) {
  std::vector<std::string> names;
  auto a = then.pictures.begin(), b = now.pictures.begin();
  while (a != then.pictures.end() || b != now.pictures.end()) {
    if (b == now.pictures.end() || (a != then.pictures.end() && a->name < b->name)) {
      names.push_back((a++)->name);
    } else if (a == then.pictures.end() || b->name < a->name) {
      names.push_back((b++)->name);
    } else {
      if (a->sha256 != b->sha256) names.push_back(a->name);
      ++a, ++b;
    }
  }
  return names;
}

Contents read_contents(const std::filesystem::path& path) {
  const auto text = read_file(path);
  if (!text) return {};
  return parsed_contents(*text).value_or(Contents{});
}

Status write_contents(const std::filesystem::path& path, const Contents& contents) {
  std::string text = std::format("{} {} {}\n", record_mark, contents.digest, contents.pictures.size());
  for (const PictureContent& each : contents.pictures)
    text += std::format("{} {} {} {}\n", each.bytes, each.changed_ns, each.sha256, escaped_name(each.name));
  return write_file(path, text);
}

}  // namespace edgewise::data
