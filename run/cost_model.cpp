#include "run/cost_model.hpp"

#include <algorithm>
#include <format>
#include <numeric>

#include "base/file.hpp"
#include "base/process.hpp"

namespace edgewise::run {

CostModel::CostModel(std::vector<Point> points) : points_(std::move(points)) { std::ranges::sort(points_, {}, &Point::macs); }

double CostModel::seconds_per_image(double macs) const {
  if (points_.empty()) return 0;
  if (macs <= points_.front().macs) return points_.front().seconds_per_image;
  for (std::size_t i = 1; i < points_.size(); ++i) {
    if (macs > points_[i].macs) continue;
    const double share = (macs - points_[i - 1].macs) / (points_[i].macs - points_[i - 1].macs);
    return points_[i - 1].seconds_per_image + share * (points_[i].seconds_per_image - points_[i - 1].seconds_per_image);
  }
  return points_.back().seconds_per_image * macs / points_.back().macs;
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
    if (const auto candidate = session.family.build(choice, frame)) sized.push_back({std::move(choice), known_costs(candidate->graph).at("macs")});
  std::ranges::stable_sort(sized, {}, &Sized::macs);
  return sized;
}

/// Seconds per image of one choice, by the timing worker.
Result<double> ask(ChildProcess& worker, const space::Choice& choice, std::chrono::seconds patience, const std::atomic<bool>& stop) {
  TRY_DO(worker.write_line(dump(space::to_json(choice))));
  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto line = worker.read_line(std::chrono::seconds(1));
  while (!line && line.error().code == ErrorCode::unavailable && !worker.poll() && !stop && std::chrono::steady_clock::now() < deadline)
    line = worker.read_line(std::chrono::seconds(1));
  if (!line) return std::unexpected(line.error());
  TRY(const auto answer, parse_json(*line, "edgewise-worker"));
  if (!answer.contains("seconds_per_image")) return invalid(answer.value("error", "the worker gave no answer"));
  return answer["seconds_per_image"].get<double>();
}

constexpr double measuring_s_per_trial = 5.0;  // warm-up, timed runs and session start; refined by what trials report

}  // namespace

Result<CostModel> time_space(Session& session, const std::atomic<bool>& stop, const std::function<void(const std::string&)>& say) {
  const auto kept = session.folder / "cost_model.json";
  if (const auto json = read_json(kept); json && json->is_array()) {
    std::vector<CostModel::Point> points;
    for (const auto& point : *json)
      if (point.is_object() && point.contains("macs") && point["macs"].is_number() && point.contains("seconds_per_image") && point["seconds_per_image"].is_number())
        points.push_back({point["macs"], point["seconds_per_image"]});
    if (!points.empty()) return CostModel(points);
  }
  const auto sized = sized_choices(session);
  if (sized.empty()) return CostModel{};
  TRY(auto worker, ChildProcess::start({(program_folder() / "edgewise-worker").string(), "time", session.folder.string()},
                                       {.error_log = session.folder / "worker.log", .own_group = true}));
  std::vector<CostModel::Point> points;
  auto patience = std::chrono::minutes(120);  // before the first answer the pictures are decoded
  for (const double share : {0.05, 0.35, 0.65, 0.95}) {
    const auto& one = sized[static_cast<std::size_t>(share * static_cast<double>(sized.size() - 1) + 0.5)];
    if (!points.empty() && points.back().macs == one.macs) continue;
    const auto answer = ask(worker, one.choice, patience, stop);
    if (stop) break;
    if (!answer) {
      say(std::format("the time of {} is not known: {}", space::to_text(one.choice), answer.error().message));
      break;
    }
    points.push_back({one.macs, *answer});
    patience = std::chrono::minutes(10);
  }
  if (points.empty()) return CostModel{};
  Json json = Json::array();
  for (const auto& point : points) json.push_back({{"macs", point.macs}, {"seconds_per_image", point.seconds_per_image}});
  TRY_DO(write_file(kept, dump(json, 1)));
  return CostModel(points);
}

double epoch_seconds(const CostModel& model, const Session& session, double macs) {
  const auto images = static_cast<double>(session.set.of(data::Split::train).size());
  const auto judged = static_cast<double>(session.set.of(data::Split::validation).size());
  return model.seconds_per_image(macs) * (images + judged / 3);  // forward alone is about a third of forward and backward
}

Expectation expect(const CostModel& model, const Session& session, const std::vector<search::PlannedStage>& plan) {
  const auto sized = sized_choices(session);
  double mean_epoch_s = 0;
  for (const auto& one : sized) mean_epoch_s += epoch_seconds(model, session, one.macs) / static_cast<double>(sized.size());
  Expectation expectation;
  for (const auto& stage : plan) {
    const auto trials = static_cast<double>(stage.trials);
    const double training = trials * (stage.epochs_after - stage.epochs_before) * mean_epoch_s;
    const double measuring = trials * measuring_s_per_trial;
    expectation.training_s += training;
    expectation.measuring_s += measuring;
    expectation.stages.emplace_back(stage.name, training + measuring);
  }
  return expectation;
}

Result<search::Price> price_at_start(Session& session, const CostModel& model, int workers, const std::atomic<bool>& stop) {
  if (session.job.search.strategy != "auto") return search::Price{};
  const auto kept = session.folder / "price.json";
  if (std::filesystem::exists(kept)) {
    TRY(const auto json, read_json(kept));
    const auto number = [&](const char* name) { return json.is_object() && json.contains(name) && json[name].is_number() ? json[name].get<double>() : -1.0; };
    const search::Price price{.evaluation_s = number("evaluation_s"), .stage_s = number("stage_s"), .budget_s = number("budget_s"),
                              .workers = static_cast<int>(std::clamp(number("workers"), -1.0, 1e6)), .restarts = session.job.train.restart};
    if (price.evaluation_s < 0 || price.stage_s < 0 || price.budget_s < 0 || price.workers < 1)
      return invalid(std::format("\"{}\" does not tell what an evaluation costs", kept.string()), "put the file back; the strategy was chosen by it");
    return price;
  }
  TRY(const auto study, session.storage->load());
  if (!study.trials.empty() || stop) return search::Price{};
  search::Price price{.workers = workers, .restarts = session.job.train.restart};
  const auto& budget = session.job.budget;
  if (!model.points().empty()) {
    const int epochs = static_cast<int>(session.job.train.epochs);
    const auto one = expect(model, session, {{"one", 1, 0, epochs}});
    price.evaluation_s = one.total_s();
    price.stage_s = one.measuring_s;
    if (budget.epochs > 0) price.budget_s = static_cast<double>(budget.epochs) / epochs * price.evaluation_s;
  }
  if (budget.hours > 0) {
    const double hours_s = budget.hours * 3600 * workers;
    price.budget_s = price.budget_s > 0 ? std::min(price.budget_s, hours_s) : hours_s;
  }
  const Json json{{"evaluation_s", price.evaluation_s}, {"stage_s", price.stage_s}, {"budget_s", price.budget_s}, {"workers", price.workers}};
  TRY_DO(write_file(kept, dump(json, 1)));
  return price;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole >= 3600) return std::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  if (whole >= 60) return std::format("{} min {:02} s", whole / 60, whole % 60);
  return std::format("{} s", whole);
}

}  // namespace edgewise::run
