#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <regex>

#include "base/json.hpp"
#include "report/report.hpp"
#include "sample_study.hpp"

namespace edgewise {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// The JSON that the page holds, as a browser would cut it out.
Json embedded(const std::string& page, const std::string& id) {
  const auto start = page.find('>', page.find("id=\"" + id + "\"")) + 1;
  return Json::parse(page.substr(start, page.find("</script>", start) - start));
}

/// The text that stands in the page as zlib in Base64.
std::string unpacked(const std::string& base64) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0, count = 0;
  for (const char c : base64) {
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<unsigned>(digit);
    if (count = count + 6; count >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 0xFFU);
  }
  std::string text(1'000'000, '\0');
  auto size = static_cast<uLongf>(text.size());
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(text.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                       static_cast<uLong>(bytes.size())),
            Z_OK);
  text.resize(size);
  return text;
}

TEST(Page, HoldsTheStudyAndLoadsNothing) {
  const auto page =
      report::html_page(sample::three_trials(), {{"0", "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>"}});
  EXPECT_THAT(page,
              HasSubstr("default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"));
  EXPECT_FALSE(std::regex_search(page.substr(0, page.find("<style>")), std::regex("https?://")));
  EXPECT_EQ(count_of(page, " src=\""), 0U);
  const auto data = embedded(page, "report-data");
  EXPECT_EQ(data["trials"].size(), 4U);
  const auto curves = Json::parse(unpacked(embedded(page, "report-curves")[0]));
  EXPECT_EQ(curves.size(), 4U);
  EXPECT_EQ(curves[0]["validation_loss"], (Json{0.625, 0.375}));
  EXPECT_EQ(curves[0]["metrics"]["iou"], (Json{0.4375, 0.875}));
  EXPECT_TRUE(curves[3]["epoch"].empty());
  // zlib's header, deflate with the best compression: 78 da, in Base64 "eN".
  EXPECT_TRUE(embedded(page, "report-drawings")["0"].get<std::string>().starts_with("eN"));
}

TEST(Page, LetsNoTextOfAStudyOutOfItsPlace) {
  const auto harmless = report::html_page(sample::three_trials(), {});
  const auto page = report::html_page(sample::hostile_study(), {{"0", "</script><script>window.hacked=1</script>"}});
  EXPECT_EQ(count_of(page, "</script"), count_of(harmless, "</script"));
  EXPECT_EQ(count_of(page, "<script"), count_of(harmless, "<script"));
  EXPECT_EQ(count_of(page, "<img"), count_of(harmless, "<img"));
  EXPECT_EQ(count_of(page, "<!--"), count_of(harmless, "<!--"));
  EXPECT_EQ(embedded(page, "report-data")["study"]["name"], sample::hostile_study().settings.name);
}

TEST(Page, OfAHundredTrialsIsSmallerThanAMegabyte) {
  EXPECT_LT(report::html_page(sample::staged_study(), {}).size(), 1'000'000U);
  EXPECT_LT(report::html_page(sample::resnet_study(100, 3), {}).size(), 1'000'000U);
}

TEST(Page, StandsForStudiesWithLittleInThem) {
  EXPECT_THAT(report::html_page(sample::empty_study(), {}), HasSubstr("no trials yet"));
  EXPECT_EQ(embedded(report::html_page(sample::failed_study(3), {}), "report-data")["front"].size(), 0U);
  EXPECT_EQ(embedded(report::html_page(sample::resnet_study(1, 2), {}), "report-data")["front"].size(), 1U);
  EXPECT_EQ(embedded(report::html_page(sample::resnet_study(500, 2), {}), "report-data")["trials"].size(), 500U);
}

TEST(Page, KeepsFiveDigitsOfACurveAndNoNumberThatIsNotOne) {
  auto study = sample::three_trials();
  study.trials[0].curve[0].train_loss = std::nan("");
  study.trials[0].curve[0].validation_loss = 1.23456789;
  study.trials[0].curve[1].validation_loss = 12345678;
  study.trials[0].curve[1].metrics.clear();
  const auto curve = Json::parse(unpacked(embedded(report::html_page(study, {}), "report-curves")[0]))[0];
  EXPECT_TRUE(curve["train_loss"][0].is_null());
  EXPECT_EQ(curve["validation_loss"], (Json{1.2346, 12346000.0}));
  EXPECT_EQ(curve["metrics"]["iou"], (Json{0.4375, nullptr}));
}

TEST(Page, KeepsTheCurvesOfManyTrialsInTheirOrder) {
  auto study = sample::resnet_study(600, 2);
  const auto parts = embedded(report::html_page(study, {}), "report-curves");
  std::size_t id = 0;
  for (const auto& part : parts)
    for (const auto& curve : Json::parse(unpacked(part))) {
      EXPECT_EQ(curve["epoch"].size(), 8U);
      EXPECT_NEAR(curve["train_loss"][0].get<double>(), study.trials[id++].curve[0].train_loss, 1e-4);
    }
  EXPECT_EQ(id, 600U);
}

TEST(Page, LeavesConfusionMatricesOutThatNobodyCouldRead) {
  auto study = sample::resnet_study(1, 2);
  EXPECT_TRUE(embedded(report::html_page(study, {}), "report-data")["trials"][0]["results"][0]["details"].contains(
      "confusion"));
  study.trials[0].results[0].details["confusion"] = Json(std::vector<std::vector<int>>(200, std::vector<int>(200, 1)));
  EXPECT_FALSE(embedded(report::html_page(study, {}), "report-data")["trials"][0]["results"][0]["details"].contains(
      "confusion"));
}

TEST(Page, WithoutScriptsALongStudyShowsItsFrontAlone) {
  auto study = sample::three_trials();
  EXPECT_NE(report::html_page(study, {}).find("All trials, best first:"), std::string::npos);
  while (study.trials.size() <= 1000) {
    study.trials.push_back(study.trials.front());
    study.trials.back().id.value = static_cast<std::int64_t>(study.trials.size()) - 1;
  }
  const auto page = report::html_page(study, {});
  EXPECT_EQ(page.find("All trials, best first:"), std::string::npos);
  EXPECT_NE(page.find("The Pareto front:"), std::string::npos);
}

}  // namespace
}  // namespace edgewise
