// Every picture and every label file below a data folder is used, or left out for a reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <format>
#include <map>
#include <set>

#include "base/random.hpp"
#include "data/formats/format.hpp"
#include "data/statistics.hpp"
#include "tests/data/fixture.hpp"

namespace edgewise::data {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// What the account says of one picture or label file; "" when it is not left out.
std::string reason_of(const Tally& tally, const std::string& path) {
  for (const auto& [reason, paths] : tally.left_out)
    if (std::ranges::contains(paths, path)) return reason;
  return {};
}

std::size_t left_out(const Tally& tally) {
  std::size_t sum = 0;
  for (const auto& [reason, paths] : tally.left_out) sum += paths.size();
  return sum;
}

/// Files with one of these extensions (in small letters), counted anew: not in hidden folders, no hidden ones.
std::size_t count_files(const fs::path& root, const std::set<std::string>& extensions) {
  std::size_t count = 0;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
    if (it->path().filename().string().starts_with('.')) {
      if (it->is_directory()) it.disable_recursion_pending();
      continue;
    }
    std::string extension = it->path().extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    if (it->is_regular_file() && extensions.contains(extension) &&
        !it->path().filename().string().starts_with("README"))
      ++count;
  }
  return count;
}

void expect_complete(const DataSet& set, const fs::path& root) {
  const auto& [pictures, labels] = set.account;
  EXPECT_EQ(pictures.found, pictures.used + left_out(pictures));
  EXPECT_EQ(labels.found, labels.used + left_out(labels));
  EXPECT_EQ(pictures.used, set.items.size());
  EXPECT_EQ(pictures.found,
            count_files(root, {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".heic", ".svg", ".cr2"}));
  EXPECT_EQ(labels.found, count_files(root, {".txt", ".csv", ".tsv", ".xml", ".json", ".names"}));
  for (const Tally* tally : {&pictures, &labels})
    for (const auto& [reason, paths] : tally->left_out) {
      EXPECT_FALSE(paths.empty()) << reason;
      EXPECT_TRUE(std::ranges::is_sorted(paths)) << reason;
    }
}

/// A labelled picture of a generated tree.
struct Labelled {
  std::string stem, extension;
  int boxes = 1;
  std::string split;
};

/// Writes a set of one format with random pictures, and then whatever lies about in data folders.
class Tree {
 public:
  Tree(const Folder& folder, std::string format, std::uint64_t seed)
      : folder_(folder), format_(std::move(format)), random_(RandomStream::named(seed, "account " + format_)) {
    const auto count = 6 + random_.below(8);
    for (std::uint64_t i = 0; i < count; ++i)
      pictures_.push_back({"p" + std::to_string(i), random_.chance(0.5) ? ".png" : ".JPG",
                           i < 4 ? 1 : static_cast<int>(random_.below(3)), i % 2 == 0 ? "train" : "val"});
    has_splits_ = random_.chance(0.5);
  }

  DataSpec write() {
    spec_ = {.path = folder_.text(), .format = format_, .validation_share = 0.5};
    if (format_ == "folder") folder_tree();
    if (format_ == "csv") csv_tree();
    if (format_ == "fddb") fddb_tree();
    if (format_ == "yolo") yolo_tree();
    if (format_ == "voc") voc_tree();
    if (format_ == "coco") coco_tree();
    lists();
    strays();
    return spec_;
  }
  [[nodiscard]] const task::Task& task() const {
    return format_ == "folder" ? task_of("classification") : task_of("box");
  }

 private:
  std::string shown_in(const std::string& folder, const Labelled& p) {
    folder_.picture(folder + "/" + p.stem + p.extension);
    folders_.push_back(folder);
    return folder + "/" + p.stem + p.extension;
  }
  void folder_tree() {
    for (std::size_t i = 0; i < pictures_.size(); ++i)
      shown_in((has_splits_ ? pictures_[i].split + "/" : "") + (i % 4 < 2 ? "cat" : "dog"), pictures_[i]);
    if (random_.chance(0.5)) folder_.write("classes.txt", "dog\ncat\n");
  }
  void csv_tree() {
    std::string text = has_splits_ ? "image,x0,y0,x1,y1,split\n" : "image,x0,y0,x1,y1\n";
    for (const Labelled& p : pictures_) {
      shown_in("images", p);
      const std::string end = has_splits_ ? "," + p.split + "\n" : "\n";
      if (p.boxes == 0) text += p.stem + p.extension + ",,,," + end;
      for (int k = 0; k < p.boxes; ++k) text += std::format("{}{},1,{},9,9{}", p.stem, p.extension, k + 1, end);
    }
    folder_.write("boxes.csv", text);
  }
  void fddb_tree() {
    std::string text;
    for (const Labelled& p : pictures_) {
      text += "# " + shown_in("images", p).substr(7) + "\n";
      for (int k = 0; k < p.boxes; ++k) text += std::format("1 {} 9 9\n", k + 1);
    }
    folder_.write("boxes.txt", text);
  }
  void yolo_tree() {
    for (const Labelled& p : pictures_) {
      shown_in(has_splits_ ? "images/" + p.split : "images", p);
      std::string text;
      for (int k = 0; k < p.boxes; ++k) text += std::format("{} 0.5 0.5 0.{} 0.5\n", k, k + 2);
      folder_.write((has_splits_ ? "labels/" + p.split + "/" : "labels/") + p.stem + ".txt", text);
    }
    if (random_.chance(0.5)) folder_.write("classes.txt", "cat\ndog\n");
  }
  void voc_tree() {
    for (const Labelled& p : pictures_) {
      shown_in("JPEGImages", p);
      std::string text = "<annotation><filename>" + p.stem + p.extension + "</filename>";
      for (int k = 0; k < p.boxes; ++k)
        text += std::format(
            "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>{}</ymin><xmax>9</xmax><ymax>9</ymax>"
            "</bndbox></object>",
            k + 1);
      folder_.write("Annotations/" + p.stem + ".xml", text + "</annotation>");
    }
  }
  void coco_tree() {
    for (const std::string& split :
         has_splits_ ? std::vector<std::string>{"train", "val"} : std::vector<std::string>{""}) {
      std::string images, annotations;
      for (std::size_t i = 0; i < pictures_.size(); ++i) {
        const Labelled& p = pictures_[i];
        if (has_splits_ && p.split != split) continue;
        const std::string path = shown_in("images", p).substr(7);
        images += std::format("{}{{\"id\":{},\"file_name\":\"{}\",\"width\":20,\"height\":10}}",
                              images.empty() ? "" : ",", i, path);
        for (int k = 0; k < p.boxes; ++k)
          annotations += std::format("{}{{\"id\":{},\"image_id\":{},\"category_id\":1,\"bbox\":[1,{},8,5]}}",
                                     annotations.empty() ? "" : ",", 10 * i + static_cast<std::size_t>(k), i, k + 1);
      }
      folder_.write("annotations/instances" + (split.empty() ? "" : "_" + split) + ".json",
                    "{\"images\":[" + images + "],\"annotations\":[" + annotations +
                        "],\"categories\":[{\"id\":1,\"name\":\"cat\"}]}");
    }
  }

  /// Lists that leave some pictures out.
  void lists() {
    if (has_splits_ || format_ == "folder" || random_.chance(0.6)) return;
    std::string train, validation;
    for (std::size_t i = 0; i < pictures_.size(); ++i)
      if (i < 4 || random_.chance(0.6)) (i % 2 == 0 ? train : validation) += pictures_[i].stem + "\n";
    folder_.write("lists/a.txt", train);
    folder_.write("lists/b.txt", validation);
    spec_.splits = {{"train", "lists/a.txt"}, {"validation", "lists/b.txt"}};
  }

  void strays() {
    const std::set<std::string> known(folders_.begin(), folders_.end());
    int number = 0;
    for (const std::string& at : known) {
      const auto some = [&] { return random_.chance(0.5); };
      const std::string own = at + "/" + pictures_.front().stem;
      // Kinds of files that nobody reads, twins of labelled pictures among them.
      for (const char* kind : {".gif", ".heic", ".svg", ".CR2"})
        if (some()) folder_.write((some() ? own : at + "/odd" + std::to_string(number)) + kind, "no picture");
      if (format_ != "folder" && some()) folder_.picture(std::format("{}/stray{}.png", at, number));
      if (some()) folder_.picture(std::format("{}/deeper/inner{}.jpg", at, number));
      if (some()) folder_.write(at + "/.hidden.jpg", "hidden");
      if (some()) folder_.write(at + "/.thumbs/t.jpg", "hidden");
      if (some()) folder_.write(at + "/README.txt", "read me");
      ++number;
    }
    if (random_.chance(0.5)) folder_.picture("preview.png");
    if (random_.chance(0.5)) folder_.write("elsewhere/extra.gif", "no picture");
    if (random_.chance(0.5)) folder_.write("README.md", "read me");
    if (random_.chance(0.5)) folder_.write("notes/meta.xml", "<note/>");
    if (random_.chance(0.5)) folder_.write("notes/old.tsv", "a\tb\n");
    if (random_.chance(0.5)) folder_.write("notes/remarks.txt", "hello\n");
    if (random_.chance(0.3)) {
      folder_.write("notes/deep/hello.md", "hello");
      fs::create_directory_symlink(folder_.path(), folder_.path() / "notes" / "deep" / "loop");
    }
  }

  const Folder& folder_;
  std::string format_;
  RandomStream random_;
  std::vector<Labelled> pictures_;
  std::vector<std::string> folders_;
  bool has_splits_ = false;
  DataSpec spec_;
};

class AccountOf : public testing::TestWithParam<const char*> {};

TEST_P(AccountOf, AddsUpOnAnyTree) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(std::format("seed {}", seed));
    const Folder folder;
    Tree tree(folder, GetParam(), seed);
    const DataSpec spec = tree.write();
    const auto set = load(spec, tree.task());
    ASSERT_TRUE(set.has_value()) << to_text(set.error());
    expect_complete(*set, folder.path());
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << account_json(*set).dump(1);
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EachReader, AccountOf, testing::Values("folder", "csv", "fddb", "yolo", "voc", "coco"),
                         [](const auto& tested) { return std::string(tested.param); });

std::string csv_of(const std::vector<std::string>& names) {
  std::string text = "image,x0,y0,x1,y1\n";
  for (const std::string& name : names) text += name + ",1,1,9,9\n";
  return text;
}

/// Six labelled pictures a.png to f.png in images/.
void six(const Folder& folder) {
  std::vector<std::string> names;
  for (const char* stem : {"a", "b", "c", "d", "e", "f"}) {
    names.push_back(std::string(stem) + ".png");
    folder.picture("images/" + names.back());
  }
  folder.write("boxes.csv", csv_of(names));
}

TEST(Account, NamesTheReasonOfEachFile) {
  const Folder folder;
  six(folder);
  folder.picture("images/a.jpg");
  folder.picture("images/stray.png");
  folder.picture("images/cats/inner.png");
  folder.picture("previews/p.png");
  folder.write("images/b.GIF", "GIF89a");
  folder.write("notes.json", "{}");
  const DataSet set = loaded({.path = folder.text(), .format = "csv", .validation_share = 0.5}, task_of("box"));
  const auto& [pictures, labels] = set.account;
  EXPECT_EQ(pictures.found, 11U);
  EXPECT_EQ(pictures.used, 6U);
  EXPECT_EQ(reason_of(pictures, "images/a.jpg"), "beside a picture of the same name that is used");
  EXPECT_EQ(reason_of(pictures, "images/stray.png"), "without a label");
  EXPECT_EQ(reason_of(pictures, "images/cats/inner.png"), "in a subfolder that is not read");
  EXPECT_EQ(reason_of(pictures, "previews/p.png"), "in a folder that is not read");
  EXPECT_EQ(reason_of(pictures, "images/b.GIF"), "a kind of file that is not read (.gif)");
  EXPECT_EQ(labels.used, 1U);
  EXPECT_EQ(reason_of(labels, "notes.json"), "not read by the format \"csv\"");
  EXPECT_THAT(set.remarks, Contains("left out: 1 picture, without a label: images/stray.png"));
  EXPECT_THAT(set.remarks.front(), StartsWith("warning: 5 of 11 pictures are left out ("));
}

TEST(Account, CountsFilesOfThePicturesFolderAndOfTheLabelsElsewhere) {
  const Folder folder;
  folder.picture("pictures/a.png");
  folder.picture("pictures/b.png");
  folder.picture("pictures/c.png");
  folder.write("set/boxes.csv", csv_of({"a.png", "b.png"}));
  const DataSet set =
      loaded({.path = folder.text() + "/set/boxes.csv", .images = folder.text() + "/pictures", .validation_share = 0.5},
             task_of("box"));
  EXPECT_EQ(set.account.pictures.found, 3U);
  EXPECT_EQ(set.account.pictures.used, 2U);
  EXPECT_EQ(set.account.labels.found, 1U);
}

TEST(Account, CountsAFileThatIsReachedByALinkOnce) {
  const Folder folder;
  for (int i = 0; i < 4; ++i) {
    const std::string name = std::format("{}.png", i);
    folder.picture("all/" + name);
    const fs::path link = folder.path() / (i % 2 == 0 ? "train" : "val") / (i < 2 ? "cat" : "dog") / name;
    fs::create_directories(link.parent_path());
    fs::create_symlink(folder.path() / "all" / name, link);
  }
  const DataSet set = loaded({.path = folder.text(), .format = "folder"}, task_of("classification"));
  EXPECT_EQ(set.items.size(), 4U);
  EXPECT_EQ(set.account.pictures.left_out.at("used through a link").size(), 4U);
  EXPECT_THAT(set.remarks, Not(Contains(HasSubstr("4 of 8"))));  // nothing is lost, so nothing is warned of
}

TEST(Account, AFileUnderTwoNamesCountsOnce) {
  const Folder folder;
  for (const char* name : {"cat/1.png", "cat/2.png", "cat/3.png", "dog/1.png", "dog/2.png", "dog/3.png"})
    folder.picture(name);
  fs::create_symlink("1.png", folder.path() / "cat" / "9.png");
  fs::create_hard_link(folder.path() / "dog" / "1.png", folder.path() / "dog" / "8.png");
  const DataSpec spec{.path = folder.text(), .validation_share = 0.5};
  const DataSet set = loaded(spec, task_of("classification"));
  EXPECT_EQ(set.items.size(), 6U);
  EXPECT_EQ(set.account.pictures.used, 6U);
  EXPECT_THAT(set.account.pictures.left_out.at("the same file as another, through a link"),
              ElementsAre("cat/9.png", "dog/8.png"));
  fs::create_symlink("../cat/2.png", folder.path() / "dog" / "7.png");
  const auto two_classes = load(spec, task_of("classification"));
  ASSERT_FALSE(two_classes.has_value());
  EXPECT_EQ(two_classes.error().message, std::format("\"{0}/cat/2.png\" and \"{0}/dog/7.png\" are the same file, "
                                                     "through a link, and are of two classes: \"cat\" and \"dog\"",
                                                     folder.text()));
}

TEST(Account, AFileInTwoSplitsIsAnError) {
  const Folder folder;
  for (const char* name : {"train/cat/1.png", "train/cat/2.png", "train/dog/1.png", "val/dog/3.png"})
    folder.picture(name);
  fs::create_directories(folder.path() / "val" / "cat");
  fs::create_symlink("../../train/cat/1.png", folder.path() / "val" / "cat" / "v.png");
  const auto set = load({.path = folder.text()}, task_of("classification"));
  ASSERT_FALSE(set.has_value());
  EXPECT_EQ(set.error().message, std::format("\"{0}/train/cat/1.png\" and \"{0}/val/cat/v.png\" are the same file, "
                                             "through a link, and lie in two splits: train and validation",
                                             folder.text()));
}

TEST(Account, IsTheSameHoweverTheFolderIsWritten) {
  const Folder folder;
  for (const char* stem : {"a", "b", "c"}) {
    folder.picture(std::string("images/") + stem + ".png");
    folder.write(std::string("labels/") + stem + ".txt", "0 0.5 0.5 0.2 0.2\n");
  }
  folder.write("classes.txt", "cat\n");
  folder.write("more/x.gif", "");
  const auto of = [](const std::string& path) {
    return loaded({.path = path, .validation_share = 0.5}, task_of("box")).account;
  };
  const Account plain = of(folder.text());
  EXPECT_EQ(plain.labels.used, 4U);
  EXPECT_EQ(of(folder.text() + "/"), plain);
  EXPECT_EQ(of(folder.text() + "/./images/.."), plain);
  EXPECT_EQ(of(fs::relative(folder.path()).string()), plain);
}

TEST(Account, FollowsLoopsOfLinksOnce) {
  const Folder folder;
  six(folder);
  fs::create_directory_symlink("..", folder.path() / "images" / "up");
  fs::create_directory_symlink("loop", folder.path() / "loop");
  fs::create_directory_symlink("/", folder.path() / "everything");
  const DataSet set = loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box"));
  EXPECT_EQ(set.account.pictures.found, 6U);
}

TEST(Account, ADeviceAmongThePicturesIsNoFile) {
  const Folder folder;
  six(folder);
  ASSERT_EQ(::mkfifo((folder.path() / "images" / "pipe.png").c_str(), 0600), 0);
  EXPECT_EQ(loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box")).account.pictures.found, 6U);
}

TEST(Account, AStudyBesideThePicturesIsNotData) {
  const Folder folder;
  six(folder);
  folder.picture("job.study/sheet.png");
  EXPECT_EQ(loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box")).account.pictures.found, 6U);
}

TEST(Account, AFolderThatNamesNoSplit) {
  const Folder folder;
  for (const char* name : {"train/cat/1.png", "train/dog/2.png", "val/cat/3.png", "val/dog/4.png", "extra/cat/5.png"})
    folder.picture(name);
  const DataSet set = loaded({.path = folder.text()}, task_of("classification"));
  EXPECT_EQ(set.items.size(), 4U);
  EXPECT_EQ(reason_of(set.account.pictures, "extra/cat/5.png"), "in a folder that names no split");
}

TEST(Account, AnEmptyLabelFileMarksNoObject) {
  const Folder folder;
  for (const char* stem : {"a", "b", "c"}) {
    folder.picture(std::string("images/") + stem + ".png");
    folder.write(std::string("labels/") + stem + ".txt", *stem == 'c' ? "" : "0 0.5 0.5 0.2 0.2\n");
  }
  const DataSet set = loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box"));
  EXPECT_EQ(reason_of(set.account.pictures, "images/c.png"), "without a box");
  EXPECT_EQ(reason_of(set.account.labels, "labels/c.txt"), "that marks no object");
  EXPECT_EQ(set.account.labels.used, 2U);
}

TEST(Account, OfBuiltInSetsIsEmpty) {
  const DataSet set = loaded({.path = "builtin:faces", .count = 20}, task_of("box"));
  EXPECT_EQ(set.account, Account{});
  EXPECT_FALSE(statistics(set).contains("account"));
}

TEST(Account, IsWrittenWithItsReasonsAndAFewPaths) {
  const Folder folder;
  six(folder);
  for (int i = 0; i < 7; ++i) folder.write(std::format("images/x{}.gif", i), "GIF89a");
  const DataSet set = loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box"));
  const Json json = statistics(set)["account"];
  EXPECT_EQ(json["pictures"]["found"], 13);
  EXPECT_EQ(json["pictures"]["used"], 6);
  const Json& gifs = json["pictures"]["left_out"]["a kind of file that is not read (.gif)"];
  EXPECT_EQ(gifs["count"], 7);
  EXPECT_EQ(gifs["examples"].size(), 5U);
  EXPECT_EQ(json["labels"], (Json{{"found", 1}, {"used", 1}, {"left_out", Json::object()}}));
  EXPECT_THAT(set.remarks, Contains("left out: 7 pictures, a kind of file that is not read (.gif): images/x0.gif, "
                                    "images/x1.gif, images/x2.gif, ..."));
}

TEST(Warnings, ATenthIsBorneAndMoreIsNot) {
  const Folder folder;
  std::vector<std::string> names;
  for (int i = 0; i < 18; ++i) {
    names.push_back(std::format("{}.png", i));
    folder.picture(names.back());
  }
  folder.write("boxes.csv", csv_of(names));
  folder.write("x.gif", "");
  folder.write("y.gif", "");
  const DataSpec spec{.path = folder.text()};
  EXPECT_THAT(loaded(spec, task_of("box")).remarks, Not(Contains(StartsWith("warning: "))));
  folder.write("z.gif", "");
  EXPECT_THAT(loaded(spec, task_of("box")).remarks.front(),
              "warning: 3 of 21 pictures are left out (a kind of file that is not read (.gif): 3)");
}

TEST(Warnings, AClassFolderOfAKindThatIsNotRead) {
  const Folder folder;
  for (int i = 0; i < 6; ++i) {
    folder.picture(std::format("culvert/{}.png", i));
    folder.picture(std::format("road/{}.png", i));
    folder.write(std::format("stream/{}.heic", i), "");
  }
  const DataSet set = loaded({.path = folder.text()}, task_of("classification"));
  EXPECT_THAT(set.classes, ElementsAre("culvert", "road"));
  EXPECT_THAT(set.remarks, Contains("warning: no picture of 1 folder is used, though it lies beside the classes: "
                                    "\"stream\" (6 files, a kind of file that is not read (.heic))"));
}

TEST(Warnings, AClassFolderWithoutAnyPicture) {
  const Folder folder;
  folder.picture("train/cat/1.png");
  folder.picture("train/dog/1.png");
  folder.picture("val/cat/1.png");
  folder.picture("val/dog/1.png");
  folder.write("train/bird/1.webm", "");
  fs::create_directories(folder.path() / "train" / "cow");
  EXPECT_THAT(loaded({.path = folder.text()}, task_of("classification")).remarks,
              Contains("warning: 2 folders beside the classes hold no picture: \"train/bird\", \"train/cow\""));
}

TEST(Warnings, AClassOfTheListThatNoPictureHas) {
  const Folder folder;
  for (const char* name : {"cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"}) folder.picture(name);
  folder.write("classes.txt", "cat\ndog\nhorse\n");
  EXPECT_THAT(loaded({.path = folder.text(), .validation_share = 0.5}, task_of("classification")).remarks,
              Contains("warning: class \"horse\" has no picture that is used"));
}

TEST(Warnings, AClassOfTheListThatNoPictureHasForTheTaskBoxToo) {
  const Folder folder;
  for (const char* stem : {"a", "b", "c"}) {
    folder.picture(std::string("images/") + stem + ".png");
    folder.write(std::string("labels/") + stem + ".txt", "0 0.5 0.5 0.2 0.2\n");
  }
  folder.write("classes.txt", "cat\nhorse\n");
  EXPECT_THAT(loaded({.path = folder.text(), .validation_share = 0.5}, task_of("box")).remarks,
              Contains("warning: class \"horse\" has no picture that is used"));
}

TEST(Warnings, AClassThatTheBoxRuleEmpties) {
  const Folder folder;
  std::string text = "image,x0,y0,x1,y1,class\n";
  for (int i = 0; i < 8; ++i) {
    folder.picture(std::format("{}.png", i));
    text += std::format("{}.png,1,1,9,9,{}\n", i, i % 2 == 0 ? "cat" : "dog");
  }
  folder.picture("x.png");
  text += "x.png,1,1,9,9,cat\nx.png,2,1,9,9,bird\n";
  folder.write("boxes.csv", text);
  for (const char* task : {"classification", "box"})
    EXPECT_THAT(loaded({.path = folder.text(), .validation_share = 0.5}, task_of(task)).remarks,
                Contains("warning: class \"bird\" has no picture that is used"));
  // Whoever names the classes has left out the others on purpose.
  const DataSpec chosen{.path = folder.text(), .validation_share = 0.5, .classes = {"cat", "dog"}};
  EXPECT_THAT(loaded(chosen, task_of("classification")).remarks, Not(Contains(HasSubstr("bird"))));
}

}  // namespace
}  // namespace edgewise::data
