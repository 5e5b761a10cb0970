#include "exchange/problem.hpp"

#include <algorithm>
#include <format>
#include <set>

#include "base/config.hpp"
#include "base/file.hpp"
#include "space/space_file.hpp"
#include "study/bounds.hpp"

namespace edgewise::exchange {

namespace {

constexpr std::size_t max_file_bytes = std::size_t{1} << 20;
constexpr std::size_t max_objectives = 4;
constexpr std::size_t max_constraints = 100;
const std::vector<std::string> directions{"minimize", "maximize"};

/// Words that say which way a quantity is better; a name is split at "_", "-", ".", spaces and digits.
const std::vector<std::string> better_higher{"accuracy", "acc",         "auc",         "auroc", "auprc",  "ap",
                                             "map",      "miou",        "iou",         "dice",  "fscore", "precision",
                                             "recall",   "sensitivity", "specificity", "score", "psnr",   "ssim",
                                             "bleu",     "throughput",  "fps",         "kappa", "mcc",    "reward"};
const std::vector<std::string> better_lower{"error",      "err",   "loss", "latency", "mse", "rmse",   "mae", "mape",
                                            "perplexity", "flops", "macs", "wer",     "cer", "energy", "cost"};

/// Which way a quantity of this name is better, as far as the name tells: a name with words of both kinds tells nothing
/// ("accuracy_loss").
std::optional<study::Direction> usual_direction(const std::string& name) {
  bool is_higher = false, is_lower = false;
  std::string word;
  const auto end_word = [&] {
    is_higher = is_higher || std::ranges::contains(better_higher, word);
    is_lower = is_lower || std::ranges::contains(better_lower, word);
    word.clear();
  };
  for (const unsigned char c : name) {
    if (std::isalpha(c) == 0)
      end_word();
    else
      word += static_cast<char>(std::tolower(c));
  }
  end_word();
  if (is_higher == is_lower) return std::nullopt;
  return is_higher ? study::Direction::maximize : study::Direction::minimize;
}

class ProblemReader {
 public:
  explicit ProblemReader(config::Node root) : space_(std::move(root)) {}

  std::expected<Problem, std::vector<Error>> read(const std::string& file) {
    auto errors = config::read(space_.root(), file, [&](config::Options& o) { declare(o); });
    if (!errors.empty()) return std::unexpected(std::move(errors));
    auto space = make_space();
    if (!space) {
      Error error = space.error();
      if (error.where.empty()) error.where = file;
      return std::unexpected(std::vector<Error>{std::move(error)});
    }
    problem_.space = *std::move(space);
    problem_.document = space::to_json(problem_.space);
    for (const auto& objective : problem_.objectives)
      problem_.document["objectives"][objective.name] =
          directions[objective.direction == study::Direction::maximize ? 1 : 0];
    problem_.document["constraints"] = constraint_texts_;
    return std::move(problem_);
  }

 private:
  void declare(config::Options& o) {
    space_.declare(o);
    declare_objectives(o);
    declare_constraints(o);
  }

  void declare_objectives(config::Options& o) {
    std::vector<std::pair<std::string, std::string>> pairs;
    o.pairs("objectives", pairs, {}, directions, "what is optimised, and which way");
    if (!o.is_given("objectives"))
      o.problem("", "objectives is missing: what is optimised?", "for example objectives: {error: minimize}");
    else if (pairs.empty() && !o.has_problem("objectives"))
      o.problem("objectives", "there is no objective", "give one, e.g. {error: minimize}");
    if (pairs.size() > max_objectives)
      return o.problem(
          "objectives",
          std::format("{} objectives are too many; at most {} are searched at once", pairs.size(), max_objectives),
          "turn some of them into constraints");
    for (const auto& [name, direction] : pairs) {
      if (name.empty()) o.problem("objectives", "an objective without a name", "give it one");
      if (parameter(name))
        o.problem("objectives." + name, std::format("\"{}\" is a parameter already", name),
                  "give the objective another name");
      problem_.objectives.push_back(
          {name, direction == "maximize" ? study::Direction::maximize : study::Direction::minimize});
      problem_.told.push_back(name);
      if (const auto usual = usual_direction(name); usual && *usual != problem_.objectives.back().direction)
        problem_.remarks.push_back(
            std::format("objective \"{}\" is {}d, but a {} one is usually better: is that meant?", name, direction,
                        *usual == study::Direction::maximize ? "higher" : "lower"));
    }
  }

  void declare_constraints(config::Options& o) {
    o.texts("constraints", constraint_texts_, "bounds that a choice must keep");
    if (constraint_texts_.size() > max_constraints)
      return o.problem(
          "constraints",
          std::format("{} constraints are too many; at most {} are kept", constraint_texts_.size(), max_constraints),
          "");
    std::vector<study::Constraint> readable;
    std::vector<int> places;
    for (std::size_t i = 0; i < constraint_texts_.size(); ++i) {
      const auto& text = constraint_texts_[i];
      const auto comparison = study::Comparison::parse(text);
      if (!comparison) {
        o.problem("constraints",
                  std::format("constraint \"{}\": {} ({})", text, comparison.error().message, comparison.error().where),
                  comparison.error().next, static_cast<int>(i));
        continue;
      }
      readable.push_back({text, *comparison});
      places.push_back(static_cast<int>(i));
      sort_in(o, text, *comparison, static_cast<int>(i));
    }
    for (const auto& one : study::impossible(readable, {})) {
      const auto& text = readable[one.constraint].text;
      o.problem("constraints",
                one.other ? std::format("constraint \"{}\" contradicts \"{}\": no value keeps both", text,
                                        readable[*one.other].text)
                          : std::format("constraint \"{}\" can never hold{}", text,
                                        one.is_alone ? "" : " where the other constraints do"),
                "", places[one.constraint]);
    }
  }

  /// Over parameters alone: part of the space. Else over what is told.
  void sort_in(config::Options& o, const std::string& text, const study::Comparison& comparison, int index) {
    bool is_of_space = true;
    std::vector<std::string> told, known;
    for (const auto& name : comparison.names()) {
      const auto* found = parameter(name);
      if (found && std::holds_alternative<space::Categorical>(found->domain))
        return o.problem("constraints",
                         std::format("constraint \"{}\" uses \"{}\", which is a category and no number", text, name),
                         "say what depends on a category with `when`", index);
      is_of_space &= found != nullptr;
      (found ? known : told).push_back(name);
    }
    if (comparison.names().empty())
      return o.problem("constraints", std::format("constraint \"{}\" names nothing that changes", text), "", index);
    if (is_of_space) {
      exact_.push_back({text, comparison});
      return;
    }
    problem_.constraints.push_back({text, comparison});
    const auto merge = [](std::vector<std::string>& all, const std::vector<std::string>& more) {
      for (const auto& name : more)
        if (!std::ranges::contains(all, name)) all.push_back(name);
    };
    merge(problem_.told, told);
    merge(problem_.known, known);
  }

  [[nodiscard]] const space::Parameter* parameter(const std::string& name) const {
    const auto found = std::ranges::find(space_.parameters(), name, &space::Parameter::name);
    return found == space_.parameters().end() ? nullptr : &*found;
  }

  Result<space::Space> make_space() const {
    if (exact_.empty()) return space::make_space(space_.parameters());
    std::set<std::string> names;
    for (const auto& constraint : exact_) names.merge(constraint.comparison.names());
    auto validity = [exact = exact_, used = std::vector<std::string>(names.begin(), names.end())](
                        const space::Choice& choice) { return study::violated(exact, numbers_of(choice, used)); };
    TRY(auto space, space::make_space(space_.parameters(), std::move(validity)));
    auto random = RandomStream::named(1, "is there a choice");
    if (const auto any = space.sample(random); !any) {
      std::string all;
      for (const auto& constraint : exact_) all += std::format("{}\"{}\"", all.empty() ? "" : ", ", constraint.text);
      return invalid(std::format("no choice was found that keeps the constraints over parameters: {}", all),
                     "loosen them, or widen the parameters");
    }
    return space;
  }

  space::ParameterReader space_;
  std::vector<std::string> constraint_texts_;
  std::vector<study::Constraint> exact_;  // over parameters alone
  Problem problem_;
};

}  // namespace

std::map<std::string, double> numbers_of(const space::Choice& choice, const std::vector<std::string>& names) {
  std::map<std::string, double> numbers;
  for (const auto& name : names) {
    const auto found = choice.find(name);
    if (found == choice.end()) continue;
    if (const auto* integer = std::get_if<std::int64_t>(&found->second)) numbers[name] = static_cast<double>(*integer);
    if (const auto* real = std::get_if<double>(&found->second)) numbers[name] = *real;
  }
  return numbers;
}

std::expected<Problem, std::vector<Error>> parse_problem(const std::string& text, const std::string& file) {
  auto root = config::parse_yaml(text, file);
  if (!root) return std::unexpected(std::vector<Error>{root.error()});
  const auto in_texts = ProblemReader(space::with_values_as_texts(*root)).read(file);
  auto problem = ProblemReader(*std::move(root)).read(file);
  if (!problem) return problem;
  problem->name = std::filesystem::path(file).stem().string();
  problem->document_in_texts = in_texts ? in_texts->document : problem->document;
  return problem;
}

std::expected<Problem, std::vector<Error>> read_problem(const std::filesystem::path& file) {
  const auto text = read_file(file, max_file_bytes);
  if (!text) {
    Error error = text.error();
    error.next = "give the path of a YAML file with `parameters:` and `objectives:`";
    return std::unexpected(std::vector<Error>{error});
  }
  return parse_problem(*text, file.string());
}

Result<Problem> problem_from_json(const Json& document, const std::string& name) {
  auto problem = ProblemReader(config::from_json(document)).read(name);
  if (!problem) return std::unexpected(problem.error().front());
  problem->name = name;
  return *std::move(problem);
}

}  // namespace edgewise::exchange
