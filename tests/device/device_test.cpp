// The local device: what it measures, and that a bad model or agent costs one error and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <format>
#include <limits>

#include "base/process.hpp"
#include "base/random.hpp"
#include "device/local_device.hpp"
#include "tests/device/models.hpp"

namespace edgewise::device {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Tests of other programs on this machine must not wait for these.
class OwnLocks : public testing::Environment {
 public:
  void SetUp() override { ::setenv("EDGEWISE_LOCKS", (folder_ / "locks").c_str(), 1); }

 private:
  TestFolder folder_;
};
const auto* const own_locks = testing::AddGlobalTestEnvironment(new OwnLocks);

#ifdef EDGEWISE_SANITIZED
constexpr bool is_sanitized = true;  // allocates more, and ends the process on an allocation beyond all bounds
#else
constexpr bool is_sanitized = false;
#endif

constexpr MeasureOptions quick{.min_runs = 10, .max_runs = 20, .max_seconds = 0.3, .timeout_s = 60};

/// A device whose agent is a shell script. "$AGENT" in it is the real one.
std::unique_ptr<Device> device_by(const TestFolder& folder, const std::string& script,
                                  const MeasureOptions& options = quick) {
  const auto path = folder / "agent.sh";
  const std::string text = std::format("#!/bin/sh\nAGENT=\"{}\"\nFOLDER=\"{}\"\n{}\n",
                                       (program_folder() / "edgewise-agent").string(), (folder / "").string(), script);
  EXPECT_TRUE(write_file(path, text));
  ::chmod(path.c_str(), 0755);
  return make_local_device(options, path);
}

/// As of the real local device.
Result<Measurement> measured(Device& device, const std::filesystem::path& onnx) {
  TRY(const Reading reading, device.measure(candidate_of_file(onnx)));
  EXPECT_TRUE(reading.measurement);
  return reading.measurement.value_or(Measurement{});
}

/// What a model of one input "image" of four numbers and one output gives, for each four of `inputs`.
Result<std::vector<float>> outputs_of(Device& device, const std::filesystem::path& onnx,
                                      const std::vector<float>& inputs) {
  std::vector<Tensors> samples;
  for (std::size_t at = 0; at < inputs.size(); at += 4) {
    const auto some = std::span(inputs).subspan(at, std::min<std::size_t>(4, inputs.size() - at));
    samples.push_back({agent::float_tensor("image", {1, std::ssize(some)}, some)});
  }
  TRY(const auto outputs, device.infer(onnx, samples));
  std::vector<float> all;
  for (const Tensors& sample : outputs) {
    EXPECT_EQ(sample.size(), 1U);
    TRY(const auto values, agent::floats_of(sample.front()));
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

TEST(LocalDevice, MeasuresAndSaysUnderWhichConditions) {
  const TestFolder folder;
  const auto path = save(convolutions(8), folder / "model.onnx");
  const auto device = make_local_device(quick);
  const auto m = measured(*device, path);
  ASSERT_TRUE(m) << to_text(m.error());
  EXPECT_GT(m->min_ms, 0);
  EXPECT_LE(m->min_ms, m->latency_ms);
  EXPECT_LE(m->latency_ms, m->p90_ms);
  EXPECT_LE(m->p90_ms, m->p99_ms);
  EXPECT_GE(m->spread_ms, 0);
  EXPECT_LE(m->runs, 20);
  EXPECT_GE(m->runs, 5);
  EXPECT_GT(m->warmup_runs, 0);
  EXPECT_GT(m->load_ms, 0);
  EXPECT_EQ(m->model_bytes, static_cast<std::int64_t>(std::filesystem::file_size(path)));
  EXPECT_EQ(m->device, "local");
  EXPECT_EQ(m->provider, "cpu");
  EXPECT_EQ(m->precision, "fp32");
  EXPECT_EQ(m->threads, 1);
  EXPECT_THAT(m->runtime, HasSubstr("onnxruntime 1."));
  EXPECT_FALSE(m->processor.empty());
  EXPECT_FALSE(m->clock.empty());
  EXPECT_EQ(m->disturbed, !m->disturbance.empty());
}

TEST(LocalDevice, MeasuresAModelOfSeveralInputsAndOutputs) {
  const TestFolder folder;
  const auto m = measured(*make_local_device(quick), save(picks_and_casts(), folder / "model.onnx"));
  ASSERT_TRUE(m) << to_text(m.error());
  EXPECT_GT(m->latency_ms, 0);
}

TEST(LocalDevice, FindsTenTimesTheWorkSlower) {
  const TestFolder folder;
  const auto device = make_local_device(quick);
  const auto few = measured(*device, save(convolutions(4), folder / "few.onnx"));
  const auto many = measured(*device, save(convolutions(40), folder / "many.onnx"));
  ASSERT_TRUE(few && many);
  EXPECT_GT(many->min_ms, 2 * few->min_ms);  // 10 by rights; other programs may slow the first
}

TEST(LocalDevice, CountsTheWeightsInThePeakOfMemory) {
  const TestFolder folder;
  auto model = empty_model({1, 4096}, {1, 4096});
  add_floats(*model.mutable_graph(), "weight", {4096, 4096}, 0.001F);  // 67 MB
  add_node(*model.mutable_graph(), "MatMul", {"image", "weight"}, "output");
  const auto device = make_local_device(quick);
  const auto large = measured(*device, save(model, folder / "large.onnx"));
  const auto small = measured(*device, save(twice_plus_one(), folder / "small.onnx"));
  ASSERT_TRUE(large && small);
  EXPECT_GE(large->peak_memory_bytes, 67'000'000);
  if (is_sanitized) return;
  EXPECT_LT(large->peak_memory_bytes, 4 * 67'000'000);  // the file, its parsed form and the packed weights at most
  EXPECT_LT(small->peak_memory_bytes, 30'000'000);      // an agent of its own: nothing of the large one is left
}

TEST(LocalDevice, TakesThePrecisionFromTheModelsMetadata) {
  const TestFolder folder;
  auto model = twice_plus_one();
  auto& property = *model.add_metadata_props();
  property.set_key("precision");
  property.set_value("int8");
  const auto m = measured(*make_local_device(quick), save(model, folder / "model.onnx"));
  ASSERT_TRUE(m) << to_text(m.error());
  EXPECT_EQ(m->precision, "int8");
}

TEST(LocalDevice, MeasuresWithXnnpackAndWithTwoThreads) {
  const TestFolder folder;
  const auto path = save(convolutions(8), folder / "model.onnx");
  auto options = quick;
  options.provider = "xnnpack";
  const auto by_xnnpack = measured(*make_local_device(options), path);
  ASSERT_TRUE(by_xnnpack) << to_text(by_xnnpack.error());
  EXPECT_EQ(by_xnnpack->provider, "xnnpack");
  for (const char* provider : {"cpu", "xnnpack"}) {
    options = quick;
    options.provider = provider;
    options.threads = 2;
    const auto by_two = measured(*make_local_device(options), path);
    if (!by_two && by_two.error().message.find("processors this machine gives") != std::string::npos)
      GTEST_SKIP() << "this machine has one processor";
    ASSERT_TRUE(by_two) << to_text(by_two.error());
    EXPECT_EQ(by_two->threads, 2);
  }
}

TEST(LocalDevice, ComputesTheOutputsOfManyInputsInTheirOrder) {
  const TestFolder folder;
  const auto path = save(twice_plus_one(), folder / "model.onnx");
  const auto device = make_local_device(quick);
  EXPECT_THAT(outputs_of(*device, path, {0, 1, 2, 3}).value(), ElementsAre(1, 3, 5, 7));
  EXPECT_THAT(outputs_of(*device, path, {}).value(), ElementsAre());
  auto random = RandomStream::named(1, "inputs");
  std::vector<float> inputs(4 * 2'000), expected;
  for (float& value : inputs) expected.push_back(2 * (value = static_cast<float>(random.normal())) + 1);
  EXPECT_EQ(outputs_of(*device, path, inputs).value(), expected);
}

TEST(LocalDevice, RefusesInputsOfAnotherShape) {
  const TestFolder folder;
  const auto outputs = outputs_of(*make_local_device(), save(twice_plus_one(), folder / "model.onnx"), {1, 2, 3});
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(outputs.error().message,
              HasSubstr("the input \"image\" of this model is float32 (1, 4), not float32 (1, 3)"));
}

TEST(LocalDevice, NamesTheProvidersThatAreThere) {
  const TestFolder folder;
  auto options = quick;
  options.provider = "xnnpak";
  const auto m = measured(*make_local_device(options), save(twice_plus_one(), folder / "model.onnx"));
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(m.error().message,
              AllOf(HasSubstr("provider \"xnnpak\" is not there"), HasSubstr("\"cpu\" or \"xnnpack\"")));
  EXPECT_EQ(m.error().next, "did you mean \"xnnpack\"?");
}

TEST(LocalDevice, RefusesOptionsOutOfRange) {
  const TestFolder folder;
  const auto path = save(twice_plus_one(), folder / "model.onnx");
  const auto message = [&](const MeasureOptions& options) {
    const auto m = measured(*make_local_device(options), path);
    return m ? std::string() : m.error().message;
  };
  EXPECT_EQ(message({.threads = 0}), "\"threads\" 0 is not at least 1");
  EXPECT_THAT(message({.threads = 1000}), HasSubstr("\"threads\" 1000 is more than the"));
  EXPECT_EQ(message({.min_runs = 0}), "\"min_runs\" 0 is not at least 1");
  EXPECT_EQ(message({.min_runs = 30, .max_runs = 20}), "\"max_runs\" 20 is not within \"min_runs\" .. 1000000");
  EXPECT_EQ(message({.max_seconds = -1}), "\"max_seconds\" -1 is not within 0.001 .. 3600");
  EXPECT_EQ(message({.timeout_s = std::numeric_limits<double>::quiet_NaN()}),
            "\"timeout_s\" nan is not within 0 .. 86400");
}

TEST(LocalDevice, GetsOneErrorWithItsReasonFromEachBadModelAndGoesOnWithTheNext) {
  const TestFolder folder;
  const auto good = save(twice_plus_one(), folder / "good.onnx");
  const std::string bytes = convolutions(3).SerializeAsString();
  const auto device = make_local_device(quick);
  const auto expect = [&](const std::filesystem::path& model, ErrorCode code, const auto& message) {
    const auto m = measured(*device, model);
    ASSERT_FALSE(m) << model;
    EXPECT_EQ(m.error().code, code) << to_text(m.error());
    EXPECT_THAT(m.error().message, message);
    const auto outputs = outputs_of(*device, model, {0, 1, 2, 3});
    EXPECT_FALSE(outputs) << model;
    const auto after = measured(*device, good);
    EXPECT_TRUE(after) << to_text(after.error());
  };
  const auto with_bytes = [&](const std::string& name, std::string_view content) {
    EXPECT_TRUE(write_file(folder / name, content));
    return folder / name;
  };

  expect(folder / "missing.onnx", ErrorCode::not_found, HasSubstr("there is no model file"));
  expect(folder / "", ErrorCode::not_found, HasSubstr("there is no model file"));
  expect(with_bytes("empty.onnx", ""), ErrorCode::invalid_input, HasSubstr("does not accept \"empty.onnx\""));
  expect(with_bytes("truncated.onnx", bytes.substr(0, bytes.size() / 2)), ErrorCode::invalid_input,
         HasSubstr("does not accept \"truncated.onnx\""));

  auto random = RandomStream::named(5, "bytes");
  std::string noise(100'000, '\0');
  for (char& c : noise) c = static_cast<char>(random.below(256));
  expect(with_bytes("noise.onnx", noise), ErrorCode::invalid_input, HasSubstr("does not accept \"noise.onnx\""));

  auto short_weight = convolutions(1);
  short_weight.mutable_graph()->mutable_initializer(0)->mutable_raw_data()->resize(100);
  expect(save(short_weight, folder / "short.onnx"), ErrorCode::invalid_input, HasSubstr("short.onnx"));

  auto large_input = twice_plus_one();
  large_input.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(1)
      ->set_dim_value(std::int64_t{1} << 40);
  expect(save(large_input, folder / "input.onnx"), ErrorCode::invalid_input, testing::_);

  if (is_sanitized) return;
  auto large_weight = convolutions(1);
  large_weight.mutable_graph()->mutable_initializer(0)->set_dims(0, std::int64_t{1} << 50);
  expect(save(large_weight, folder / "large.onnx"), ErrorCode::invalid_input, HasSubstr("large.onnx"));

  expect(save(huge_value(), folder / "huge.onnx"), ErrorCode::invalid_input, HasSubstr("runtime"));
}

TEST(LocalDevice, RefusesWeightsOutsideTheModelsFolder) {
  const TestFolder folder;
  ASSERT_TRUE(write_file(folder / "weights.bin", std::string(9216, '\0')));
  std::filesystem::create_directory(folder / "model");
  ASSERT_TRUE(write_file(folder / "model/weights.bin", std::string(9216, '\0')));
  const auto device = make_local_device(quick);
  const auto with_weights_at = [&](const std::string& place) {
    auto model = convolutions(1);
    auto& weight = *model.mutable_graph()->mutable_initializer(0);
    weight.clear_raw_data();
    weight.set_data_location(onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : {std::pair("location", place), std::pair("length", std::string("9216"))}) {
      auto& entry = *weight.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    return save(model, folder / "model/model.onnx");
  };
  for (const std::string place : {"../weights.bin", "/etc/passwd"}) {
    const auto m = measured(*device, with_weights_at(place));
    ASSERT_FALSE(m) << place;
    EXPECT_EQ(m.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(m.error().message, HasSubstr("leads out of the model's folder"));
    EXPECT_FALSE(outputs_of(*device, folder / "model/model.onnx", std::vector<float>(16 * 32 * 32))) << place;
  }
  const auto m = measured(*device, with_weights_at("weights.bin"));
  EXPECT_TRUE(m) << "beside the model they may lie: " << to_text(m.error());
}

TEST(LocalDevice, SaysNowAndThenWhatItWaitsFor) {
  const TestFolder folder;
  std::vector<std::string> heard;
  auto options = quick;
  options.timeout_s = 12;
  const auto device = make_local_device(options, {}, {.say = [&](const std::string& line) { heard.push_back(line); }});
  ASSERT_FALSE(measured(*device, save(endless_loop(), folder / "endless.onnx")));
  ASSERT_FALSE(heard.empty());
  EXPECT_THAT(heard[0],
              testing::AllOf(testing::StartsWith("measuring \"endless.onnx\": "), testing::EndsWith(" s at most")));
}

TEST(LocalDevice, EndsAModelThatNeverEnds) {
  const TestFolder folder;
  auto options = quick;
  options.timeout_s = 2;
  const auto device = make_local_device(options);
  const auto m = measured(*device, save(endless_loop(), folder / "endless.onnx"));
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().code, ErrorCode::invalid_input) << "the model is at fault, not the machine";
  EXPECT_THAT(m.error().message, AllOf(HasSubstr("measuring \"endless.onnx\""), HasSubstr("no answer within")));
  EXPECT_THAT(m.error().next, HasSubstr("timeout_s"));
  EXPECT_TRUE(measured(*device, save(twice_plus_one(), folder / "good.onnx")));
}

/// The start of a script that agrees on the version.
const std::string greet = "read line; echo '{\"ok\": true, \"protocol\": 2}'; ";

/// What follows happens on the first start alone; afterwards it is the real agent.
const std::string at_first = "[ -e \"$FOLDER/was_here\" ] && exec \"$AGENT\"\ntouch \"$FOLDER/was_here\"\n";

/// An agent that misbehaves on its first start and is the real one afterwards.
struct Fault {
  std::string name, script, message;
};
void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.name;
}
class FaultyAgent : public testing::TestWithParam<Fault> {};

TEST_P(FaultyAgent, CostsOneErrorWithItsReason) {
  const TestFolder folder;
  const auto path = save(twice_plus_one(), folder / "model.onnx");
  auto options = quick;
  options.timeout_s = GetParam().name == "Hangs" ? 1 : 20;
  const auto device = device_by(folder, at_first + GetParam().script, options);
  const auto m = measured(*device, path);
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().code, ErrorCode::invalid_input) << "another model runs here, so this one is at fault";
  EXPECT_THAT(m.error().message, AllOf(HasSubstr(GetParam().message), Not(HasSubstr("ReLU"))));
  const auto next = GetParam().name == "Hangs" ? measured(*make_local_device(quick), path) : measured(*device, path);
  EXPECT_TRUE(next) << to_text(next.error());
}

INSTANTIATE_TEST_SUITE_P(
    Each, FaultyAgent,
    testing::Values(
        Fault{"Exits", "read line; exit 3", "the process exited with 3"},
        Fault{"ExitsAtOnce", "exit 0", "loading \"model.onnx\": "},
        Fault{"SaysWhyItExits", greet + "read line; echo 'out of luck' >&2; exit 3", "(\"out of luck\")"},
        Fault{"HangsUpAtLoading", greet + "read line; exit 3", "loading \"model.onnx\": the process exited with 3"},
        Fault{"SendsBytesThatNobodyAnnounced",
              greet + "read line; echo '{\"ok\": true, \"bytes\": 3}'; printf abc; sleep 9",
              "the tensors have 0 bytes, but their frame has 3"},
        Fault{"AnnouncesTooManyBytes", greet + "read line; echo '{\"ok\": true, \"bytes\": 99999999999}'; sleep 9",
              "\"bytes\" is not a whole number"},
        Fault{"IsKilled", greet + "read line; kill -SEGV $$", "was killed by signal 11"},
        Fault{"Hangs", greet + "read line; exec sleep 1000", "no answer within"},
        Fault{"Babbles", greet + "read line; echo 'hello there'; exec sleep 1000", "not JSON"},
        Fault{"AnswersAnotherProtocol", greet + "read line; echo '{\"result\": 1}'; exec sleep 1000",
              "not of the protocol"},
        Fault{"AnswersANumber", greet + "read line; echo 7; exec sleep 1000", "not of the protocol"},
        Fault{"AnswersWithoutNumbers", greet + "while read line; do echo '{\"ok\": true}'; done", "is no measurement"},
        Fault{"AnswersWithANegativeLatency",
              greet + "while read line; do echo '{\"ok\": true, \"latency_ms\": -1}'; done", "is no measurement"},
        Fault{"NeverEndsItsLine", greet + "read line; exec tr '\\0' 'x' < /dev/zero",
              "the line is longer than 16777216 bytes"},
        Fault{"FailsInTheMiddle", greet + "read line; echo '{\"ok\": true}'; read line; kill -ILL $$",
              "measuring \"model.onnx\": the process was killed by signal 4"}),
    [](const auto& info) { return info.param.name; });

/// An agent that others kill or stop says nothing about the model.
class DisturbedAgent : public testing::TestWithParam<std::string> {};

TEST_P(DisturbedAgent, IsAskedOnceMore) {
  const TestFolder folder;
  const auto path = save(twice_plus_one(), folder / "model.onnx");
  const std::string disturb = greet + "read line; kill -" + GetParam() + " $$";
  auto options = quick;
  options.timeout_s = GetParam() == "STOP" ? 2 : 20;
  const auto once = device_by(folder, at_first + disturb, options);
  const auto m = measured(*once, path);
  EXPECT_TRUE(m) << to_text(m.error());
  std::filesystem::remove(folder / "was_here");
  const auto outputs =
      outputs_of(*device_by(folder, at_first + greet + "read line; kill -KILL $$", options), path, {0, 1, 2, 3});
  EXPECT_TRUE(outputs) << to_text(outputs.error());
  const auto twice = measured(*device_by(folder, disturb, options), path);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::exhausted) << "neither the model's fault for certain, nor the machine's";
  EXPECT_THAT(twice.error().message, AllOf(HasSubstr(GetParam() == "STOP" ? "is stopped" : "was killed by signal"),
                                           HasSubstr("so was the one before it")));
}

INSTANTIATE_TEST_SUITE_P(Each, DisturbedAgent, testing::Values("KILL", "TERM", "INT", "STOP"),
                         [](const auto& info) { return info.param; });

TEST(LocalDevice, IsReadyWhenItsAgentRunsSomething) {
  const TestFolder folder;
  EXPECT_TRUE(make_local_device(quick)->ready());
  const auto killed = device_by(folder, at_first + greet + "kill -KILL $$", quick);
  EXPECT_TRUE(killed->ready()) << "an agent that was killed says nothing";
  const auto broken = device_by(folder, "exit 127")->ready();
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr("exited with 127"));
  EXPECT_FALSE(make_local_device(quick, "/no/such/agent")->ready());
}

/// The machine is at fault, not the model: whoever asks may try again, and must not blame the network.
TEST(LocalDevice, AnAgentThatRunsNothingIsNotTheModelsFault) {
  const TestFolder folder;
  const auto path = save(twice_plus_one(), folder / "model.onnx");
  const auto device = device_by(folder, "read line; echo 'library missing' >&2; exit 127");
  const auto m = measured(*device, path);
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().code, ErrorCode::unavailable);
  EXPECT_THAT(m.error().message, AllOf(HasSubstr("exited with 127"), HasSubstr("library missing"),
                                       HasSubstr("nor does the agent run a network of one ReLU")));
  const auto outputs = outputs_of(*device, path, {0, 1, 2, 3});
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().code, ErrorCode::unavailable);
}

TEST(LocalDevice, SaysBothVersionsToAnAgentOfAnotherOne) {
  const TestFolder folder;
  const auto path = save(twice_plus_one(), folder / "model.onnx");
  const auto with = [&](const std::string& answer) {
    return measured(*device_by(folder, "while read line; do echo '" + answer + "'; done"), path).error();
  };
  const Error first = with(R"({"ok": true, "agent": "edgewise-agent", "protocol": 1})");
  EXPECT_EQ(first.code, ErrorCode::unavailable) << "no model is at fault";
  EXPECT_EQ(first.message, "the agent speaks version 1 of the protocol, this program version 2");
  EXPECT_EQ(first.next, "use the agent of this program's version");
  EXPECT_THAT(with(R"({"ok": false, "error": {"code": "unavailable", "message": "the agent speaks version 3 only"}})"),
              testing::Field(&Error::message, HasSubstr("the agent speaks version 3 only")));
  EXPECT_THAT(with(R"({"ok": true})"), testing::Field(&Error::message, HasSubstr("no version of the protocol")));
}

TEST(LocalDevice, AModelThatCrashesWhileItInfersIsAtFault) {
  const TestFolder folder;
  const auto path = save(twice_plus_one(), folder / "model.onnx");
  const auto device =
      device_by(folder, greet +
                            "hello=$line; read line; case $line in *model.onnx*) kill -SEGV $$;; esac\n"
                            "{ echo \"$hello\"; echo \"$line\"; cat; } | \"$AGENT\" | { read answer; cat; }");
  const auto outputs = outputs_of(*device, path, {0, 1, 2, 3});
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().code, ErrorCode::invalid_input) << outputs.error().message;
  EXPECT_THAT(outputs.error().message, HasSubstr("was killed by signal 11"));
}

TEST(LocalDevice, SaysWhichProgramItCannotRun) {
  const TestFolder folder;
  const auto m = measured(*make_local_device(quick, "/no/such/agent"), save(twice_plus_one(), folder / "model.onnx"));
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().code, ErrorCode::unavailable) << "no network is at fault";
  EXPECT_THAT(m.error().message, HasSubstr("/no/such/agent"));
}

/// Answers measurements of the given (latency, disturbed) in turn, one a start.
std::string answers(const std::vector<std::pair<double, bool>>& measurements) {
  std::string script =
      greet +
      "n=$(cat \"$FOLDER/count\" 2>/dev/null || echo 0); echo $((n+1)) > \"$FOLDER/count\"\nread line; echo '{\"ok\": "
      "true}'; read line\ncase $n in\n";
  for (std::size_t i = 0; i < measurements.size(); ++i)
    script +=
        std::format("{}) echo '{{\"ok\": true, \"latency_ms\": {}, \"disturbed\": {}, \"disturbance\": \"{}\"}}';;\n",
                    i, measurements[i].first, measurements[i].second, measurements[i].second ? "a reason" : "");
  return script + "esac\n";
}

TEST(LocalDevice, MeasuresAgainWhatWasDisturbed) {
  const TestFolder folder;
  const auto path = save(twice_plus_one(), folder / "model.onnx");
  const auto m = measured(*device_by(folder, answers({{9, true}, {7, false}, {1, false}})), path);
  ASSERT_TRUE(m) << to_text(m.error());
  EXPECT_EQ(m->latency_ms, 7);
  EXPECT_FALSE(m->disturbed);
  EXPECT_EQ(m->disturbance, "");
}

TEST(LocalDevice, KeepsTheLeastDisturbedOfThreeAndSaysSo) {
  const TestFolder folder;
  const auto path = save(twice_plus_one(), folder / "model.onnx");
  const auto m = measured(*device_by(folder, answers({{9, true}, {7, true}, {8, true}, {1, false}})), path);
  ASSERT_TRUE(m) << to_text(m.error());
  EXPECT_EQ(m->latency_ms, 7);
  EXPECT_TRUE(m->disturbed);
  EXPECT_EQ(m->disturbance, "a reason; the least disturbed of 3 measurements");
}

TEST(Measurement, IsTheSameAfterJson) {
  const Measurement m{.latency_ms = 3.25,
                      .p90_ms = 3.5,
                      .p99_ms = 4.125,
                      .min_ms = 3,
                      .spread_ms = 0.0625,
                      .runs = 30,
                      .warmup_runs = 12,
                      .load_ms = 55.5,
                      .peak_memory_bytes = 5'000'000'000,
                      .model_bytes = 1'000'000,
                      .disturbed = true,
                      .disturbance = "p90 is 1.8 times the median",
                      .device = "local",
                      .processor = "X \"1\"",
                      .provider = "xnnpack",
                      .precision = "int8",
                      .runtime = "onnxruntime 1.21.0",
                      .threads = 4,
                      .clock = "performance, 2.40 GHz"};
  const auto back = measurement_from_json(Json::parse(to_json(m).dump()));
  ASSERT_TRUE(back) << to_text(back.error());
  EXPECT_EQ(*back, m);
}

TEST(Measurement, RefusesJsonThatIsNone) {
  const auto message = [](const char* text) {
    const auto m = measurement_from_json(Json::parse(text));
    return m ? std::string() : m.error().message;
  };
  EXPECT_EQ(message("[]"), "a measurement is a JSON object");
  EXPECT_EQ(message("{}"), "the measurement has no \"latency_ms\"");
  EXPECT_EQ(message(R"({"latency_ms": "3"})"), "\"latency_ms\" of the measurement is not a number of at least 0");
  EXPECT_EQ(message(R"({"latency_ms": 3, "runs": 2.5})"),
            "\"runs\" of the measurement is not an integer of at least 0");
  EXPECT_EQ(message(R"({"latency_ms": 3, "runs": 99999999999})"),
            "\"runs\" of the measurement is not an integer of at least 0");
  EXPECT_EQ(message(R"({"latency_ms": 3, "disturbed": 1})"), "\"disturbed\" of the measurement is not true or false");
  EXPECT_EQ(message(R"({"latency_ms": 3, "device": null})"), "\"device\" of the measurement is not a text");
}

}  // namespace
}  // namespace edgewise::device
