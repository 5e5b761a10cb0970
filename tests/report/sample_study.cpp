#include "sample_study.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <format>

#include "base/random.hpp"

namespace edgewise::sample {
namespace {

using study::Direction;
using study::State;

study::Constraint constraint(const std::string& text) {
  return {text, study::Comparison::parse(text).value()};
}

struct Backbone {
  const char* name;
  double latency_ms, parameters, macs, quality;  ///< plausible for 64x64 pictures, made up all the same
};
constexpr std::array<Backbone, 21> backbones = {{
    {"alexnet", 6.1, 57.0e6, 71e6, 0.742},
    {"vgg11", 21.5, 128.8e6, 620e6, 0.781},
    {"vgg11_bn", 21.9, 128.8e6, 622e6, 0.802},
    {"resnet18", 5.2, 11.2e6, 149e6, 0.858},
    {"squeezenet1_0", 2.9, 0.74e6, 52e6, 0.774},
    {"squeezenet1_1", 1.4, 0.73e6, 24e6, 0.769},
    {"densenet121", 12.7, 7.5e6, 235e6, 0.861},
    {"shufflenet_v2_x0_5", 0.71, 0.9e6, 3.6e6, 0.801},
    {"shufflenet_v2_x1_0", 1.32, 1.8e6, 12.4e6, 0.832},
    {"mobilenet_v2", 2.1, 3.1e6, 26e6, 0.846},
    {"mobilenet_v3_small", 0.92, 1.1e6, 5.3e6, 0.818},
    {"mobilenet_v3_large", 2.0, 3.4e6, 19e6, 0.851},
    {"mnasnet0_5", 1.05, 1.8e6, 9.1e6, 0.806},
    {"mnasnet1_0", 2.05, 3.9e6, 27e6, 0.839},
    {"mnasnet1_3", 2.9, 5.9e6, 44e6, 0.842},
    {"regnet_y_400mf", 3.4, 4.0e6, 34e6, 0.848},
    {"regnet_y_800mf", 5.0, 5.9e6, 69e6, 0.856},
    {"regnet_x_400mf", 2.8, 5.2e6, 34e6, 0.844},
    {"regnet_x_800mf", 4.4, 6.9e6, 66e6, 0.852},
    {"convnext_tiny", 14.1, 28.1e6, 366e6, 0.812},
    {"convnext_small", 24.8, 49.8e6, 712e6, 0.817},
}};
constexpr std::array<double, 4> rates = {1e-2, 1e-3, 1e-4, 1e-5};

Json measurement(double latency, RandomStream& random, double memory_mb, double parameters, bool disturbed) {
  const double spread = latency * random.uniform(0.006, 0.035);
  return {{"latency_ms", latency},
          {"p90_ms", latency * (disturbed ? 1.7 : random.uniform(1.03, 1.16))},
          {"p99_ms", latency * (disturbed ? 2.4 : random.uniform(1.18, 1.45))},
          {"min_ms", latency * 0.97},
          {"spread_ms", spread},
          {"runs", disturbed ? 300 : 120},
          {"warmup_runs", 14},
          {"load_ms", 4 + parameters * 4e-6},
          {"peak_memory_bytes", static_cast<std::int64_t>(memory_mb * 1024 * 1024)},
          {"model_bytes", static_cast<std::int64_t>(parameters * 4)},
          {"disturbed", disturbed},
          {"disturbance", disturbed ? "p90 is 1.7 times the median" : ""},
          {"device", "local"},
          {"processor", "Sample CPU, 2 cores"},
          {"provider", "cpu"},
          {"precision", "fp32"},
          {"runtime", "onnxruntime 1.21.0"},
          {"threads", 1},
          {"clock", "unknown"}};
}

study::Settings settings(const std::string& name, std::vector<study::Objective> objectives,
                         const std::vector<std::string>& constraints) {
  study::Settings all{.name = name, .seed = 1, .objectives = std::move(objectives)};
  for (const auto& text : constraints) all.constraints.push_back(constraint(text));
  all.created = "2026-01-15T08:30:00Z";
  all.environment = {{"edgewise", "0.1.0"}, {"host", "sample"},        {"processor", "Sample CPU"},
                     {"cores", 2},          {"memory_gb", 16},         {"system", "Debian 13"},
                     {"libtorch", "2.6.0"}, {"onnxruntime", "1.21.0"}, {"compiler", "g++ 14.2"}};
  all.job = {
      {"task", "box"},
      {"data", {{"path", "builtin:faces"}, {"format", "builtin"}, {"input", 64}}},
      {"space", "backbones"},
      {"device", "local"},
      {"objectives", Json::object()},
      {"constraints", constraints},
      {"train",
       {{"optimizer", "adamw"},
        {"batch", 64},
        {"schedule", "cosine"},
        {"warmup_epochs", 0.5},
        {"weight_decay", 1e-4},
        {"precision", "auto"}}},
      {"search",
       {{"strategy", "staged"},
        {"stages", Json::array({{{"epochs", 10}, {"keep", 8}}, {{"epochs", 30}, {"keep", 2}}, {{"epochs", 60}}})},
        {"rank", ""}}},
      {"budget", {{"hours", 5}}},
      {"seed", 1}};
  for (const auto& objective : all.objectives)
    all.job["objectives"][objective.name] = objective.direction == Direction::maximize ? "maximize" : "minimize";
  return all;
}

/// How well a learning rate suits: the middle ones do, the largest disturbs, the smallest is slow.
double rate_loss(double rate) {
  return rate == 1e-2 ? 0.06 : rate == 1e-3 ? 0.0 : rate == 1e-4 ? 0.035 : 0.17;
}

void train(study::Trial& trial, const Backbone& net, int stage, int from, int to, RandomStream& random) {
  const double rate = std::get<double>(trial.choice.at("learning_rate"));
  double best = 0;
  int best_epoch = from + 1;
  for (int epoch = from + 1; epoch <= to; ++epoch) {
    const double pace = rate == 1e-5 ? 18.0 : rate == 1e-4 ? 8.0 : 4.5;
    const double iou = (net.quality - rate_loss(rate)) * (1 - 0.42 * std::exp(-epoch / pace)) +
                       0.012 * random.normal() / std::sqrt(epoch);
    study::CurvePoint point{.stage = stage, .epoch = epoch};
    point.validation_loss = 0.9 * std::pow(1 - iou, 1.3) + 0.01 * random.uniform();
    point.train_loss = point.validation_loss * (0.97 - 0.004 * epoch);
    point.metrics = {{"iou", iou}, {"iou50", std::min(0.999, iou * 1.13)}};
    point.seconds = 2 + net.latency_ms * 1.7;
    point.images_per_s = 4000 / point.seconds;
    if (iou > best) {
      best = iou;
      best_epoch = epoch;
    }
    trial.curve.push_back(point);
  }
  const double memory = 12 + net.parameters * 8e-6 + net.latency_ms;
  const double latency = net.latency_ms * random.uniform(0.98, 1.03);
  const bool disturbed = random.chance(0.04);
  study::StageResult result{.stage = stage, .fidelity = study::Fidelity::training(to), .best_epoch = best_epoch};
  result.values = study::values_of(study::Source::trained, {{"iou", best},
                                                            {"iou50", std::min(0.999, best * 1.13)},
                                                            {"latency_ms", latency},
                                                            {"memory_mb", memory},
                                                            {"parameters", net.parameters},
                                                            {"macs", net.macs}});
  result.measurement = measurement(latency, random, memory, net.parameters, disturbed);
  result.details = {{"export_difference", 3.1e-6}};
  result.artifacts = {{.kind = "onnx", .path = std::format("trials/{:06}/model.onnx", trial.id.value)}};
  result.train_s = (to - from) * (2 + net.latency_ms * 1.7);
  result.measure_s = 1.4;
  result.export_s = 0.3;
  result.overhead_s = 0.2;
  result.finished = "2026-01-15T09:00:00Z";
  trial.results.push_back(result);
  trial.stage = stage;
  trial.fidelity = study::Fidelity::training(to);
  trial.state = State::complete;
}

}  // namespace

study::Study empty_study() {
  return {.settings = settings("empty", {{"iou", Direction::maximize}, {"latency_ms", Direction::minimize}},
                               {"latency_ms < 33"})};
}

study::Study staged_study() {
  study::Study study{.settings =
                         settings("sample-faces", {{"iou", Direction::maximize}, {"latency_ms", Direction::minimize}},
                                  {"latency_ms < 13", "memory_mb < 300", "parameters < 1e8"})};
  RandomStream random(7);
  for (const auto& net : backbones)
    for (const double rate : rates) {
      study::Trial trial{.id = {static_cast<std::int64_t>(study.trials.size())}};
      trial.choice = {{"backbone", std::string(net.name)}, {"learning_rate", rate}};
      trial.fidelity = study::Fidelity::training(10);
      trial.known =
          study::values_of(study::Source::computed,
                           {{"parameters", net.parameters}, {"macs", net.macs}, {"weight_mb", net.parameters * 4e-6}});
      if (net.parameters > 1e8) {
        trial.state = State::rejected;
        trial.reason = std::format("breaks \"parameters < 1e8\": it has {:.0f} parameters", net.parameters);
      } else if (trial.id.value == 1) {
        trial.state = State::failed;
        trial.reason = "the agent was killed by signal 9 (Killed) while it measured trials/1/stage1.onnx";
      } else if (rate == 1e-2 && (net.name == std::string("mnasnet1_3") || net.name == std::string("alexnet") ||
                                  net.name == std::string("convnext_small"))) {
        trial.state = State::pruned;
        trial.reason =
            std::format("the loss became NaN in epoch {}, batch {}", 1 + trial.id.value % 3, 10 + trial.id.value % 7);
        trial.curve.push_back({.stage = 0,
                               .epoch = 1,
                               .train_loss = 41.0,
                               .validation_loss = 37.5,
                               .metrics = {{"iou", 0.11}, {"iou50", 0.02}},
                               .seconds = 3,
                               .images_per_s = 900});
      } else {
        train(trial, net, 0, 0, 10, random);
      }
      study.trials.push_back(trial);
    }
  const auto promote = [&](std::size_t keep, int stage, int from, int to) {
    std::vector<study::Trial*> best;
    for (auto& trial : study.trials)
      if (trial.stage == stage - 1 && trial.state == State::complete && trial.value("latency_ms") < 13)
        best.push_back(&trial);
    const auto worth = [](const study::Trial* trial) {
      return *trial->value("iou") - 0.02 * std::log(*trial->value("latency_ms"));
    };
    std::ranges::sort(best, [&](const auto* a, const auto* b) { return worth(a) > worth(b); });
    best.resize(std::min(keep, best.size()));
    for (auto* trial : best) {
      const auto& name = std::get<std::string>(trial->choice.at("backbone"));
      const auto& net = *std::ranges::find_if(backbones, [&](const Backbone& b) { return b.name == name; });
      train(*trial, net, stage, from, to, random);
    }
  };
  promote(8, 1, 10, 30);
  promote(2, 2, 30, 60);
  return study;
}

study::Study resnet_study(int count, int objectives) {
  std::vector<study::Objective> wanted = {
      {"accuracy", Direction::maximize}, {"latency_ms", Direction::minimize}, {"memory_mb", Direction::minimize}};
  wanted.resize(static_cast<std::size_t>(std::clamp(objectives, 1, 3)));
  study::Study study{.settings = settings("sample-drainage", wanted, {"memory_mb < 100", "latency_ms < 150"})};
  study.settings.job["search"] = {{"strategy", "random"}, {"trials", count}};
  study.settings.job["frame"] = {{"outputs", 2}, {"classes", {"crossing", "no crossing"}}};
  RandomStream random(11);
  for (int i = 0; i < count; ++i) {
    study::Trial trial{.id = {i}};
    const auto stages = static_cast<std::int64_t>(2 + random.below(3));
    const auto width = static_cast<std::int64_t>(8 * (1 + random.below(8)));
    const bool bottleneck = random.chance(0.4);
    const auto input = static_cast<std::int64_t>(32 * (1 + random.below(3)));
    trial.choice = {{"stages", stages},
                    {"width", width},
                    {"block", std::string(bottleneck ? "bottleneck" : "basic")},
                    {"input_size", input},
                    {"kernel_size", std::int64_t{3}}};
    for (std::int64_t s = 0; s < stages; ++s)
      trial.choice[std::format("blocks_{}", s + 1)] = static_cast<std::int64_t>(1 + random.below(3));
    if (bottleneck) trial.choice["expansion"] = static_cast<std::int64_t>(2 + 2 * random.below(2));
    const double work = static_cast<double>(stages * width * width) * static_cast<double>(input * input) / 1e7;
    const double latency = 0.4 + work * 1.9, memory = 9 + static_cast<double>(width) * 0.9 + work * 1.4;
    const double accuracy = std::min(0.985, 0.80 + 0.045 * std::log1p(work * 6) + 0.012 * random.normal());
    for (int epoch = 1; epoch <= 8; ++epoch) {
      const double now = accuracy * (1 - 0.3 * std::exp(-epoch / 2.0)) + 0.006 * random.normal();
      trial.curve.push_back({.stage = 0,
                             .epoch = epoch,
                             .train_loss = 1.1 * (1 - now),
                             .validation_loss = 1.3 * (1 - now) + 0.02 * random.uniform(),
                             .metrics = {{"accuracy", now}, {"balanced_accuracy", now - 0.01}},
                             .seconds = 3,
                             .images_per_s = 700});
    }
    study::StageResult result{.stage = 0, .fidelity = study::Fidelity::training(8), .best_epoch = 8};
    result.values = study::values_of(study::Source::trained, {{"accuracy", accuracy},
                                                              {"balanced_accuracy", accuracy - 0.01},
                                                              {"latency_ms", latency},
                                                              {"memory_mb", memory}});
    result.measurement =
        measurement(latency, random, memory, static_cast<double>(width * width) * 900.0, random.chance(0.03));
    const int right = static_cast<int>(accuracy * 200);
    result.details = {{"confusion", {{right, 200 - right}, {(200 - right) / 2, 200 - (200 - right) / 2}}}};
    result.artifacts = {{.kind = "onnx", .path = std::format("trials/{:06}/model.onnx", i)}};
    result.train_s = 26;
    result.measure_s = 1.1;
    trial.results.push_back(result);
    trial.fidelity = study::Fidelity::training(8);
    trial.state = State::complete;
    trial.known = study::values_of(study::Source::computed, {{"parameters", static_cast<double>(width * width * 900)}});
    study.trials.push_back(trial);
  }
  return study;
}

study::Study three_trials() {
  auto study = empty_study();
  study.settings.name = "three";
  const auto add = [&](const std::string& backbone, double rate, double iou, double latency) {
    study::Trial trial{.id = {static_cast<std::int64_t>(study.trials.size())},
                       .choice = {{"backbone", backbone}, {"learning_rate", rate}},
                       .state = State::complete};
    trial.fidelity = study::Fidelity::training(2);
    trial.known = study::values_of(study::Source::computed, {{"parameters", 1000.0 * latency}});
    trial.curve = {{.stage = 0,
                    .epoch = 1,
                    .train_loss = 0.5,
                    .validation_loss = 0.625,
                    .metrics = {{"iou", iou / 2}},
                    .seconds = 2,
                    .images_per_s = 100},
                   {.stage = 0,
                    .epoch = 2,
                    .train_loss = 0.25,
                    .validation_loss = 0.375,
                    .metrics = {{"iou", iou}},
                    .seconds = 2,
                    .images_per_s = 100}};
    study::StageResult result{.stage = 0,
                              .fidelity = study::Fidelity::training(2),
                              .best_epoch = 2,
                              .values = study::values_of(study::Source::told, {{"iou", iou}, {"latency_ms", latency}})};
    result.details = Json::object();
    result.train_s = 4;
    result.finished = "2026-01-15T09:00:00Z";
    trial.results.push_back(result);
    study.trials.push_back(trial);
  };
  add("resnet18", 0.001, 0.875, 5.25);
  add("mobilenet_v2", 0.0001, 0.75, 2.5);
  add("vgg11", 0.001, 0.8125, 40.0);
  study::Trial failed{
      .id = {3}, .choice = {{"backbone", std::string("alexnet")}, {"learning_rate", 0.01}}, .state = State::failed};
  failed.reason = "the loss became NaN in epoch 1, \"batch\" 17";
  study.trials.push_back(failed);
  return study;
}

study::Study hostile_study() {
  auto study = three_trials();
  const std::string attack = "</script><img src=x onerror=\"window.hacked=1\"><!--<script>";
  study.settings.name = attack;
  study.settings.environment = {{attack, attack}, {"broken", std::string("\xff\xfe bytes")}};
  study.settings.job["task"] = attack;
  for (auto& trial : study.trials) {
    trial.choice["backbone"] = attack + std::to_string(trial.id.value);
    trial.reason = "\x1b[2J\x1b]0;title\x07" + attack;
    trial.known[attack] = {.value = 1.0, .source = study::Source::told};
    if (!trial.results.empty()) {
      trial.results.back().details = {
          {"remark", attack}, {attack, {{attack, attack}}}, {"bytes", std::string("\xc3(")}};
      trial.results.back().artifacts = {{.kind = "onnx", .path = attack}};
      trial.results.back().values["odd"] = {.value = std::nan(""), .source = study::Source::told};
      trial.results.back().measurement = {
          {"disturbed", true}, {"disturbance", attack}, {"device", attack}, {"latency_ms", "text"}};
    }
    for (auto& point : trial.curve) point.metrics[attack] = 0.5;
  }
  return study;
}

study::Study failed_study(int count) {
  auto study = empty_study();
  study.settings.name = "all failed";
  for (int i = 0; i < count; ++i) {
    study::Trial trial{.id = {i},
                       .choice = {{"backbone", std::string("resnet18")}, {"learning_rate", 1.0 / (i + 2)}},
                       .state = State::failed};
    trial.reason = std::format("the loss became NaN in epoch {}, batch {}", 1 + i % 3, i);
    study.trials.push_back(trial);
  }
  return study;
}

}  // namespace edgewise::sample
