#include <charconv>
#include <format>

#include "study/storage.hpp"
#include "study/storages/storages_internal.hpp"

namespace edgewise::study {

namespace {

struct Place {
  const StorageKind* kind = nullptr;
  std::string place;
};

/// A text without a scheme that is known is a folder, which may well have a colon in its name.
Result<Place> place_of(const std::string& url) {
  const auto colon = url.find(':');
  const std::string scheme = url.substr(0, colon);
  if (colon != std::string::npos) {
    if (const StorageKind* kind = storages().find(scheme)) return Place{kind, url.substr(colon + 1)};
    if (url.substr(colon).starts_with("://")) {
      const auto unknown = storages().at(scheme);
      return std::unexpected(unknown.error());
    }
  }
  return Place{&storages().entries().front(), url};
}

}  // namespace

Catalogue<StorageKind>& storages() {
  // The first is what a folder without a scheme means.
  static Catalogue<StorageKind> all("storage", {sqlite_kind(), memory_kind()});
  return all;
}

Result<std::unique_ptr<Storage>> create_storage(const std::string& url, const Settings& settings) {
  TRY(const Place found, place_of(url));
  return found.kind->create(found.place, settings);
}

Result<std::unique_ptr<Storage>> open_storage(const std::string& url, Opening opening) {
  TRY(const Place found, place_of(url));
  return found.kind->open(found.place, opening);
}

Result<Study> Storage::load() {
  TRY(Changes all, changes({}));
  Study study;
  TRY_DO(apply(study, std::move(all)));
  return study;
}

Result<Study> Storage::outline() {
  TRY(Study study, load());
  for (Trial& trial : study.trials) {
    trial.curve.clear();
    for (StageResult& result : trial.results) {
      result.measurement = nullptr;
      result.artifacts.clear();
    }
  }
  return study;
}

Cursor cursor_of(std::int64_t version) {
  return Cursor(std::to_string(version));
}

Result<std::int64_t> version_of(const Cursor& cursor, std::int64_t latest) {
  if (cursor.is_start()) return -1;
  const std::string& text = cursor.text();
  std::int64_t version = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error == std::errc{} && end == text.data() + text.size() && version >= 0 && version <= latest) return version;
  return invalid(std::format("\"{}\" is no moment of this study", text.substr(0, 40)), "load the study from its start");
}

}  // namespace edgewise::study
