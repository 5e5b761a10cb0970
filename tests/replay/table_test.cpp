#include "replay/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <set>

#include "replay/problem.hpp"

namespace edgewise::replay {
namespace {

using testing::HasSubstr;

const std::string csv = "code,width,acc,ms,iso\n01,16,90,3,n1\n02,16,91,4,n2\n11,32,85,1.5,n3\n12,64,80,2.5,n4\n";
const std::string parameters = "table: t.csv\nparameters:\n  - {split: code}\n  - {column: width, kind: integer}\n";
const std::string objectives = "objectives:\n  - {name: error, value: 100 - acc, reference: 25}\n  - {name: ms}\n";

std::expected<Table, std::vector<Error>> make(const std::string& descriptor, const std::string& table = csv) {
  return make_table(descriptor, "t.yaml", table, "t.csv");
}

/// All mistakes, one a line: "where: message".
std::string mistakes(const std::string& descriptor, const std::string& table = csv) {
  const auto made = make(descriptor, table);
  if (made) return "none";
  std::string text;
  for (const auto& error : made.error()) text += (text.empty() ? "" : "\n") + error.where + ": " + error.message;
  return text;
}

Table good(const std::string& descriptor, const std::string& table = csv) {
  auto made = make(descriptor, table);
  EXPECT_TRUE(made) << (made ? "" : to_text(made.error().front()));
  return std::move(made).value();
}

TEST(Table, MakesASpaceWhoseValidChoicesAreItsRows) {
  const Table table = good(parameters + objectives);
  ASSERT_EQ(table.space().parameters().size(), 3u);
  EXPECT_EQ(table.space().parameters()[0].name, "code1");
  EXPECT_EQ(std::get<space::Categorical>(table.space().parameters()[0].domain).values,
            (std::vector<std::string>{"0", "1"}));
  const auto& width = std::get<space::Integer>(table.space().parameters()[2].domain);
  EXPECT_EQ(width.low, 16);
  EXPECT_EQ(width.high, 64);
  EXPECT_EQ(width.step, 16);
  EXPECT_EQ(table.space().size(), 2u * 2u * 4u);
  std::size_t valid = 0;
  for (std::uint64_t i = 0; i < 16; ++i)
    if (const auto choice = table.space().at(i)) {
      ++valid;
      ASSERT_NE(table.find(*choice), nullptr);
      EXPECT_EQ(table.find(*choice)->choice, *choice);
    }
  EXPECT_EQ(valid, 4u);
  const space::Choice second{{"code1", "0"}, {"code2", "2"}, {"width", std::int64_t{16}}};
  EXPECT_EQ(table.find(second)->values, (std::vector<std::map<std::string, double>>{{{"error", 9}, {"ms", 4}}}));
  const space::Choice absent{{"code1", "0"}, {"code2", "2"}, {"width", std::int64_t{64}}};
  EXPECT_EQ(table.find(absent), nullptr);
  EXPECT_EQ(table.space().check(absent).error().message.contains("the table has no row for code1=0 code2=2 width=64"),
            true);
}

TEST(Table, FindsNoRowForChoicesOfAnotherKind) {
  const Table table = good(parameters + objectives);
  EXPECT_EQ(table.find({}), nullptr);
  EXPECT_EQ(table.find({{"code1", "0"}, {"code2", "2"}, {"width", "16"}}), nullptr);
  EXPECT_EQ(table.find({{"code1", "0"}, {"code2", "2"}, {"width", 16.0}}), nullptr);
  EXPECT_EQ(table.find({{"code1", "0"}, {"code2", "2"}, {"width", std::int64_t{17}}}), nullptr);
  EXPECT_EQ(table.find({{"code1", "0"}, {"code2", "2"}, {"width", std::numeric_limits<std::int64_t>::min()}}), nullptr);
  EXPECT_EQ(table.find({{"code1", std::int64_t{0}}, {"code2", "2"}, {"width", std::int64_t{16}}}), nullptr);
}

TEST(Table, GivesReferencesAndDirections) {
  const Table table =
      good(parameters + "objectives:\n  - {name: acc, direction: maximize}\n  - {name: ms, known: true}\n");
  EXPECT_EQ(table.objectives(), (std::vector<TableObjective>{{"acc", study::Direction::maximize, 80, false},
                                                             {"ms", study::Direction::minimize, 4, true}}));
  EXPECT_EQ(table.name(), "t.csv");
  EXPECT_EQ(table.stage_epochs(), std::vector{1});
}

TEST(Table, SortsCategoriesByNumberWhateverTheOrderOfRows) {
  const Table table =
      good("table: t.csv\nparameters: [{column: k}]\nobjectives: [{name: y}]\n", "k,y\n10,1\n9,2\n-1,3\n");
  EXPECT_EQ(std::get<space::Categorical>(table.space().parameters()[0].domain).values,
            (std::vector<std::string>{"-1", "9", "10"}));
}

TEST(Table, MakesPlacesOfNumbersThatAreNotWhole) {
  const Table table = good("table: t.csv\nparameters: [{column: lr, kind: ordinal}]\nobjectives: [{name: y}]\n",
                           "lr,y\n0.1,1\n0.001,2\n0.5,3\n");
  EXPECT_EQ(std::get<space::Integer>(table.space().parameters()[0].domain).high, 2);
  EXPECT_EQ(table.find({{"lr", std::int64_t{0}}})->values[0].at("y"), 2);
}

TEST(Table, LeavesOutRowsOrLetsThemFail) {
  const std::string holes = "code,width,acc,ms\n01,16,90,3\n02,16,91,\n11,32,,1\n";
  EXPECT_EQ(good(parameters + objectives, holes).rows().size(), 1u);
  const Table failing = good(parameters + objectives + "missing: fail\n", holes);
  ASSERT_EQ(failing.rows().size(), 3u);
  EXPECT_EQ(failing.rows()[1].missing, "the table has no \"ms\" for it (line 3)");
  EXPECT_EQ(failing.rows()[2].missing, "the table has no \"acc\" for it (line 4)");
  EXPECT_EQ(good(parameters + objectives + "rows: ms > 2\n").rows().size(), 3u);
  EXPECT_EQ(good(parameters + objectives + "rows: ms > 2\n", holes).rows().size(), 1u);
}

TEST(Table, HasStagesWithValuesOfTheirOwn) {
  const Table table =
      good(parameters + objectives + "stages:\n  - {epochs: 12, values: {error: ms}}\n  - {epochs: 200}\n");
  EXPECT_EQ(table.stage_epochs(), (std::vector{12, 200}));
  EXPECT_EQ(table.rows()[0].values[0].at("error"), 3);
  EXPECT_EQ(table.rows()[0].values[1].at("error"), 10);
}

TEST(Table, RefusesDoubledChoicesUnlessTheyAreTheSameNetwork) {
  const std::string twice = csv + "01,16,77,9,n1\n";
  EXPECT_EQ(mistakes(parameters + objectives, twice), "t.csv:6:1: code1=0 code2=1 width=16 stands in line 2 already");
  const Table table = good(parameters + objectives + "canonical: iso\n", twice);
  EXPECT_EQ(table.rows().size(), 4u);
  EXPECT_EQ(table.find({{"code1", "0"}, {"code2", "1"}, {"width", std::int64_t{16}}})->values[0].at("error"), 10);
  EXPECT_EQ(mistakes(parameters + objectives + "canonical: iso\n", csv + "01,16,77,9,n7\n"),
            "t.csv:6:1: code1=0 code2=1 width=16 stands in line 2 already");
}

TEST(Table, NamesTheCellThatIsNoNumber) {
  const std::string head = "code,width,acc,ms\n";
  EXPECT_EQ(mistakes(parameters + objectives, head + "01,16,9O,3\n"),
            "t.csv:2:7: \"9O\" in column \"acc\" is not a number");
  EXPECT_EQ(mistakes(parameters + objectives, head + "01,16,nan,3\n"),
            "t.csv:2:7: \"nan\" in column \"acc\" is not a finite number");
  EXPECT_EQ(mistakes(parameters + objectives, head + "01,16,90,inf\n"),
            "t.csv:2:10: \"inf\" in column \"ms\" is not a finite number");
  EXPECT_EQ(mistakes(parameters + objectives, head + "01,1.5,90,3\n"),
            "t.csv:2:4: \"1.5\" in column \"width\" is not a whole number");
  EXPECT_EQ(mistakes(parameters + objectives, head + "01,,90,3\n"),
            "t.csv:2:4: parameter \"width\" has no value in this row");
  EXPECT_EQ(mistakes(parameters + objectives, head + "01,16,90,3\n012,16,90,3\n"),
            "t.csv:3:1: \"012\" in column \"code\" has 3 characters, but the first row 2");
  EXPECT_EQ(mistakes(parameters + "objectives: [{name: ratio, value: acc / ms}]\n", head + "01,16,90,0\n"),
            "t.csv:2:1: \"ratio\" has no finite value in this row (\"acc / ms\")");
}

TEST(Table, NamesWhatTheTableHasNot) {
  EXPECT_EQ(mistakes(parameters + "objectives: [{name: latency}]\n"),
            "t.csv: objective \"latency\" uses column \"latency\", which the table has not");
  EXPECT_EQ(mistakes(parameters + objectives + "rows: mss > 1\n"),
            "t.csv: rows \"mss > 1\" uses column \"mss\", which the table has not");
  EXPECT_EQ(make(parameters + objectives + "rows: mss > 1\n").error().front().next, "did you mean \"ms\"?");
  EXPECT_EQ(mistakes(parameters + objectives + "canonical: is\n"),
            "t.csv: \"canonical\" uses column \"is\", which the table has not");
  EXPECT_EQ(mistakes(parameters + objectives + "constraints: [\"watts < 3\"]\n"),
            "t.csv: constraint \"watts < 3\" uses column \"watts\", which the table has not");
  EXPECT_EQ(mistakes("table: t.csv\nparameters: [{column: depth}]\n" + objectives),
            "t.csv: a parameter uses column \"depth\", which the table has not");
  EXPECT_EQ(mistakes(parameters + objectives, "code,width,acc,ms\n"), "t.csv: the table has no rows");
  EXPECT_EQ(mistakes(parameters + objectives + "rows: ms > 99\n"), "t.csv: none of the table's 4 rows is a choice");
  EXPECT_EQ(mistakes(parameters + objectives, ""), "t.csv: the table is empty");
}

TEST(Table, ReportsAllMistakesOfTheDescriptorInFileOrder) {
  EXPECT_EQ(mistakes("parameters: [{}]\nobjectives: [{name: a}, {name: a}]\nmissing: guess\nstages: [{epochs: 12, "
                     "values: {b: c}}, {epochs: 12}]\n"),
            "t.yaml:1:1: no table is named\n"
            "t.yaml:1:14: a parameter needs a column\n"
            "t.yaml:2:25: objective \"a\" exists twice\n"
            "t.yaml:3:10: missing \"guess\" is not one of \"leave_out\" or \"fail\"\n"
            "t.yaml:4:10: stage 1 gives \"b\", which is no objective\n"
            "t.yaml:4:40: stage 2 has 12 epochs, but the one before it 12");
}

TEST(Table, ReadsTheCommittedExample) {
  const char* folder = std::getenv("EDGEWISE_TEST_DATA");
  ASSERT_NE(folder, nullptr);
  const auto table = read_table(std::filesystem::path(folder) / "tables" / "cells.yaml");
  ASSERT_TRUE(table) << to_text(table.error().front());
  EXPECT_EQ(table->rows().size(), 5u);
  EXPECT_FALSE(read_table(std::filesystem::path(folder) / "tables" / "none.yaml"));
}

const std::string cells =
    "ops,err\n|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|,9\n"
    "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|,12\n";
const std::string of_cells = "table: t.csv\nparameters: [{column: ops}]\nobjectives: [{name: err}]\n";

TEST(Table, TellsWhichNetworkARowIs) {
  const Table table =
      good(of_cells + "networks: {kind: nasbench201, text: '{ops}', classes: 7, input_size: 16}\n", cells);
  ASSERT_TRUE(table.networks().has_value());
  EXPECT_EQ(table.networks()->kind, "nasbench201");
  EXPECT_EQ(table.networks()->frame.outputs, 7);
  EXPECT_EQ(table.networks()->frame.input_size, 16);
  EXPECT_EQ(table.rows().back().network, "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|");
  const auto problem = table_problem(table).value();
  ASSERT_NE(problem.description, nullptr);
  EXPECT_TRUE(problem.description->is_looked_up());
  const std::vector<space::Choice> choices{table.rows()[0].choice, table.rows()[1].choice};
  const auto rows = problem.description->rows(choices);
  EXPECT_TRUE(rows.allFinite());
  EXPECT_NE((rows.row(0) - rows.row(1)).norm(), 0);
  EXPECT_EQ(table_problem(good(of_cells, cells))->description, nullptr);
}

TEST(Table, PutsANetworksTextTogetherFromColumns) {
  const Table table = good(
      "table: t.csv\nparameters: [{column: a}, {column: b}]\nobjectives: [{name: err}]\n"
      "networks: {kind: nasbench201, text: '{a}33{b}1'}\n",
      "a,b,err\n0,12,9\n1,44,8\n");
  EXPECT_EQ(table.rows().front().network, "033121");
}

TEST(Table, KnowsNetworksOfOurOwnFamilies) {
  const std::string descriptor =
      "table: t.csv\nparameters: [{column: stages, kind: integer}, {column: blocks2}]\nobjectives: [{name: err}]\n"
      "networks: {kind: resnet, text: 'stages={stages} blocks1=1 blocks2={blocks2} block=basic kernel_size=3 "
      "stem_kernel_size=3 stem_stride=1 filters=8 width_growth=1.5 input_size=16', input_size: 32, classes: 2}\n";
  const auto problem = table_problem(good(descriptor, "stages,blocks2,err\n2,1,9\n2,3,8\n")).value();
  ASSERT_NE(problem.description, nullptr);
  const auto rows = problem.description->rows(std::vector<space::Choice>{
      {{"stages", std::int64_t{2}}, {"blocks2", "1"}}, {{"stages", std::int64_t{2}}, {"blocks2", "3"}}});
  EXPECT_TRUE(rows.allFinite());
  EXPECT_NE((rows.row(0) - rows.row(1)).norm(), 0);
  EXPECT_THAT(mistakes(descriptor, "stages,blocks2,err\n2,1,9\n2,many,8\n"), HasSubstr("t.csv:3:1: "));
}

TEST(Table, OfAFewNetworksOfALargeSpaceIsDrawnFromItsRows) {
  const Table table = good(
      "table: t.csv\nparameters: [{column: a, kind: integer}, {column: b, kind: integer}]\nobjectives: [{name: err}]\n",
      "a,b,err\n1,999,9\n1000,1,8\n500,2,7\n");
  EXPECT_EQ(table.space().size(), 3u);
  RandomStream random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto choice = table.space().sample(random).value();
    EXPECT_NE(table.find(choice), nullptr);
    seen.insert(space::to_text(choice));
  }
  EXPECT_EQ(seen.size(), 3u);
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_NE(table.find(table.space().at(i).value()), nullptr);
  EXPECT_EQ(table.space().at(3), std::nullopt);
}

TEST(Table, TellsMistakesOfNetworks) {
  const auto with = [](const std::string& networks) {
    return mistakes(of_cells + "networks: " + networks + "\n", cells);
  };
  EXPECT_THAT(with("{kind: nasbench, text: '{ops}'}"), HasSubstr("t.yaml:4:"));
  EXPECT_THAT(with("{kind: nasbench201}"), HasSubstr("it is not told where a row's network stands"));
  EXPECT_THAT(with("{kind: nasbench201, text: '{opps}'}"), HasSubstr("column \"opps\", which the table has not"));
  EXPECT_THAT(with("{kind: nasbench201, text: '{ops'}"), HasSubstr("has a brace without its partner"));
  EXPECT_THAT(with("{kind: nasbench201, text: '{ops}}'}"), HasSubstr("has a brace without its partner"));
  EXPECT_THAT(with("{kind: nasbench201, text: ops}"), HasSubstr("is the same for all rows"));
  EXPECT_THAT(mistakes(of_cells + "networks: {kind: nasbench201, text: '{ops}'}\n", cells + "|none~0|,3\n"),
              HasSubstr("t.csv:4:1: \"|none~0|\" is no cell of NAS-Bench-201"));
}

TEST(Table, IsReadFromTheSharedNasBench201) {
  const char* folder = std::getenv("EDGEWISE_SHARED_DATA");
  const auto path = std::filesystem::path(folder ? folder : "") / "tabular" / "nb201_cifar10.csv.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const auto text = read_text(path);
  const auto table = make_table(
      "table: x\nparameters: [{split: ops}]\nobjectives: [{name: error, value: 100 - test_acc_e200}, {name: "
      "edgegpu_ms}]\n",
      "x.yaml", text.value(), path.string());
  ASSERT_TRUE(table) << to_text(table.error().front());
  EXPECT_EQ(table->rows().size(), 12'555u);  // the README's number of networks with a latency on this device
  EXPECT_EQ(table->space().size(), 15'625u);
}

}  // namespace
}  // namespace edgewise::replay
