#include <algorithm>
#include <format>

#include "base/error.hpp"
#include "report/schema.hpp"

namespace edgewise::report {

namespace {

using Kind = Type::Kind;

std::string name_of(const Type& type) {
  const auto name = [&]() -> std::string {
    switch (type.kind) {
      case Kind::text:
        return "a text";
      case Kind::integer:
        return "an integer";
      case Kind::number:
        return "a number";
      case Kind::truth:
        return "true or false";
      case Kind::scalar:
        return "a text or a number";
      case Kind::any:
        return "anything";
      case Kind::word:
        return quoted_list(type.words);
      case Kind::record:
        return "a " + type.record;
      case Kind::list:
        return "a list";
      case Kind::map:
        return "an object";
    }
    return "";
  }();
  return type.is_nullable ? name + " or null" : name;
}

/// Whether the value itself is of this kind; what is inside a list, a map or a record is another question.
bool is_of_kind(const Json& value, const Type& type) {
  if (value.is_null()) return type.is_nullable || type.kind == Kind::any;
  switch (type.kind) {
    case Kind::text:
      return value.is_string();
    case Kind::integer:
      return value.is_number_integer();
    case Kind::number:
      return value.is_number();
    case Kind::truth:
      return value.is_boolean();
    case Kind::scalar:
      return value.is_string() || value.is_number();
    case Kind::any:
      return true;
    case Kind::word:
      return value.is_string() && std::ranges::contains(type.words, value.get_ref<const std::string&>());
    case Kind::list:
      return value.is_array();
    case Kind::record:
    case Kind::map:
      return value.is_object();
  }
  return false;
}

class Checker {
 public:
  explicit Checker(Variant variant) : variant_(variant) {}

  void check(const Json& value, const Type& type, const std::string& place) {
    if (!is_of_kind(value, type)) {
      const auto text = dump(value);
      lines_.push_back(std::format("{}: {} is not {}", place, text.substr(0, 60), name_of(type)));
    } else if (!value.is_null() && type.kind == Kind::record) {
      check(value, record(type.record), place);
    } else if (type.kind == Kind::list) {
      for (std::size_t i = 0; i < value.size(); ++i) check(value[i], type.of[0], std::format("{}[{}]", place, i));
    } else if (type.kind == Kind::map) {
      for (const auto& [name, item] : value.items()) check(item, type.of[0], place + "." + name);
    }
  }

  void check(const Json& object, const Record& record, const std::string& place) {
    std::vector<std::string> declared;
    for (const auto& field : record.fields) {
      if (!std::ranges::contains(field.in, variant_)) continue;
      declared.push_back(field.name);
      const auto found = object.find(field.name);
      if (found != object.end())
        check(*found, field.type, place.empty() ? field.name : place + "." + field.name);
      else if (!field.is_optional)
        lines_.push_back(std::format("{}: \"{}\" is missing", place, field.name));
    }
    if (record.is_open) return;
    for (const auto& [name, item] : object.items())
      if (!std::ranges::contains(declared, name))
        lines_.push_back(std::format("{}: \"{}\" is not declared", place, name));
  }

  std::vector<std::string> lines() && { return std::move(lines_); }

 private:
  Variant variant_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> departures(const Json& report, Variant variant) {
  if (!report.is_object()) return {"the report is not an object"};
  Checker checker(variant);
  checker.check(report, schema().front(), "");
  return std::move(checker).lines();
}

Json conforming(Json object, std::string_view name) {
  if (!object.is_object()) return object;
  for (const auto& field : record(name).fields) {
    const auto found = object.find(field.name);
    if (found == object.end()) continue;
    Checker checker(Variant::page);
    checker.check(*found, field.type, field.name);
    if (!std::move(checker).lines().empty()) object.erase(found);
  }
  return object;
}

}  // namespace edgewise::report
