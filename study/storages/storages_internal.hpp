/// The built-in kinds of storage, and what storages that count their changes share.
#pragma once

#include <cstdint>

#include "study/storage.hpp"

namespace edgewise::study {

StorageKind sqlite_kind();
StorageKind memory_kind();

/// The cursor of a storage whose versions count up.
Cursor cursor_of(std::int64_t version);
/// What it was made of; -1 for the start. @error invalid_input when it is beyond `latest`, or no such cursor
Result<std::int64_t> version_of(const Cursor& cursor, std::int64_t latest);

}  // namespace edgewise::study
