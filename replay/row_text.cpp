#include <format>

#include "replay/table_internal.hpp"

namespace edgewise::replay {

Result<std::size_t> column_of(const Csv& csv, const std::string& name, const std::string& use) {
  if (const auto found = csv.column(name)) return *found;
  const std::string nearest = nearest_word(name, csv.header);
  return invalid(
      std::format("{} uses column \"{}\", which the table has not", use, name),
      nearest.empty() ? "the columns are " + quoted_list(csv.header) : std::format("did you mean \"{}\"?", nearest),
      csv.file);
}

Result<RowText> RowText::make(const std::string& text, const Csv& csv) {
  RowText result;
  const auto lone_brace = [&] {
    return invalid(std::format("\"{}\" has a brace without its partner", text), "columns stand in braces: \"{arch}\"");
  };
  std::size_t begin = 0;
  for (std::size_t open = 0; (open = text.find('{', begin)) != std::string::npos;) {
    const std::size_t close = text.find('}', open);
    if (close == std::string::npos) return lone_brace();
    TRY(const std::size_t column, column_of(csv, text.substr(open + 1, close - open - 1), std::format("\"{}\"", text)));
    if (text.substr(begin, open - begin).contains('}')) return lone_brace();
    result.between_.push_back(text.substr(begin, open - begin));
    result.columns_.push_back(column);
    begin = close + 1;
  }
  if (result.columns_.empty())
    return invalid(std::format("\"{}\" is the same for all rows", text), "columns stand in braces: \"{arch}\"");
  if (text.substr(begin).contains('}')) return lone_brace();
  result.between_.push_back(text.substr(begin));
  return result;
}

std::string RowText::operator()(const std::vector<Cell>& row) const {
  std::string text = between_.front();
  for (std::size_t i = 0; i < columns_.size(); ++i) text += row[columns_[i]].text + between_[i + 1];
  return text;
}

}  // namespace edgewise::replay
