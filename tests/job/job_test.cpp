#include "job/job.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "base/file.hpp"
#include "job/quantity.hpp"
#include "search/bayes/mobo.hpp"
#include "search/free/options.hpp"
#include "search/rungs/options.hpp"
#include "task/box/box.hpp"

namespace edgewise::job {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// What the job tells one strategy.
template <class T>
const T& told(const Job& job, const std::string& strategy) {
  return job.search.settings.of(*search::strategies().find(strategy)).as<T>();
}

TEST(Job, TheShortestUsefulOneHasEveryDefault) {
  const auto job = parse_job("task: box\ndata: builtin:faces\n", "/x/face.yaml");
  ASSERT_TRUE(job) << to_text(job.error().front());
  EXPECT_EQ(job->name, "face");
  EXPECT_EQ(job->space.name, "backbones");
  ASSERT_EQ(job->objectives.size(), 2U);
  EXPECT_EQ(job->objectives[0].name, "iou");
  EXPECT_EQ(job->objectives[0].direction, study::Direction::maximize);
  EXPECT_EQ(job->search.strategy, "auto");
}

TEST(Job, TheDesignsExampleIsUnderstood) {
  const auto job = parse_job(
      "task: box\n"
      "data: {path: faces/, format: voc, input: 96}\n"
      "space: backbones\n"
      "device: local\n"
      "objectives: {iou: maximize, latency_ms: minimize}\n"
      "constraints: [latency_ms < 33, memory_mb < 100]\n"
      "train: {optimizer: adamw, batch: 64}\n"
      "search: {strategy: staged, stages: [{epochs: 10, keep: 8}, {epochs: 30, keep: 2}, {epochs: 60}]}\n"
      "budget: {hours: 5}\n"
      "seed: 1\n",
      "/x/face.yaml");
  ASSERT_TRUE(job) << to_text(job.error().front());
  EXPECT_EQ(job->data.path, "/x/faces/");
  EXPECT_EQ(job->input, 96);
  const auto& stages = told<search::StagedOptions>(*job, "staged").stages;
  ASSERT_EQ(stages.size(), 3U);
  EXPECT_EQ(stages[1].amount, 30);
  EXPECT_EQ(stages[1].keep, 2);
  EXPECT_EQ(job->constraints.size(), 2U);
  EXPECT_EQ(job->budget.hours, 5);
}

TEST(Job, WhatIsPrintedReadsBackAsTheSameJob) {
  const auto job = parse_job(
      "task: classification\ndata: {path: 'a: b', validation_share: 0.1, classes: [cat, 'true']}\nspace: {family: "
      "resnet}\n"
      "constraints: ['memory_mb < 100']\nsearch: {rank: accuracy - latency_ms / 100}\ntrain: {augment: {blur: 0.5}}\n",
      "/x/y.yaml");
  ASSERT_TRUE(job) << to_text(job.error().front());
  const auto again = parse_job(to_yaml(*job), "/x/y.yaml");
  ASSERT_TRUE(again) << to_text(again.error().front()) << to_yaml(*job);
  EXPECT_EQ(to_json(*again), to_json(*job));
  const auto stored = job_from_json(to_json(*job));
  ASSERT_TRUE(stored) << to_text(stored.error());
  EXPECT_EQ(to_json(*stored), to_json(*job));
}

TEST(Job, ARecordKeepsPathsRelativeToTheJobFileWhereverItIsMoved) {
  const auto job = parse_job(
      "task: box\ndata: {path: ../pictures}\ntrain: {weights: w/a.pth}\nsearch: {warm_start: [old.study, "
      "/abs/b.study], "
      "front_of: c.study}\n",
      "/x/y/job.yaml");
  ASSERT_TRUE(job) << to_text(job.error().front());
  EXPECT_EQ(job->data.path, "/x/pictures");
  const Json record = to_record(*job);
  EXPECT_EQ(record["data"]["path"], "../pictures");
  const auto moved = job_from_json(record, "/z/job.yaml");
  ASSERT_TRUE(moved) << to_text(moved.error());
  EXPECT_EQ(moved->data.path, "/pictures");
  EXPECT_EQ(moved->train.weights, "/z/w/a.pth");
  EXPECT_EQ(moved->warm_start, (std::vector<std::string>{"/z/old.study", "/abs/b.study"}));
  EXPECT_EQ(moved->front_of, (std::vector<std::string>{"/z/c.study"}));
  EXPECT_EQ(to_record(*moved)["data"], record["data"]);
}

TEST(Job, TheValidationSplitMayBeCalledAsDataSetsCallIt) {
  for (const std::string name : {"validation", "val", "valid", "dev"}) {
    const auto job =
        parse_job("task: box\ndata: {path: d, splits: {train: /a.txt, " + name + ": /b.txt}}\n", "/x/y.yaml");
    ASSERT_TRUE(job) << to_text(job.error().front());
    EXPECT_EQ(job->data.splits, (std::map<std::string, std::string>{{"train", "/a.txt"}, {"validation", "/b.txt"}}));
  }
  const auto twice = parse_job("task: box\ndata: {path: d, splits: {val: /a.txt, validation: /b.txt}}\n", "/x/y.yaml");
  ASSERT_FALSE(twice);
  EXPECT_THAT(to_text(twice.error().front()), HasSubstr("data.splits names the validation split twice"));
}

TEST(Job, PresenceIsOneLine) {
  const auto job = parse_job("task: classification\ndata: {path: voc, presence: person}\n", "/x/y.yaml");
  ASSERT_TRUE(job) << to_text(job.error().front());
  EXPECT_EQ(job->data.presence, "person");
  EXPECT_EQ(job->data.presence_share, 0.005);
  const auto larger =
      parse_job("task: classification\ndata: {path: voc, presence: {class: dog, share: 0.1}}\n", "/x/y.yaml");
  ASSERT_TRUE(larger) << to_text(larger.error().front());
  EXPECT_EQ(larger->data.presence_share, 0.1);
  EXPECT_EQ(to_json(*job_from_json(to_json(*larger))), to_json(*larger));
  const auto mistake = [](const std::string& text) { return to_text(parse_job(text, "y.yaml").error().front()); };
  EXPECT_THAT(mistake("task: box\ndata: {path: voc, presence: person}\n"), HasSubstr("y.yaml:2:29"));
  EXPECT_THAT(mistake("task: classification\ndata: {path: voc, presence: person, classes: [cat]}\n"),
              HasSubstr("do not go together"));
  EXPECT_THAT(mistake("task: classification\ndata: {path: voc, presence: {class: cat, share: 1}}\n"),
              HasSubstr("share"));
}

TEST(Job, HowPicturesAreReadIsChecked) {
  const auto data = [](const std::string& options) {
    return parse_job("task: box\ndata: {path: tiles, " + options + "}\n", "/x/y.yaml");
  };
  const auto job = data("range: [-12.5, 845], channels: 1, orientation: as_stored");
  ASSERT_TRUE(job) << to_text(job.error().front());
  EXPECT_EQ(job->data.range, (std::array{-12.5, 845.0}));
  EXPECT_EQ(job->data.channels, 1);
  EXPECT_EQ(job->data.orientation, "as_stored");
  const auto again = parse_job(to_yaml(*job), "/x/y.yaml");
  ASSERT_TRUE(again) << to_text(again.error().front()) << to_yaml(*job);
  EXPECT_EQ(to_json(*again), to_json(*job));
  const auto stored = job_from_json(to_json(*job));
  ASSERT_TRUE(stored) << to_text(stored.error());
  EXPECT_EQ(stored->data.range, job->data.range);
  for (const char* range : {"[1]", "[5, 1]", "[1, 1]", "[a, 2]", "[1, 2, 3]", "[0, inf]", "[nan, 2]"}) {
    const auto wrong = data("range: " + std::string(range));
    ASSERT_FALSE(wrong) << range;
    EXPECT_THAT(wrong.error().front().message, HasSubstr("data.range is not two numbers, the lower one first"))
        << range;
  }
  EXPECT_THAT(data("orientation: uprigth").error().front().message, HasSubstr("orientation"));
  EXPECT_FALSE(data("channels: 9"));
}

TEST(Job, OptionsThatAnOlderStudyDoesNotHaveMeanWhatTheyMeantThen) {
  const auto job = parse_job("task: box\ndata: faces\n", "/x/y.yaml");
  ASSERT_TRUE(job);
  EXPECT_EQ(job->data.orientation, "applied");
  Json recorded = to_json(*job);
  for (const char* option : {"orientation", "channels", "range"}) recorded["data"].erase(option);
  const auto older = job_from_json(recorded);
  ASSERT_TRUE(older) << to_text(older.error());
  EXPECT_EQ(older->data.orientation, "as_stored");
  EXPECT_EQ(older->data.channels, 0);
  EXPECT_FALSE(older->data.range.has_value());
}

TEST(Job, APartOfAStrategyIsOneLine) {
  const std::string start = "task: classification\ndata: builtin:drainage\nspace: resnet\n";
  const auto job = parse_job(start +
                                 "search: {strategy: mobo, initial: 7, population: 24, reduction: 4, surrogate: "
                                 "random_forest, acquisition: nehvi, solver: pool, "
                                 "selection: diversity}\n",
                             "/x/y.yaml");
  ASSERT_TRUE(job) << to_text(job.error().front());
  const auto mobo = told<search::MoboOptions>(*job, "mobo");
  EXPECT_EQ(mobo.initial.initial, 7);
  EXPECT_EQ(told<search::InitialOptions>(*job, "tpe").initial, 7);
  EXPECT_EQ(told<search::PopulationOptions>(*job, "nsga2").population, 24);
  for (const char* name : {"halving", "hyperband", "asha"})
    EXPECT_EQ(told<search::RungOptions>(*job, name).reduction, 4) << name;
  EXPECT_EQ(mobo.surrogate, "random_forest");
  EXPECT_EQ(mobo.acquisition, "nehvi");
  EXPECT_EQ(mobo.solver, "pool");
  EXPECT_EQ(mobo.selection, "diversity");
  const auto stored = job_from_json(to_json(*job));
  ASSERT_TRUE(stored) << to_text(stored.error());
  EXPECT_EQ(to_json(*stored), to_json(*job));
  EXPECT_EQ(told<search::RungOptions>(*stored, "asha").reduction, 4);

  const auto wrong = parse_job(
      start + "search: {strategy: mobo, surrogate: random_forrest, acquisition: ehvy, reduction: 1}\n", "/x/y.yaml");
  ASSERT_FALSE(wrong);
  ASSERT_EQ(wrong.error().size(), 3U);
  EXPECT_THAT(to_text(wrong.error()[0]), HasSubstr("random_forest"));
  EXPECT_THAT(to_text(wrong.error()[1]), HasSubstr("ehvi"));
  EXPECT_THAT(to_text(wrong.error()[2]), HasSubstr("reduction"));
}

TEST(Job, RankIsCheckedAgainstTheTask) {
  const auto job =
      parse_job("task: classification\ndata: builtin:drainage\nspace: resnet\nsearch: {rank: iou}\n", "/x/y.yaml");
  ASSERT_FALSE(job);
  EXPECT_THAT(job.error().front().message, HasSubstr("search.rank uses \"iou\", which is not recorded"));
  EXPECT_EQ(job.error().front().where, "/x/y.yaml:4:16");
}

TEST(Job, StartConfigurationsAreCheckedWhereTheyStand) {
  const std::string head =
      "task: classification\ndata: builtin:drainage\nspace: {family: backbones, backbone: [resnet18, vgg11]}\n";
  const auto job = parse_job(head +
                                 "search:\n  start_with:\n    - {backbone: vgg11, learning_rate: 0.001}\n    - "
                                 "{backbone: resnet18, learning_rate: 0.00001}\n"
                                 "  warm_start: [../old.study, a.csv]\n  front_of: b.db\n  repeats: true\n",
                             "/x/y.yaml");
  ASSERT_TRUE(job) << to_text(job.error().front());
  ASSERT_EQ(job->search.common.start_with.size(), 2U);
  EXPECT_EQ(space::to_text(job->search.common.start_with[0]), "backbone=vgg11 learning_rate=0.001");
  EXPECT_EQ(job->warm_start, (std::vector<std::string>{"/old.study", "/x/a.csv"}));
  EXPECT_EQ(job->front_of, (std::vector<std::string>{"/x/b.db"}));
  EXPECT_TRUE(job->repeats);
  const auto again = parse_job(to_yaml(*job), "/x/y.yaml");
  ASSERT_TRUE(again) << to_text(again.error().front()) << to_yaml(*job);
  EXPECT_EQ(to_json(*again), to_json(*job));
  EXPECT_EQ(again->search.common.start_with, job->search.common.start_with);

  const auto wrong = parse_job(
      head +
          "search:\n  start_with:\n    - {backbone: resnet35, learning_rate: 0.001}\n    - {backbone: resnet18}\n    - "
          "3\n"
          "    - {backbone: resnet18, learning_rate: 0.01}\n    - {learning_rate: 0.01, backbone: resnet18}\n",
      "/x/y.yaml");
  ASSERT_FALSE(wrong);
  std::vector<std::string> told;
  for (const auto& error : wrong.error()) told.push_back(error.where + " " + error.message);
  ASSERT_GE(told.size(), 4U);
  EXPECT_THAT(
      told[0],
      HasSubstr("/x/y.yaml:6:7 search.start_with[0]: parameter \"backbone\" is \"resnet35\"; it must be one of"));
  EXPECT_THAT(told[1], HasSubstr("/x/y.yaml:7:7 search.start_with[1]: parameter \"learning_rate\" is missing"));
  EXPECT_THAT(told[2], HasSubstr("/x/y.yaml:8:7 search.start_with[2] must be a section"));
  EXPECT_THAT(told.back(), HasSubstr("/x/y.yaml:10:7 search.start_with[4] is given twice"));
}

std::vector<std::string> told(const std::string& text) {
  const auto job = parse_job("task: classification\ndata: builtin:drainage\n" + text, "/x/y.yaml");
  std::vector<std::string> all;
  if (!job)
    for (const auto& error : job.error())
      all.push_back(error.where + " " + error.message + (error.next.empty() ? "" : " / " + error.next));
  else
    for (const auto& remark : job->remarks)
      all.push_back("remark " + remark.where + " " + remark.message + (remark.next.empty() ? "" : " / " + remark.next));
  return all;
}

TEST(Job, ConstraintsThatNothingKeepsAreMistakes) {
  using testing::ElementsAre;
  EXPECT_THAT(told("constraints: [latency_ms < 5, latency_ms > 10]\n"),
              ElementsAre("/x/y.yaml:3:31 constraint \"latency_ms > 10\" contradicts \"latency_ms < 5\": no value "
                          "keeps both / leave one of them out"));
  EXPECT_THAT(
      told("constraints:\n  - accuracy > 1.5\n  - latency_ms < 0\n  - parameters < 1\n"),
      ElementsAre("/x/y.yaml:4:5 constraint \"accuracy > 1.5\" can never hold: accuracy is at least 0 and at most 1",
                  "/x/y.yaml:5:5 constraint \"latency_ms < 0\" can never hold: latency_ms is above 0",
                  "/x/y.yaml:6:5 constraint \"parameters < 1\" can never hold: parameters is at least 1"));
  EXPECT_THAT(told("constraints: [accuracy >= 90]\n"),
              ElementsAre("/x/y.yaml:3:15 constraint \"accuracy >= 90\" can never hold: accuracy is at least 0 and at "
                          "most 1 / accuracy is a share, not a percentage: write accuracy >= 0.9"));
  EXPECT_THAT(told("constraints: [latency_ms < 33, accuracy > 0.9, memory_mb < 100]\n"), ElementsAre());
}

TEST(Job, WhatIsAllowedButStrangeIsARemark) {
  using testing::ElementsAre;
  EXPECT_THAT(told("objectives: {accuracy: minimize, latency_ms: maximize}\n"),
              ElementsAre("remark /x/y.yaml:3:14 the objective accuracy is minimised, and more of it is better / write "
                          "accuracy: maximize, unless you mean it",
                          "remark /x/y.yaml:3:34 the objective latency_ms is maximised, and less of it is better / "
                          "write latency_ms: minimize, unless you mean it"));
  EXPECT_THAT(told("constraints: [accuracy < 90]\n"),
              ElementsAre("remark /x/y.yaml:3:15 constraint \"accuracy < 90\" always holds: accuracy is at least 0 and "
                          "at most 1 / accuracy is a share, not a percentage: write accuracy < 0.9"));
  EXPECT_THAT(told("objectives: {accuracy: maximize, parameters: minimize}\n"), ElementsAre());
}

TEST(Job, AStudysJobIsNotDoubtedAgain) {
  auto recorded = to_json(parse_job("task: classification\ndata: builtin:drainage\n", "/x/y.yaml").value());
  recorded["constraints"] = {"latency_ms < 5", "latency_ms > 10", "accuracy > 90"};
  recorded["objectives"] = {{"accuracy", "minimize"}};
  const auto job = job_from_json(recorded);
  ASSERT_TRUE(job) << to_text(job.error());
  EXPECT_EQ(job->constraints.size(), 3U);
  EXPECT_TRUE(job->remarks.empty());
}

TEST(Job, StartingWeightsSayWhatMustFit) {
  const std::string start = "task: classification\ndata: builtin:drainage\n";
  const auto fit = [&](const std::string& text) {
    const auto job = parse_job(start + "train: {weights: " + text + "}\n", "/x/y.yaml");
    return job ? job->train.weights + " " + std::string(train::to_text(job->train.weights_fit))
               : job.error().front().message;
  };
  EXPECT_EQ(fit("w.pth"), "/x/w.pth backbone");
  EXPECT_EQ(fit("{path: w.pth}"), "/x/w.pth backbone");
  EXPECT_EQ(fit("{path: w.pth, fit: exact}"), "/x/w.pth exact");
  EXPECT_EQ(fit("{path: /w, fit: partial}"), "/w partial");
  EXPECT_EQ(fit("{path: w.pth, fit: half}"),
            "train.weights.fit \"half\" is not one of \"exact\", \"backbone\", \"partial\", \"cut\" or \"shape\"");
  const auto job = parse_job(start + "train: {weights: {path: w.pth, fit: partial}}\n", "/x/y.yaml");
  const auto again = parse_job(to_yaml(*job), "/x/y.yaml");
  ASSERT_TRUE(again) << to_text(again.error().front());
  EXPECT_EQ(to_json(*again), to_json(*job));
  EXPECT_EQ(job_from_json(to_json(*job))->train.weights_fit, train::Fit::partial);
  EXPECT_EQ(job->places.at("train.weights"), "/x/y.yaml:3:19");
}

TEST(Job, WhatATaskCannotLearnFromIsRefused) {
  const auto mistake = [](const std::string& train) {
    const auto job = parse_job("task: box\ndata: builtin:faces\ntrain: {" + train + "}\n", "/x/y.yaml");
    return job ? "" : job.error().front().message + " at " + job.error().front().where;
  };
  EXPECT_EQ(mistake("mixup: 0.2"),
            "train.mixup mixes pictures, which the task box cannot learn from at /x/y.yaml:3:16");
  EXPECT_EQ(mistake("cutmix: 1"),
            "train.cutmix mixes pictures, which the task box cannot learn from at /x/y.yaml:3:17");
  EXPECT_EQ(
      mistake("teacher: t.onnx"),
      "train.teacher is given, but the task is box: what a teacher says of a picture does not move along with it at "
      "/x/y.yaml:3:18");
  EXPECT_EQ(mistake("average: 0.1, augment: {random: 2, erase: 0.2}"), "");
}

TEST(Job, TheFirstObjectiveThatIsAMetricPicksTheBestEpoch) {
  const auto best_by = [](const std::string& more) {
    const auto job = parse_job("task: classification\ndata: builtin:drainage\n" + more, "/x/y.yaml");
    return job ? job->train.best_by : job.error().front().message;
  };
  EXPECT_EQ(best_by(""), "accuracy");
  EXPECT_EQ(best_by("objectives: {latency_ms: minimize, balanced_accuracy: maximize}\n"), "balanced_accuracy");
  EXPECT_EQ(best_by("objectives: {parameters: minimize}\n"), "accuracy");
  EXPECT_EQ(best_by("objectives: {balanced_accuracy: maximize}\ntrain: {best_by: accuracy}\n"), "accuracy");
  EXPECT_THAT(best_by("train: {best_by: iou}\n"), HasSubstr("is not one of \"accuracy\""));

  // A study from before there was the option goes on as it began.
  const auto job = parse_job(
      "task: classification\ndata: builtin:drainage\nobjectives: {balanced_accuracy: maximize}\n", "/x/y.yaml");
  auto old = to_json(*job);
  old["train"].erase("best_by");
  EXPECT_EQ(job_from_json(old)->train.best_by, "accuracy");
  EXPECT_EQ(go_on(*job, old)->train.best_by, "accuracy");
  EXPECT_EQ(go_on(*job, to_json(*job))->train.best_by, "balanced_accuracy");
}

TEST(Job, ForPretrainingNothingButTheWeightsCounts) {
  const auto job = parse_job(
      "task: box\ndata: {path: faces, input: 96}\nobjectives: {iou: maximize}\nconstraints: [latency_ms < 5]\n"
      "train: {weights: w.pth, epochs: 7}\n",
      "/x/y.yaml");
  ASSERT_TRUE(job);
  const auto own = for_pretraining(*job, "", "").value();
  EXPECT_EQ(own.task->name(), "box");
  EXPECT_EQ(own.data.path, "/x/faces");
  EXPECT_EQ(own.train.weights, "");
  EXPECT_TRUE(own.constraints.empty());
  EXPECT_TRUE(own.train.save_weights);
  const auto other = for_pretraining(*job, "/pictures", "classification").value();
  EXPECT_EQ(other.task->name(), "classification");
  EXPECT_EQ(other.data.path, "/pictures");
  EXPECT_EQ(other.input, 96);
  EXPECT_EQ(other.objectives.front().name, "accuracy");
  EXPECT_EQ(other.train.best_by, "accuracy");
  // The study that keeps it reads it back.
  EXPECT_EQ(to_json(job_from_json(to_json(other)).value()), to_json(other));
  // The other way: what the new task cannot learn from is left out, so that the study can be opened again.
  const auto mixes =
      parse_job("task: classification\ndata: builtin:drainage\ntrain: {mixup: 0.2, cutmix: 1}\n", "/x/y.yaml");
  const auto boxes = for_pretraining(mixes.value(), "/faces", "box").value();
  ASSERT_TRUE(job_from_json(to_json(boxes))) << to_text(job_from_json(to_json(boxes)).error());
  EXPECT_EQ(boxes.train.mixup, 0);
  EXPECT_EQ(for_pretraining(*mixes, "", "")->train.mixup, 0.2);
  EXPECT_EQ(for_pretraining(*job, "/pictures", "clasification").error().code, ErrorCode::invalid_input);
}

TEST(Job, WhatAnOldStudyDoesNotSayMeansWhatItMeantThen) {
  const auto file =
      parse_job("task: classification\ndata: builtin:drainage\ntrain: {weights: w.pth}\n", "/x/y.yaml").value();
  auto old = to_json(file);
  old["train"]["weights"] = "/x/w.pth";  // as it was recorded before there was `fit`
  old["search"]["strategy"] = "random";  // the default then
  const auto then = job_from_json(old);
  ASSERT_TRUE(then) << to_text(then.error());
  EXPECT_EQ(then->train.weights, "/x/w.pth");
  EXPECT_EQ(then->train.weights_fit, train::Fit::half);
  EXPECT_EQ(job_from_json(to_json(*then))->train.weights_fit, train::Fit::half);
  const auto goes_on = go_on(file, old);
  ASSERT_TRUE(goes_on) << to_text(goes_on.error());
  EXPECT_EQ(to_json(*goes_on), to_json(*then));
  // What the file says is what it says.
  const auto explicit_file = parse_job(
                                 "task: classification\ndata: builtin:drainage\ntrain: {weights: {path: w.pth, fit: "
                                 "backbone}}\nsearch: {strategy: auto}\n",
                                 "/x/y.yaml")
                                 .value();
  const auto other = go_on(explicit_file, old);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->train.weights_fit, train::Fit::backbone);
  EXPECT_EQ(other->search.strategy, "auto");
  old["search"].erase("strategy");
  EXPECT_EQ(job_from_json(old)->search.strategy, "random");
  // Models that saw choices alone go on so.
  old["search"].erase("features");
  EXPECT_EQ(job_from_json(old)->search.common.features, "none");
  EXPECT_EQ(go_on(file, old)->search.common.features, "none");
  EXPECT_EQ(file.search.common.features, "all");
}

TEST(Job, EveryQuantityIsDeclaredOnce) {
  for (const auto& [name, task] : task::tasks().entries()) {
    std::set<std::string> names;
    for (const auto& quantity : quantities(*task)) {
      EXPECT_TRUE(names.insert(quantity.name).second) << quantity.name;
      EXPECT_GE(quantity.range.low, 0);
      EXPECT_FALSE(quantity.sentence.empty()) << quantity.name;
    }
    EXPECT_EQ(recorded_values(*task).size(), names.size());
  }
  EXPECT_THAT(
      recorded_values(**task::find_task("box")),
      testing::ElementsAre("iou", "iou50", "validation_loss", "latency_ms", "latency_p90_ms", "latency_p99_ms",
                           "memory_mb", "load_ms", "model_mb", "parameters", "macs", "weight_mb", "activation_mb"));
}

TEST(Job, TheLossOfTheTaskHasItsOptionsAndThoseOfOthersAreKept) {
  const auto job =
      parse_job("task: box\ndata: builtin:faces\ntrain: {box_loss: giou, label_smoothing: 0.25}\n", "j.yaml");
  ASSERT_TRUE(job.has_value());
  EXPECT_EQ(job->train.loss->as<task::BoxLossOptions>().kind, "giou");
  EXPECT_EQ(to_json(*job)["train"]["label_smoothing"], 0.25);
  EXPECT_EQ(job_from_json(to_json(*job))->train.loss->as<task::BoxLossOptions>().kind, "giou");
}

TEST(Job, AStudyIsFoundByFolderNameOrJobFile) {
  EXPECT_EQ(study_folder("face.yaml"), "face.study");
  EXPECT_EQ(study_folder("a/face"), "a/face.study");
  EXPECT_EQ(study_folder("a/face.study"), "a/face.study");
  EXPECT_EQ(study_folder("a/face.study/"), "a/face.study");
}

TEST(Job, TheReferencePageInDocsIsWhatTheProgramPrints) {
  const auto page = read_file(std::filesystem::path(EDGEWISE_SOURCE) / "docs/job-file.md");
  ASSERT_TRUE(page);
  EXPECT_THAT(*page, HasSubstr(option_reference())) << "make it again: edgewise check --options";
}

}  // namespace
}  // namespace edgewise::job
