/// Holds reports that the programs wrote against what is declared: check_report RARE FILE.json...
/// Fails where one is other than declared, and where a declared field is in none of them, but for those in RARE: names
/// with their record and commas between, "Report.cover,Details.answered".
#include <algorithm>
#include <format>
#include <ranges>
#include <set>

#include "base/console.hpp"
#include "base/file.hpp"
#include "report/schema.hpp"

using namespace edgewise;
using report::Type;

namespace {

/// Notes "Record.field" of all that is there and not null.
void note(const Json& value, const Type& type, std::set<std::string>& seen) {
  if (value.is_null()) return;
  if (type.kind == Type::Kind::list || type.kind == Type::Kind::map) {
    for (const auto& item : value) note(item, type.of[0], seen);
  } else if (type.kind == Type::Kind::record) {
    for (const auto& field : report::record(type.record).fields)
      if (const auto found = value.find(field.name); found != value.end() && !found->is_null()) {
        seen.insert(type.record + "." + field.name);
        note(*found, field.type, seen);
      }
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    console::say("usage: check_report RARE FILE.json...");
    return 2;
  }
  std::set<std::string> seen, rare;
  for (const auto name : std::views::split(std::string_view(arguments[1]), ','))
    rare.emplace(std::string_view(name.begin(), name.end()));
  bool is_right = true;
  for (int i = 2; i < count; ++i) {
    const auto data = read_json(arguments[i]);
    if (!data) {
      console::say(to_text(data.error()));
      return 1;
    }
    for (const auto& line : report::departures(*data, report::Variant::json)) {
      console::say(std::format("{}: {}", arguments[i], line));
      is_right = false;
    }
    note(*data, {.kind = Type::Kind::record, .record = report::schema().front().name}, seen);
  }
  for (const auto& record : report::schema())
    for (const auto& field : record.fields) {
      const auto name = record.name + "." + field.name;
      if (!std::ranges::contains(field.in, report::Variant::json) || seen.contains(name) || rare.contains(name))
        continue;
      console::say(std::format("\"{}\" is declared, and none of the studies has it", name));
      is_right = false;
    }
  for (const auto& name : rare)
    if (seen.contains(name)) {
      console::say(std::format("\"{}\" is not rare: a study has it", name));
      is_right = false;
    }
  if (is_right) console::print_line("{} reports are as declared", count - 2);
  return is_right ? 0 : 1;
}
