#include <algorithm>
#include <format>

#include "space/language/program.hpp"

namespace edgewise::space {

namespace {

std::string written(const Template& text) {
  std::string all;
  for (const auto& part : text.parts) {
    const auto* plain = std::get_if<std::string>(&part);
    all += plain ? *plain : "{" + std::get<Formula>(part).text + "}";
  }
  return all;
}

std::string written(const std::variant<Term, Formula>& value) {
  const auto* term = std::get_if<Term>(&value);
  return term ? to_text(*term) : std::get<Formula>(value).text;
}

/// What a block is told, but for what it takes when it is told nothing.
std::string arguments(const Step& step) {
  std::string all;
  for (std::size_t i = 0; i < step.arguments.size(); ++i) {
    const auto& value = step.arguments[i];
    if (step.block) {
      const auto& declared = step.block->arguments[i];
      const auto* term = std::get_if<Term>(&value);
      if (term && declared.fallback == *term) continue;
      all += std::format("{}{} {}", all.empty() ? "" : ", ", declared.name, written(value));
    } else {
      all += std::format("{}{} {}", all.empty() ? "" : ", ", step.sub_block->takes[i].first, written(value));
    }
  }
  return all;
}

void draw_steps(const std::vector<Step>& steps, std::size_t depth, std::string& lines);

void draw_step(const Step& step, std::size_t depth, std::string& lines) {
  std::string what;
  switch (step.form) {
    case Step::Form::block:
    case Step::Form::sub_block:
      what = std::format("{} {}", step.word, arguments(step));
      break;
    case Step::Form::repeat:
      what = std::format("{} times, {} = 1, 2, ...", step.of->text, step.variable);
      break;
    case Step::Form::choose:
      what = std::format("by {}", step.of->text);
      break;
    case Step::Form::let:
      for (const auto& [name, formula] : step.lets)
        what += std::format("{}{} = {}", what.empty() ? "" : ", ", name, formula.text);
      break;
    case Step::Form::feature:
      what = "feature " + step.variable;
      break;
    case Step::Form::group:
      what = "steps";
      break;
    case Step::Form::residual:
    case Step::Form::add:
    case Step::Form::concat:
      what = step.word;
      break;
  }
  if (step.when) what += std::format("   when {}", step.when->text);
  if (step.name) what = std::format("{}: {}", written(*step.name), what);
  while (what.ends_with(' ')) what.pop_back();
  lines += std::string(2 * depth, ' ') + what + "\n";
  const bool is_joined =
      step.form == Step::Form::residual || step.form == Step::Form::add || step.form == Step::Form::concat;
  for (std::size_t i = 0; i < step.branches.size(); ++i) {
    const bool is_labelled = step.form == Step::Form::choose || is_joined;
    if (is_labelled) {
      const auto label = step.form == Step::Form::choose     ? step.labels[i]
                         : step.form == Step::Form::residual ? std::string(i == 0 ? "path" : "shortcut")
                                                             : std::format("branch {}", i + 1);
      lines += std::format("{}{}{}\n", std::string(2 * depth + 2, ' '), label,
                           step.branches[i].empty() ? ": as it is" : ":");
    }
    draw_steps(step.branches[i], depth + (is_labelled ? 2 : 1), lines);
  }
}

void draw_steps(const std::vector<Step>& steps, std::size_t depth, std::string& lines) {
  for (const auto& one : steps) draw_step(one, depth, lines);
}

/// The sub-blocks that steps use, each once, those that others use first.
void sub_blocks_of(const std::vector<Step>& steps, std::vector<std::shared_ptr<const SubBlock>>& found) {
  for (const auto& one : steps) {
    if (one.sub_block && !std::ranges::contains(found, one.sub_block)) {
      sub_blocks_of(one.sub_block->steps, found);
      found.push_back(one.sub_block);
    }
    for (const auto& branch : one.branches) sub_blocks_of(branch, found);
  }
}

}  // namespace

std::string drawing(const Program& program) {
  std::string lines = program.about.empty() ? "" : program.about + "\n";
  std::vector<std::shared_ptr<const SubBlock>> used;
  sub_blocks_of(program.network, used);
  sub_blocks_of(program.classifier, used);
  for (const auto& one : used) {
    std::string takes;
    for (const auto& [name, fallback] : one->takes) takes += (takes.empty() ? "" : ", ") + name;
    lines += std::format("{} ({}):\n", one->name, takes);
    draw_steps(one->steps, 1, lines);
  }
  lines += "network:\n";
  draw_steps(program.network, 1, lines);
  if (!program.classifier.empty()) {
    lines += "classifier:\n";
    draw_steps(program.classifier, 1, lines);
  }
  return lines;
}

}  // namespace edgewise::space
