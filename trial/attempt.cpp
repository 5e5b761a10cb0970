#include "trial/attempt.hpp"

#include <chrono>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <tuple>

#include "base/console.hpp"
#include "base/machine.hpp"
#include "trial/evaluate.hpp"

namespace edgewise::trial {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds beat_each{5};
constexpr std::chrono::milliseconds told_each{500};

class Attempt {
 public:
  Attempt(Workplace& workplace, study::Storage& storage, const study::Claim& claim, const Starter& starter)
      : workplace_(workplace), storage_(storage), claim_(claim), starter_(starter) {}

  Status run() {
    tell({{"phase", "start"}, {"stage", claim_.trial.stage}, {"epochs", epochs_}});
    if (starter_.on_wait) *starter_.on_wait = [this](const std::string& whom) { on_wait(whom); };
    auto outcome = evaluated();
    if (starter_.on_wait) *starter_.on_wait = {};
    auto done = unrecorded_ ? give_back(*unrecorded_) : outcome ? finish(*outcome) : give_back(outcome.error());
    // Taken away meanwhile: another worker has the trial.
    if (!done && done.error().code == ErrorCode::conflict) {
      tell({{"phase", "released"}});
      return {};
    }
    return done;
  }

 private:
  /// Whatever a library throws costs this trial, not the worker.
  Result<Outcome> evaluated() {
    try {
      return evaluate(workplace_, storage_, claim_.trial, listener());
    } catch (const std::bad_alloc&) {
      return std::unexpected(memory_ran_out({}));
    } catch (const std::system_error& e) {
      return fail(ErrorCode::unavailable, e.what(), "see to the limits of this machine: files, threads, memory");
    } catch (const std::exception& e) {
      return invalid(e.what());
    }
  }

  Listener listener() {
    return {.on_epoch = [this](const study::CurvePoint& point) { on_epoch(point); },
            .on_batch = [this](int epoch, std::size_t batch, std::size_t batches) { on_batch(epoch, batch, batches); },
            .on_phase =
                [this](const std::string& what) {
                  tell({{"phase", what}});
                  beat();
                },
            .on_progress = [this] { beat(); },
            .on_wait = [this](const std::string& whom) { on_wait(whom); },
            .on_remark =
                [this](const std::string& what) {
                  console::say("trial {}: {}", study::to_text(claim_.id), what);
                  tell({{"remark", what}});
                },
            .stop = starter_.stop};
  }

  void on_epoch(const study::CurvePoint& point) {
    if (auto recorded = persist([&] { return storage_.record(claim_, point); }); !recorded) {
      // What is trained further would be missing from the study.
      unrecorded_ = recorded.error();
      *starter_.stop = true;
    }
    tell({{"epoch", point.epoch},
          {"epochs", epochs_},
          {"validation_loss", point.validation_loss},
          {"metrics", point.metrics},
          {"seconds", point.seconds}});
  }

  void on_batch(int epoch, std::size_t batch, std::size_t batches) {
    const auto now = Clock::now();
    if (now - last_told_ > told_each) {
      last_told_ = now;
      tell({{"epoch", epoch}, {"epochs", epochs_}, {"batch", batch}, {"batches", batches}});
    }
    beat();
  }

  void beat() {
    const auto now = Clock::now();
    if (now - last_beat_ < beat_each) return;
    last_beat_ = now;
    if (auto mine = storage_.heartbeat(claim_); mine && !*mine) *starter_.stop = true;
    if (starter_.is_gone()) *starter_.stop = true;
  }

  Status finish(const Outcome& outcome) {
    TRY_DO(persist([&] { return storage_.finish(claim_, outcome.state, outcome.result, outcome.reason); }));
    tell({{"phase", std::string(study::to_text(outcome.state))},
          {"values", study::numbers(outcome.result.values)},
          {"reason", outcome.reason}});
    return {};
  }

  /// Puts the trial where another attempt finds it, or fails it where it is to blame.
  Status give_back(const Error& error) {
    const std::string reason = error.where.empty() ? error.message : error.message + " (at " + error.where + ")";
    switch (error.code) {
      case ErrorCode::interrupted:
        tell({{"phase", "released"}});
        return storage_.release(claim_);
      case ErrorCode::unavailable:
      case ErrorCode::not_found:  // of a file or a program: no network can be at fault
        // The next trial would meet the same. When not even this can be recorded, the starter takes the trial back.
        std::ignore = storage_.release(claim_);
        return std::unexpected(of_the_machine(error));
      case ErrorCode::exhausted:
        TRY_DO(persist([&] { return storage_.give_up(claim_, reason, study::max_attempts); }));
        return std::unexpected(error);
      default:
        TRY_DO(persist([&] { return storage_.fail_trial(claim_, reason); }));
        tell({{"phase", "failed"}, {"reason", reason}});
        return {};
    }
  }

  void on_wait(const std::string& whom) {
    tell({{"waits", whom}});
    beat();
  }

  /// Storage calls that fail because of a long lock or a disk that is full for a moment are tried again; what was
  /// computed must not be lost.
  template <class Call>
  Status persist(Call call) {
    Status result = call();
    for (int attempt = 0; attempt < 3 && !result && result.error().code == ErrorCode::unavailable; ++attempt) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      result = call();
    }
    return result;
  }

  void tell(const Json& fields) {
    Json message{{"trial", claim_.id.value}};
    message.update(fields);
    starter_.tell(message);
  }

  Workplace& workplace_;
  study::Storage& storage_;
  const study::Claim& claim_;
  const Starter& starter_;
  int epochs_ = claim_.trial.fidelity.epochs();
  std::optional<Error> unrecorded_;  // why an epoch is not in the study
  Clock::time_point last_beat_ = Clock::now(), last_told_;
};

}  // namespace

Json error_json(const Error& error) {
  const bool is_fault = error.code != ErrorCode::exhausted && error.code != ErrorCode::interrupted;
  return {{"error", error.message}, {"where", error.where}, {"next", error.next}, {"is_fault", is_fault}};
}

Status attempt(Workplace& workplace, study::Storage& storage, const study::Claim& claim, const Starter& starter) {
  return Attempt(workplace, storage, claim, starter).run();
}

}  // namespace edgewise::trial
