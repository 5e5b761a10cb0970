#include <fcntl.h>
#include <torch/utils.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <format>
#include <memory>
#include <tuple>

#include "base/file.hpp"
#include "train/checkpoint_internal.hpp"

namespace edgewise::train {

namespace {

static_assert(std::endian::native == std::endian::little, "checkpoints hold little-endian numbers");
constexpr std::string_view magic = "EDGEWISE-CKPT-1\n";
constexpr std::uint64_t largest_header = std::uint64_t{64} << 20;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// A running checksum of 8-byte words: fast enough to vanish beside the disk. Every write but the header is a whole
// number of 4-byte floats.
class Checksum {
 public:
  void add(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (; size >= 8; bytes += 8, size -= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes, 8);
      mix(word);
    }
    std::uint64_t rest = size;
    for (std::size_t i = 0; i < size; ++i) rest = rest << 8 | bytes[i];
    mix(rest);
  }
  [[nodiscard]] std::uint64_t value() const { return state_; }

 private:
  void mix(std::uint64_t word) { state_ = (std::rotl(state_, 23) ^ word) * 0x9E3779B97F4A7C15ULL; }
  std::uint64_t state_ = 0x243F6A8885A308D3ULL;
};

Json evaluation_to_json(const Evaluation& evaluation) {
  return {{"loss", evaluation.loss}, {"metrics", evaluation.metrics}, {"details", evaluation.details}};
}

Json header(const Checkpoint& checkpoint) {
  Json curve = Json::array();
  for (const auto& e : checkpoint.curve) {
    curve.push_back({{"epoch", e.epoch},
                     {"train_loss", e.train_loss},
                     {"validation_loss", e.validation_loss},
                     {"metrics", e.metrics},
                     {"learning_rate", e.learning_rate},
                     {"seconds", e.seconds},
                     {"images_per_s", e.images_per_s}});
  }
  Json all = {{"network", checkpoint.network},
              {"epoch", checkpoint.epoch},
              {"begin", checkpoint.stretch.begin},
              {"end", checkpoint.stretch.end},
              {"curve", curve},
              {"best_epoch", checkpoint.best_epoch},
              {"best", evaluation_to_json(checkpoint.best)},
              {"optimizer", checkpoint.optimizer},
              {"study", checkpoint.owner.study},
              {"trial", checkpoint.owner.trial},
              {"stage", checkpoint.owner.stage},
              {"seed", checkpoint.seed},
              {"steps", checkpoint.steps},
              {"has_averages", !checkpoint.averages.empty()},
              {"has_best_model", !checkpoint.best_model.empty()}};
  if (checkpoint.started_from) all["started_from"] = to_json(*checkpoint.started_from);
  return all;
}

/// Before there were details a confusion matrix stood in their place, without rows where the task has none.
Json details_of(const Json& evaluation) {
  if (evaluation.contains("details")) return evaluation["details"];
  const Json& confusion = evaluation.at("confusion");
  return confusion.empty() ? Json::object() : Json{{"confusion", confusion}};
}

/// Whether it was written for the training that `into` describes.
Status check_owner(const Json& json, const Checkpoint& into) {
  if (into.owner.study.empty()) return {};
  if (json.value("study", std::string()) != into.owner.study)
    return invalid("it belongs to another study or other data");
  if (json.at("trial").get<std::int64_t>() != into.owner.trial) return invalid("it belongs to another trial");
  if (json.at("seed").get<std::uint64_t>() != into.seed) return invalid("it was trained with another seed");
  if (json.at("stage").get<int>() > into.owner.stage) return invalid("it is of a later stage");
  return {};
}

Status parse_header(const Json& json, Checkpoint& into, bool& has_best_model) {
  try {
    TRY_DO(check_owner(json, into));
    if (json.at("network").get<std::uint64_t>() != into.network) return invalid("it belongs to another network");
    if (json.at("optimizer").get<std::string>() != into.optimizer)
      return invalid("it was written with another optimizer");
    if (json.value("has_averages", false) == into.averages.empty())
      return invalid("it was written with another `average` of the weights");
    into.epoch = json.at("epoch").get<int>();
    into.stretch = {json.at("begin").get<int>(), json.at("end").get<int>()};
    into.curve.clear();
    for (const auto& e : json.at("curve")) {
      into.curve.push_back({e.at("epoch").get<int>(), e.at("train_loss").get<double>(),
                            e.at("validation_loss").get<double>(), e.at("metrics").get<Metrics>(),
                            e.at("learning_rate").get<double>(), e.at("seconds").get<double>(),
                            e.at("images_per_s").get<double>()});
    }
    into.best_epoch = json.at("best_epoch").get<int>();
    const auto& best = json.at("best");
    into.best = {best.at("loss").get<double>(), best.at("metrics").get<Metrics>(), details_of(best)};
    into.steps = json.at("steps").get<std::int64_t>();
    into.started_from.reset();
    if (json.contains("started_from")) into.started_from = share_from_json(json.at("started_from"));
    has_best_model = json.at("has_best_model").get<bool>();
  } catch (const Json::exception& error) {
    return invalid(std::format("its header is damaged ({})", error.what()));
  }
  if (into.epoch < 1 || into.curve.size() != static_cast<std::size_t>(into.epoch) || into.best_epoch < 1 ||
      into.best_epoch > into.epoch) {
    return invalid("its header is damaged (the epochs do not agree)");
  }
  return {};
}

class Writer {
 public:
  explicit Writer(std::FILE* file) : file_(file) {}
  void bytes(const void* data, std::size_t size) {
    checksum_.add(data, size);
    if (error_ == 0 && std::fwrite(data, 1, size, file_) != size) error_ = errno;
  }
  void tensors(const std::vector<torch::Tensor>& all) {
    for (const auto& tensor : all) {
      const auto plain = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
      bytes(plain.data_ptr<float>(), static_cast<std::size_t>(plain.numel()) * sizeof(float));
    }
  }
  /// 0, or the number of the first error.
  int finish() {
    const auto sum = checksum_.value();
    if (error_ == 0 && (std::fwrite(&sum, 1, sizeof sum, file_) != sizeof sum || std::fflush(file_) != 0 ||
                        ::fsync(::fileno(file_)) != 0))
      error_ = errno;
    return error_;
  }

 private:
  std::FILE* file_;
  Checksum checksum_;
  int error_ = 0;
};

class Reader {
 public:
  explicit Reader(std::FILE* file) : file_(file) {}
  bool bytes(void* data, std::size_t size) {
    if (std::fread(data, 1, size, file_) != size) return false;
    checksum_.add(data, size);
    return true;
  }
  bool tensors(std::vector<torch::Tensor>& all) {
    const torch::NoGradGuard no_grad;
    for (auto& tensor : all) {
      auto plain = torch::empty(tensor.sizes(), torch::kFloat32);
      if (!bytes(plain.data_ptr<float>(), static_cast<std::size_t>(plain.numel()) * sizeof(float))) return false;
      tensor.copy_(plain);
    }
    return true;
  }
  /// Whether the disk did not give what it has.
  [[nodiscard]] bool is_unreadable() const { return std::ferror(file_) != 0; }
  bool ends_well() {
    const auto expected = checksum_.value();
    std::uint64_t sum = 0;
    return std::fread(&sum, 1, sizeof sum, file_) == sizeof sum && sum == expected && std::fgetc(file_) == EOF;
  }

 private:
  std::FILE* file_;
  Checksum checksum_;
};

}  // namespace

std::uint64_t network_key(const graph::Graph& graph) {
  std::string text = std::format("{:x}", graph::structural_hash(graph));
  for (const auto& spec : graph.tensors()) text += std::format("|{} {}", spec.name, graph::to_text(spec.shape));
  return stable_hash(text);
}

Status write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  const auto problem = [&](int code) {
    return fail(ErrorCode::unavailable,
                std::format("cannot write the checkpoint \"{}\": {}", path.string(), std::strerror(code)),
                "make room on the disk, or choose another folder, and run the same command again");
  };
  auto part = PartFile::create(path);
  if (!part) return fail(ErrorCode::unavailable, part.error().message, part.error().next);
  {
    const File file(::fdopen(::fcntl(part->descriptor(), F_DUPFD_CLOEXEC, 3), "wb"));
    if (!file) return problem(errno);
    Writer writer(file.get());
    const auto text = header(checkpoint).dump();
    const std::uint64_t length = text.size();
    writer.bytes(magic.data(), magic.size());
    writer.bytes(&length, sizeof length);
    writer.bytes(text.data(), text.size());
    writer.tensors(checkpoint.model);
    writer.tensors(checkpoint.moments);
    writer.tensors(checkpoint.averages);
    writer.tensors(checkpoint.best_model);
    if (const int error = writer.finish(); error != 0) return problem(error);
  }
  return part->commit();
}

Status read_checkpoint(const std::filesystem::path& path, Checkpoint& into) {
  auto readable = InputFile::open(path);
  // Neither may be overwritten by a training from the start: it may be whole.
  if (!readable && readable.error().code != ErrorCode::not_found)
    return std::unexpected(of_the_machine(std::move(readable).error()));
  if (!readable) return std::unexpected(std::move(readable).error());
  InputFile& opened = *readable;
  const File file(::fdopen(opened.descriptor(), "rb"));
  if (!file)
    return fail(ErrorCode::unavailable,
                std::format("cannot open the checkpoint \"{}\": {}", path.string(), std::strerror(errno)));
  std::ignore = opened.release();
  Reader reader(file.get());
  std::array<char, magic.size()> start{};
  std::uint64_t length = 0;
  if (!reader.bytes(start.data(), start.size()) || std::string_view(start.data(), start.size()) != magic) {
    return invalid("it is no checkpoint of this version");
  }
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (!reader.bytes(&length, sizeof length) || error || length > largest_header || length > size)
    return invalid("its header is damaged");
  std::string text(length, '\0');
  if (!reader.bytes(text.data(), text.size())) return invalid("it ends too early");
  TRY(const auto json, parse_json(text, path.string()));
  bool has_best_model = false;
  TRY_DO(parse_header(json, into, has_best_model));
  into.best_model.clear();
  if (has_best_model) {
    for (const auto& tensor : into.model) into.best_model.push_back(torch::empty_like(tensor.detach()));
  }
  const bool is_whole = reader.tensors(into.model) && reader.tensors(into.moments) && reader.tensors(into.averages) &&
                        reader.tensors(into.best_model);
  if (reader.is_unreadable())
    return fail(ErrorCode::unavailable, std::format("cannot read the checkpoint \"{}\"", path.string()),
                "see to the disk: it may hold a whole one");
  if (!is_whole) return invalid("it ends too early");
  if (!reader.ends_well()) return invalid("its checksum is wrong");
  return {};
}

}  // namespace edgewise::train
