/// The tables of a study in SQLite, of every schema there was.
#pragma once

#include "study/storages/sqlite_internal.hpp"

namespace edgewise::study {

constexpr std::int64_t schema_version = 3;

/// In an empty file, the present schema.
Status make_schema(Database& database);
/// Refuses files that define anything else under the tables' names, or anything that runs by itself; and those of a
/// newer schema.
Status check_schema(Database& database);
Result<bool> has_present_schema(Database& database);
/// Brings a file of an earlier schema to the present one; another process may have done so in the meantime.
Status upgrade_schema(Database& database);

}  // namespace edgewise::study
