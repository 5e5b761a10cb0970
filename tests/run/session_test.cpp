// Who may change a study, and when.
#include "run/session.hpp"

#include "tests/run/fixture.hpp"

namespace edgewise::run {
namespace {

using testing::HasSubstr;

TEST_F(Searching, AnEmptyStudyIsMadeAnewWhenItsJobHasChanged) {
  ASSERT_TRUE(start_study(job("seed: 1\n"), place()).has_value());
  const auto changed = start_study(job("seed: 2\n"), place());
  ASSERT_TRUE(changed.has_value()) << to_text(changed.error());
  EXPECT_EQ(changed->storage->settings()->seed, 2U);
}

TEST_F(Searching, AnEmptyStudyIsNotTakenFromAnotherSearchThatIsAboutToBegin) {
  const auto first = start_study(job("seed: 1\n"), place());
  ASSERT_TRUE(first.has_value()) << to_text(first.error());
  const auto second = start_study(job("seed: 2\n"), place());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_THAT(second.error().message, HasSubstr("another search runs the study"));
  EXPECT_EQ(first->storage->settings()->seed, 1U);
  EXPECT_EQ(read_study(place())->settings.seed, 1U);
}

TEST_F(Searching, AStudyWithTrialsKeepsItsSettings) {
  ASSERT_TRUE(search("search: {strategy: grid}\ntrain: {epochs: 1}\n").has_value());
  const auto changed = start_study(job("search: {strategy: grid}\ntrain: {epochs: 2}\n"), place());
  ASSERT_FALSE(changed.has_value());
  EXPECT_EQ(changed.error().code, ErrorCode::conflict);
  EXPECT_THAT(changed.error().message, HasSubstr("train.epochs: 1 there, 2 in the job file"));
}

}  // namespace
}  // namespace edgewise::run
