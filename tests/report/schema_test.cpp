#include "report/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "device/measurement.hpp"
#include "golden.hpp"
#include "report/data_internal.hpp"
#include "sample_study.hpp"

namespace edgewise {
namespace {

using report::Variant;
using testing::ElementsAre;
using testing::IsEmpty;

const report::Beside beside{.quantities = {{.name = "iou", .better = Direction::maximize, .sentence = "overlap"}},
                            .test = {{"0", {{"iou", 0.5}}}}};

TEST(Schema, HoldsForEveryKindOfStudyInBothWritings) {
  for (const auto& study : {sample::staged_study(), sample::resnet_study(40, 3), sample::three_trials(),
                            sample::empty_study(), sample::failed_study(3), sample::hostile_study()}) {
    EXPECT_THAT(report::departures(report::data_of(study, beside, Variant::json), Variant::json), IsEmpty());
    EXPECT_THAT(report::departures(report::data_of(study, beside, Variant::page), Variant::page), IsEmpty());
  }
}

TEST(Schema, NamesThePlaceOfWhatIsOther) {
  auto data = report::data_of(sample::three_trials(), {}, Variant::json);
  data["trials"][1]["id"] = "one";
  data["trials"][2]["state"] = "asleep";
  data["study"].erase("seed");
  data["mood"] = 3;
  data["knee"] = nullptr;
  data["trials"][0]["results"][0]["values"]["iou"] = true;
  EXPECT_THAT(report::departures(data, Variant::json),
              ElementsAre("study: \"seed\" is missing", "trials[0].results[0].values.iou: true is not a number or null",
                          "trials[1].id: \"one\" is not an integer", testing::StartsWith("trials[2].state: \"asleep\""),
                          ": \"mood\" is not declared"));
}

TEST(Schema, KnowsTheTwoWritingsApart) {
  const auto study = sample::three_trials();
  EXPECT_FALSE(report::departures(report::data_of(study, {}, Variant::json), Variant::page).empty());
  EXPECT_FALSE(report::departures(report::data_of(study, {}, Variant::page), Variant::json).empty());
}

TEST(Schema, LeavesOutWhatADeviceSaidInAnotherTypeThanDeclared) {
  EXPECT_EQ(report::conforming({{"latency_ms", "quick"}, {"p90_ms", 2.5}, {"mood", "good"}}, "Measurement"),
            (Json{{"p90_ms", 2.5}, {"mood", "good"}}));
}

/// The report does not know devices; what they write is declared here all the same, name for name.
TEST(Schema, DeclaresAMeasurementAsTheDevicesWriteIt) {
  const auto written = device::to_json(device::Measurement{});
  const auto& declared = report::record("Measurement").fields;
  EXPECT_EQ(written.size(), declared.size());
  for (const auto& field : declared) EXPECT_TRUE(written.contains(field.name)) << field.name;
  EXPECT_EQ(report::conforming(written, "Measurement"), written);
}

TEST(Schema, EveryFieldHasASentenceAndEveryRecordIsOfUse) {
  std::set<std::string> used{"Report", "Curve"};  // the curves stand in a place of their own
  const auto note = [&](this const auto& self, const report::Type& type) -> void {
    if (type.kind == report::Type::Kind::record) used.insert(type.record);
    for (const auto& inner : type.of) self(inner);
  };
  for (const auto& record : report::schema())
    for (const auto& field : record.fields) {
      EXPECT_FALSE(field.sentence.empty()) << record.name << "." << field.name;
      note(field.type);
    }
  for (const auto& record : report::schema()) EXPECT_TRUE(used.contains(record.name)) << record.name;
  EXPECT_EQ(used.size(), report::schema().size());
}

TEST(Schema, IsWhatThePageIsCompiledAgainst) {
  expect_golden(WEB_FOLDER "/schema.ts", report::typescript());
}

}  // namespace
}  // namespace edgewise
