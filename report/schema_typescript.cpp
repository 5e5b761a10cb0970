#include <algorithm>
#include <format>

#include "report/schema.hpp"

namespace edgewise::report {

namespace {

using Kind = Type::Kind;

std::string type_text(const Type& type) {
  const auto text = [&]() -> std::string {
    switch (type.kind) {
      case Kind::text:
        return "string";
      case Kind::integer:
      case Kind::number:
        return "number";
      case Kind::truth:
        return "boolean";
      case Kind::scalar:
        return "string | number";
      case Kind::any:
        return "Json";
      case Kind::word: {
        std::string words;
        for (const auto& word : type.words) words += std::format("{}'{}'", words.empty() ? "" : " | ", word);
        return words;
      }
      case Kind::record:
        return type.record;
      case Kind::list: {
        const auto item = type_text(type.of[0]);
        return item.contains(' ') ? std::format("({})[]", item) : item + "[]";
      }
      case Kind::map:
        return std::format("Record<string, {}>", type_text(type.of[0]));
    }
    return "";
  }();
  return type.is_nullable ? text + " | null" : text;
}

std::string field_text(const Field& field) {
  const auto unit = field.unit.empty() ? "" : std::format(" ({})", field.unit);
  return std::format("  /** {}{} */\n  {}{}: {};\n", field.sentence, unit, field.name, field.is_optional ? "?" : "",
                     type_text(field.type));
}

}  // namespace

std::string typescript() {
  std::string source =
      "// What edgewise puts into the page. Written from report/schema.cpp by `make approve`; do not edit.\n\n"
      "export type Json = null | boolean | number | string | Json[] | {[name: string]: Json};\n";
  for (const auto& record : schema()) {
    std::string fields;
    for (const auto& field : record.fields)
      if (std::ranges::contains(field.in, Variant::page)) fields += field_text(field);
    if (fields.empty()) continue;
    // A type, not an interface: what others said more stands beside the fields.
    if (record.is_open) fields += "  [name: string]: Json | undefined;\n";
    source += std::format("\n/** {} */\nexport type {} = {{\n{}}};\n", record.sentence, record.name, fields);
  }
  return source;
}

}  // namespace edgewise::report
