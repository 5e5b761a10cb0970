// Who may change a study, and when.
#include "run/session.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <format>

#include "base/file.hpp"
#include "tests/run/fixture.hpp"

namespace edgewise::run {
namespace {

using testing::HasSubstr;
using testing::Not;

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

TEST_F(Searching, AStudyOfAProgramThatLackedAnOptionGoesOn) {
  study::Settings settings;
  study::Trial trial{.fidelity = study::Fidelity::training(1), .seed = 1};
  {
    const auto session = start_study(job(), place());
    ASSERT_TRUE(session.has_value()) << to_text(session.error());
    settings = session->storage->settings().value();
    auto random = RandomStream::named(1, "a trial");
    trial.choice = session->family.space.sample(random).value();
  }
  EXPECT_TRUE(settings.job["frame"]["data"]["account"].is_null());  // of a built-in set
  std::filesystem::remove_all(place());
  settings.job["data"].erase("presence");
  settings.job["frame"].erase("data");
  {
    std::filesystem::create_directories(place());
    const auto storage = study::create_storage(place(), settings);
    ASSERT_TRUE(storage.has_value()) << to_text(storage.error());
    ASSERT_TRUE((*storage)->add({trial}, 0).has_value());
  }
  const auto again = start_study(job(), place());
  EXPECT_TRUE(again.has_value()) << to_text(again.error());
  const auto other = start_study(job("train: {epochs: 3}\n"), place());
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::conflict);
}

TEST_F(Searching, AnOlderStudyGoesOnWithWhatItsAbsentOptionsMeant) {
  ASSERT_TRUE(search("search: {strategy: grid}\n").has_value());
  auto settings = study_.settings;
  for (const char* option : {"orientation", "channels", "range"}) settings.job["data"].erase(option);
  const auto older = folder_ / "older.study";
  std::filesystem::create_directories(older);
  {
    const auto storage = study::create_storage(older, settings);
    ASSERT_TRUE(storage.has_value()) << to_text(storage.error());
    study::Trial trial;
    trial.choice = study_.trials.front().choice;
    trial.fidelity = study::Fidelity::training(1);
    ASSERT_TRUE((*storage)->add({trial}, 0).has_value());
  }
  const auto started = start_study(job("search: {strategy: grid}\n"), older);
  ASSERT_TRUE(started.has_value()) << to_text(started.error());
  EXPECT_EQ(started->job.data.orientation, "as_stored");
  EXPECT_EQ(started->set.spec.orientation, "as_stored");
  EXPECT_EQ(start_study(job("search: {strategy: grid}\n"), folder_ / "newer.study")->job.data.orientation, "applied");
}

/// A project as a user has it: a folder with a job file, which names its pictures and its study relative to itself.
class Project : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("EDGEWISE_LOCKS", (folder_ / "locks").c_str(), 1);
    place_ = folder_ / "here";
    for (int i = 0; i < 12; ++i) write_picture(i, i);
    ASSERT_TRUE(write_file(job_file(),
                           "task: classification\ndata: {path: data, input: 32, validation_share: 0.4}\n"
                           "space: {family: backbones, backbone: [squeezenet1_1], learning_rate: [0.001, 0.01]}\n"
                           "objectives: {latency_ms: minimize}\nsearch: {strategy: grid}\ntrain: {epochs: 1}\n"));
  }
  void TearDown() override { ::unsetenv("EDGEWISE_LOCKS"); }

  [[nodiscard]] std::filesystem::path job_file() const { return place_ / "job.yaml"; }
  [[nodiscard]] std::filesystem::path picture(int i) const {
    return place_ / "data" / (i % 2 == 0 ? "even" : "odd") / std::format("p{}.bmp", i);
  }
  /// 8 x 8 pixels of one colour, uncompressed.
  void write_picture(int i, int shade) const {
    std::filesystem::create_directories(picture(i).parent_path());
    const auto number = [](std::uint32_t value, int count) {
      std::string bytes;
      for (int k = 0; k < count; ++k) bytes += static_cast<char>(value >> (8 * k) & 0xFF);
      return bytes;
    };
    const std::string pixels(std::size_t{8} * 8 * 3, static_cast<char>(20 * shade));
    ASSERT_TRUE(write_file(picture(i), "BM" + number(54 + 192, 4) + number(0, 4) + number(54, 4) + number(40, 4) +
                                           number(8, 4) + number(8, 4) + number(1, 2) + number(24, 2) + number(0, 4) +
                                           number(192, 4) + std::string(16, '\0') + pixels));
  }
  [[nodiscard]] Result<Session> start(const Start& how = {}) const {
    const auto job = job::read_job(job_file());
    if (!job) return std::unexpected(job.error().front());
    return start_study(*job, place_ / "job.study", how);
  }
  void search() {
    auto session = start();
    ASSERT_TRUE(session.has_value()) << to_text(session.error());
    const auto strategy = make_strategy(*session);
    const auto summary = run_search(*session, strategy->get(), {}, said_);
    ASSERT_TRUE(summary.has_value()) << to_text(summary.error());
    EXPECT_EQ(summary->counts.at(study::State::complete), 2U);
  }

  TestFolder folder_;
  std::filesystem::path place_;
  Said said_;
};

TEST_F(Project, GoesOnWhereItWasMovedTo) {
  search();
  std::filesystem::rename(place_, folder_ / "there");
  place_ = folder_ / "there";
  const auto session = start();
  ASSERT_TRUE(session.has_value()) << to_text(session.error());
  EXPECT_EQ(session->job.data.path, (place_ / "data").string());
  EXPECT_EQ(session->storage->settings()->job["data"]["path"], "data") << "as the job file says it";
  // What a worker reads, given the place of the job file.
  const auto job = job::job_from_json(session->storage->settings()->job, job_file());
  ASSERT_TRUE(job.has_value());
  EXPECT_EQ(job->data.path, (place_ / "data").string());
}

TEST_F(Project, NoticesPicturesThatWereReplacedUnderTheirNames) {
  search();
  std::filesystem::last_write_time(picture(2), std::filesystem::file_time_type::clock::now());
  EXPECT_TRUE(start().has_value()) << "another time is no other picture";
  write_picture(3, 11);
  const auto replaced = start();
  ASSERT_FALSE(replaced.has_value());
  EXPECT_EQ(replaced.error().code, ErrorCode::conflict);
  EXPECT_THAT(replaced.error().message,
              testing::AllOf(HasSubstr("the pictures (\"odd/p3.bmp\") of"), HasSubstr("have changed since the study")));
  std::filesystem::remove(place_ / "job.study" / "pictures.txt");
  EXPECT_FALSE(start().has_value()) << "the study itself knows it, too";
  write_picture(3, 3);
  EXPECT_TRUE(start().has_value()) << "put back";
}

TEST_F(Project, IsCheckedBeforeItsStudyIsMadeAndWhileItHasTrialsToRun) {
  int asked = 0;
  Start how{.check = [&](const Session&) -> Status {
    ++asked;
    return invalid("not ready");
  }};
  EXPECT_FALSE(start(how).has_value());
  EXPECT_FALSE(std::filesystem::exists(place_ / "job.study")) << "no study is left behind";
  EXPECT_TRUE(start().has_value());
  EXPECT_FALSE(start(how).has_value()) << "nothing was tried yet";
  search();
  EXPECT_TRUE(start(how).has_value()) << "all has ended";
  EXPECT_EQ(asked, 2);
  how.will_run = true;
  EXPECT_FALSE(start(how).has_value());
}

class Costing : public Searching {
 protected:
  /// A session of an `auto` search in a large space with a budget of ten hours.
  Result<Session> session(const std::string& budget = "{hours: 10}") {
    space_ =
        "{family: backbones, backbone: [squeezenet1_1, shufflenet_v2_x0_5, mnasnet0_5], learning_rate: {low: 0.0001, "
        "high: 0.01}}";
    return start_study(job("search: {strategy: auto, trials: 30}\ntrain: {epochs: 27}\nbudget: " + budget + "\n"),
                       place());
  }
  static CostModel model(double seconds_per_image) { return CostModel({{1e6, {{1, seconds_per_image}}}}); }
  /// One thread each, which is all that the models here know.
  static Staffing staffing(int workers) {
    return {.workers = workers, .wish = {.workers = {}, .threads = 1}, .why = {}};
  }
  /// What `auto` says that it takes.
  std::string taken(double seconds_per_image, int workers = 1) {
    auto opened = session();
    EXPECT_TRUE(opened.has_value());
    const auto price = price_at_start(*opened, model(seconds_per_image), staffing(workers), stop_);
    EXPECT_TRUE(price.has_value());
    return make_strategy(*opened, *price).value()->ask(opened->storage->load().value(), 1).value().note;
  }
  std::atomic<bool> stop_ = false;
};

TEST_F(Costing, TheBudgetIsThatOfAllWorkersAndTheSmallerOfHoursAndEpochs) {
  auto opened = session("{hours: 2, epochs: 54}");
  ASSERT_TRUE(opened.has_value()) << to_text(opened.error());
  const auto price = price_at_start(*opened, model(0.01), staffing(3), stop_);
  ASSERT_TRUE(price.has_value()) << to_text(price.error());
  EXPECT_GT(price->evaluation_s, 5);                           // the measurement alone is expected to take that
  EXPECT_DOUBLE_EQ(price->budget_s, 2 * price->evaluation_s);  // 54 epochs are two trainings
  std::filesystem::remove(place() / "price.json");
  EXPECT_DOUBLE_EQ(price_at_start(*opened, model(10'000), staffing(3), stop_)->budget_s, 3 * 7200);
}

TEST_F(Costing, WhatWasExpectedAtTheStartHoldsWhenTheSearchGoesOn) {
  const double costly = 10;  // 27 epochs of some 35 pictures: the ten hours pay for four
  EXPECT_THAT(taken(costly), HasSubstr("strategy auto takes halving"));
  EXPECT_THAT(taken(1e-6, 8), HasSubstr("strategy auto takes halving")) << "another machine, more workers";
  {
    auto opened = session();
    const auto price = price_at_start(*opened, model(1e-6), staffing(1), stop_);
    const auto strategy = make_strategy(*opened, *price);
    SearchOptions options;
    std::atomic<bool> stop = false;
    said_.on_show = [&](const Moment& moment) { stop = moment.done >= 3; };
    options.stop = &stop;
    const auto stopped = run_search(*opened, strategy->get(), options, said_);
    ASSERT_TRUE(stopped.has_value()) << to_text(stopped.error());
    ASSERT_EQ(stopped->ending, Ending::interrupted);
    EXPECT_TRUE(said_.has("strategy auto takes halving"));
  }
  EXPECT_THAT(taken(1e-6), Not(HasSubstr("mobo")));
  std::filesystem::remove(place() / "price.json");
  EXPECT_THAT(taken(costly), HasSubstr("strategy auto takes mobo")) << "begun by a version that did not look at costs";
}

TEST_F(Costing, ATimingThatWasStoppedIsNotRemembered) {
  auto opened = session();
  stop_ = true;
  EXPECT_EQ(price_at_start(*opened, model(10), staffing(1), stop_)->evaluation_s, 0);
  stop_ = false;
  EXPECT_GT(price_at_start(*opened, model(10), staffing(1), stop_)->evaluation_s, 0);
}

TEST_F(Costing, WhatCannotBeTimedIsNotGuessedLater) {
  auto opened = session();
  EXPECT_EQ(price_at_start(*opened, CostModel{}, staffing(1), stop_)->evaluation_s, 0);
  EXPECT_EQ(price_at_start(*opened, model(10), staffing(1), stop_)->evaluation_s, 0);
}

TEST_F(Costing, AFileThatTellsNothingIsAnError) {
  auto opened = session();
  ASSERT_TRUE(write_file(place() / "price.json", R"({"evaluation_s": "much"})"));
  const auto price = price_at_start(*opened, model(10), staffing(1), stop_);
  ASSERT_FALSE(price.has_value());
  EXPECT_THAT(price.error().message, HasSubstr("does not tell what an evaluation costs"));
}

}  // namespace
}  // namespace edgewise::run
