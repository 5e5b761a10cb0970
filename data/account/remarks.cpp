#include <algorithm>
#include <format>
#include <functional>
#include <set>

#include "data/account/remarks_internal.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

std::string Counted::shown_path(const fs::path& path) const {
  const fs::path relative = path.lexically_normal().lexically_relative(root);
  return (relative.empty() || *relative.begin() == ".." ? path.lexically_normal() : relative).generic_string();
}

namespace {

/// "a.jpg, b.jpg, c.jpg, ..."
std::string examples(const std::vector<std::string>& paths) {
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, paths.size()); ++i)
    text += (i > 0 ? ", " : "") + (paths[i].size() > 120 ? "..." + paths[i].substr(paths[i].size() - 117) : paths[i]);
  return paths.size() > most ? text + ", ..." : text;
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// At most five names in quotes.
std::string some_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(5, names.size()); ++i)
    text += std::format("{}\"{}\"", i > 0 ? ", " : "", shown(names[i]));
  return names.size() > 5 ? text + ", ..." : text;
}

class Remarks {
 public:
  Remarks(const Opened& opened, const Records& records, const std::vector<Fate>& fates, const Counted& counted,
          Identities& identities, DataSet& set)
      : place_(opened.place),
        format_(*opened.format),
        records_(records),
        fates_(fates),
        counted_(counted),
        identities_(identities),
        set_(set) {}

  void remark() {
    const Tally& pictures = counted_.account.pictures;
    std::vector<std::string>& said = set_.remarks;
    warn_of_many();
    warn_of_classes();
    warn_of_class_folders();
    if (counted_.walked.entries > most_entries)
      said.push_back(std::format("warning: more than {} files lie below \"{}\": the others are not counted",
                                 most_entries, place_.root.string()));
    if (!counted_.walked.closed.empty()) {
      std::vector<std::string> closed;
      for (const fs::path& folder : counted_.walked.closed) closed.push_back(counted_.shown_path(folder));
      std::ranges::sort(closed);
      said.push_back(std::format("warning: {} cannot be read, what lies there is not counted: {}",
                                 counted(closed.size(), "folder"), examples(closed)));
    }
    for (const auto& [reason, paths] : pictures.left_out) {
      const bool is_said = reason == in_no_list && std::ranges::any_of(said, [](const std::string& remark) {
                             return remark.find(in_no_list) != std::string::npos && !remark.starts_with("warning: ");
                           });
      if (is_said) continue;
      said.push_back(std::format("left out: {}, {}: {}", counted(paths.size(), "picture"), reason, examples(paths)));
    }
    for (const auto& [reason, paths] : counted_.account.labels.left_out)
      if (!pictures.left_out.contains(reason) && std::ranges::contains(records_.left_out, reason, &LeftOut::reason))
        said.push_back(
            std::format("left out: {}, {}: {}", counted(paths.size(), "label file"), reason, examples(paths)));
  }

 private:
  [[nodiscard]] static bool is_chosen(std::string_view reason) {
    return reason == other_classes || reason == through_a_link || reason == same_file ||
           reason.find(of_chosen_classes) != std::string_view::npos;
  }

  void warn_of_many() {
    std::size_t left = 0, others = counted_.account.pictures.found;
    std::vector<std::pair<std::size_t, std::string>> ranked;
    for (const auto& [reason, paths] : counted_.account.pictures.left_out) {
      if (is_chosen(reason)) {
        others -= paths.size();
        continue;
      }
      left += paths.size();
      ranked.emplace_back(paths.size(), reason);
    }
    if (left * 10 <= others) return;
    std::ranges::stable_sort(ranked, std::greater{}, &std::pair<std::size_t, std::string>::first);
    std::string reasons;
    for (std::size_t i = 0; i < std::min<std::size_t>(4, ranked.size()); ++i)
      reasons += std::format("{}{}: {}", i > 0 ? "; " : "", ranked[i].second, ranked[i].first);
    set_.remarks.push_back(std::format("warning: {} of {} are left out ({}{})", left, counted(others, "picture"),
                                       reasons, ranked.size() > 4 ? "; ..." : ""));
  }

  /// Classes that the labels or the class list name, and no picture has.
  void warn_of_classes() {
    if (!place_.spec.presence.empty()) return;
    std::set<std::string> left(set_.classes.begin(), set_.classes.end());
    std::set<std::string> named;
    for (std::size_t i = 0; i < fates_.size(); ++i) {
      const Record& record = records_.records[i];
      if (record.label) named.insert(*record.label);
      for (const LabelledBox& box : record.boxes) {
        if (!box.name.empty()) named.insert(box.name);
        if (set_.task->wants() != task::Wants::label && fates_[i].reason.empty()) left.insert(box.name);
      }
    }
    if (set_.task->wants() == task::Wants::label) {
      // Labels of lists may be other classes than those of the boxes.
      const bool is_own = std::ranges::all_of(set_.classes, [&](const std::string& name) {
        return named.contains(name) || std::ranges::contains(records_.classes, name);
      });
      if (!is_own) return;
    }
    named.insert(records_.classes.begin(), records_.classes.end());
    std::vector<std::string> gone;
    for (const std::string& name : named) {
      const bool is_wanted = place_.spec.classes.empty() || std::ranges::contains(place_.spec.classes, name);
      // A number may stand for a class of the list.
      const bool is_number = !records_.classes.empty() && !std::ranges::contains(records_.classes, name);
      if (is_wanted && !left.contains(name) && !is_number) gone.push_back(name);
    }
    if (gone.size() == 1)
      set_.remarks.push_back(std::format("warning: class {} has no picture that is used", some_names(gone)));
    else if (gone.size() > 1)
      set_.remarks.push_back(std::format("warning: {} of {} classes have no picture that is used: {}", gone.size(),
                                         named.size(), some_names(gone)));
  }

  /// Folders beside class folders that give no picture at all: somebody's class.
  void warn_of_class_folders() {
    if (!format_.has_class_folders) return;
    std::set<std::string> parents;
    for (const auto& [id, folder] : counted_.folders) parents.insert(folder.parent_path().string());
    std::vector<std::string> vanished, without_pictures;
    std::error_code ignored;
    for (const std::string& parent : parents)
      for (const fs::path& folder : entries(parent)) {
        if (!fs::is_directory(folder, ignored) || folder.extension() == ".study") continue;
        const std::string& id = identities_.folder_id(folder);
        if (split_of_name(folder.filename().string()) || counted_.folders.contains(id) || counted_.above.contains(id))
          continue;
        const auto found = counted_.below.find(folder.string());
        if (found == counted_.below.end())
          without_pictures.push_back(counted_.shown_path(folder));
        else if (found->second.second == 0)
          vanished.push_back(counted_.shown_path(folder));
      }
    if (!vanished.empty())
      set_.remarks.push_back(std::format("warning: no picture of {} is used, though {} beside the classes: {}",
                                         counted(vanished.size(), "folder"),
                                         vanished.size() == 1 ? "it lies" : "they lie", explained(vanished)));
    if (!without_pictures.empty())
      set_.remarks.push_back(
          std::format("warning: {} beside the classes {} no picture: {}", counted(without_pictures.size(), "folder"),
                      without_pictures.size() == 1 ? "holds" : "hold", some_names(without_pictures)));
  }

  /// "stream" (6 files, a kind of file that is not read (.tif))
  [[nodiscard]] std::string explained(const std::vector<std::string>& folders) const {
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(5, folders.size()); ++i) {
      std::string why;
      for (const auto& [reason, paths] : counted_.account.pictures.left_out) {
        const auto count = static_cast<std::size_t>(
            std::ranges::count_if(paths, [&](const std::string& path) { return path.starts_with(folders[i] + "/"); }));
        if (count > 0) why += std::format("{}{}, {}", why.empty() ? "" : "; ", counted(count, "file"), reason);
      }
      text += std::format("{}\"{}\" ({})", i > 0 ? ", " : "", shown(folders[i]), why);
    }
    return folders.size() > 5 ? text + ", ..." : text;
  }

  const Place& place_;
  const Format& format_;
  const Records& records_;
  const std::vector<Fate>& fates_;
  const Counted& counted_;
  Identities& identities_;
  DataSet& set_;
};

}  // namespace

void remark(const Opened& opened, const Records& records, const std::vector<Fate>& fates, const Counted& counted,
            Identities& identities, DataSet& set) {
  Remarks(opened, records, fates, counted, identities, set).remark();
}

std::vector<std::string> in_order(const std::vector<std::string>& remarks) {
  std::vector<std::string> ordered;
  std::unordered_set<std::string> seen;
  for (const bool is_warning : {true, false})
    for (const std::string& remark : remarks)
      if (remark.starts_with("warning: ") == is_warning && seen.insert(remark).second) ordered.push_back(remark);
  return ordered;
}

}  // namespace edgewise::data
