#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <format>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "data/account_internal.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view through_a_link = "used through a link";
constexpr std::string_view twin_of_used = "beside a picture of the same name that is used";
constexpr std::string_view unlabelled = "without a label";
constexpr std::string_view in_subfolder = "in a subfolder that is not read";
constexpr std::string_view in_other_folder = "in a folder that is not read";
constexpr std::string_view in_no_class_folder = "in no class folder";
constexpr std::string_view in_third_folder = "in a folder that names no split";

std::string unread_kind(const fs::path& file) {
  return std::format("a kind of file that is not read ({})", lower_case(file.extension().string()));
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// Files that could hold labels: not the papers that lie beside every data set.
bool is_label_file(const fs::path& file) {
  static constexpr std::array<std::string_view, 6> kinds{".txt", ".csv", ".tsv", ".xml", ".json", ".names"};
  static constexpr std::array<std::string_view, 8> papers{"readme",  "license",   "licence", "notice",
                                                          "copying", "changelog", "authors", "requirements"};
  if (!is_one_of(lower_case(file.extension().string()), kinds)) return false;
  const std::string stem = lower_case(file.stem().string());
  return std::ranges::none_of(papers, [&](std::string_view paper) { return stem.starts_with(paper); });
}

/// The file of "file:line:column".
fs::path file_of(std::string where) {
  for (int k = 0; k < 2; ++k) {
    const std::size_t colon = where.rfind(':');
    if (colon == std::string::npos || colon + 1 == where.size()) break;
    if (where.find_first_not_of("0123456789", colon + 1) != std::string::npos) break;
    where.resize(colon);
  }
  return where;
}

/// Files by what they are, not by how their path is written: a folder may be reached by several.
class Identities {
 public:
  std::string of(const fs::path& file) { return folder_id(file.parent_path()) + "/" + file.filename().string(); }
  const std::string& folder_id(const fs::path& folder) {
    const auto [it, is_new] = known_.try_emplace(folder.string());
    if (is_new) {
      struct stat found{};
      const fs::path path = folder.empty() ? fs::path(".") : folder;
      it->second = ::stat(path.c_str(), &found) == 0 ? std::format("{}:{}", found.st_dev, found.st_ino)
                                                     : "?" + folder.lexically_normal().string();
    }
    return it->second;
  }

 private:
  std::unordered_map<std::string, std::string> known_;
};

/// Whoever names a label file in a home folder does not want all of it counted.
constexpr std::size_t most_entries = 3'000'000;

struct Walked {
  std::vector<fs::path> files;   ///< pictures and label files
  std::vector<fs::path> closed;  ///< folders that cannot be read
  std::size_t entries = 0;
};

/// Whether a link leads to a folder that the data folder itself lies in: following it would count the whole disk.
bool leads_up(const fs::path& link, const fs::path& top) {
  std::error_code error;
  const fs::path target = fs::canonical(link, error), own = fs::canonical(top, error);
  return !error && std::mismatch(target.begin(), target.end(), own.begin(), own.end()).first == target.end();
}

/// One pass over the tree, without recursion: a chain of folders may be as deep as the file system allows.
void walk(const fs::path& top, Identities& identities, std::unordered_set<std::string>& visited,
          const std::function<bool(const fs::path&)>& is_wanted, Walked& walked) {
  std::vector<fs::path> open{top};
  std::set<fs::path> links;
  while ((!open.empty() || !links.empty()) && walked.entries < most_entries) {
    // Links come last: what lies in the folder itself keeps its own name.
    if (open.empty()) {
      open.push_back(*links.begin());
      links.erase(links.begin());
    }
    const fs::path folder = std::move(open.back());
    open.pop_back();
    if (!visited.insert(identities.folder_id(folder)).second) continue;
    std::error_code error;
    fs::directory_iterator it(folder, error);
    if (error) {
      walked.closed.push_back(folder);
      continue;
    }
    for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
      const fs::path& path = it->path();
      if (++walked.entries > most_entries) break;
      if (path.filename().native().starts_with('.')) continue;
      std::error_code ignored;
      if (it->is_directory(ignored)) {
        const bool is_link = it->is_symlink(ignored);
        if (path.extension() == ".study" || (is_link && leads_up(path, top))) continue;
        if (is_link)
          links.insert(path);
        else
          open.push_back(path);
      } else if (is_wanted(path)) {
        // A link that leads nowhere is an entry that somebody counts on; a device or a pipe is no file.
        if (it->is_regular_file(ignored) || it->is_symlink(ignored)) walked.files.push_back(path);
      }
    }
    if (error) walked.closed.push_back(folder);
  }
}

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

class Accountant {
 public:
  Accountant(const Opened& opened, const Records& records, const std::vector<Fate>& fates,
             const std::vector<fs::path>& lists, DataSet& set)
      : place_(opened.place),
        format_(*opened.format),
        records_(records),
        fates_(fates),
        lists_(lists),
        set_(set),
        root_(opened.place.root.lexically_normal()) {
    if (!root_.has_filename() && root_.has_relative_path()) root_ = root_.parent_path();  // "a/" as "a"
  }

  Account take() {
    claim();
    std::unordered_set<std::string> visited;
    const auto is_wanted = [&](const fs::path& path) {
      return is_picture(path) || is_label_file(path) || odd_.contains(path.filename().string());
    };
    std::vector<fs::path> tops{root_};
    std::error_code ignored;
    if (!place_.spec.images.empty()) tops.push_back(resolved(place_.root, place_.spec.images));
    if (fs::is_directory(place_.annotations, ignored)) tops.push_back(place_.annotations);
    for (const fs::path& top : tops) walk(top.lexically_normal(), identities_, visited, is_wanted, walked_);
    count_pictures();
    count_labels();
    for (Tally* tally : {&account_.pictures, &account_.labels})
      for (auto& [reason, paths] : tally->left_out) std::ranges::sort(paths);
    remark();
    return std::move(account_);
  }

 private:
  [[nodiscard]] std::string shown_path(const fs::path& path) const {
    const fs::path relative = path.lexically_normal().lexically_relative(root_);
    return (relative.empty() || *relative.begin() == ".." ? path.lexically_normal() : relative).generic_string();
  }
  void expect(const fs::path& file) {
    if (!is_picture(file) && !is_label_file(file)) odd_.insert(file.filename().string());
  }

  /// What the records and the readers say about files.
  void claim() {
    for (std::size_t i = 0; i < fates_.size(); ++i) {
      const Fate& fate = fates_[i];
      const Record& record = records_.records[i];
      const fs::path label = file_of(record.where);
      // An image folder has no label files: its records stand in the pictures themselves.
      const std::string label_id = label.empty() ? "" : identities_.of(label);
      if (!fate.picture.empty()) {
        const std::string id = identities_.of(fate.picture);
        expect(fate.picture);
        const auto [it, is_new] = pictures_.try_emplace(id, fate.reason);
        if (!is_new && fate.reason.empty()) it->second.clear();
        if (is_new) claimed_.push_back(fate.picture);
        note_read(fate.picture.parent_path());
        if (fate.reason.empty()) {
          stems_.insert(stem_id(fate.picture));
          std::error_code error;
          if (fs::is_symlink(fate.picture, error))
            if (const fs::path target = fs::canonical(fate.picture, error); !error)
              linked_.insert(identities_.of(target));
        }
        if (id == label_id) continue;
      }
      if (label_id.empty() || has_image_extension(label)) continue;
      const bool is_blank = record.boxes.empty() && !record.label;
      const std::string reason = fate.reason.empty() ? "" : is_blank ? "that marks no object" : fate.reason;
      const auto [it, is_new] = labels_.try_emplace(label_id, reason);
      if (!is_new && reason.empty()) it->second.clear();
      if (is_new) label_files_.push_back(label);
    }
    for (const auto* files : {&records_.label_files, &lists_})
      for (const fs::path& file : *files)
        if (labels_.try_emplace(identities_.of(file), "").second) label_files_.push_back(file);
    for (const fs::path& file : label_files_) expect(file);
    for (const LeftOut& left : records_.left_out) {
      expect(left.file);
      reader_reasons_.try_emplace(identities_.of(left.file), left.reason);
    }
  }

  std::string stem_id(const fs::path& file) {
    return identities_.folder_id(file.parent_path()) + "/" + file.stem().string();
  }

  void count_pictures() {
    Tally& tally = account_.pictures;
    std::unordered_set<std::string> met;
    const auto add = [&](const fs::path& file, const std::string& reason) {
      ++tally.found;
      if (reason.empty())
        ++tally.used;
      else
        tally.left_out[reason].push_back(shown_path(file));
    };
    for (const fs::path& file : walked_.files) {
      const std::string id = identities_.of(file);
      const auto claimed = pictures_.find(id);
      if (claimed == pictures_.end() && !is_picture(file)) continue;
      if (labels_.contains(id) && claimed == pictures_.end()) continue;
      met.insert(id);
      add(file, claimed != pictures_.end() ? claimed->second : reason_of(file, id));
      note_folder(file, claimed != pictures_.end() && claimed->second.empty());
    }
    // Pictures that labels name in hidden places, or outside of the folders that were walked.
    for (const fs::path& file : claimed_)
      if (const std::string id = identities_.of(file); met.insert(id).second) add(file, pictures_[id]);
  }

  /// Why no record speaks of a picture.
  std::string reason_of(const fs::path& file, const std::string& id) {
    if (const auto told = reader_reasons_.find(id); told != reader_reasons_.end()) return told->second;
    if (!has_image_extension(file)) return unread_kind(file);
    if (!linked_.empty()) {
      std::error_code error;
      if (const fs::path target = fs::canonical(file, error); !error && linked_.contains(identities_.of(target)))
        return std::string(through_a_link);
    }
    if (stems_.contains(stem_id(file))) return std::string(twin_of_used);
    const fs::path folder = file.parent_path();
    const auto [it, is_new] = folder_reasons_.try_emplace(folder.string());
    if (is_new) it->second = reason_of_folder(folder);
    return it->second;
  }

  std::string reason_of_folder(const fs::path& folder) {
    if (folders_.contains(identities_.folder_id(folder))) return std::string(unlabelled);
    const bool is_above_read = above_.contains(identities_.folder_id(folder));
    if (is_above_read) return std::string(format_.has_class_folders ? in_no_class_folder : unlabelled);
    for (const fs::path& outer : outer_folders(folder))
      if (folders_.contains(identities_.folder_id(outer))) return std::string(in_subfolder);
    // Beside train/ and val/, however deep the pictures of both lie.
    for (fs::path at = folder; is_inner(at) && !split_of_name(at.filename().string()); at = at.parent_path())
      if (split_parents_.contains(identities_.folder_id(at.parent_path()))) return std::string(in_third_folder);
    return std::string(in_other_folder);
  }

  /// Whether a folder has an outer one that may belong to the data.
  [[nodiscard]] bool is_inner(const fs::path& folder) const {
    return !folder.empty() && folder != root_ && folder != folder.parent_path();
  }
  [[nodiscard]] std::vector<fs::path> outer_folders(fs::path folder) const {
    std::vector<fs::path> outer;
    for (; is_inner(folder); folder = folder.parent_path()) outer.push_back(folder.parent_path());
    return outer;
  }
  /// Remembers a folder whose pictures records name, and what lies around it.
  void note_read(const fs::path& folder) {
    if (!folders_.try_emplace(identities_.folder_id(folder), folder).second) return;
    for (fs::path at = folder; is_inner(at); at = at.parent_path()) {
      above_.insert(identities_.folder_id(at.parent_path()));
      if (split_of_name(at.filename().string())) split_parents_.insert(identities_.folder_id(at.parent_path()));
    }
  }

  /// Pictures of each class folder: a class may vanish as a whole.
  void note_folder(const fs::path& file, bool is_used) {
    if (!format_.has_class_folders) return;
    for (fs::path at = file.parent_path(); is_inner(at); at = at.parent_path()) {
      auto& [found, used] = below_[at.string()];
      ++found;
      used += is_used ? 1 : 0;
    }
  }

  void count_labels() {
    Tally& tally = account_.labels;
    std::unordered_set<std::string> met;
    for (const fs::path& file : walked_.files) {
      const std::string id = identities_.of(file);
      const auto claimed = labels_.find(id);
      if (pictures_.contains(id) || (claimed == labels_.end() && !is_label_file(file))) continue;
      met.insert(id);
      ++tally.found;
      // Of a file that is not used the reader knows best why.
      const bool is_used = claimed != labels_.end() && claimed->second.empty();
      const auto told = reader_reasons_.find(id);
      const std::string reason = is_used                         ? ""
                                 : told != reader_reasons_.end() ? told->second
                                 : claimed != labels_.end()      ? claimed->second
                                                                 : reason_of_label(file);
      if (reason.empty())
        ++tally.used;
      else
        tally.left_out[reason].push_back(shown_path(file));
    }
    for (const fs::path& file : label_files_) {
      const std::string id = identities_.of(file);
      if (pictures_.contains(id) || !met.insert(id).second) continue;
      ++tally.found;
      if (labels_[id].empty())
        ++tally.used;
      else
        tally.left_out[labels_[id]].push_back(shown_path(file));
    }
  }

  [[nodiscard]] std::string reason_of_label(const fs::path& file) const {
    const std::string name = lower_case(file.filename().string());
    const bool is_class_list = name == "classes.txt" || name == "names.txt" || name.ends_with(".names");
    if (is_class_list && !records_.classes.empty() && file.parent_path() == root_) return "";
    if (file.parent_path().parent_path().filename() == "ImageSets" || split_of_name(lower_case(file.stem().string())))
      return "a list that is not used";
    return std::format("not read by the format \"{}\"", format_.name);
  }

  // --- what people are told

  [[nodiscard]] static bool is_chosen(std::string_view reason) {
    return reason == other_classes || reason == through_a_link || reason == same_file ||
           reason.find(of_chosen_classes) != std::string_view::npos;
  }

  void remark() {
    const Tally& pictures = account_.pictures;
    std::vector<std::string>& said = set_.remarks;
    warn_of_many();
    warn_of_classes();
    warn_of_class_folders();
    if (walked_.entries > most_entries)
      said.push_back(std::format("warning: more than {} files lie below \"{}\": the others are not counted",
                                 most_entries, place_.root.string()));
    if (!walked_.closed.empty()) {
      std::vector<std::string> closed;
      for (const fs::path& folder : walked_.closed) closed.push_back(shown_path(folder));
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
    for (const auto& [reason, paths] : account_.labels.left_out)
      if (!pictures.left_out.contains(reason) && std::ranges::contains(records_.left_out, reason, &LeftOut::reason))
        said.push_back(
            std::format("left out: {}, {}: {}", counted(paths.size(), "label file"), reason, examples(paths)));
  }

  void warn_of_many() {
    std::size_t left = 0, others = account_.pictures.found;
    std::vector<std::pair<std::size_t, std::string>> ranked;
    for (const auto& [reason, paths] : account_.pictures.left_out) {
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
    for (const auto& [id, folder] : folders_) parents.insert(folder.parent_path().string());
    std::vector<std::string> vanished, without_pictures;
    std::error_code ignored;
    for (const std::string& parent : parents)
      for (const fs::path& folder : entries(parent)) {
        if (!fs::is_directory(folder, ignored) || folder.extension() == ".study") continue;
        const std::string& id = identities_.folder_id(folder);
        if (split_of_name(folder.filename().string()) || folders_.contains(id) || above_.contains(id)) continue;
        const auto found = below_.find(folder.string());
        if (found == below_.end())
          without_pictures.push_back(shown_path(folder));
        else if (found->second.second == 0)
          vanished.push_back(shown_path(folder));
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
      for (const auto& [reason, paths] : account_.pictures.left_out) {
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
  const std::vector<fs::path>& lists_;
  DataSet& set_;
  fs::path root_;
  Account account_;
  Identities identities_;
  Walked walked_;
  std::unordered_map<std::string, std::string> pictures_, labels_;  ///< by identity: why left out, empty: used
  std::vector<fs::path> claimed_, label_files_;
  std::unordered_map<std::string, std::string> reader_reasons_;  ///< by identity
  std::unordered_set<std::string> stems_, linked_;
  std::unordered_set<std::string> odd_;                          ///< names of files that do not look like one
  std::unordered_set<std::string> above_, split_parents_;        ///< by identity: folders around those of records
  std::map<std::string, fs::path> folders_;                      ///< by identity: those that records name
  std::unordered_map<std::string, std::string> folder_reasons_;  ///< by path
  std::unordered_map<std::string, std::pair<std::size_t, std::size_t>> below_;  ///< by path: pictures found and used
};

}  // namespace

bool is_picture(const fs::path& file) {
  static constexpr std::array<std::string_view, 37> unread{
      ".gif", ".jp2", ".j2k", ".jpx", ".jxl", ".heic", ".heif", ".avif", ".svg",  ".tga", ".ico", ".ppm", ".pgm",
      ".pbm", ".pnm", ".pfm", ".psd", ".xcf", ".exr",  ".hdr",  ".dng",  ".cr2",  ".cr3", ".crw", ".nef", ".arw",
      ".raw", ".orf", ".rw2", ".raf", ".pef", ".srw",  ".dcm",  ".nii",  ".fits", ".npy", ".apng"};
  return has_image_extension(file) || is_one_of(lower_case(file.extension().string()), unread);
}

Account take_account(const Opened& opened, const Records& records, const std::vector<Fate>& fates,
                     const std::vector<fs::path>& lists, DataSet& set) {
  return Accountant(opened, records, fates, lists, set).take();
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
