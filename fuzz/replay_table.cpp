// A descriptor and its table, parted by a line "---": whatever they are, an answer or an error.
#include <string>
#include <string_view>

#include "replay/problem.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto mark = text.find("\n---\n");
  if (mark == std::string_view::npos) return 0;
  const auto table =
      edgewise::replay::make_table(std::string(text.substr(0, mark + 1)), "t.yaml", text.substr(mark + 5), "t.csv");
  if (!table) return 0;
  for (const auto& row : table->rows())
    if (table->find(row.choice) != &row) __builtin_trap();
  (void)edgewise::replay::table_problem(*table);
  return 0;
}
