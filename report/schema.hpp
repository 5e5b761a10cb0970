/// What the report's JSON consists of, declared once: the writer is checked against it, the page's TypeScript types are
/// written from it (web/source/schema.ts).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace edgewise::report {

/// There are two writings of one study: what `--json` prints, which people's programs read, and what is inside the
/// page, where curves stand by columns in a place of their own.
enum class Variant { json, page };

/// What stands in a field.
struct Type {
  enum class Kind {
    text,
    integer,
    number,
    truth,
    scalar,  ///< a text or a number: the value of a parameter
    any,
    word,    ///< one of `words`
    record,  ///< the record named `record`
    list,    ///< of `of`
    map,     ///< names to `of`
  };
  Kind kind = Kind::any;
  bool is_nullable = false;
  std::string record;
  std::vector<std::string> words;
  std::vector<Type> of;  ///< one, of a list or a map
};

struct Field {
  std::string name;
  Type type;
  std::string unit;  ///< "ms", "s", "bytes"; empty where there is none or the sentence tells it
  std::string sentence;
  bool is_optional = false;  ///< may be absent; null is another thing, and part of the type
  std::vector<Variant> in = {Variant::json, Variant::page};
};

struct Record {
  std::string name, sentence;
  std::vector<Field> fields;
  bool is_open = false;  ///< others may stand beside them: what a device or a worker said more
};

/// All records; the first is the whole report.
const std::vector<Record>& schema();
/// That record. It must be there.
const Record& record(std::string_view name);

/// Where `report` is other than declared, a line each with its place ("trials[3].choice: ..."); empty when it is right.
std::vector<std::string> departures(const Json& report, Variant variant);
/// Of an object that others wrote: fields that are declared in `record` with another type than they have here are left
/// out.
Json conforming(Json object, std::string_view record);

/// The page's types as a TypeScript source.
std::string typescript();

}  // namespace edgewise::report
