#include "run/cost_model.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <format>
#include <numeric>
#include <optional>
#include <set>
#include <thread>

#include "base/file.hpp"
#include "base/machine.hpp"
#include "base/process.hpp"
#include "run/workers.hpp"

namespace edgewise::run {

CostModel::CostModel(std::vector<Point> points, std::int64_t peak_memory_bytes, double others_load)
    : points_(std::move(points)), peak_memory_bytes_(peak_memory_bytes), others_load_(others_load) {
  std::ranges::sort(points_, {}, &Point::macs);
}

std::vector<int> CostModel::threads() const {
  std::vector<int> all;
  if (points_.empty()) return all;
  for (const auto& [threads, seconds] : points_.front().seconds_per_image)
    if (std::ranges::all_of(points_, [&](const Point& point) { return point.seconds_per_image.contains(threads); }))
      all.push_back(threads);
  return all;
}

double CostModel::seconds_per_image(double macs, int threads) const {
  const auto at = [&](const Point& point) { return point.seconds_per_image.at(threads); };
  if (points_.empty() ||
      !std::ranges::all_of(points_, [&](const Point& point) { return point.seconds_per_image.contains(threads); }))
    return 0;
  if (macs <= points_.front().macs) return at(points_.front());
  for (std::size_t i = 1; i < points_.size(); ++i) {
    if (macs > points_[i].macs) continue;
    const double share = (macs - points_[i - 1].macs) / (points_[i].macs - points_[i - 1].macs);
    return at(points_[i - 1]) + share * (at(points_[i]) - at(points_[i - 1]));
  }
  return at(points_.back()) * macs / points_.back().macs;
}

namespace {

struct Sized {
  space::Choice choice;
  double macs = 0;
};

/// All choices of a small space, else a sample, by MACs.
std::vector<Sized> sized_choices(const Session& session) {
  constexpr std::uint64_t most = 300;
  constexpr int sampled = 64;
  std::vector<space::Choice> choices;
  if (const auto size = session.family.space.size(); size && *size <= most) {
    for (std::uint64_t i = 0; i < *size; ++i)
      if (auto choice = session.family.space.at(i)) choices.push_back(std::move(*choice));
  } else {
    auto random = RandomStream::named(static_cast<std::uint64_t>(session.job.seed), "cost model");
    for (int i = 0; i < sampled; ++i)
      if (auto choice = session.family.space.sample(random)) choices.push_back(std::move(*choice));
  }
  std::vector<Sized> sized;
  const auto frame = job::frame(session.job, session.set);
  for (auto& choice : choices)
    if (const auto candidate = session.family.build(choice, frame))
      sized.push_back({std::move(choice), known_costs(candidate->graph).at("macs")});
  std::ranges::stable_sort(sized, {}, &Sized::macs);
  return sized;
}

/// What is kept of a timing.
Json to_json(const CostModel& model, const std::vector<Crew>& crews, int processors) {
  Json points = Json::array(), timed = Json::array();
  for (const auto& point : model.points()) {
    Json seconds = Json::object();
    for (const auto& [threads, value] : point.seconds_per_image) seconds[std::to_string(threads)] = value;
    points.push_back({{"macs", point.macs}, {"seconds_per_image", seconds}});
  }
  for (const auto& crew : crews) timed.push_back({{"workers", crew.workers}, {"threads", crew.threads}});
  return {{"version", 2},
          {"processors", processors},
          {"crews", timed},
          {"others_load", model.others_load()},
          {"peak_memory_bytes", model.peak_memory_bytes()},
          {"points", points}};
}

/// A kept timing, when it is of these crews on such a machine; the file may be of an older version, or anything.
std::optional<CostModel> kept_model(const Json& json, const std::vector<Crew>& crews, const Room& room) try {
  if (json.at("version") != 2 || json.at("processors") != room.processors) return std::nullopt;
  // Timed beside other programs it is not the same machine.
  const double others = json.at("others_load").get<double>();
  if (std::abs(others - room.others_load) >= 0.5) return std::nullopt;
  std::vector<Crew> timed;
  for (const auto& crew : json.at("crews"))
    timed.push_back({crew.at("workers").get<int>(), crew.at("threads").get<int>()});
  if (timed != crews) return std::nullopt;
  std::vector<CostModel::Point> points;
  for (const auto& point : json.at("points")) {
    CostModel::Point one{.macs = point.at("macs").get<double>(), .seconds_per_image = {}};
    for (const auto& [threads, seconds] : point.at("seconds_per_image").items())
      one.seconds_per_image[std::stoi(threads)] = seconds.get<double>();
    points.push_back(std::move(one));
  }
  if (points.empty()) return std::nullopt;
  return CostModel(std::move(points), json.at("peak_memory_bytes").get<std::int64_t>(), others);
} catch (const std::exception&) {
  return std::nullopt;
}

/// Worker processes that time choices, several at a time.
class Timing {
 public:
  Timing(Session& session, const std::atomic<bool>& stop, const std::function<void(const std::string&)>& say)
      : session_(session), stop_(stop), say_(say) {}

  /// Seconds per image of each choice while all processes of `crew` train; nothing for one that could not be timed.
  Result<std::vector<std::optional<double>>> pass(const std::vector<Sized>& choices, const Crew& crew) {
    TRY_DO(start(crew.workers));
    std::vector<std::optional<double>> seconds(choices.size());
    std::vector<bool> is_done(choices.size(), false);
    // The largest first, so that the last ones to end are short.
    std::vector<std::size_t> queue(choices.size());
    std::iota(queue.rbegin(), queue.rend(), std::size_t{0});
    std::size_t next = 0;
    std::size_t open = choices.size();
    const auto give = [&](Process& process) {
      // One that has nothing left to time trains on, so that the others are timed on a full machine.
      process.choice = next < queue.size() ? queue[next] : queue[next % queue.size()];
      process.is_filler = next++ >= queue.size();
      process.is_busy = true;
      process.asked = Clock::now();
      // One that does not listen has ended: reading from it tells how.
      (void)process.child.write_line(
          dump(Json{{"choice", space::to_json(choices[process.choice].choice)}, {"threads", crew.threads}}));
    };
    for (int i = 0; i < crew.workers; ++i) give(processes_[static_cast<std::size_t>(i)]);
    while (open > 0 && !stop_) {
      bool is_idle = true;
      for (int i = 0; i < crew.workers; ++i) {
        Process& process = processes_[static_cast<std::size_t>(i)];
        auto line = process.child.read_line(std::chrono::milliseconds(0));
        if (!line && !process.child.poll() && Clock::now() - process.asked < patience_) continue;
        is_idle = false;
        const std::string unknown =
            std::format("the time of {} is not known", space::to_text(choices[process.choice].choice));
        if (!line) return fail_with(line.error(), unknown);
        process.is_busy = false;
        note_memory(process);
        TRY(const auto answer, parse_json(*line, "edgewise-worker"));
        if (!process.is_filler) {
          --open;
          if (answer.contains("seconds_per_image")) {
            seconds[process.choice] = answer["seconds_per_image"].get<double>();
            patience_ = std::chrono::minutes(10);
          } else {
            // Once for each reason: with too few pictures it is the same for all networks.
            const std::string reason = answer.value("error", "the worker gave no answer");
            if (told_.insert(reason).second) say_(std::format("{}: {}", unknown, reason));
          }
        }
        if (open > 0) give(process);
      }
      if (is_idle) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    // What fillers still compute is of no interest; the next pass begins with fresh answers.
    for (int i = 0; i < crew.workers && !stop_; ++i) {
      Process& process = processes_[static_cast<std::size_t>(i)];
      if (process.is_busy) (void)process.child.read_line(std::chrono::minutes(2));
      process.is_busy = false;
    }
    return seconds;
  }
  [[nodiscard]] std::int64_t peak_memory_bytes() const { return peak_memory_bytes_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Process {
    ChildProcess child;
    std::size_t choice = 0;
    bool is_filler = false, is_busy = false;
    Clock::time_point asked;
  };

  Status start(int count) {
    while (static_cast<int>(processes_.size()) < count) {
      TRY(auto child,
          ChildProcess::start(worker_command("time", session_), {.environment = worker_environment(usable_processors()),
                                                                 .error_log = session_.folder / "worker.log",
                                                                 .own_group = true}));
      processes_.push_back({.child = std::move(child), .asked = Clock::now()});
    }
    return {};
  }
  void note_memory(const Process& process) {
    peak_memory_bytes_ = std::max(peak_memory_bytes_, edgewise::peak_memory_bytes(process.child.pid()).value_or(0));
  }

  Session& session_;
  const std::atomic<bool>& stop_;
  const std::function<void(const std::string&)>& say_;
  std::vector<Process> processes_;
  std::set<std::string> told_;
  std::chrono::minutes patience_{120};  // before the first answer the pictures are decoded
  std::int64_t peak_memory_bytes_ = 0;
};

}  // namespace

std::vector<double> typical_macs(const Session& session) {
  std::vector<double> macs;
  for (const auto& one : sized_choices(session)) macs.push_back(one.macs);
  return macs;
}

Result<CostModel> time_space(Session& session, const std::vector<Crew>& crews, const Room& room,
                             const space::Choice* only, const std::atomic<bool>& stop,
                             const std::function<void(const std::string&)>& say) {
  const auto kept = session.folder / "cost_model.json";
  if (!only)
    if (const auto json = read_json(kept))
      if (auto model = kept_model(*json, crews, room)) return std::move(*model);
  std::vector<Sized> choices;
  if (only) {
    TRY(const auto candidate, session.family.build(*only, job::frame(session.job, session.set)));
    choices.push_back({*only, known_costs(candidate.graph).at("macs")});
  } else {
    const auto sized = sized_choices(session);
    for (const double share : {0.05, 0.35, 0.65, 0.95}) {
      if (sized.empty()) break;
      const auto& one = sized[static_cast<std::size_t>(std::lround(share * static_cast<double>(sized.size() - 1)))];
      if (choices.empty() || choices.back().macs != one.macs) choices.push_back(one);
    }
  }
  if (choices.empty()) return CostModel{};
  std::vector<CostModel::Point> points;
  for (const auto& one : choices) points.push_back({.macs = one.macs, .seconds_per_image = {}});
  Timing timing(session, stop, say);
  for (const auto& crew : crews) {
    const auto seconds = timing.pass(choices, crew);
    if (!seconds) {
      say(seconds.error().message);
      break;
    }
    for (std::size_t i = 0; i < points.size(); ++i)
      if ((*seconds)[i]) points[i].seconds_per_image[crew.threads] = *(*seconds)[i];
    if (stop) break;
  }
  std::erase_if(points, [](const auto& point) { return point.seconds_per_image.empty(); });
  CostModel model(std::move(points), timing.peak_memory_bytes(), room.others_load);
  if (model.points().empty()) return CostModel{};
  if (!only && !stop) TRY_DO(write_file(kept, dump(to_json(model, crews, room.processors), 1)));
  return model;
}

double epoch_seconds(const CostModel& model, const Session& session, double macs, int threads) {
  const auto images = static_cast<double>(session.set.of(data::Split::train).size());
  const auto judged = static_cast<double>(session.set.of(data::Split::validation).size());
  return model.seconds_per_image(macs, threads) *
         (images + judged / 3);  // forward alone is about a third of forward and backward
}

double measuring_seconds(const Session& session) {
  return session.job.device.seconds_each();
}

Expectation expect(const CostModel& model, const Staffing& staffing, const Session& session,
                   const std::vector<search::PlannedStage>& plan) {
  const auto macs = typical_macs(session);
  double mean_epoch_s = 0;
  for (const double one : macs)
    mean_epoch_s += epoch_seconds(model, session, one, staffing.threads_for(one)) / static_cast<double>(macs.size());
  Expectation expectation;
  for (const auto& stage : plan) {
    const auto trials = static_cast<double>(stage.trials);
    // The last round of a stage may leave workers without a trial.
    const double training =
        std::ceil(trials / staffing.workers) * (stage.after.epochs() - stage.before.epochs()) * mean_epoch_s;
    const double measuring = trials * measuring_seconds(session);
    expectation.training_s += training;
    expectation.measuring_s += measuring;
    expectation.stages.emplace_back(stage.name, training + measuring);
  }
  return expectation;
}

Result<search::Price> price_at_start(Session& session, const CostModel& model, const Staffing& staffing,
                                     const std::atomic<bool>& stop) {
  const auto* strategy = search::strategies().find(session.job.search.strategy);
  if (!strategy || !strategy->looks_at_price) return search::Price{};
  const auto kept = session.folder / "price.json";
  if (std::filesystem::exists(kept)) {
    TRY(const auto json, read_json(kept));
    const auto number = [&](const char* name) {
      return json.is_object() && json.contains(name) && json[name].is_number() ? json[name].get<double>() : -1.0;
    };
    const search::Price price{.evaluation_s = number("evaluation_s"),
                              .stage_s = number("stage_s"),
                              .budget_s = number("budget_s"),
                              .workers = static_cast<int>(std::clamp(number("workers"), -1.0, 1e6)),
                              .restarts = session.job.train.restart};
    if (price.evaluation_s < 0 || price.stage_s < 0 || price.budget_s < 0 || price.workers < 1)
      return invalid(std::format("\"{}\" does not tell what an evaluation costs", kept.string()),
                     "put the file back; the strategy was chosen by it");
    return price;
  }
  TRY(const auto study, session.storage->load());
  if (!study.trials.empty() || stop) return search::Price{};
  search::Price price{.workers = staffing.workers, .restarts = session.job.train.restart};
  const auto& budget = session.job.budget;
  if (!model.points().empty()) {
    const int epochs = static_cast<int>(session.job.train.epochs);
    const auto one = expect(model, staffing, session, {{"one", 1, {}, study::Fidelity::training(epochs)}});
    price.evaluation_s = one.total_s();
    price.stage_s = one.measuring_s;
    if (budget.epochs > 0) price.budget_s = static_cast<double>(budget.epochs) / epochs * price.evaluation_s;
  }
  if (budget.hours > 0) {
    const double hours_s = budget.hours * 3600 * staffing.workers;
    price.budget_s = price.budget_s > 0 ? std::min(price.budget_s, hours_s) : hours_s;
  }
  const Json json{{"evaluation_s", price.evaluation_s},
                  {"stage_s", price.stage_s},
                  {"budget_s", price.budget_s},
                  {"workers", price.workers}};
  TRY_DO(write_file(kept, dump(json, 1)));
  return price;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole >= 3600) return std::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  if (whole >= 60) return std::format("{} min {:02} s", whole / 60, whole % 60);
  return std::format("{} s", whole);
}

}  // namespace edgewise::run
