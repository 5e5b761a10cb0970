#include <algorithm>
#include <cctype>
#include <format>
#include <functional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "train/weights/starting_weights.hpp"

namespace edgewise::train {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view extensions[] = {".pth", ".pt", ".ckpt", ".safetensors"};

// "resnet18.pth" and "resnet18-f37072fd.pth", not "resnet18_v2.pth": torchvision's own files have a part of their hash.
bool is_called(const fs::path& file, const std::string& network) {
  const auto stem = file.stem().string();
  return stem == network || (stem.starts_with(network) && (stem[network.size()] == '-' || stem[network.size()] == '.'));
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string names_of(const std::vector<fs::path>& files) {
  std::vector<std::string> names;
  constexpr std::size_t most_names = 6;
  for (const auto& file : files)
    if (names.size() < most_names) names.push_back(file.filename().string());
  return quoted_list(names) + (files.size() > most_names ? std::format(" and {} more", files.size() - most_names) : "");
}

Result<fs::path> fitting_most(const graph::Graph& graph, const fs::path& place, const std::vector<fs::path>& files,
                              Fit fit) {
  fs::path best;
  std::int64_t most = 0;
  for (const auto& file : files) {
    const auto shapes = read_shapes(file);
    if (!shapes) continue;  // another kind of file may lie there; if none fits, the message below says so
    if (const auto share = share_of(graph, *shapes, fit); share && share->tensors > most) {
      most = share->tensors;
      best = file;
    }
  }
  if (most > 0) return best;
  return invalid(
      std::format("none of the {} files of weights in \"{}\" fits the network", files.size(), place.string()),
      "put the weights of this backbone there, or train from random weights");
}

}  // namespace

Result<fs::path> weights_file(const graph::Graph& graph, const std::string& network, const fs::path& place, Fit fit) {
  std::error_code error;
  if (!fs::is_directory(place, error)) return place;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(place, error))
    if (std::ranges::find(extensions, lower(entry.path().extension().string())) != std::end(extensions))
      files.push_back(entry.path());
  if (error) return invalid(std::format("cannot read the folder \"{}\": {}", place.string(), error.message()));
  std::ranges::sort(files);
  if (files.empty())
    return fail(ErrorCode::not_found, std::format("there is no .pth or .safetensors file in \"{}\"", place.string()),
                "put torchvision's weights there");
  if (fit == Fit::half) return fitting_most(graph, place, files, Fit::partial);
  std::vector<fs::path> own;
  for (const auto& file : files)
    if (!network.empty() && is_called(file, network)) own.push_back(file);
  // A file of just the network's name comes before those with more to it ("resnet18-f37072fd.pth").
  if (const auto exact = [&](const fs::path& file) { return file.stem() == network; }; std::ranges::any_of(own, exact))
    std::erase_if(own, std::not_fn(exact));
  if (own.size() == 1) return own.front();
  if (own.size() > 1)
    return invalid(std::format("two files in \"{}\" are called as the network \"{}\" is: {}", place.string(), network,
                               names_of(own)),
                   std::format("keep one of them there, or call one \"{}.pth\"", network));
  if (takes_what_fits(fit)) return fitting_most(graph, place, files, fit);
  if (network.empty())
    return invalid(std::format("the networks of this family have no names that files in \"{}\" could be called by",
                               place.string()),
                   "name one file, or set `weights: {path: FOLDER, fit: partial}`");
  return fail(
      ErrorCode::not_found,
      std::format("there is no file for the network \"{0}\" in \"{1}\", such as \"{0}.pth\"; there are {2}", network,
                  place.string(), names_of(files)),
      "put its weights there, or set `weights: {path: FOLDER, fit: partial}`, which takes what fits of any file");
}

}  // namespace edgewise::train
