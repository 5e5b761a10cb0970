#include "replay/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

namespace edgewise::replay {
namespace {

std::vector<std::vector<std::string>> texts(const Csv& csv) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : csv.rows) {
    auto& list = rows.emplace_back();
    for (const Cell& cell : row) list.push_back(cell.text);
  }
  return rows;
}

std::string mistake(const std::string& text) {
  const auto csv = parse_csv(text, "t.csv");
  return csv ? "none" : csv.error().where + ": " + csv.error().message;
}

TEST(Csv, ReadsCellsWithLeadingZerosQuotesAndEmptyOnes) {
  const auto csv = parse_csv(
      "\xEF\xBB\xBF"
      "a,b,c\r\n001,\"x, \"\"y\"\"\nz\",\r\n\r\n,2,3",
      "t.csv");
  ASSERT_TRUE(csv) << to_text(csv.error());
  EXPECT_EQ(csv->header, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(texts(*csv), (std::vector<std::vector<std::string>>{{"001", "x, \"y\"\nz", ""}, {"", "2", "3"}}));
  EXPECT_EQ(csv->where(csv->rows[1][1]), "t.csv:5:2");  // the quoted cell holds a line end
  EXPECT_EQ(csv->column("c"), 2u);
  EXPECT_FALSE(csv->column("d"));
}

TEST(Csv, SaysWhereAMistakeIs) {
  EXPECT_EQ(mistake(""), "t.csv: the table is empty");
  EXPECT_EQ(mistake("\n\r\n"), "t.csv: the table is empty");
  EXPECT_EQ(mistake("a,,b\n"), "t.csv:1:3: column 2 has no name");
  EXPECT_EQ(mistake("a,b,a\n"), "t.csv:1:5: column \"a\" exists twice");
  EXPECT_EQ(mistake("a,b\n1,2\n3\n"), "t.csv:3:1: the row has 1 cell, but the header 2");
  EXPECT_EQ(mistake("a,b\n1,2,3\n"), "t.csv:2:1: the row has 3 cells, but the header 2");
  EXPECT_EQ(mistake("a,b\n1,\"2\n"), "t.csv:2:3: a cell in quotes does not end");
  EXPECT_EQ(mistake("a,b\n1,2\"\n"), "t.csv:2:4: a quote stands inside a cell without quotes");
  EXPECT_EQ(mistake("a,b\n\"1\"2,3\n"), "t.csv:2:4: text follows a cell in quotes");
}

class CsvFile : public testing::Test {
 protected:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("edgewise_csv_" + std::to_string(::getpid()));
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
};

TEST_F(CsvFile, ReadsPlainAndCompressedFilesAlike) {
  const std::string text(100'000, 'x');
  std::ofstream(folder_ / "plain.csv") << text;
  gzFile file = gzopen((folder_ / "packed.csv.gz").c_str(), "wb");
  ASSERT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
  gzclose(file);
  EXPECT_EQ(read_text(folder_ / "plain.csv").value(), text);
  EXPECT_EQ(read_text(folder_ / "packed.csv.gz").value(), text);
  EXPECT_THAT(read_text(folder_ / "packed.csv.gz", 1000).error().message,
              testing::HasSubstr("holds more than 1000 bytes"));
}

TEST_F(CsvFile, RefusesWhatIsMissingOrDamaged) {
  EXPECT_EQ(read_text(folder_ / "none.csv").error().code, ErrorCode::not_found);
  EXPECT_EQ(read_text(folder_).error().code, ErrorCode::invalid_input) << "a folder is no file";
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919 % 10007);
  gzFile file = gzopen((folder_ / "cut.csv.gz").c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  std::filesystem::resize_file(folder_ / "cut.csv.gz", std::filesystem::file_size(folder_ / "cut.csv.gz") / 2);
  const auto cut = read_text(folder_ / "cut.csv.gz");
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().message, testing::HasSubstr("is damaged: it ends too early"));
}

}  // namespace
}  // namespace edgewise::replay
