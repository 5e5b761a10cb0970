#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(Page, HoldsTheStudyAndLoadsNothing) {
  const auto page =
      report::html_page(sample::three_trials(), {{"0", "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>"}});
  EXPECT_THAT(page,
              HasSubstr("default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"));
  EXPECT_FALSE(std::regex_search(page.substr(0, page.find("<style>")), std::regex("https?://")));
  EXPECT_EQ(count_of(page, " src=\""), 0U);
  const auto data = embedded(page, "report-data");
  EXPECT_EQ(data["trials"].size(), 4U);
  EXPECT_EQ(data["trials"][0]["curve"]["validation_loss"], (Json{0.625, 0.375}));
  EXPECT_EQ(data["trials"][0]["curve"]["metrics"]["iou"], (Json{0.4375, 0.875}));
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

TEST(Page, LeavesConfusionMatricesOutThatNobodyCouldRead) {
  auto study = sample::resnet_study(1, 2);
  EXPECT_TRUE(embedded(report::html_page(study, {}), "report-data")["trials"][0]["results"][0]["details"].contains(
      "confusion"));
  study.trials[0].results[0].details["confusion"] = Json(std::vector<std::vector<int>>(200, std::vector<int>(200, 1)));
  EXPECT_FALSE(embedded(report::html_page(study, {}), "report-data")["trials"][0]["results"][0]["details"].contains(
      "confusion"));
}

}  // namespace
}  // namespace edgewise
