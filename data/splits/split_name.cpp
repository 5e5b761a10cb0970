#include "data/splits/split_name.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "data/text_internal.hpp"

namespace edgewise::data {

namespace {

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
/// Bytes of other alphabets count as letters, so that no word ends inside of one.
bool is_letter(char c) {
  return is_upper(c) || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

/// A word that is a split by itself, in small letters.
std::optional<SplitName> split_of_word(std::string_view word) {
  for (const std::string_view end : {"dataset", "sets", "set", "data", "images", "imgs"})
    if (word.ends_with(end) && word.size() > end.size()) {
      word.remove_suffix(end.size());
      break;
    }
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
  };
  // COCO 2014 was cut anew by everybody: a "minival" to look at, and the rest of val, which is trained on.
  if (is_one_of({"train", "training", "valminusminival"})) return SplitName::train;
  if (is_one_of({"val", "valid", "validation", "dev", "minival", "eval", "evaluation"})) return SplitName::validation;
  if (is_one_of({"test", "testing"})) return SplitName::test;
  if (is_one_of({"trainval", "trainvalid", "trainvalidation", "traindev"})) return SplitName::train_and_validation;
  return std::nullopt;
}

/// Words of a run of letters: "TrainSet" is two, unless it is a split as a whole ("TrainVal").
void add_words(std::string_view run, std::vector<std::string>& words) {
  if (split_of_word(lower_case(run))) {
    words.push_back(lower_case(run));
    return;
  }
  // "VOCtrainval" is an abbreviation and a word, not "VO" and "Ctrainval".
  const auto capitals = static_cast<std::size_t>(std::ranges::find_if_not(run, is_upper) - run.begin());
  if (capitals >= 2 && capitals < run.size() && split_of_word(run.substr(capitals))) {
    words.push_back(lower_case(run.substr(0, capitals)));
    words.emplace_back(run.substr(capitals));
    return;
  }
  std::size_t start = 0;
  for (std::size_t i = 1; i < run.size(); ++i) {
    const bool begins = is_upper(run[i]) && (!is_upper(run[i - 1]) || (i + 1 < run.size() && !is_upper(run[i + 1])));
    if (!begins) continue;
    words.push_back(lower_case(run.substr(start, i - start)));
    start = i;
  }
  words.push_back(lower_case(run.substr(start)));
}

/// Words in small letters, without digits and signs.
std::vector<std::string> words_of_name(std::string_view name) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t start = i;
    while (i < name.size() && is_letter(name[i])) ++i;
    if (i > start)
      add_words(name.substr(start, i - start), words);
    else
      ++i;
  }
  return words;
}

/// Words that name the kind of thing, not which one.
bool is_neutral(std::string_view word) {
  static constexpr std::array words{"instances", "instance",    "images",     "image", "img",  "imgs",  "labels",
                                    "label",     "annotations", "annotation", "set",   "sets", "data",  "dataset",
                                    "split",     "splits",      "list",       "lists", "file", "files", "subset",
                                    "coco",      "voc",         "yolo",       "obj",   "bbox", "boxes", "pictures",
                                    "photos",    "jpegimages",  "fold",       "part",  "k"};
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

std::optional<SplitName> split_name_of(std::string_view name) {
  const auto words = words_of_name(name);
  bool is_train = false, is_validation = false, is_test = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto split = split_of_word(words[i]);
    if (!split) continue;
    is_train = is_train || split == SplitName::train || split == SplitName::train_and_validation;
    // "test-dev2015" is a part of COCO's test pictures, "test_eval" is the test.
    const bool is_of_test = words[i] == "dev" || words[i] == "eval" || words[i] == "evaluation";
    const bool is_test_dev = i > 0 && is_of_test && words[i - 1] == "test";
    is_validation =
        is_validation || (split == SplitName::validation && !is_test_dev) || split == SplitName::train_and_validation;
    is_test = is_test || split == SplitName::test;
  }
  if (is_test) return is_train || is_validation ? std::nullopt : std::optional(SplitName::test);
  if (is_train && is_validation) return SplitName::train_and_validation;
  if (is_train) return SplitName::train;
  if (is_validation) return SplitName::validation;
  return std::nullopt;
}

std::optional<Split> split_of_name(std::string_view name) {
  const auto split = split_name_of(name);
  if (!split) return std::nullopt;
  switch (*split) {
    case SplitName::train:
    case SplitName::train_and_validation:
      return Split::train;
    case SplitName::validation:
      return Split::validation;
    case SplitName::test:
      return Split::test;
  }
  return std::nullopt;
}

std::string rest_of_name(std::string_view name) {
  std::string rest;
  for (const std::string& word : words_of_name(name))
    if (!split_of_word(word) && !is_neutral(word)) rest += (rest.empty() ? "" : " ") + word;
  return rest;
}

namespace {

bool are_split_folders(std::span<const std::string> names, std::span<const std::optional<SplitName>> said) {
  std::set<Split> plain, different;
  std::set<std::pair<std::string, Split>> with_rest;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto split = said[i] ? split_of_name(names[i]) : std::nullopt;
    if (!split) continue;
    different.insert(*split);
    const std::string rest = rest_of_name(names[i]);
    if (rest.empty()) plain.insert(*split);
    with_rest.emplace(rest, *split);
  }
  if (plain.contains(Split::validation) || plain.contains(Split::test)) return true;
  const bool is_complete = std::ranges::all_of(said, [](const auto& split) { return split.has_value(); });
  if (is_complete && !plain.empty()) return true;
  for (auto it = with_rest.begin(); it != with_rest.end(); ++it)
    if (const auto next = std::next(it); next != with_rest.end() && next->first == it->first) return true;
  return false;
}

}  // namespace

PartSplits splits_of_parts(std::span<const std::string> names, PartKind kind) {
  const std::size_t count = names.size();
  PartSplits parts{.of = std::vector<std::optional<Split>>(count),
                   .is_repeated = std::vector<bool>(count),
                   .is_joined = std::vector<bool>(count)};
  std::vector<std::optional<SplitName>> said;
  for (const std::string& name : names) said.push_back(split_name_of(name));
  const auto has = [&](SplitName split) { return std::ranges::find(said, std::optional(split)) != said.end(); };
  parts.are_splits = kind == PartKind::folder
                         ? are_split_folders(names, said)
                         // One file is the whole set, whatever its name.
                         : count > 1 && std::ranges::any_of(said, [](const auto& split) { return split.has_value(); });
  if (!parts.are_splits) return parts;
  const bool has_train = has(SplitName::train), has_validation = has(SplitName::validation);
  parts.rest_is_training = !has_train && !has(SplitName::train_and_validation);
  for (std::size_t i = 0; i < count; ++i) {
    if (said[i] == SplitName::train_and_validation) {
      parts.is_repeated[i] = has_train && has_validation;
      parts.is_joined[i] = has_train != has_validation;
      parts.of[i] = has_train ? Split::validation : Split::train;
    } else if (said[i]) {
      parts.of[i] = split_of_name(names[i]);
    } else if (parts.rest_is_training) {
      parts.of[i] = Split::train;
    }
  }
  for (std::size_t i = 0; i < count; ++i)
    if (parts.is_repeated[i]) parts.of[i] = std::nullopt;
  return parts;
}

}  // namespace edgewise::data
