#include <algorithm>
#include <array>
#include <format>
#include <map>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "data/account/remarks_internal.hpp"
#include "data/text_internal.hpp"
#include "data/tree_internal.hpp"

namespace edgewise::data {

namespace fs = std::filesystem;

namespace {

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

class Accountant {
 public:
  Accountant(const Opened& opened, const Records& records, const std::vector<Fate>& fates,
             const std::vector<fs::path>& lists, DataSet& set)
      : opened_(opened),
        place_(opened.place),
        format_(*opened.format),
        records_(records),
        fates_(fates),
        lists_(lists),
        set_(set) {
    counted_.root = opened.place.root.lexically_normal();
    if (!counted_.root.has_filename() && counted_.root.has_relative_path())
      counted_.root = counted_.root.parent_path();  // "a/" as "a"
  }

  Account take() {
    claim();
    std::unordered_set<std::string> visited;
    const auto is_wanted = [&](const fs::path& path) {
      return is_picture(path) || is_label_file(path) || odd_.contains(path.filename().string());
    };
    std::vector<fs::path> tops{counted_.root};
    std::error_code ignored;
    if (!place_.spec.images.empty()) tops.push_back(resolved(place_.root, place_.spec.images));
    if (fs::is_directory(place_.annotations, ignored)) tops.push_back(place_.annotations);
    for (const fs::path& top : tops) walk(top.lexically_normal(), identities_, visited, is_wanted, counted_.walked);
    count_pictures();
    count_labels();
    for (Tally* tally : {&counted_.account.pictures, &counted_.account.labels})
      for (auto& [reason, paths] : tally->left_out) std::ranges::sort(paths);
    remark(opened_, records_, fates_, counted_, identities_, set_);
    return std::move(counted_.account);
  }

 private:
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
    Tally& tally = counted_.account.pictures;
    std::unordered_set<std::string> met;
    const auto add = [&](const fs::path& file, const std::string& reason) {
      ++tally.found;
      if (reason.empty())
        ++tally.used;
      else
        tally.left_out[reason].push_back(counted_.shown_path(file));
    };
    for (const fs::path& file : counted_.walked.files) {
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
    if (counted_.folders.contains(identities_.folder_id(folder))) return std::string(unlabelled);
    const bool is_above_read = counted_.above.contains(identities_.folder_id(folder));
    if (is_above_read) return std::string(format_.has_class_folders ? in_no_class_folder : unlabelled);
    for (const fs::path& outer : outer_folders(folder))
      if (counted_.folders.contains(identities_.folder_id(outer))) return std::string(in_subfolder);
    // Beside train/ and val/, however deep the pictures of both lie.
    for (fs::path at = folder; is_inner(at) && !split_of_name(at.filename().string()); at = at.parent_path())
      if (split_parents_.contains(identities_.folder_id(at.parent_path()))) return std::string(in_third_folder);
    return std::string(in_other_folder);
  }

  /// Whether a folder has an outer one that may belong to the data.
  [[nodiscard]] bool is_inner(const fs::path& folder) const {
    return !folder.empty() && folder != counted_.root && folder != folder.parent_path();
  }
  [[nodiscard]] std::vector<fs::path> outer_folders(fs::path folder) const {
    std::vector<fs::path> outer;
    for (; is_inner(folder); folder = folder.parent_path()) outer.push_back(folder.parent_path());
    return outer;
  }
  /// Remembers a folder whose pictures records name, and what lies around it.
  void note_read(const fs::path& folder) {
    if (!counted_.folders.try_emplace(identities_.folder_id(folder), folder).second) return;
    for (fs::path at = folder; is_inner(at); at = at.parent_path()) {
      counted_.above.insert(identities_.folder_id(at.parent_path()));
      if (split_of_name(at.filename().string())) split_parents_.insert(identities_.folder_id(at.parent_path()));
    }
  }

  /// Pictures of each class folder: a class may vanish as a whole.
  void note_folder(const fs::path& file, bool is_used) {
    if (!format_.has_class_folders) return;
    for (fs::path at = file.parent_path(); is_inner(at); at = at.parent_path()) {
      auto& [found, used] = counted_.below[at.string()];
      ++found;
      used += is_used ? 1 : 0;
    }
  }

  void count_labels() {
    Tally& tally = counted_.account.labels;
    std::unordered_set<std::string> met;
    for (const fs::path& file : counted_.walked.files) {
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
        tally.left_out[reason].push_back(counted_.shown_path(file));
    }
    for (const fs::path& file : label_files_) {
      const std::string id = identities_.of(file);
      if (pictures_.contains(id) || !met.insert(id).second) continue;
      ++tally.found;
      if (labels_[id].empty())
        ++tally.used;
      else
        tally.left_out[labels_[id]].push_back(counted_.shown_path(file));
    }
  }

  [[nodiscard]] std::string reason_of_label(const fs::path& file) const {
    const std::string name = lower_case(file.filename().string());
    const bool is_class_list = name == "classes.txt" || name == "names.txt" || name.ends_with(".names");
    if (is_class_list && !records_.classes.empty() && file.parent_path() == counted_.root) return "";
    if (file.parent_path().parent_path().filename() == "ImageSets" || split_of_name(lower_case(file.stem().string())))
      return "a list that is not used";
    return std::format("not read by the format \"{}\"", format_.name);
  }

  const Opened& opened_;
  const Place& place_;
  const Format& format_;
  const Records& records_;
  const std::vector<Fate>& fates_;
  const std::vector<fs::path>& lists_;
  DataSet& set_;
  Counted counted_;
  Identities identities_;
  std::unordered_map<std::string, std::string> pictures_, labels_;  ///< by identity: why left out, empty: used
  std::vector<fs::path> claimed_, label_files_;
  std::unordered_map<std::string, std::string> reader_reasons_;  ///< by identity
  std::unordered_set<std::string> stems_, linked_;
  std::unordered_set<std::string> odd_;                          ///< names of files that do not look like one
  std::unordered_set<std::string> split_parents_;                ///< by identity: folders around those of splits
  std::unordered_map<std::string, std::string> folder_reasons_;  ///< by path
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

}  // namespace edgewise::data
