#include "run/preflight.hpp"

#include <algorithm>
#include <filesystem>
#include <format>
#include <map>
#include <optional>
#include <set>

#include "base/file.hpp"
#include "data/cache/cache.hpp"
#include "graph/preprocess.hpp"
#include "train/weights/starting_weights.hpp"

namespace edgewise::run {

namespace fs = std::filesystem;

namespace {

struct Network {
  std::string name;  // by which weights are looked for; empty: it has none
  graph::Graph graph;
};

/// The networks of a space that differ by name, or some of those that have none.
std::vector<Network> networks_of(const space::Family& family, const space::Frame& frame) {
  constexpr std::uint64_t most_tries = 4000;
  constexpr std::size_t most_networks = 64;
  const auto naming = std::ranges::find(family.space.parameters(), family.named_by, &space::Parameter::name);
  const auto* names =
      naming == family.space.parameters().end() ? nullptr : std::get_if<space::Categorical>(&naming->domain);
  std::map<std::string, Network> found;
  const std::size_t wanted = names ? std::min(most_networks, names->values.size()) : 8;
  auto random = RandomStream::named(1, "networks of the space");
  for (std::uint64_t i = 0; i < most_tries && found.size() < wanted; ++i) {
    const auto choice = family.space.sample(random);
    if (!choice) break;
    const std::string name = space::network_name(family, *choice);
    const std::string key = name.empty() ? space::to_text(*choice) : name;
    if (found.contains(key)) continue;
    auto candidate = family.build(*choice, frame);
    if (candidate) found.emplace(key, Network{name, std::move(candidate->graph)});
  }
  std::vector<Network> all;
  for (auto& [name, network] : found) all.push_back(std::move(network));
  return all;
}

class Weights {
 public:
  Weights(const job::Job& job, bool head_is_known)
      : place_(job.train.weights), fit_(job.train.weights_fit), head_is_known_(head_is_known) {}

  Status can_be_read() {
    std::error_code error;
    if (!fs::exists(place_, error))
      return fail(ErrorCode::not_found, std::format("there are no starting weights \"{}\"", place_.string()),
                  "give the path of a .pth file or of a folder with such files, relative to the job file");
    if (fs::is_directory(place_, error)) return {};
    return shapes_of(place_).transform([](auto) {});
  }

  Status fit(const std::vector<Network>& networks, bool have_names) {
    std::optional<Error> first;
    std::size_t failed = 0;
    std::int64_t taken = 0;
    for (const auto& network : networks) {
      const auto share = share_for(network);
      if (share) taken += share->tensors;
      // Where any share will do one network that takes something is enough, and files can be many and large.
      if (share && train::takes_what_fits(fit_) && taken > 0) return {};
      if (share) continue;
      ++failed;
      if (!first) first = share.error();
    }
    if (first && train::takes_what_fits(fit_) && failed < networks.size()) first.reset();
    // Of a family without names only some were looked at: one that fits may be among the others.
    if (first && !have_names && failed < networks.size()) first.reset();
    if (!first && taken == 0 && !networks.empty())
      return invalid(std::format("nothing in \"{}\" fits any network of the space by {}", place_.string(),
                                 fit_ == train::Fit::shape ? "shape and place"
                                 : fit_ == train::Fit::cut ? "name, even where it is cut"
                                                           : "name and shape"),
                     "give weights of the networks that are searched");
    if (!first) return {};
    if (failed > 1)
      first->message += std::format(" ({} of the {} networks of the space cannot start)", failed, networks.size());
    return std::unexpected(*first);
  }

 private:
  Result<const graph::Weights*> shapes_of(const fs::path& file) {
    if (const auto known = shapes_.find(file); known != shapes_.end()) return &known->second;
    TRY(auto shapes, train::read_shapes(file));
    return &shapes_.emplace(file, std::move(shapes)).first->second;
  }

  Result<train::Share> share_for(const Network& network) {
    TRY(const auto file, train::weights_file(network.graph, network.name, place_, fit_));
    TRY(const auto* shapes, shapes_of(file));
    auto share = train::share_of(network.graph, *shapes, fit_, !head_is_known_);
    if (!share) {
      const auto name =
          network.name.empty() ? "networks of the space" : std::format("the network \"{}\"", network.name);
      return fail_with(std::move(share).error(), std::format("\"{}\" does not fit {}", file.string(), name));
    }
    return share;
  }

  fs::path place_;
  train::Fit fit_;
  bool head_is_known_;
  std::map<fs::path, graph::Weights> shapes_;
};

}  // namespace

std::vector<Error> preflight(const job::Job& job, const space::Family& family, const space::Frame& frame,
                             const PreflightOptions& options) {
  std::vector<Error> errors;
  const auto add = [&](Error error, const std::string& option) {
    const auto place = job.places.find(option);
    if (place != job.places.end() && !place->second.empty()) error.where = place->second;
    errors.push_back(std::move(error));
  };
  for (auto& doubt : job.device.doubts()) add(std::move(doubt.error), "device." + doubt.option);
  if (const auto& teacher = job.train.teacher.path; !teacher.empty() && teacher != train::best_trial) {
    std::error_code error;
    if (!fs::is_regular_file(teacher, error))
      add({ErrorCode::not_found,
           std::format("there is no teacher \"{}\"", teacher),
           {},
           "give the path of an ONNX file, relative to the job file, or `best`"},
          "train.teacher");
  }
  if (job.train.weights.empty()) return errors;
  Weights weights(job, options.head_is_known);
  auto status = weights.can_be_read();
  if (status && options.every_network) {
    const auto networks = networks_of(family, frame);
    status = weights.fit(networks, !networks.empty() && !networks.front().name.empty());
  }
  if (!status) add(std::move(status).error(), "train.weights");
  return errors;
}

namespace {

constexpr double mb = 1e6;

/// Sizes of the pictures that networks of a space take: of many more than are looked at otherwise, since each other one
/// means that all pictures are decoded again.
std::set<Size> input_sizes(const space::Family& family, const space::Frame& frame) {
  constexpr int tried = 300;
  std::set<Size> sizes;
  auto random = RandomStream::named(1, "input sizes of the space");
  for (int i = 0; i < tried; ++i) {
    const auto choice = family.space.sample(random);
    if (!choice) break;
    if (const auto candidate = family.build(*choice, frame))
      sizes.insert(graph::picture_size(candidate->graph.input_shape()));
  }
  return sizes;
}

Status decode_pictures(const Session& session, const std::set<Size>& sizes,
                       const std::function<void(const std::string&)>& say, const std::atomic<bool>* stop) {
  const fs::path folder = cache_folder() / "images";
  std::vector<Size> missing;
  std::uint64_t bytes = 0;
  for (const auto size : sizes) {
    TRY(const bool is_there, data::is_cached(session.set, size, folder));
    if (is_there) continue;
    missing.push_back(size);
    bytes += data::bytes_of_cache(session.set, size);
  }
  TRY_DO(data::check_cache_folder(folder, bytes));
  const auto progress = told_now_and_then(say, "decoding the pictures");
  for (const auto size : missing)
    TRY_DO(data::open_cache(session.set, size, folder, progress, stop).transform([](const auto&) {}));
  return {};
}

/// A trial leaves a checkpoint (the weights, two moments of each, the best weights, with `average` those too), a model,
/// and with `save_weights` its weights.
Status check_room(const Session& session, const std::vector<Network>& networks,
                  const std::function<void(const std::string&)>& say) {
  const double copies = 5.0 + (session.job.train.average > 0 ? 1 : 0) + (session.job.train.save_weights ? 1 : 0);
  constexpr double overhead = 4 * mb;
  double largest = 0, all = 0;
  for (const auto& network : networks) {
    const double bytes = copies * mb * known_costs(network.graph).at("weight_mb") + overhead;
    largest = std::max(largest, bytes);
    all += bytes;
  }
  std::error_code error;
  fs::path place = fs::absolute(session.folder, error);
  while (!fs::exists(place, error) && place.has_relative_path()) place = place.parent_path();
  const fs::space_info space = fs::space(place, error);
  if (error || space.capacity == 0 || networks.empty()) return {};
  const auto room = static_cast<double>(space.available);
  if (room < largest)
    return fail(
        ErrorCode::unavailable,
        std::format("the disk of the study's folder \"{}\" has {:.0f} MB of room, one trial needs up to {:.0f} MB",
                    session.folder.string(), room / mb, largest / mb),
        "make room, or choose another place with --study");
  const auto trials = static_cast<double>(session.job.budget.trials > 0 ? session.job.budget.trials : 30);
  if (const double wanted = trials * all / static_cast<double>(networks.size()); room < wanted)
    say(std::format(
        "warning: {:.0f} trials take about {:.0f} MB on the disk of the study's folder, which has {:.0f} MB of "
        "room",
        trials, wanted / mb, room / mb));
  return {};
}

}  // namespace

Status machine_ready(const Session& session, const std::function<void(const std::string&)>& say,
                     const std::atomic<bool>* stop) {
  const auto frame = job::frame(session.job, session.set);
  const auto networks = networks_of(session.family, frame);
  TRY_DO(check_room(session, networks, say));
  const Waiting waiting{.say = say, .stop = stop, .at_most = {}};
  TRY(const auto device, session.job.device.make(waiting));
  TRY_DO(device->ready());
  if (!device->runs_models()) {
    TRY(const auto local, device::Selection().make(waiting));  // it runs the files that are compared
    TRY_DO(local->ready());
  }
  return decode_pictures(session, input_sizes(session.family, frame), say, stop);
}

}  // namespace edgewise::run
