#include "data/formats/csv.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <unordered_map>

#include "base/encoding.hpp"
#include "data/formats/parts.hpp"
#include "data/formats/reading.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

struct Field {
  std::string text;
  std::size_t column = 1;
};

/// The fields of one line; a field in double quotes may hold the separator, and "" for a quote.
Result<std::vector<Field>> split_fields(std::string_view line, char separator, const Lines& lines) {
  std::vector<Field> fields;
  std::size_t i = 0;
  for (;;) {
    Field field{{}, i + 1};
    std::size_t start = i;
    while (start < line.size() && line[start] == ' ') ++start;
    if (start < line.size() && line[start] == '"') {
      i = start + 1;
      for (;; ++i) {
        if (i >= line.size())
          return invalid("a quoted field is not closed on its line", "add the missing \"", lines.where(start + 1));
        if (line[i] == '"') {
          if (i + 1 >= line.size() || line[i + 1] != '"') break;
          ++i;
        }
        field.text += line[i];
      }
      ++i;
      while (i < line.size() && line[i] == ' ') ++i;
      if (i < line.size() && line[i] != separator)
        return invalid("text follows a closing quote", "put the whole field into quotes", lines.where(i + 1));
    } else {
      i = std::min(line.find(separator, i), line.size());
      field.text = trimmed(line.substr(field.column - 1, i - (field.column - 1)));
    }
    fields.push_back(std::move(field));
    if (i >= line.size()) return fields;
    ++i;
  }
}

/// Which column holds what; nothing for a column that is not there.
struct Columns {
  char separator = ',';
  std::size_t count = 0;
  std::optional<std::size_t> image, label, group, split, width, height;
  std::optional<std::array<std::size_t, 4>> box;
};

std::optional<std::size_t> find_column(std::span<const Field> header, std::initializer_list<std::string_view> names) {
  for (const auto name : names)
    for (std::size_t i = 0; i < header.size(); ++i)
      if (lower_case(header[i].text) == name) return i;
  return std::nullopt;
}

Result<Columns> read_header(std::string_view line, const Lines& lines, const std::string& group_column) {
  Columns columns;
  if (line.find(',') == std::string_view::npos) {
    if (line.find(';') != std::string_view::npos)
      columns.separator = ';';
    else if (line.find('\t') != std::string_view::npos)
      columns.separator = '\t';
  }
  TRY(const auto header, split_fields(line, columns.separator, lines));
  columns.count = header.size();
  columns.image =
      find_column(header, {"image_name", "image", "file", "filename", "file_name", "path", "image_path", "name"});
  columns.label = find_column(header, {"label", "class", "class_name", "category"});
  columns.split = find_column(header, {"split", "subset", "partition"});
  columns.width = find_column(header, {"width", "image_width"});
  columns.height = find_column(header, {"height", "image_height"});
  if (group_column.empty()) {
    columns.group = find_column(header, {"group"});
  } else {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < header.size(); ++i) {
      names.push_back(header[i].text);
      if (header[i].text == group_column) columns.group = i;
    }
    if (!columns.group) {
      const std::string nearest = nearest_word(group_column, names);
      return invalid(std::format("the group column \"{}\" is not in the header", shown(group_column)),
                     nearest.empty() ? "check data.group_column" : std::format("did you mean \"{}\"?", nearest),
                     lines.where());
    }
  }
  static constexpr std::array<std::array<std::string_view, 4>, 4> corner_names{{{"x0", "y0", "x1", "y1"},
                                                                                {"xmin", "ymin", "xmax", "ymax"},
                                                                                {"x1", "y1", "x2", "y2"},
                                                                                {"left", "top", "right", "bottom"}}};
  for (const auto& names : corner_names) {
    std::array<std::size_t, 4> found{};
    bool is_complete = true;
    for (std::size_t k = 0; k < 4; ++k) {
      const auto column = find_column(header, {names[k]});
      is_complete = is_complete && column.has_value();
      found[k] = column.value_or(0);
    }
    if (is_complete && !columns.box) columns.box = found;
  }
  return columns;
}

Status check_columns(const Columns& columns, task::Wants wants, const std::string& where) {
  if (!columns.image)
    return invalid("the header names no image column: \"image\", \"image_name\", \"file\" or \"filename\" is expected",
                   "add a header line", where);
  if (wants != task::Wants::label && !columns.box)
    return invalid("the header names no box: columns x0,y0,x1,y1 (or xmin,ymin,xmax,ymax, or x1,y1,x2,y2) are expected",
                   "rename the columns, or use task: classification", where);
  if (wants == task::Wants::label && !columns.label)
    return invalid("the header names no class: a column \"label\" or \"class\" is expected", "rename the column",
                   where);
  return {};
}

}  // namespace

Result<Records> parse_csv(std::string_view text, const std::string& file, task::Wants wants,
                          const std::string& group_column) {
  Lines lines(text, file);
  TRY(const auto first, lines.next());
  if (!first || trimmed(*first).empty())
    return invalid("the CSV file has no header line", "start it with a line like image,x0,y0,x1,y1", place(file, 1));
  TRY(const Columns columns, read_header(*first, lines, group_column));
  TRY_DO(check_columns(columns, wants, lines.where()));

  Records result;
  std::unordered_map<std::string, std::size_t> index;
  for (;;) {
    TRY(const auto line, lines.next());
    if (!line) break;
    if (trimmed(*line).empty()) continue;
    TRY(auto fields, split_fields(*line, columns.separator, lines));
    if (fields.size() != columns.count)
      return invalid(std::format("{} fields, the header has {}", fields.size(), columns.count),
                     "correct the line; put names with a comma into quotes", lines.where());
    const std::string& image = fields[*columns.image].text;
    if (image.empty())
      return invalid("the image name is empty", "name the image", lines.where(fields[*columns.image].column));
    const auto [known, is_new] = index.try_emplace(image, result.records.size());
    if (is_new) {
      Record record;
      record.image = image;
      record.where = lines.where();
      result.records.push_back(std::move(record));
    }
    Record& record = result.records[known->second];

    const auto stated = [&](std::optional<std::size_t> column) -> Result<std::int64_t> {
      if (!column || fields[*column].text.empty()) return 0;
      const auto value = number_of(fields[*column].text);
      if (!value || *value <= 0 || *value > 1e9)
        return invalid(std::format("\"{}\" is no size in pixels", shown(fields[*column].text)),
                       "write a positive number", lines.where(fields[*column].column));
      return static_cast<std::int64_t>(*value);
    };
    TRY(record.width, stated(columns.width));
    TRY(record.height, stated(columns.height));

    std::string group;
    if (columns.group) group = fields[*columns.group].text;
    if (!is_new && group != record.group)
      return invalid(std::format("\"{}\" has group \"{}\" here and \"{}\" before", shown(image), shown(group),
                                 shown(record.group)),
                     "give each image one group", lines.where());
    record.group = group;
    if (columns.split) {
      const Field& field = fields[*columns.split];
      const auto split = split_of_name(field.text);
      if (!split)
        return invalid(std::format("split \"{}\" is not one of \"train\", \"val\" or \"test\"", shown(field.text)),
                       "correct the word", lines.where(field.column));
      if (!is_new && record.split != split)
        return invalid(
            std::format("\"{}\" is in split \"{}\" here and in another one before", shown(image), shown(field.text)),
            "give each image one split", lines.where(field.column));
      record.split = split;
    }
    const std::string label = columns.label ? fields[*columns.label].text : std::string();
    if (columns.label && label.empty() && wants == task::Wants::label)
      return invalid("the label is empty", "name the class", lines.where(fields[*columns.label].column));

    bool has_box = false;
    if (columns.box)
      for (const std::size_t k : *columns.box) has_box = has_box || !fields[k].text.empty();
    if (has_box) {
      std::array<double, 4> corner{};
      for (std::size_t k = 0; k < 4; ++k) {
        const Field& field = fields[(*columns.box)[k]];
        const auto value = number_of(field.text);
        if (!value)
          return invalid(std::format("\"{}\" is no number", shown(field.text)),
                         "write the box edge in pixels, e.g. 12.5", lines.where(field.column));
        corner[k] = *value;
      }
      const std::string where = lines.where(fields[(*columns.box)[0]].column);
      TRY(const Box box, checked_box(corner[0], corner[1], corner[2], corner[3], where));
      record.boxes.push_back({box, label, where});
    } else if (!label.empty() && wants == task::Wants::label) {
      if (!is_new)
        return invalid(std::format("\"{}\" has a second label", shown(image)), "leave one line for each image",
                       lines.where());
      record.label = label;
    }
  }
  return result;
}

namespace {

/// Whether the file's header has what the task needs.
bool fits(const fs::path& file, const Place& place) {
  const std::string text = head_of(file), head = text.substr(0, text.find('\n'));
  Lines lines(head, file.string());
  const auto line = lines.next();
  if (!line || !*line) return false;
  const auto columns = read_header(**line, lines, {});
  return columns && check_columns(*columns, place.wants, {}).has_value();
}

bool is_csv_name(const fs::path& path) {
  const std::string extension = lower_case(path.extension().string());
  return extension == ".csv" || extension == ".tsv";
}

struct CsvFiles {
  std::vector<fs::path> used;
  std::vector<LeftOut> left_out;
};

/// In the data folder; where none is there, in folders that tell a split ("train/_annotations.csv").
CsvFiles find_csv_files(const Place& place) {
  std::error_code ignored;
  if (!place.annotations.empty() && !fs::is_directory(place.annotations, ignored)) return {{place.annotations}, {}};
  const fs::path folder = place.annotations.empty() ? place.root : place.annotations;
  std::vector<fs::path> found;
  const auto add = [&](const fs::path& parent) {
    for (const fs::path& entry : entries(parent))
      if (is_csv_name(entry) && !is_note(entry) && fs::is_regular_file(entry, ignored)) found.push_back(entry);
  };
  add(folder);
  if (found.empty())
    for (const fs::path& entry : entries(folder))
      if (split_name_of(entry.filename().string()) && fs::is_directory(entry, ignored)) add(entry);
  CsvFiles files;
  if (found.size() > 1)
    std::erase_if(found, [&](const fs::path& file) {
      if (fits(file, place)) return false;
      files.left_out.push_back({file, "its header does not have the columns of this task"});
      return true;
    });
  if (found.size() > 1)
    for (const char* usual : {"boxes.csv", "labels.csv", "annotations.csv"})
      if (const auto it = std::ranges::find(found, folder / usual); it != found.end()) {
        for (const fs::path& file : found)
          if (file != *it) files.left_out.push_back({file, std::format("{} is read instead", usual)});
        files.used = {*it};
        return files;
      }
  files.used = std::move(found);
  return files;
}

/// Whether several files are the splits of one set ("train.csv", "val.csv").
bool are_parts(const Place& place, const std::vector<fs::path>& files) {
  return std::ranges::any_of(files, [&](const fs::path& file) {
    return split_name_of(file.stem().string()) ||
           std::ranges::any_of(folders_below(place.root, file),
                               [](const std::string& folder) { return split_name_of(folder).has_value(); });
  });
}

Recognition recognise_csv(const Place& place) {
  const auto found = find_csv_files(place).used;
  if (!std::ranges::any_of(found, is_csv_name)) return Recognition::none;
  // A table without the columns is shown with its mistake, unless the folder is a set of another kind without it.
  const bool is_sure =
      !place.annotations.empty() || std::ranges::any_of(found, [&](const fs::path& file) { return fits(file, place); });
  return is_sure ? Recognition::sure : Recognition::possible;
}

Result<Records> read_csv(const Place& place) {
  const auto found = find_csv_files(place);
  const auto& files = found.used;
  if (files.empty())
    return fail(ErrorCode::not_found,
                std::format("no .csv file that fits the task lies in \"{}\"", place.root.string()),
                "name it in data.annotations");
  if (files.size() > 1 && !are_parts(place, files)) {
    std::vector<std::string> names;
    for (const fs::path& file : files) names.push_back(file.filename().string());
    return invalid(std::format("several .csv files could be meant: {}", quoted_list(names)),
                   "name one in data.annotations", place.root.string());
  }
  TRY(Records result, read_parts(place, files, [&](const fs::path& file) -> Result<Records> {
        TRY(const std::string text, read_text(file));
        TRY(Records part, parse_csv(text, file.string(), place.wants, place.spec.group_column));
        // Tables in folders name the pictures beside them, and each folder may have an "a.png".
        std::error_code ignored;
        const std::string folder = name_below(place.root, file.parent_path());
        if (files.size() > 1 && file.parent_path() != files.front().parent_path() && fs::path(folder).is_relative())
          for (Record& record : part.records)
            for (const fs::path& beside : {fs::path(folder), fs::path(folder) / "images"})
              if (fs::path(record.image).is_relative() &&
                  fs::is_regular_file(place.root / beside / record.image, ignored)) {
                record.image = (beside / record.image).generic_string();
                break;
              }
        return part;
      }));
  result.left_out.insert(result.left_out.end(), found.left_out.begin(), found.left_out.end());
  const fs::path folder = files.front().parent_path();
  result.folders = {folder, folder / "images", place.root, place.root / "images", place.root / "JPEGImages"};
  TRY(result.classes, read_class_names(place.root / "classes.txt"));
  if (!result.classes.empty()) result.label_files.push_back(place.root / "classes.txt");
  return result;
}

}  // namespace

Format csv_format() {
  return {.name = "csv",
          .expects = "a .csv file with a header: image, then x0,y0,x1,y1 (boxes) or label (classes)",
          .rank = 40,
          .recognise = recognise_csv,
          .read = read_csv};
}

}  // namespace edgewise::data
