#include "task/classification/classification.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace edgewise::task {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

picture::Annotation of_class(std::int64_t label) {
  return {.width = 10, .height = 10, .marks = {}, .labels = {label}, .mask = {}};
}

TEST(Classification, TargetIsTheClass) {
  EXPECT_THAT(classification().target(of_class(2), 3).value(), ElementsAre(2.0F));
  EXPECT_EQ(classification().target(of_class(3), 3).error().message, "the class 3 of a picture is not in [0, 2]");
  EXPECT_THAT(classification().target({}, 3).error().message, HasSubstr("has 0 classes"));
}

TEST(Classification, TheFirstLargestScoreWinsAndWhatIsNoNumberCountsAsLargest) {
  constexpr float none = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(largest(std::vector{1.F, 3.F, 3.F, 2.F}), 1U);
  EXPECT_EQ(largest(std::vector{1.F, none, 9.F, none}), 1U);
  EXPECT_EQ(largest(std::vector{-2.F, -1.F, -3.F}), 1U);
}

TEST(Classification, JudgesByAConfusionMatrix) {
  Targets targets;
  for (const float label : {0.F, 0.F, 0.F, 2.F}) targets.add(std::vector{label});
  const auto judge = classification().judge(3);
  judge->add(std::vector{1.F, 0.F, 0.F, /**/ 1.F, 0.F, 0.F, /**/ 0.F, 1.F, 0.F, /**/ 0.F, 1.F, 0.F}, targets);
  const auto judgement = judge->finish();
  EXPECT_DOUBLE_EQ(judgement.metrics.at("accuracy"), 0.5);
  EXPECT_DOUBLE_EQ(judgement.metrics.at("balanced_accuracy"), (2.0 / 3 + 0) / 2);  // class 1 does not occur
  EXPECT_EQ(judgement.details["confusion"], Json({{2, 1, 0}, {0, 0, 0}, {0, 1, 0}}));
}

TEST(Classification, BaselineIsTheMajorityClassOfTheTrainingPictures) {
  const auto a = of_class(0), b = of_class(1);
  const std::vector training{&b, &a, &b}, validation{&a, &b, &a, &a};
  const Json json = classification().baseline(training, validation, {"ant", "bee"});
  EXPECT_EQ(json["class"], "bee");
  EXPECT_DOUBLE_EQ(json["accuracy"], 0.25);
  EXPECT_DOUBLE_EQ(json["balanced_accuracy"], 0.5);
}

TEST(Classification, HeadIsTheNetworksOwnClassifier) {
  graph::GraphBuilder builder({6, 4, 4});
  const graph::Features features{.maps = {{builder.input(), 1}}, .classifier = [&](std::int64_t outputs) {
                                   const auto flat = builder.add(graph::Reshape{{96}}, {builder.input()}, "flat");
                                   return builder.add(graph::Linear{outputs}, {flat}, "fc");
                                 }};
  const auto graph = std::move(builder).finish(classification().put_head(builder, features, 7)).value();
  EXPECT_EQ(graph.node(graph.output()).name, "fc");
  EXPECT_EQ(graph.output_shape(), graph::Shape{7});
}

}  // namespace
}  // namespace edgewise::task
