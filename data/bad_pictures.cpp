#include "data/bad_pictures.hpp"

#include <algorithm>
#include <format>

#include "data/bad_pictures_internal.hpp"
#include "data/decoding_internal.hpp"
#include "data/picture_files_internal.hpp"

namespace edgewise::data {

namespace {

constexpr std::size_t most_named = 20;

/// The message without the path, for which the picture's name stands beside it: `the header of "/a/b.png" is damaged`
/// gives "the header of it is damaged", `the TIFF "/a/b.tif" is not read` "the TIFF is not read".
std::string reason_of(const Refused& refused, const DataSet& set) {
  const std::string& message = refused.error.message;
  const std::string path = std::format("\"{}\"", set.items[refused.item].image.string());
  const std::size_t at = message.find(path);
  if (at == std::string::npos) return message;
  std::string before = message.substr(0, at), after = message.substr(at + path.size());
  if (before.empty() || before.ends_with(" of ")) return before + "it" + after;
  if (before.ends_with(' ')) before.pop_back();
  return before + after;
}

/// What the reason says beyond the verdict; "" when that is nothing.
std::string_view beyond(std::string_view reason, const Verdict& verdict) {
  if (!reason.starts_with(verdict.of_one)) return reason;
  reason.remove_prefix(verdict.of_one.size());
  if (reason.starts_with(": ")) reason.remove_prefix(2);
  return reason;
}

std::string counted(std::size_t count, const DataSet& set, const Verdict& verdict) {
  return std::format("{} of {} pictures {}", count, set.items.size(), verdict.of_many);
}

}  // namespace

Error error_of(const DataSet& set, const std::vector<Refused>& refused, const Verdict& verdict) {
  EDGEWISE_ASSERT(!refused.empty(), "an error is made of pictures that have one");
  Error error = refused.front().error;
  if (refused.size() == 1) {
    error.next = error.next.empty() ? verdict.next : error.next + ", then run the same command again";
    return error;
  }
  // A machine is at fault only where it is so each time.
  if (!std::ranges::all_of(refused, [&](const Refused& each) { return each.error.code == error.code; }))
    error.code = ErrorCode::invalid_input;
  const PictureNames names = picture_names(set);
  error.message = counted(refused.size(), set, verdict) + ": ";
  for (std::size_t i = 0; i < std::min(most_named, refused.size()); ++i) {
    const std::string reason = reason_of(refused[i], set);
    const std::string_view more = beyond(reason, verdict);
    error.message += std::format("{}\"{}\"", i > 0 ? ", " : "", names.names[refused[i].item]);
    if (!more.empty()) error.message += std::format(" ({})", more);
  }
  if (refused.size() > most_named) error.message += std::format(" and {} more", refused.size() - most_named);
  error.where = names.folder.string();
  error.next = verdict.next;
  return error;
}

Result<std::vector<BadPicture>> find_bad_pictures(const DataSet& set,
                                                  const std::function<void(std::size_t, std::size_t)>& progress) {
  std::vector<BadPicture> bad;
  if (set.is_builtin) return bad;
  // Whether a picture can be decoded does not depend on the size that it is made; small ones take the least memory.
  constexpr std::int64_t size = 64;
  TRY(const auto refused,
      fill_each(
          set.items.size(), static_cast<std::size_t>(size * size * set.channels),
          [&](std::size_t i, std::span<std::uint8_t> target) { return fill_picture(set, i, size, target); }, {},
          progress));
  if (refused.empty()) return bad;
  const PictureNames names = picture_names(set);
  for (const Refused& each : refused) bad.push_back({names.names[each.item], reason_of(each, set)});
  return bad;
}

Error error_of(const DataSet& set, const std::vector<BadPicture>& bad) {
  return {ErrorCode::invalid_input, counted(bad.size(), set, not_to_be_decoded), picture_names(set).folder.string(),
          std::string(not_to_be_decoded.next)};
}

}  // namespace edgewise::data
