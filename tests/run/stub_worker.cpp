// A worker for the tests of the coordinator: it claims trials and records numbers without training anything.
// EDGEWISE_STUB tells what goes wrong, as words: "fail:2" (trial 2 fails), "die:1" (the process is killed while it runs
// trial 1, once), "hang:1" (it falls silent in trial 1, once), "lose:1" (it is killed each time), "brief" (it may be
// silent for a second), "untimed" (it cannot time a network), "slow" (a trial takes a moment, and says that it took an
// hour), "fault:1" (trial 1 meets a fault of the machine, once), "crowded" (a trial takes a moment, and one that was
// lost leaves the file "crowd" when another runs beside it).
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <print>
#include <sstream>
#include <string>
#include <thread>

#include "study/storage.hpp"

namespace {

using namespace edgewise;
using namespace std::chrono_literals;

bool is_told(const std::string& word) {
  const char* words = std::getenv("EDGEWISE_STUB");
  std::istringstream all(words ? words : "");
  for (std::string one; all >> one;)
    if (one == word) return true;
  return false;
}

/// Whether this is the first call with this word for the study.
bool is_first(const std::filesystem::path& folder, const std::string& word) {
  if (std::filesystem::exists(folder / word)) return false;
  std::ofstream(folder / word) << "was here";
  return true;
}

void misbehave(const std::filesystem::path& folder, const std::string& id) {
  if (is_told("lose:" + id) || (is_told("die:" + id) && is_first(folder, "died"))) ::raise(SIGKILL);
  if (is_told("hang:" + id) && is_first(folder, "hung"))
    for (;;) std::this_thread::sleep_for(1h);
}

/// Whether a trial runs beside this one while it takes its moment.
Status look_for_others(study::Storage& storage, const study::Trial& trial, const std::filesystem::path& folder) {
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(10ms);
    if (trial.attempts < 2) continue;
    TRY(const auto study, storage.load());
    for (const auto& other : study.trials)
      if (other.id != trial.id && other.state == study::State::running) std::ofstream(folder / "crowd") << "seen";
  }
  return {};
}

Status run(const std::filesystem::path& folder) {
  TRY(const auto storage, study::open_storage(folder));
  const auto name = study::worker_name();
  for (;;) {
    TRY(const auto claim, storage->claim(name, is_told("brief") ? 1s : study::usual_lease));
    if (!claim) {
      std::this_thread::sleep_for(5ms);
      continue;
    }
    const auto& trial = claim->trial;
    const auto id = study::to_text(trial.id);
    std::println(R"({{"trial": {}, "phase": "start"}})", id);
    std::cout.flush();
    for (int epoch = trial.curve.empty() ? 1 : trial.curve.back().epoch + 1; epoch <= trial.fidelity.epochs();
         ++epoch) {
      TRY_DO(storage->record(*claim, {.stage = trial.stage, .epoch = epoch, .train_loss = 1, .validation_loss = 1}));
      misbehave(folder, id);
    }
    if (is_told("crowded")) TRY_DO(look_for_others(*storage, trial, folder));
    if (is_told("fault:" + id) && is_first(folder, "fault")) {
      TRY_DO(storage->release(*claim));
      std::println(R"({{"error": "the disk is full", "where": "", "next": "make room", "is_fault": true}})");
      return {};
    }
    if (is_told("fail:" + id)) {
      TRY_DO(storage->fail_trial(*claim, "it was told to fail"));
      continue;
    }
    if (is_told("slow")) std::this_thread::sleep_for(300ms);
    study::StageResult result{.stage = trial.stage, .fidelity = trial.fidelity, .best_epoch = 1};
    result.values = study::values_of(study::Source::trained,
                                     {{"iou", 0.5}, {"latency_ms", 1.0 + static_cast<double>(trial.id.value)}});
    result.train_s = is_told("slow") ? 3600 : 0.1;
    TRY_DO(storage->finish(*claim, study::State::complete, result, ""));
    std::println(R"({{"trial": {}, "phase": "complete"}})", id);
    std::cout.flush();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  if (std::string(argv[1]) == "time") {
    if (is_told("untimed")) return 3;
    for (std::string line; std::getline(std::cin, line);) std::cout << R"({"seconds_per_image": 0.001})" << std::endl;
    return 0;
  }
  const auto status = run(argv[2]);
  if (!status) std::println(stderr, "{}", to_text(status.error()));
  return status ? 0 : 1;
}
