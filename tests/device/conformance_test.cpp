// What every device of the catalogue keeps, whether it measures, predicts or looks up. A new one joins by its entry;
// the ones from outside of the product are here, too: tests/extension/device_multiplier.cpp and the table below.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "base/quiet.hpp"
#include "device/devices.hpp"
#include "tests/device/models.hpp"

namespace edgewise::device {
namespace {

using testing::HasSubstr;

/// Looks up what somebody wrote down: needs the choice alone.
class Table final : public Device {
 public:
  [[nodiscard]] std::string name() const override { return "table"; }
  [[nodiscard]] Source source() const override { return Source::told; }
  [[nodiscard]] bool shares_this_machine() const override { return false; }
  Result<Reading> measure(const Candidate& candidate) override {
    const auto found = candidate.choice ? latencies_.find(*candidate.choice) : latencies_.end();
    if (found == latencies_.end()) return invalid("the table has no such choice");
    return Reading{.values = {{"latency_ms", found->second}}, .at_least = {}, .measurement = {}};
  }

 private:
  std::map<space::Choice, double> latencies_{{{{"width", std::int64_t{8}}}, 1.5}};
};
const Registration table{
    devices(),
    Entry{
        .name = "table",
        .sentence = "what somebody wrote down",
        .settings = {},
        .quantities = {{.name = "latency_ms", .unit = "ms", .known = Known::measured, .range = intervals::above_zero}},
        .make = [](const Settings&, const Waiting&) -> Result<std::unique_ptr<Device>> {
          return std::make_unique<Table>();
        }}};

graph::Graph small_graph() {
  graph::GraphBuilder builder({3, 16, 16});
  const auto filtered = builder.add(graph::Conv2d{.out_channels = 8}, {builder.input()});
  return std::move(builder).finish(filtered).value();
}

class EveryDevice : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    ::setenv("EDGEWISE_LOCKS", (folder_ / "locks").c_str(), 1);
    const Entry* entry = devices().find(GetParam());
    ASSERT_NE(entry, nullptr);
    auto made = entry->make(entry->settings, {});
    ASSERT_TRUE(made) << to_text(made.error());
    device_ = *std::move(made);
    entry_ = entry;
  }
  /// Something of all that a device may need; the file is written when it is asked for.
  Candidate candidate() {
    return {
        .graph = &graph_, .choice = &choice_, .precision = "fp32", .file = [this]() -> Result<std::filesystem::path> {
          ++files_;
          return save(convolutions(2), folder_ / "model.onnx");
        }};
  }
  TestFolder folder_;
  const graph::Graph graph_ = small_graph();
  const space::Choice choice_{{"width", std::int64_t{8}}};
  std::unique_ptr<Device> device_;
  const Entry* entry_ = nullptr;
  int files_ = 0;
};

TEST_P(EveryDevice, IsCalledByTheNameOfItsEntry) {
  EXPECT_EQ(device_->name(), GetParam());
  EXPECT_FALSE(entry_->sentence.empty());
}

TEST_P(EveryDevice, SaysOnlyWhatItsEntryDeclaresAndWithinItsRange) {
  const auto reading = device_->measure(candidate());
  ASSERT_TRUE(reading) << to_text(reading.error());
  EXPECT_FALSE(reading->values.empty());
  for (const auto& [name, value] : reading->values) {
    const auto declared = std::ranges::find(entry_->quantities, name, &Quantity::name);
    ASSERT_NE(declared, entry_->quantities.end()) << name;
    EXPECT_TRUE(std::isfinite(value)) << name;
    EXPECT_TRUE(declared->range.low_is_open ? value > declared->range.low : value >= declared->range.low) << name;
    EXPECT_LE(value, declared->range.high) << name;
  }
  for (const auto& [name, value] : reading->at_least) {
    ASSERT_TRUE(reading->values.contains(name)) << name;
    EXPECT_LE(value, reading->values.at(name)) << name;
  }
}

TEST_P(EveryDevice, HasMeasuredOrAnswersTheSameAndWritesNoFile) {
  const auto first = device_->measure(candidate()), second = device_->measure(candidate());
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->measurement.has_value(), device_->source() == Source::measured);
  if (device_->source() == Source::measured) return;
  EXPECT_EQ(first->values, second->values);
  EXPECT_EQ(files_, 0);
}

TEST_P(EveryDevice, RefusesACandidateOfWhichNothingIsKnown) {
  const auto reading = device_->measure({});
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, ErrorCode::invalid_input);
  EXPECT_FALSE(reading.error().message.empty());
}

TEST_P(EveryDevice, WaitsForTrainersOnlyWhereItSharesTheirMachine) {
  std::atomic<bool> is_training = true;
  auto busy = BusyMachine::enter();
  ASSERT_TRUE(busy);
  std::jthread trainer([&, held = std::optional(*std::move(busy))]() mutable {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    is_training = false;
    held.reset();
  });
  const auto reading = device_->measure(candidate());
  ASSERT_TRUE(reading) << to_text(reading.error());
  EXPECT_EQ(is_training.load(), !device_->shares_this_machine());
}

TEST_P(EveryDevice, RunsModelsOrSaysThatItDoesNot) {
  const auto path = save(twice_plus_one(), folder_ / "twice.onnx");
  const std::vector<Tensors> samples{{agent::float_tensor("image", {1, 4}, std::vector<float>{0, 1, 2, 3})}};
  const auto outputs = device_->infer(path, samples);
  const auto inputs = device_->inputs(path);
  if (device_->runs_models()) {
    ASSERT_TRUE(outputs) << to_text(outputs.error());
    ASSERT_TRUE(inputs) << to_text(inputs.error());
    EXPECT_EQ(*inputs, (std::vector<TensorType>{{.name = "image", .shape = {1, 4}}}));
    EXPECT_EQ(device_->inputs(folder_ / "gone.onnx").error().code, ErrorCode::not_found);
    EXPECT_EQ(*outputs,
              (std::vector<Tensors>{{agent::float_tensor("output", {1, 4}, std::vector<float>{1, 3, 5, 7})}}));
  } else {
    ASSERT_FALSE(outputs || inputs);
    EXPECT_EQ(outputs.error().code, ErrorCode::invalid_input);
    for (const auto& error : {outputs.error(), inputs.error()})
      EXPECT_THAT(error.message, HasSubstr(GetParam() + " runs no models"));
  }
}

INSTANTIATE_TEST_SUITE_P(Each, EveryDevice, testing::Values("local", "multiplier", "table"),
                         [](const auto& info) { return info.param; });

TEST(Devices, AreAllInTheSuite) {
  EXPECT_THAT(devices().names(), testing::UnorderedElementsAre("local", "multiplier", "table"));
}

TEST(Devices, GiveEachQuantityOnceInTheOrderOfTheCatalogue) {
  std::vector<std::string> names;
  for (const auto& quantity : quantities()) names.push_back(quantity.name);
  EXPECT_EQ(names.front(), "latency_ms");
  EXPECT_EQ(std::ranges::count(names, "latency_ms"), 1);
  EXPECT_EQ(std::ranges::count(names, "energy_mj"), 1);
}

/// The mistakes of a `device:` section.
std::vector<Error> read_into(Selection& selection, const std::string& yaml) {
  return config::read(*config::parse_yaml(yaml, "job.yaml"), "job.yaml",
                      [&](config::Options& o) { selection.fields(o); });
}

TEST(Selection, HasTheOptionsOfItsDeviceAlone) {
  Selection selection;
  EXPECT_EQ(selection.name(), "local");
  EXPECT_TRUE(read_into(selection, "{threads: 1, min_runs: 10, max_runs: 20}").empty());
  auto mistakes = read_into(selection, "{min_runs: 30, max_runs: 20}");
  ASSERT_EQ(mistakes.size(), 1U);
  EXPECT_EQ(mistakes[0].message, "device.min_runs 30 is more than device.max_runs 20");
  Selection local;
  ASSERT_EQ(read_into(local, "{macs_per_ms: 1e6}").size(), 1U);

  Selection other;
  EXPECT_TRUE(read_into(other, "{name: multiplier, macs_per_ms: 1e6}").empty());
  EXPECT_EQ(other.name(), "multiplier");
  ASSERT_EQ(read_into(other, "{name: multiplier, threads: 2}").size(), 1U);
  EXPECT_EQ(other.make().value()->source(), Source::predicted);
  EXPECT_TRUE(other.doubts().empty());
  EXPECT_EQ(other.seconds_each(), 0);
}

TEST(Selection, DoubtsMoreThreadsThanThisMachineHas) {
  Selection selection;
  ASSERT_TRUE(read_into(selection, "{threads: 256}").empty());
  const auto doubts = selection.doubts();
  ASSERT_EQ(doubts.size(), 1U);
  EXPECT_EQ(doubts[0].option, "threads");
  EXPECT_THAT(doubts[0].error.message, HasSubstr("device.threads 256 is more than the"));
}

}  // namespace
}  // namespace edgewise::device
