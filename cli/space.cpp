#include <filesystem>
#include <format>
#include <limits>

#include "base/console.hpp"
#include "base/file.hpp"
#include "cli/command.hpp"
#include "graph/graph_features.hpp"
#include "run/session.hpp"
#include "space/blocks/block.hpp"
#include "space/space_file.hpp"
#include "space/survey.hpp"

namespace edgewise::cli {

namespace {

struct SpaceCall {
  std::vector<std::string> targets;
  std::string input = "64";
  int channels = 3, classes = 10, samples = 5, looks = 1000;
  std::uint64_t seed = 1;
  bool json = false, features = false;
};

struct Found {
  space::Family family;
  space::Frame frame;
};

std::expected<Found, Exit> found_source(const space::Source& source, const SpaceCall& call) {
  const space::Frame frame{.channels = call.channels,
                           .input_size = size_from_text(call.input).value_or(64),
                           .head = {},
                           .outputs = call.classes};
  auto family = space::read_family(source, frame);
  if (family) return Found{*std::move(family), frame};
  auto& mistakes = family.error();
  if (mistakes.in_options) mistakes.in_file.push_back(*mistakes.in_options);
  return std::unexpected(report_errors(mistakes.in_file));
}

std::expected<Found, Exit> found_job(const std::string& path) {
  const auto job = job_or_exit(path);
  if (!job) return std::unexpected(job.error());
  const auto set = data::load(job->data, *job->task);
  if (!set) return std::unexpected(report_error(set.error()));
  const auto frame = job::frame(*job, *set);
  auto family = space::make_family(job->space, frame);
  if (!family) return std::unexpected(report_error(family.error()));
  return Found{*std::move(family), frame};
}

/// A family's name, a space file, or a job file.
std::expected<Found, Exit> find_space(const std::string& target, const SpaceCall& call) {
  if (!space::is_space_file(target))
    return found_source({target, space::built_in_content(target), Json::object()}, call);
  const auto text = read_file(target, std::size_t{2} << 20);
  if (!text) return std::unexpected(report_error(text.error()));
  const auto root = config::parse_yaml(*text, target);
  const bool is_job = root && std::ranges::contains(root->entries, "task", &config::Node::Entry::key);
  return is_job ? found_job(target) : found_source({target, *text, Json::object()}, call);
}

std::string domain_text(const space::Parameter& parameter) {
  return std::visit(
      [](const auto& domain) -> std::string {
        using Domain = std::decay_t<decltype(domain)>;
        if constexpr (std::is_same_v<Domain, space::Categorical>) {
          std::string text;
          for (const auto& value : domain.values) text += (text.empty() ? "" : ", ") + value;
          return text;
        } else if constexpr (std::is_same_v<Domain, space::Integer>) {
          return std::format("{} .. {} by {}{}", domain.low, domain.high, domain.step, domain.log_scale ? ", log" : "");
        } else {
          return std::format("{} .. {}{}", domain.low, domain.high, domain.log_scale ? ", log" : "");
        }
      },
      parameter.domain);
}

Json features_json(const std::vector<double>& values) {
  Json json = Json::object();
  for (std::size_t i = 0; i < values.size(); ++i) json[graph::graph_feature_list()[i].name] = values[i];
  return json;
}

/// Those that tell the samples apart, which are those that a search's models look at. @param samples  a row each
void print_features(const std::vector<std::vector<double>>& samples) {
  const auto& features = graph::graph_feature_list();
  for (const auto& group : graph::graph_feature_groups()) {
    std::vector<std::string> lines;
    std::size_t all = 0;
    for (std::size_t f = 0; f < features.size(); ++f) {
      if (features[f].group != group.name) continue;
      ++all;
      double low = std::numeric_limits<double>::infinity(), high = -low;
      for (const auto& sample : samples) {
        low = std::min(low, sample[f]);
        high = std::max(high, sample[f]);
      }
      if (low < high) lines.push_back(std::format("  {:<44} {:>9.4g} {:>9.4g}", features[f].name, low, high));
    }
    console::print_line("\n{}: {}; {} of {} differ among {} samples", group.name, group.sentence, lines.size(), all,
                        samples.size());
    for (const auto& line : lines) console::print_line("{}", line);
  }
}

Json to_json(const space::Survey& survey) {
  const auto& count = survey.count;
  Json json{{"choices", nullptr},
            {"looked_at", count.looked_at},
            {"valid", count.valid},
            {"valid_share", {{"low", count.low}, {"high", count.high}, {"is_exact", count.is_exact}}},
            {"values", Json::object()},
            {"reasons", Json::object()}};
  if (count.choices) json["choices"] = *count.choices;
  for (const auto& [name, spread] : survey.spreads)
    json["values"][name] = {{"low", spread.low}, {"median", spread.middle}, {"high", spread.high}};
  for (const auto& [reason, times] : survey.reasons) json["reasons"][reason] = times;
  return json;
}

std::string in_short(double number) {
  return number < 1e6 ? std::format("{:.0f}", number) : std::format("{:.3g}", number);
}

/// Of a space without a size: a real parameter, or more than 64 bits can count.
std::string beyond_count(const space::Space& space) {
  const bool has_real = std::ranges::any_of(space.parameters(), [](const space::Parameter& parameter) {
    const auto* real = std::get_if<space::Real>(&parameter.domain);
    return real && real->low < real->high;
  });
  return has_real ? "infinitely many" : "more than 9.2e18";
}

std::string count_text(const space::Count& count, const space::Space& space) {
  if (!count.choices && count.valid == count.looked_at)
    return std::format("{} choices; all {} that were looked at are valid", beyond_count(space), count.looked_at);
  if (!count.choices)
    return std::format("{} choices, of which {:.1f} to {:.1f} % are valid ({} of {} that were looked at)",
                       beyond_count(space), 100 * count.low, 100 * count.high, count.valid, count.looked_at);
  const auto all = static_cast<double>(*count.choices);
  if (count.is_exact) return std::format("{} choices, of which {} are valid", *count.choices, count.valid);
  if (count.valid == count.looked_at)
    return std::format("{} choices; all {} that were looked at are valid", in_short(all), count.looked_at);
  return std::format("{} choices, of which {} to {} are valid ({} of {} that were looked at)", in_short(all),
                     in_short(all * count.low), in_short(all * count.high), count.valid, count.looked_at);
}

void print_survey(const space::Survey& survey, const space::Space& space) {
  console::print_line("\n{}", count_text(survey.count, space));
  for (const auto& [reason, times] : survey.reasons) console::print_line("  {} not: {} ...", times, reason);
  if (survey.built == 0) return;
  console::print_line("\n{:<16} {:>12} {:>12} {:>12}   over {} networks", "", "least", "median", "most", survey.built);
  for (const auto& [name, spread] : survey.spreads)
    console::print_line("{:<16} {:>12.4g} {:>12.4g} {:>12.4g}", name, spread.low, spread.middle, spread.high);
}

Exit show(const SpaceCall& call) {
  const auto found = find_space(call.targets.front(), call);
  if (!found) return found.error();
  const auto& [family, frame] = *found;
  Json json{{"family", family.name}, {"size", nullptr}, {"parameters", Json::array()}, {"samples", Json::array()}};
  if (const auto size = family.space.size()) json["size"] = *size;
  for (const auto& parameter : family.space.parameters()) {
    Json row{{"name", parameter.name},
             {"values", domain_text(parameter)},
             {"when", nullptr},
             {"description", parameter.description}};
    if (parameter.condition) {
      std::string values;
      for (const auto& value : parameter.condition->values) values += (values.empty() ? "" : ", ") + value;
      row["when"] = parameter.condition->parent + " is " + values;
    }
    json["parameters"].push_back(row);
  }
  const auto survey = space::survey(family, frame, static_cast<std::size_t>(call.looks), call.seed, run::known_costs);
  json["survey"] = to_json(survey);
  auto random = RandomStream::named(call.seed, "space examples");
  std::vector<std::vector<double>> features;  // of each sample, where they are asked for
  for (int i = 0; i < call.samples; ++i) {
    const auto choice = family.space.sample(random);
    if (!choice) return report_error(choice.error());
    const auto candidate = family.build(*choice, frame);
    if (!candidate) return report_error(candidate.error());
    json["samples"].push_back({{"choice", space::to_json(*choice)}, {"costs", run::known_costs(candidate->graph)}});
    if (!call.features) continue;
    features.push_back(graph::graph_features(candidate->graph));
    if (call.json) json["samples"].back()["features"] = features_json(features.back());
  }
  if (call.json) {
    print_json(json);
    return Exit::done;
  }
  console::print_line("{}: {} parameters", family.name, family.space.parameters().size());
  for (const auto& row : json["parameters"])
    console::print_line(
        "  {:<16} {}{}{}", row["name"].get<std::string>(), row["values"].get<std::string>(),
        row["when"].is_null() ? "" : "   when " + row["when"].get<std::string>(),
        row["description"].get<std::string>().empty() ? "" : "   # " + row["description"].get<std::string>());
  if (!family.drawing.empty()) console::print("\n{}", family.drawing);
  print_survey(survey, family.space);
  if (call.samples > 0)
    console::print_line("\n{:>12} {:>10} {:>10} {:>12}  choice", "parameters", "M MACs", "weight MB", "activ. MB");
  for (const auto& sample : json["samples"]) {
    const auto& costs = sample["costs"];
    std::string text;
    for (const auto& [key, value] : sample["choice"].items())
      text += key + "=" + (value.is_string() ? value.get<std::string>() : dump(value)) + " ";
    console::print_line("{:>12.0f} {:>10.2f} {:>10.2f} {:>12.2f}  {}", costs["parameters"].get<double>(),
                        costs["macs"].get<double>() / 1e6, costs["weight_mb"].get<double>(),
                        costs["activation_mb"].get<double>(), text);
  }
  if (call.features) print_features(features);
  return Exit::done;
}

Exit check_space(const std::string& target, const SpaceCall& call) {
  const auto found = find_space(target, call);
  if (!found) return found.error();
  const auto oddities = space::find_oddities(found->family, found->frame, call.seed);
  if (!oddities.empty()) return report_errors(space::errors_of(oddities, found->family));
  const auto size = found->family.space.size();
  console::print_line(
      "{}: no mistakes; {} parameters, {} choices; every value is in a network that can be built, and every "
      "parameter has an effect",
      target, found->family.space.parameters().size(),
      size ? in_short(static_cast<double>(*size)) : beyond_count(found->family.space));
  return Exit::done;
}

/// What a space file or a family's name leaves open, and a job file does not.
void add_frame(CLI::App* command, SpaceCall& call) {
  command->add_option("--input", call.input, "of the pictures, an edge or e.g. 320x192, where no job says it")
      ->capture_default_str()
      ->check(
          [](const std::string& text) {
            const auto size = size_from_text(text);
            const bool is_right = size && size->shorter() >= 8 && size->longer() <= 4096;
            return is_right ? std::string() : "must be a whole number or WIDTHxHEIGHT, both from 8 to 4096";
          },
          "EDGE or WIDTHxHEIGHT");
  command->add_option("--channels", call.channels, "of the pictures, where no job says it")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command->add_option("--classes", call.classes, "numbers that the networks give, where no job says it")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--seed", call.seed, "of what is drawn")->capture_default_str();
}

}  // namespace

void add_space(CLI::App& app, Action& chosen) {
  auto call = std::make_shared<SpaceCall>();
  auto* space = app.add_subcommand("space", "Look at a search space: of a file, a family or a job.");
  space->usage("example: edgewise space show job.yaml");
  space->require_subcommand(1);
  auto* shown = add_command(*space, "show", "Draw a space, count it, and show what its networks cost.",
                            "edgewise space show job.yaml --samples 10", chosen, [call] { return show(*call); });
  const std::string what = "a space file, a family's name, or a job file";
  shown->add_option("space", call->targets, what)->required()->expected(1);
  add_frame(shown, *call);
  shown->add_option("--samples", call->samples, "networks to list")->capture_default_str()->check(CLI::Range(0, 10000));
  shown->add_option("--looks", call->looks, "choices that are looked at for counts and costs")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  shown->add_flag("--features", call->features, "what a search's models see of the networks, smallest and largest");
  shown->add_flag("--json", call->json, "print JSON");

  auto* checked = add_command(*space, "check",
                              "Find values that are never valid or cannot be built, and parameters without effect.",
                              "edgewise space check space.yaml --input 96", chosen, [call] {
                                auto exit = Exit::done;
                                for (const auto& target : call->targets)
                                  if (const auto one = check_space(target, *call); one != Exit::done) exit = one;
                                return exit;
                              });
  checked->add_option("space", call->targets, what + "; several are looked at in turn")->required();
  add_frame(checked, *call);

  add_command(*space, "blocks", "All blocks of the space language and their arguments (Markdown).",
              "edgewise space blocks", chosen, [] {
                console::print("{}", space::block_reference());
                return Exit::done;
              });
}

}  // namespace edgewise::cli
