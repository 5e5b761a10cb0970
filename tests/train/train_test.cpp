#include "train/train.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/statistics.hpp"
#include "task/box/box.hpp"
#include "tests/train/synthetic.hpp"

namespace edgewise::train {
namespace {

using ::testing::HasSubstr;

class Faces : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = std::filesystem::temp_directory_path() / ("edgewise-train-" + std::to_string(::getpid()));
    auto loaded =
        data::load({.path = "builtin:faces", .validation_share = 0.25, .test_share = 0.2, .count = 80}, task::box());
    ASSERT_TRUE(loaded.has_value()) << to_text(loaded.error());
    set = new data::DataSet(std::move(*loaded));
    auto opened = data::open_cache(*set, 32, folder);
    ASSERT_TRUE(opened.has_value()) << to_text(opened.error());
    cache = new data::Cache(std::move(*opened));
  }
  static void TearDownTestSuite() {
    delete cache;
    delete set;
    std::filesystem::remove_all(folder);
  }
  static inline std::filesystem::path folder;
  static inline data::DataSet* set = nullptr;
  static inline data::Cache* cache = nullptr;
};

TEST_F(Faces, AreMemorisedAndTheBestWeightsJudgedAgain) {
  const auto graph = small_network(32, 4);
  Request request{.graph = &graph, .set = set, .cache = cache, .epochs = 100};
  request.settings.augment = {.flip = false};
  request.settings.batch = 16;
  request.settings.learning_rate = 5e-3;
  const auto outcome = train(request);
  ASSERT_TRUE(outcome.has_value()) << to_text(outcome.error());
  EXPECT_EQ(outcome->curve.size(), 100U);
  EXPECT_LT(outcome->curve.back().train_loss, 0.6 * outcome->curve.front().train_loss);
  const auto validation = evaluate(graph, outcome->best_weights, *set, *cache, data::Split::validation);
  const auto training = evaluate(graph, outcome->best_weights, *set, *cache, data::Split::train);
  ASSERT_TRUE(validation && training);
  // Were boxes paired with wrong pictures, or judged otherwise than trained, no network would beat the best constant
  // box.
  const double constant = data::baseline(*set).at("iou").get<double>();
  EXPECT_GT(training->metrics.at("iou"), constant + 0.05);
  EXPECT_NEAR(validation->metrics.at("iou"), outcome->best.metrics.at("iou"), 1e-5);
  EXPECT_NEAR(validation->loss, outcome->best.loss, 1e-5);
}

TEST_F(Faces, ArePredictedAsTheyAreJudged) {
  const auto graph = small_network(32, 4);
  Request request{.graph = &graph, .set = set, .cache = cache, .epochs = 1};
  const auto outcome = train(request);
  ASSERT_TRUE(outcome.has_value());
  const auto norm = normalisation(3);
  std::vector<float> inputs;
  const auto pixels = cache->pixels(0);
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < 32 * 32; ++i)
      inputs.push_back((static_cast<float>(pixels[i * 3 + c]) / 255.0F - norm.mean[c]) / norm.deviation[c]);
  }
  const auto one = predict(graph, outcome->best_weights, inputs);
  ASSERT_TRUE(one.has_value()) << to_text(one.error());
  EXPECT_EQ(one->size(), 4U);
  auto twice = inputs;
  twice.insert(twice.end(), inputs.begin(), inputs.end());
  const auto two = predict(graph, outcome->best_weights, twice);
  ASSERT_TRUE(two.has_value());
  ASSERT_EQ(two->size(), 8U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR((*two)[4 + i], (*one)[i], 1e-5);
  inputs.pop_back();
  EXPECT_THAT(predict(graph, outcome->best_weights, inputs).error().message,
              HasSubstr("no whole number of inputs 3x32x32"));
}

TEST_F(Faces, OfAnotherSizeAreRefused) {
  const auto graph = small_network(16, 4);
  const auto outcome = train({.graph = &graph, .set = set, .cache = cache});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().message, "the network's input is 3x16x16, the pictures are 3x32x32");
}

TEST_F(Faces, CannotBeTrainedWithAFolderOfOtherWeights) {
  const auto graph = small_network(32, 4);
  Request request{.graph = &graph, .set = set, .cache = cache};
  request.settings.weights = folder.string();
  EXPECT_THAT(train(request).error().message, HasSubstr("there is no .pth or .safetensors file"));
  request.settings.weights = "/nowhere/resnet18.pth";
  EXPECT_THAT(to_text(train(request).error()), HasSubstr("/nowhere/resnet18.pth"));
}

}  // namespace
}  // namespace edgewise::train
