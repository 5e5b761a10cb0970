#include <algorithm>
#include <cmath>
#include <format>
#include <map>

#include "graph/costs.hpp"
#include "space/language/program_internal.hpp"

namespace edgewise::space {

namespace {

constexpr int most_steps = 20'000;
constexpr double most_repeats = 1000;

struct NamedInit {
  std::string word;
  InitRule rule;
};
const std::vector<NamedInit>& named_inits() {
  static const std::vector<NamedInit> all{{"he_fan_out", he_fan_out_init},
                                          {"he_fan_in", he_fan_in_init},
                                          {"he_uniform", he_uniform_init},
                                          {"truncated", truncated_init},
                                          {"pytorch", default_init}};
  return all;
}

Term as_number(std::int64_t number) {
  return {static_cast<double>(number)};
}

/// What a value of a choice says: a category with a number's meaning, or in a list that a job gave for a range, is a
/// number.
Term term_of(const Parameter& own, const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return as_number(*whole);
  if (const auto* real = std::get_if<double>(&value)) return {*real};
  const auto& text = std::get<std::string>(value);
  if (const auto* set = std::get_if<Categorical>(&own.domain)) {
    for (std::size_t i = 0; i < set->meanings.size(); ++i) {
      if (set->values[i] != text) continue;
      const auto& meaning = set->meanings[i];
      if (meaning.is_number()) return {meaning.get<double>()};
      if (meaning.is_boolean()) return {meaning.get<bool>()};
      return {meaning.is_string() ? meaning.get<std::string>() : text};
    }
    const bool are_texts = set->meanings.empty();
    if (are_texts) return {text};
  }
  const auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_number() ? Term(json.get<double>()) : Term(text);
}

std::optional<Term> frame_term(const Frame& frame, const std::string& name) {
  if (name == "input") return as_number(frame.input_size.width);
  if (name == "image_channels") return as_number(frame.channels);
  if (name == "outputs") return as_number(frame.outputs);
  return {};
}

std::optional<Term> setting_in(const Program& program, const std::string& name) {
  const auto found = std::ranges::find(program.settings, name, &Setting::name);
  return found == program.settings.end() ? std::nullopt : std::optional(Term(found->value));
}

std::optional<Term> found(const Terms& terms, const std::string& name) {
  const auto one = std::ranges::find(terms, name, &Terms::value_type::first);
  return one == terms.end() ? std::nullopt : std::optional(one->second);
}

/// One network under construction.
class Construction {
 public:
  Construction(const Program& program, Terms terms, const Frame& frame, const Frame& sized)
      : program_(program),
        frame_(frame),
        net_(sized, init_rule(program.init), program.norm),
        x_(net_.input()),
        chosen_(std::move(terms)) {}

  Result<graph::Graph> build() && {
    TRY_DO(steps(program_.network, ""));
    graph::Features features{features_, {}};
    if (features.maps.empty()) features.maps = graph::maps_towards(net_.builder(), x_);
    if (features.maps.back().value.index != x_.index) features.maps.push_back({x_, stride_of(x_)});
    std::optional<Error> in_classifier;
    if (!program_.classifier.empty())
      features.classifier = [&](std::int64_t outputs) {
        outputs_ = outputs;
        if (auto done = steps(program_.classifier, ""); !done) in_classifier = done.error();
        return x_;
      };
    auto graph = finish(net_.builder(), features, frame_);
    if (in_classifier) return std::unexpected(*std::move(in_classifier));
    return graph;
  }

 private:
  [[nodiscard]] std::optional<Term> look_up(const std::string& name) const {
    for (std::size_t i = locals_.size(); i-- > barrier_;)
      if (locals_[i].first == name) return locals_[i].second;
    if (auto term = found(chosen_, name)) return term;
    if (name == "channels") return as_number(net_.channels(x_));
    if (name == "height") return as_number(height());
    if (name == "outputs" && outputs_) return as_number(*outputs_);
    if (auto term = frame_term(frame_, name)) return term;
    return setting_in(program_, name);
  }
  [[nodiscard]] std::int64_t height() const {
    const auto shape = net_.shape(x_);
    return shape.size() < 2 ? 1 : shape[1];
  }
  [[nodiscard]] std::int64_t stride_of(Wire x) const {
    const auto shape = net_.shape(x), whole = net_.shape(net_.input());
    return shape.size() < 2 || shape[1] < 1 ? 1 : std::max<std::int64_t>(1, (whole[1] + shape[1] / 2) / shape[1]);
  }

  [[nodiscard]] std::unexpected<Error> mistake(config::Position at, std::string message, std::string next = {}) const {
    return invalid(std::move(message), std::move(next), where(program_.file, at));
  }
  Result<double> number(const Formula& formula) const {
    TRY(const auto term, evaluate(formula, lookup_, program_.file));
    if (const auto* value = std::get_if<double>(&term)) return *value;
    return mistake(formula.at, std::format("a number is needed here, and this is {}", to_text(term)));
  }

  Status steps(const std::vector<Step>& list, const std::string& prefix) {
    const auto before = locals_.size();
    for (const auto& one : list) TRY_DO(step(one, prefix));
    locals_.resize(before);
    return {};
  }

  /// Counts what is done, so that a file of a few lines cannot keep anyone busy.
  Status count(const Step& step) {
    if (++taken_ <= most_steps) return {};
    return mistake(step.at, std::format("the network takes more than {} steps", most_steps), "repeat less");
  }

  /// The prefix of what a step adds: its own name, or its word with a number.
  Result<std::string> scope_of(const Step& step, const std::string& prefix) {
    std::string own;
    if (step.name) {
      TRY(own, fill(*step.name, lookup_, program_.file));
    } else {
      const auto& word = step.word;
      const auto number = ++numbers_[prefix + word];
      own = number == 1 ? word : std::format("{}_{}", word, number);
    }
    return prefix.empty() ? own : prefix + "." + own;
  }

  /// Of a form that only orders steps: without a name of its own it adds none to theirs.
  Result<std::string> scope_within(const Step& step, const std::string& prefix) {
    return step.name ? scope_of(step, prefix) : Result<std::string>(prefix);
  }

  Status step(const Step& step, const std::string& prefix) {
    TRY_DO(count(step));
    if (step.when) {
      TRY(const auto holds, evaluate(*step.when, lookup_, program_.file));
      const auto* truth = std::get_if<bool>(&holds);
      if (!truth)
        return mistake(step.when->at, std::format("\"when\" must be true or false, and is {}", to_text(holds)));
      if (!*truth) return {};
    }
    switch (step.form) {
      case Step::Form::let:
        for (const auto& [name, formula] : step.lets) {
          TRY(auto term, evaluate(formula, lookup_, program_.file));
          locals_.emplace_back(name, std::move(term));
        }
        return {};
      case Step::Form::feature:
        features_.push_back({x_, stride_of(x_), step.variable});
        return {};
      case Step::Form::repeat:
        return repeat(step, prefix);
      case Step::Form::choose:
        return choose(step, prefix);
      case Step::Form::group: {
        TRY(const auto scope, scope_within(step, prefix));
        return steps(step.branches.front(), scope);
      }
      case Step::Form::residual:
      case Step::Form::add:
      case Step::Form::concat:
        return join(step, prefix);
      case Step::Form::block:
        return add_block(step, prefix);
      case Step::Form::sub_block:
        return add_sub_block(step, prefix);
    }
    return {};
  }

  Status repeat(const Step& step, const std::string& prefix) {
    TRY(const double times, number(*step.of));
    if (!(times >= 0 && times <= most_repeats && times == static_cast<int>(times)))
      return mistake(step.of->at, std::format("a step is repeated {} times; it must be a whole number from 0 to {}",
                                              number_text(times), most_repeats));
    const auto before = locals_.size();
    for (int i = 1; i <= static_cast<int>(times); ++i) {
      TRY_DO(count(step));
      locals_.emplace_back(step.variable, static_cast<double>(i));
      TRY(const auto scope, scope_within(step, prefix));
      TRY_DO(steps(step.branches.front(), scope));
      locals_.resize(before);
    }
    return {};
  }

  Status choose(const Step& step, const std::string& prefix) {
    TRY(const auto term, evaluate(*step.of, lookup_, program_.file));
    const auto found = std::ranges::find(step.labels, to_text(term));
    if (found == step.labels.end())
      return mistake(step.of->at, std::format("there are no steps for \"{}\"; there are some for {}", to_text(term),
                                              quoted_list(step.labels)));
    TRY(const auto scope, scope_within(step, prefix));
    return steps(step.branches[static_cast<std::size_t>(found - step.labels.begin())], scope);
  }

  Status join(const Step& step, const std::string& prefix) {
    TRY(const auto scope, scope_of(step, prefix));
    const Wire from = x_;
    std::vector<Wire> ends;
    for (const auto& branch : step.branches) {
      x_ = from;
      TRY_DO(steps(branch, scope));
      ends.push_back(x_);
    }
    if (step.form == Step::Form::residual && ends.size() == 1) ends.push_back(from);
    x_ = step.form == Step::Form::concat ? net_.op(scope + ".concat", graph::Concat{}, ends)
                                         : net_.op(scope + ".add", graph::Add{}, ends);
    return told(step);
  }

  /// What the builder found wrong in what a step has just added.
  Status told(const Step& step) {
    const auto& error = net_.builder().error();
    if (!error) return {};
    return mistake(step.at, error->where.empty() ? error->message : std::format("{}: {}", error->where, error->message),
                   error->next);
  }

  Result<std::vector<Term>> arguments_of(const Step& step) {
    std::vector<Term> values;
    for (const auto& argument : step.arguments) {
      if (const auto* known = std::get_if<Term>(&argument)) {
        values.push_back(*known);
      } else {
        TRY(auto term, evaluate(std::get<Formula>(argument), lookup_, program_.file));
        values.push_back(std::move(term));
      }
    }
    return values;
  }

  Status add_block(const Step& step, const std::string& prefix) {
    TRY(auto scope, scope_of(step, prefix));
    TRY(const auto values, arguments_of(step));
    for (std::size_t i = 0; i < values.size(); ++i)
      if (const auto wrong = argument_mistake(step.block->arguments[i], values[i]))
        return mistake(step.argument_places[i], std::format("the block \"{}\": {}", step.word, *wrong));
    const Arguments given(step.block->arguments, values);
    auto built = step.block->build({net_, std::move(scope), x_, given, program_.activation});
    if (!built)
      return mistake(step.at, std::format("the block \"{}\": {}", step.word, built.error().message),
                     built.error().next);
    x_ = *built;
    return told(step);
  }

  Status add_sub_block(const Step& step, const std::string& prefix) {
    TRY(const auto scope, scope_of(step, prefix));
    const auto& takes = step.sub_block->takes;
    TRY(auto values, arguments_of(step));
    const auto outer_barrier = barrier_, before = locals_.size();
    barrier_ = before;
    for (std::size_t i = 0; i < takes.size(); ++i) locals_.emplace_back(takes[i].first, std::move(values[i]));
    TRY_DO(steps(step.sub_block->steps, scope));
    locals_.resize(before);
    barrier_ = outer_barrier;
    return {};
  }

  const Program& program_;
  const Frame& frame_;
  Net net_;
  Wire x_;
  const Terms chosen_;
  Terms locals_;
  std::size_t barrier_ = 0;  // a sub-block does not see what is local to where it is used
  std::map<std::string, int> numbers_;
  std::vector<graph::FeatureMap> features_;
  std::optional<std::int64_t> outputs_;
  int taken_ = 0;
  const Lookup lookup_ = [this](const std::string& name) { return look_up(name); };
};

/// @param terms  outlive what is returned, as the others do
Lookup chosen_lookup(const Program& program, const Terms& terms, const Frame& frame, const graph::Costs* costs) {
  return [&program, &terms, &frame, costs](const std::string& name) -> std::optional<Term> {
    if (costs) {
      if (name == "parameters") return as_number(costs->parameters);
      if (name == "macs") return as_number(costs->macs);
      if (name == "activation_bytes") return as_number(costs->peak_activation_bytes);
      if (name == "memory_bytes") return as_number(costs->peak_memory_bytes);
    }
    if (auto term = found(terms, name)) return term;
    if (auto term = frame_term(frame, name)) return term;
    return setting_in(program, name);
  };
}

}  // namespace

const std::vector<std::string>& words_of_inits() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> all;
    for (const auto& one : named_inits()) all.push_back(one.word);
    return all;
  }();
  return words;
}

InitRule init_rule(const std::string& word) {
  return std::ranges::find(named_inits(), word, &NamedInit::word)->rule;
}

std::optional<Term> term_in(const Program& program, const Choice& choice, const std::string& name) {
  const auto value = choice.find(name);
  if (value == choice.end()) return {};
  const auto own = std::ranges::find(program.parameters, name, [](const auto& p) { return p.family.parameter.name; });
  if (own == program.parameters.end()) return {};
  return term_of(own->family.parameter, value->second);
}

Result<Terms> terms_of(const Program& program, const Choice& choice, const Frame& frame) {
  Terms terms;
  for (const auto& parameter : program.parameters)
    if (auto term = term_in(program, choice, parameter.family.parameter.name))
      terms.emplace_back(parameter.family.parameter.name, *std::move(term));
  for (const auto& cases : program.cases) {
    const auto lookup = chosen_lookup(program, terms, frame, nullptr);
    TRY(const auto of, evaluate(cases.of, lookup, program.file));
    const auto label = std::ranges::find(cases.labels, to_text(of));
    if (label == cases.labels.end())
      return invalid(std::format("there is no case for \"{}\"; there are {}", to_text(of), quoted_list(cases.labels)),
                     {}, where(program.file, cases.of.at));
    // All of one case see what was before it, and not each other.
    Terms now;
    for (const auto& [name, formula] : cases.values[static_cast<std::size_t>(label - cases.labels.begin())]) {
      TRY(auto term, evaluate(formula, lookup, program.file));
      now.emplace_back(name, std::move(term));
    }
    terms.insert(terms.end(), now.begin(), now.end());
  }
  return terms;
}

namespace {

/// A picture of this width with the proportions of another one; where that height is a multiple of 8, this is one too.
Size in_proportion(std::int64_t width, Size like) {
  if (like.is_square()) return width;
  const std::int64_t step = like.height % 8 == 0 ? 8 : 1;
  const double height = static_cast<double>(width * like.height) / static_cast<double>(like.width);
  return {width, std::max<std::int64_t>(1, std::llround(height / static_cast<double>(step))) * step};
}

}  // namespace

Result<graph::Graph> build_network(const Program& program, const Choice& choice, const Frame& frame) {
  TRY_DO(check_frame(frame));
  TRY(auto terms, terms_of(program, choice, frame));
  Frame sized = frame;
  if (program.input_size) {
    const auto lookup = chosen_lookup(program, terms, frame, nullptr);
    TRY(const auto size, evaluate(*program.input_size, lookup, program.file));
    const auto* number = std::get_if<double>(&size);
    if (!number || !(*number >= 1 && *number <= 4096) || *number != static_cast<int>(*number))
      return invalid(std::format("the input size is {}; it must be a whole number from 1 to 4096", to_text(size)), {},
                     where(program.file, program.input_size->at));
    sized.input_size = in_proportion(static_cast<std::int64_t>(*number), frame.input_size);
  }
  return Construction(program, std::move(terms), frame, sized).build();
}

std::optional<std::string> broken_rule(const Program& program, const Choice& choice, const Frame& frame,
                                       const graph::Graph* graph) {
  std::optional<graph::Costs> costs;
  if (graph) costs = graph::costs(*graph);
  const auto terms = terms_of(program, choice, frame);
  if (!terms) return std::format("{}: {}", terms.error().where, terms.error().message);
  const auto lookup = chosen_lookup(program, *terms, frame, costs ? &*costs : nullptr);
  for (const auto& rule : program.rules) {
    if (rule.needs_network != (graph != nullptr)) continue;
    const auto holds = evaluate(rule.check, lookup, program.file);
    if (!holds) return std::format("{}: {}", holds.error().where, holds.error().message);
    if (const auto* truth = std::get_if<bool>(&*holds); truth && *truth) continue;
    if (rule.message)
      if (auto text = fill(*rule.message, lookup, program.file)) return *text;
    return std::format("\"{}\" does not hold", rule.check.text);
  }
  return {};
}

}  // namespace edgewise::space
