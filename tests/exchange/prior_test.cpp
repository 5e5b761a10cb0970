// Trials of others, as far as they fit.
#include "exchange/prior.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/file.hpp"
#include "exchange/optimize.hpp"
#include "exchange/optuna.hpp"
#include "tests/test_folder.hpp"

namespace edgewise::exchange {
namespace {

using study::State;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* prior_problem_text = R"(parameters:
  kind: [a, "0.5", b]
  n: {type: integer, low: 0, high: 9, step: 3}
  k: {type: integer, low: 1, high: 64, log: true, when: {kind: [a]}}
  x: {type: real, low: 1e-5, high: 1, log: true}
objectives: {error: minimize, speed: maximize}
constraints: [latency_ms < 33]
)";

Problem problem() {
  return parse_problem(prior_problem_text, "p.yaml").value();
}

/// One trial of every state.
study::Study example_study() {
  study::Study study{.settings = study_settings(problem(), {})};
  study.settings.created = "2026-11-20T22:07:32Z";
  const auto add = [&](space::Choice choice, State state, const std::map<std::string, double>& values,
                       const std::string& reason = {}) {
    study::Trial trial{.id = {static_cast<std::int64_t>(study.trials.size())},
                       .choice = std::move(choice),
                       .state = state,
                       .reason = reason};
    if (!values.empty())
      trial.results.push_back({.fidelity = study::Fidelity::training(1),
                               .values = study::values_of(study::Source::told, values),
                               .finished = "2026-11-20T22:09:00Z"});
    study.trials.push_back(std::move(trial));
  };
  add({{"kind", "a"}, {"n", std::int64_t{3}}, {"k", std::int64_t{64}}, {"x", 1e-5}}, State::complete,
      {{"error", 0.1}, {"speed", 2}, {"latency_ms", 40}});
  add({{"kind", "0.5"}, {"n", std::int64_t{9}}, {"x", 0.3}}, State::complete,
      {{"error", 0.1 + 0.2}, {"speed", 1e10}, {"latency_ms", 3}});
  add({{"kind", "b"}, {"n", std::int64_t{0}}, {"x", 1.0}}, State::failed, {}, "out of memory");
  add({{"kind", "b"}, {"n", std::int64_t{6}}, {"x", 1.0}}, State::pruned, {}, "its loss was NaN");
  add({{"kind", "b"}, {"n", std::int64_t{9}}, {"x", 1.0}}, State::rejected, {}, "known before");
  add({{"kind", "b"}, {"n", std::int64_t{3}}, {"x", 0.5}}, State::running, {});
  add({{"kind", "b"}, {"n", std::int64_t{3}}, {"x", 0.25}}, State::waiting, {});
  return study;
}

TEST(Fit, TakesWhatTheSpaceHasAndTellsWhatItLeavesOut) {
  const auto p = problem();
  const std::map<std::string, double> values{{"error", 1}, {"speed", 2}};
  const std::vector<ForeignTrial> foreign{
      {{{"kind", "b"}, {"n", 3}, {"x", 0.5}, {"other", 7}}, values, State::complete, ""},
      {{{"kind", 0.5}, {"n", 3.0}, {"k", 4}, {"x", 1}},
       values,
       State::complete,
       ""},  // a number for a category, an inactive parameter
      {{{"kind", "c"}, {"n", 3}, {"x", 0.5}}, values, State::complete, ""},
      {{{"kind", "b"}, {"n", 3}}, values, State::complete, ""},
      {{{"kind", "b"}, {"n", 0}, {"x", 0.5}}, {{"error", 1}}, State::complete, ""},
      {{{"kind", "b"}, {"n", 0}, {"x", 0.5}}, {}, State::running, ""},
      {{{"kind", "a"}, {"n", "6"}, {"k", "8"}, {"x", "0.125"}}, {}, State::failed, "why"}};
  const auto fitted = fit(foreign, p.space, {p.objectives, {}, {"error", "speed"}}, "t.db");
  ASSERT_EQ(fitted.trials.size(), 3U);
  EXPECT_EQ(space::to_text(fitted.trials[0].choice), "kind=b n=3 x=0.5");
  EXPECT_EQ(space::to_text(fitted.trials[1].choice), "kind=0.5 n=3 x=1");
  EXPECT_EQ(space::to_text(fitted.trials[2].choice), "k=8 kind=a n=6 x=0.125");
  EXPECT_EQ(fitted.trials[2].state, State::failed);
  EXPECT_THAT(
      fitted.remarks,
      ElementsAre(
          "t.db: 1 value of parameters that the space does not have were left out",
          HasSubstr(
              "t.db: 2 trials left out that the space does not have, the first because parameter \"kind\" is \"c\""),
          "t.db: 1 trial left out that had not ended", "t.db: 1 trial left out that lacked an objective"));
}

TEST(Fit, LeavesOutWhatAConstraintCannotBeCheckedOn) {
  const auto p = problem();
  const auto trial = [](double x, std::map<std::string, double> more, bool is_infeasible = false) {
    more.insert({{"error", 1}, {"speed", 2}});
    return ForeignTrial{{{"kind", "b"}, {"n", 3}, {"x", x}}, std::move(more), State::complete, "", is_infeasible};
  };
  const auto fitted = fit({trial(0.1, {{"latency_ms", 50}}), trial(0.2, {{"latency_ms", 20}}), trial(0.3, {}),
                           trial(0.4, {{"latency_ms", 10}}, true), trial(0.5, {{"latency_ms", 40}}, true)},
                          p.space, {p.objectives, p.constraints, p.told}, "t.db");
  ASSERT_EQ(fitted.trials.size(), 4U);
  EXPECT_EQ(fitted.trials[0].state, State::complete);
  EXPECT_EQ(fitted.trials[2].state, State::rejected);  // it broke a constraint that is not named here
  EXPECT_EQ(fitted.trials[2].reason, "it broke a constraint there");
  EXPECT_EQ(fitted.trials[3].state, State::complete);  // what it broke is named here: its values say so
  EXPECT_THAT(fitted.remarks, ElementsAre("t.db: 1 trial left out that lacked a value which a constraint needs",
                                          "t.db: 1 trial broke a constraint there that is not named here, or lacked "
                                          "its value: infeasible, never on the front"));
  // Shares beside percent are asked about.
  const auto q = parse_problem("parameters: {x: [1, 2, 3]}\nobjectives: {val_accuracy: maximize}\n", "q.yaml").value();
  const auto scored = [](int x, double accuracy) {
    return ForeignTrial{{{"x", x}}, {{"val_accuracy", accuracy}}, State::complete, ""};
  };
  EXPECT_THAT(
      fit({scored(1, 0.91), scored(2, 91.0), scored(3, 93.5)}, q.space, {q.objectives, {}, q.told}, "t").remarks,
      ElementsAre("t: \"val_accuracy\" is at most 1 in 1 trial and more than 1 in 2 trials: are some shares and others "
                  "in percent?"));
  EXPECT_THAT(fit({scored(2, 91.0), scored(3, 93.5)}, q.space, {q.objectives, {}, q.told}, "t").remarks,
              testing::IsEmpty());
  // Of a network the graph tells these.
  study::Settings settings{.objectives = {{"accuracy", study::Direction::maximize}}};
  for (const char* text : {"latency_ms < 33", "parameters < 1e6"})
    settings.constraints.push_back({text, study::Comparison::parse(text).value()});
  EXPECT_THAT(wanted_of(settings).told, ElementsAre("accuracy", "latency_ms"));
}

TEST(Table, ReadsStatesAsOthersWriteThem) {
  const auto states = [](const std::vector<std::string>& words) {
    std::string text = "x,error,state\n", told;
    for (const auto& word : words) text += "1,2," + word + "\n";
    const auto trials = parse_table(text, "t.csv");
    if (!trials)
      return trials.error().where + " " + trials.error().message +
             (trials.error().next.empty() ? "" : " | " + trials.error().next);
    for (const auto& trial : *trials) told += std::string(study::to_text(trial.state)) + " ";
    return told;
  };
  EXPECT_EQ(states({"COMPLETE", "complete", "Complete", "TrialState.COMPLETE", ""}),
            "complete complete complete complete complete ");
  EXPECT_EQ(states({"PRUNED", "Pruned", "FAIL", "Fail", "failed", "TrialState.FAIL", "RUNNING", "WAITING", "rejected"}),
            "pruned pruned failed failed failed failed running waiting rejected ");
  EXPECT_EQ(states({"complete", "finished"}),
            "t.csv:3 the state \"finished\" is not one of \"complete\", \"pruned\", \"failed\", \"fail\", "
            "\"rejected\", \"running\" or \"waiting\", in capitals or not | "
            "correct it, or leave it empty for a complete trial");
  EXPECT_THAT(states({"COMPLETED"}), HasSubstr("did you mean \"complete\"?"));
  EXPECT_EQ(parse_table("a,b\n\n1,2\n\"x\ny\",2\n1\n", "t.csv").error().where, "t.csv:6");
}

TEST(Table, TheColumnOfStatesIsFoundHoweverItIsWritten) {
  for (const char* heading : {"State", " state", "STATE "}) {
    const auto trials = parse_table(std::string("a,e,") + heading + "\n1,2,FAIL\n1,3,COMPLETE\n", "t.csv");
    ASSERT_TRUE(trials.has_value()) << to_text(trials.error());
    EXPECT_EQ((*trials)[0].state, study::State::failed) << heading;
  }
  EXPECT_THAT(parse_table("a,state,State\n1,,\n", "t.csv").error().message, HasSubstr("mean the same"));
}

TEST(Table, NumbersOfAListAreFoundHoweverTheyAreWritten) {
  const auto p = parse_problem(
                     "parameters: {rate: ['0.001', '0.01'], batch: [16, 32], bn: [true, false], act: [null, "
                     "relu]}\nobjectives: {e: minimize}\n",
                     "p.yaml")
                     .value();
  const auto trials =
      parse_table("rate,batch,bn,act,e\n1e-3,16.0,True,None,1\n0.010,32,FALSE,relu,2\n0.1,16,true,relu,3\n", "t.csv")
          .value();
  const auto fitted = fit(trials, p.space, {p.objectives, {}, p.told}, "t.csv");
  ASSERT_EQ(fitted.trials.size(), 2U);
  EXPECT_EQ(space::to_json(p.space, fitted.trials[0].choice),
            Json::parse(R"({"act": null, "batch": 16, "bn": true, "rate": "0.001"})"));
  EXPECT_EQ(space::to_json(p.space, fitted.trials[1].choice),
            Json::parse(R"({"act": "relu", "batch": 32, "bn": false, "rate": "0.01"})"));
  EXPECT_THAT(
      fitted.remarks,
      ElementsAre(HasSubstr("1 trial left out that the space does not have, because parameter \"rate\" is \"0.1\"")));
}

TEST(Table, ReadsWhatOptunasDataFramesHave) {
  const auto trials = parse_table(
      "number,value,params_x,x,user_attrs_latency_ms,values_error,error,state\n0,0.5,0.25,9,7,0.125,8,COMPLETE\n1,0.5,"
      "0.25,9,nan,0.125,8,COMPLETE\n",
      "t.csv");
  ASSERT_TRUE(trials) << to_text(trials.error());
  EXPECT_EQ((*trials)[0].parameters["x"], "0.25");
  EXPECT_EQ((*trials)[0].values.at("error"), 0.125);
  EXPECT_EQ((*trials)[0].values.at("latency_ms"), 7);
  EXPECT_FALSE((*trials)[1].values.contains("latency_ms"));  // NaN is no value
}

TEST(Table, IsReadByItsHeading) {
  const auto trials = parse_table(
      "\xEF\xBB\xBF"
      "id,state,kind,choice.n,x,error,value.speed,\"a \"\"note\"\"\",reason\r\n"
      "0,complete,b,3,0.5,0.25,4,\"x, y\",\r\n\r\n1,failed,a,0,1e-3,,,,broken\n",
      "t.csv");
  ASSERT_TRUE(trials) << to_text(trials.error());
  ASSERT_EQ(trials->size(), 2U);
  EXPECT_EQ((*trials)[0].values.at("error"), 0.25);
  EXPECT_EQ((*trials)[0].values.at("speed"), 4);
  EXPECT_EQ((*trials)[0].parameters["a \"note\""], "x, y");
  EXPECT_EQ((*trials)[0].parameters["n"], "3");
  EXPECT_EQ((*trials)[1].state, State::failed);
  EXPECT_EQ((*trials)[1].reason, "broken");
  const auto message = [](const std::string& text) { return parse_table(text, "t.csv").error().message; };
  EXPECT_EQ(message("a,b\n"), "the table \"t.csv\" has no rows");
  EXPECT_EQ(message(""), "the table \"t.csv\" has no rows");
  EXPECT_EQ(message("a,b\n1,2\n1\n"), "row 2 of \"t.csv\" has 1 fields where the heading has 2");
  EXPECT_EQ(message("a,a\n1,2\n"), "the column \"a\" of \"t.csv\" exists twice");
  EXPECT_EQ(parse_table("a,b\n\"1,2\n", "t.csv").error().where, "t.csv:2");
}

TEST(Start, IsReadOnceAndKept) {
  const TestFolder folder;
  const auto p = problem();
  const auto table = folder.path() / "front.csv", database = folder.path() / "o.db";
  ASSERT_TRUE(write_file(table,
                         "kind,n,x,error,speed,latency_ms\nb,3,0.5,1,1,1\nb,6,0.5,2,2,1\nb,0,0.5,3,1,1\nb,9,0.5,0.1,9,"
                         "99\n"));  // the third is dominated, the last too slow
  ASSERT_TRUE(export_optuna(example_study(), p.space, database));
  const auto study = folder.path() / "s.study";
  std::filesystem::create_directories(study);
  const auto settings = study_settings(p, {});
  const auto start = gather_start({database.string(), table.string()}, {table.string()}, p.space, settings, study);
  ASSERT_TRUE(start) << to_text(start.error());
  EXPECT_EQ(start->prior.size(), 6U);
  ASSERT_EQ(start->front.size(), 2U);
  EXPECT_EQ(space::to_text(start->front[0]), "kind=b n=3 x=0.5");
  EXPECT_EQ(space::to_text(start->front[1]), "kind=b n=6 x=0.5");
  EXPECT_EQ(start->remarks.front(), "starting from 6 trials of others, 2 of them to be tried first");

  std::filesystem::remove(table);
  std::filesystem::remove(database);
  const auto again = gather_start({database.string(), table.string()}, {table.string()}, p.space, settings, study);
  ASSERT_TRUE(again) << to_text(again.error());
  EXPECT_EQ(again->front, start->front);
  ASSERT_EQ(again->prior.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(again->prior[i].choice, start->prior[i].choice);
    EXPECT_EQ(again->prior[i].values(), start->prior[i].values());
  }
}

TEST(Start, RefusesPercentWhereAShareIsMeant) {
  const TestFolder folder;
  const auto space = parse_problem("parameters: {n: [1, 2, 3]}\nobjectives: {a: minimize}\n", "p.yaml")->space;
  const study::Settings settings{.objectives = {{"accuracy", study::Direction::maximize}}};
  const auto begun = [&](const std::string& rows) {
    EXPECT_TRUE(write_file(folder.path() / "t.csv", "n,accuracy\n" + rows));
    std::filesystem::remove(folder.path() / "start.json");
    return gather_start({(folder.path() / "t.csv").string()}, {}, space, settings, folder.path());
  };
  EXPECT_TRUE(begun("1,0.91\n2,1\n"));
  const auto percent = begun("1,91.0\n2,93.5\n");
  ASSERT_FALSE(percent);
  EXPECT_THAT(percent.error().message, HasSubstr("has the accuracy 91; here it is a share from 0 to 1"));
  EXPECT_EQ(percent.error().next, "divide what is in percent by 100");
  EXPECT_FALSE(begun("1,0.91\n2,91.0\n")) << "mixed";
  EXPECT_FALSE(begun("1,-0.1\n"));
}

TEST(Start, TellsASourceThatGivesNothing) {
  const TestFolder folder;
  const auto p = problem();
  const auto settings = study_settings(p, {});
  const auto error = [&](const std::string& name, const std::string& text) {
    const auto path = folder.path() / name;
    if (!text.empty()) {
      EXPECT_TRUE(write_file(path, text));
    }
    const auto start = gather_start({path.string()}, {}, p.space, settings, folder.path());
    EXPECT_FALSE(start);
    return start ? Error{} : start.error();
  };
  EXPECT_EQ(error("nothing.db", "").code, ErrorCode::not_found);
  EXPECT_EQ(error("nothing", "").code, ErrorCode::not_found);
  EXPECT_THAT(error("a.txt", "x").message,
              HasSubstr("is none of a study's folder, an Optuna database (.db) or a table (.csv)"));
  const auto useless = error("a.csv", "kind,n,x,error,speed\nz,3,0.5,1,1\n");
  EXPECT_THAT(useless.message, HasSubstr("has no finished trial of this space with all objectives"));
  EXPECT_THAT(useless.next, HasSubstr("parameter \"kind\" is \"z\""));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "start.json"));
}

TEST(Start, RefusesAStudyThatGoesTheOtherWay) {
  const TestFolder folder;
  const auto p = problem();
  auto other = study_settings(p, {});
  other.objectives.front().direction = study::Direction::maximize;
  std::filesystem::create_directories(folder.path() / "o.study");
  ASSERT_TRUE(study::create_storage(folder.path() / "o.study", other));
  const auto read = read_foreign(folder.path() / "o.study", p.objectives);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("maximizes \"error\", which is minimized here"));
}

TEST(Optuna, ReadsBackWhatItWrites) {
  const TestFolder folder;
  const auto p = problem();
  const auto study = example_study();
  const auto file = folder.path() / "o.db";
  const auto written = export_optuna(study, p.space, file);
  ASSERT_TRUE(written) << to_text(written.error());
  const auto foreign = read_optuna(file, "", p.objectives);
  ASSERT_TRUE(foreign) << to_text(foreign.error());
  ASSERT_EQ(foreign->size(), study.trials.size());
  for (std::size_t i = 0; i < study.trials.size(); ++i) {
    EXPECT_EQ((*foreign)[i].state, study.trials[i].state) << i;
    EXPECT_EQ((*foreign)[i].reason, study.trials[i].reason) << i;
    EXPECT_EQ((*foreign)[i].values, study.trials[i].values()) << i;  // bit for bit
  }
  const auto fitted = fit(*foreign, p.space, {p.objectives, p.constraints, p.told}, "o.db");
  ASSERT_EQ(fitted.trials.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(fitted.trials[i].choice, study.trials[i].choice);
  EXPECT_EQ(export_optuna(study, p.space, file).error().code, ErrorCode::conflict);
  EXPECT_TRUE(export_optuna(study, p.space, file, true));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "o.db.part"));
}

TEST(Optuna, RefusesWhatIsNoDatabaseOfIt) {
  const TestFolder folder;
  const auto p = problem();
  const auto file = folder.path() / "o.db";
  const auto message = [&](const std::string& name = "",
                           const std::vector<study::Objective>& objectives = problem().objectives) {
    const auto read = read_optuna(file, name, objectives);
    EXPECT_FALSE(read);
    return read ? std::string() : read.error().message;
  };
  EXPECT_THAT(message(), HasSubstr("there is no file"));
  ASSERT_TRUE(write_file(
      file,
      "no database at all, but long enough to look at the header of one, which has 100 bytes and more text than this"));
  EXPECT_THAT(message(), HasSubstr("is no SQLite database"));
  const auto change = [&](const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle) << ' ' << sql;
    sqlite3_close(handle);
  };
  std::filesystem::remove(file);
  change("CREATE TABLE study (id INTEGER)");
  EXPECT_THAT(message(), HasSubstr("is no database of Optuna: it has no table \"version_info\""));
  const auto broken = [&](const std::string& sql, const std::string& name = "",
                          const std::vector<study::Objective>& objectives = problem().objectives) {
    EXPECT_TRUE(export_optuna(example_study(), p.space, file, true));
    change(sql);
    return message(name, objectives);
  };
  EXPECT_THAT(broken("UPDATE version_info SET schema_version = 10"),
              HasSubstr("has Optuna's schema version 10; version 12 can be read"));
  EXPECT_THAT(broken("UPDATE version_info SET schema_version = 'x'"), HasSubstr("a schema version is no whole number"));
  EXPECT_THAT(broken("DELETE FROM version_info"), HasSubstr("its version is missing"));
  EXPECT_THAT(broken("DROP TABLE trial_params"), HasSubstr("it has no table \"trial_params\""));
  EXPECT_THAT(broken("ALTER TABLE trial_params DROP COLUMN param_value"), HasSubstr("no such column"));
  EXPECT_THAT(broken("UPDATE trials SET state = 'HALF'"), HasSubstr("has the unknown state \"HALF\""));
  EXPECT_THAT(broken("UPDATE trial_params SET param_value = 'much'"), HasSubstr("a parameter's value is no number"));
  EXPECT_THAT(broken("UPDATE trial_params SET param_value = 9e999 WHERE param_name = 'x'"), HasSubstr("is not finite"));
  EXPECT_THAT(broken("UPDATE trial_params SET param_value = 3 WHERE param_name = 'kind'"),
              HasSubstr("a categorical value is number 3 of 3"));
  EXPECT_THAT(broken("UPDATE trial_params SET param_value = 1.5 WHERE param_name = 'n'"),
              HasSubstr("the whole number 1.5 is none"));
  EXPECT_THAT(broken("UPDATE trial_params SET distribution_json = '{'"), HasSubstr("a distribution is no JSON"));
  EXPECT_THAT(broken("UPDATE trial_params SET distribution_json = '{\"name\": \"Normal\"}'"),
              HasSubstr("the distribution \"Normal\" is unknown"));
  EXPECT_THAT(
      broken(
          "UPDATE trial_params SET distribution_json = '{\"name\": \"CategoricalDistribution\", \"attributes\": 3}'"),
      HasSubstr("of 0"));
  EXPECT_THAT(broken("UPDATE trial_values SET value = 'x'"), HasSubstr("a value is no number"));
  EXPECT_THAT(broken("UPDATE trial_values SET objective = objective + 5"), HasSubstr("has a value of objective"));
  EXPECT_THAT(broken("UPDATE study_directions SET objective = objective + 7"), HasSubstr("not numbered from 0"));
  EXPECT_THAT(broken("UPDATE study_system_attributes SET value_json = '[\"error\"]'"),
              HasSubstr("not one for each objective"));
  EXPECT_THAT(broken("DELETE FROM studies"), HasSubstr("has no study"));
  EXPECT_THAT(broken("INSERT INTO studies VALUES (2, 'other')"), HasSubstr("has 2 studies: \"p\" or \"other\""));
  EXPECT_THAT(broken("INSERT INTO studies VALUES (2, 'other')", "othr"), HasSubstr("has no study \"othr\""));
  EXPECT_THAT(broken("SELECT 1", "", {{"loss", study::Direction::minimize}}),
              HasSubstr("has no objective \"loss\"; it has \"error\" or \"speed\""));
  EXPECT_THAT(broken("DELETE FROM study_system_attributes", "", {{"loss", study::Direction::minimize}}),
              HasSubstr("(MINIMIZE, MAXIMIZE) are not those wanted (loss MINIMIZE)"));
}

TEST(Optuna, SurvivesAFileCutAnywhere) {
  const TestFolder folder;
  const auto p = problem();
  const auto file = folder.path() / "o.db", cut = folder.path() / "cut.db";
  ASSERT_TRUE(export_optuna(example_study(), p.space, file));
  const auto bytes = read_file(file).value();
  RandomStream random(7);
  for (int i = 0; i < 200; ++i) {
    auto damaged = bytes;
    if (i % 2 == 0)
      damaged.resize(random.below(damaged.size()));
    else
      for (int j = 0; j < 20; ++j) damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    ASSERT_TRUE(write_file(cut, damaged));
    const auto read = read_optuna(cut, "", p.objectives);
    EXPECT_TRUE(read || !read.error().message.empty());
  }
}

TEST(Optuna, AnImportedStudyGoesOn) {
  const TestFolder folder;
  const auto p = problem();
  const auto file = folder.path() / "o.db";
  ASSERT_TRUE(export_optuna(example_study(), p.space, file));
  const OptimizeOptions options{.strategy = "random", .trials = 3, .study = folder.path() / "mine.study"};
  const auto imported = import_study(file, "", p, options);
  ASSERT_TRUE(imported) << to_text(imported.error());
  EXPECT_EQ(imported->trials.size(), 5U);
  EXPECT_EQ(imported->trials[2].reason, "failed in o.db: out of memory");
  const auto optimizer = Optimizer::make(problem(), options);
  ASSERT_TRUE(optimizer) << to_text(optimizer.error());
  const auto status = parse_json((*optimizer)->answer(R"({"status": true})"), "").value();
  EXPECT_EQ(status["states"], Json({{"complete", 2}, {"rejected", 3}}));
  EXPECT_EQ(status["front"], 1);
  const auto asked = parse_json((*optimizer)->answer(R"({"ask": 9})"), "").value();
  EXPECT_EQ(asked["trials"].size(), 3U);  // what is known does not count
  EXPECT_EQ(asked["trials"][0]["id"], 5);
  EXPECT_EQ(import_study(file, "", p, options).error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace edgewise::exchange
