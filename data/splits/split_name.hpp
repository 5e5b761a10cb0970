/// Which split a name of a file or a folder tells: "instances_Train.json", "train2017", "images-val",
/// "VOCtrainval2007".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.hpp"

namespace edgewise::data {

/// What a name can say. Sets like VOC join training and validation in one part, "trainval".
enum class SplitName { train, validation, test, train_and_validation };

/// The split that one of the words of `name` tells, in any case: train, training, val, valid, validation, dev, test,
/// trainval and the like. Words end at signs, digits and where a capital follows a small letter; a part of a word
/// ("festival", "latest", "traintracks") tells nothing, and neither do words that contradict each other ("train_test").
std::optional<SplitName> split_name_of(std::string_view name);
/// The same, where training with validation in it is training.
std::optional<Split> split_of_name(std::string_view name);
/// The other words of `name` in small letters, without digits and words like "images" or "set": "plates" of
/// "plates_train2".
std::string rest_of_name(std::string_view name);

/// What the names of the parts of a set say together.
struct PartSplits {
  bool are_splits = false;               ///< whether the names tell splits at all
  std::vector<std::optional<Split>> of;  ///< by part; nothing: its name tells no split though others do
  std::vector<bool> is_repeated;         ///< by part: "trainval" beside "train" and "val" has nothing of its own
  std::vector<bool> is_joined;    ///< by part: "trainval" beside one of "train" and "val": the other one is in it
  bool rest_is_training = false;  ///< no name says training: the parts that name no split are it
};
enum class PartKind { file, folder };
/// Folders may as well be classes or places ("train" beside "bus", "train_station"): they are splits when two different
/// ones are named alike, when every folder names one, or when one is called just "val" or "test".
PartSplits splits_of_parts(std::span<const std::string> names, PartKind kind);

}  // namespace edgewise::data
