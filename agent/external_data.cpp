#include "agent/external_data.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <format>
#include <optional>
#include <span>
#include <vector>

#include "base/file.hpp"

namespace edgewise::agent {

namespace {

namespace fs = std::filesystem;

/// Kinds of messages in onnx.proto that can hold a tensor.
enum class Kind { model, graph, node, attribute, tensor, sparse_tensor, function, training, place };

struct Field {
  std::uint32_t number;
  Kind holds;
};

/// Numbers and types of the fields of onnx.proto, IR version 12, that lead to tensors.
std::span<const Field> fields_of(Kind message) {
  static constexpr Field model[]{{7, Kind::graph}, {20, Kind::training}, {25, Kind::function}};
  static constexpr Field graph[]{{1, Kind::node}, {5, Kind::tensor}, {15, Kind::sparse_tensor}};
  static constexpr Field node[]{{5, Kind::attribute}};
  static constexpr Field attribute[]{{5, Kind::tensor}, {6, Kind::graph},          {10, Kind::tensor},
                                     {11, Kind::graph}, {22, Kind::sparse_tensor}, {23, Kind::sparse_tensor}};
  static constexpr Field tensor[]{{13, Kind::place}};
  static constexpr Field sparse_tensor[]{{1, Kind::tensor}, {2, Kind::tensor}};
  static constexpr Field function[]{{7, Kind::node}, {11, Kind::attribute}};
  static constexpr Field training[]{{1, Kind::graph}, {2, Kind::graph}};
  switch (message) {
    case Kind::model:
      return model;
    case Kind::graph:
      return graph;
    case Kind::node:
      return node;
    case Kind::attribute:
      return attribute;
    case Kind::tensor:
      return tensor;
    case Kind::sparse_tensor:
      return sparse_tensor;
    case Kind::function:
      return function;
    case Kind::training:
      return training;
    case Kind::place:
      return {};
  }
  return {};
}

constexpr std::size_t max_depth = 300;

std::optional<std::uint64_t> read_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 10 && i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

/// One field: its number, and its bytes where it is a text or a message.
struct Item {
  std::uint64_t number = 0;
  std::optional<std::string_view> bytes;
};

/// Takes the next field off `rest`; nothing when it is no Protocol Buffers. Groups count as that: ONNX has none.
std::optional<Item> next_item(std::string_view& rest) {
  const auto tag = read_varint(rest);
  if (!tag || *tag > 0xFFFFFFFFU || *tag >> 3 == 0) return std::nullopt;
  Item item{.number = *tag >> 3, .bytes = {}};
  std::uint64_t length = 0;
  switch (*tag & 7U) {
    case 0:
      if (!read_varint(rest)) return std::nullopt;
      return item;
    case 1:
      length = 8;
      break;
    case 5:
      length = 4;
      break;
    case 2: {
      const auto told = read_varint(rest);
      if (!told) return std::nullopt;
      length = *told;
      break;
    }
    default:
      return std::nullopt;
  }
  if (length > rest.size()) return std::nullopt;
  if ((*tag & 7U) == 2) item.bytes = rest.substr(0, length);
  rest.remove_prefix(length);
  return item;
}

std::unexpected<Error> no_model() {
  return invalid("it is no ONNX file, or only the beginning of one", "export the model again");
}

/// Adds what an entry {key, value} of a tensor's external data says of the place. Of a key given twice a parser takes
/// one; here all count.
bool add_places(std::string_view entry, std::set<std::string>& places) {
  bool is_place = false;
  std::vector<std::string_view> values;
  while (!entry.empty()) {
    const auto item = next_item(entry);
    if (!item) return false;
    if (item->number == 1 && item->bytes) is_place = is_place || *item->bytes == "location";
    if (item->number == 2 && item->bytes) values.push_back(*item->bytes);
  }
  if (is_place)
    for (const auto value : values) places.emplace(value);
  return true;
}

/// Whether `path` is `folder` or lies in it; both without links and dots.
bool is_inside(const fs::path& path, const fs::path& folder) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

Status check_place(const std::string& place, const fs::path& folder) {
  const auto outside = [&] {
    return invalid(std::format("its external data \"{}\" leads out of the model's folder", place),
                   "put the data beside the model and name it there, or save the model as one file");
  };
  // The runtime takes this name for an address in its own memory.
  if (place.contains("_ORT_MEM_ADDR_") || place.contains('\0') || fs::path(place).is_absolute()) return outside();
  if (!is_inside((folder / place).lexically_normal(), folder)) return outside();
  std::error_code error;
  const fs::path file = fs::canonical(folder / place, error);
  if (error)
    return fail(ErrorCode::not_found,
                std::format("there is no file \"{}\" for its external data: {}", place, error.message()),
                "put it beside the model");
  if (!is_inside(file, folder)) return outside();
  if (!fs::is_regular_file(file, error)) return invalid(std::format("its external data \"{}\" is no file", place));
  return {};
}

/// A file in memory, for as long as this lives.
class MappedFile {
 public:
  static Result<MappedFile> open(const fs::path& path) {
    TRY(const InputFile file, InputFile::open(path));
    struct stat status{};
    if (::fstat(file.descriptor(), &status) != 0)
      return invalid(std::format("cannot read \"{}\": {}", path.string(), std::strerror(errno)));
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0) return MappedFile(nullptr, 0);
    void* place = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
    if (place == MAP_FAILED)
      return fail(ErrorCode::unavailable, std::format("cannot read \"{}\": {}", path.string(), std::strerror(errno)));
    return MappedFile(place, size);
  }
  MappedFile(MappedFile&& other) noexcept : place_(std::exchange(other.place_, nullptr)), size_(other.size_) {}
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile() {
    if (place_) ::munmap(place_, size_);
  }
  [[nodiscard]] std::string_view bytes() const { return {static_cast<const char*>(place_), size_}; }

 private:
  MappedFile(void* place, std::size_t size) : place_(place), size_(size) {}
  void* place_;
  std::size_t size_;
};

}  // namespace

Result<std::set<std::string>> external_places(std::string_view onnx) {
  struct Frame {
    Kind message;
    std::string_view rest;
  };
  std::set<std::string> places;
  std::vector<Frame> open{
      {Kind::model, onnx}};  // a message within a message within ...: no recursion that a file could deepen
  while (!open.empty()) {
    Frame& frame = open.back();
    if (frame.rest.empty()) {
      open.pop_back();
      continue;
    }
    const auto item = next_item(frame.rest);
    if (!item) return no_model();
    if (!item->bytes) continue;
    const auto fields = fields_of(frame.message);
    const auto field = std::ranges::find(fields, item->number, &Field::number);
    if (field == fields.end()) continue;
    if (field->holds == Kind::place) {
      if (!add_places(*item->bytes, places)) return no_model();
      continue;
    }
    if (open.size() == max_depth)
      return invalid(std::format("it is nested deeper than {} levels", max_depth), "export the model again");
    open.push_back({field->holds, *item->bytes});
  }
  return places;
}

Status check_external_data(const fs::path& onnx) {
  std::set<std::string> places;
  {
    TRY(const MappedFile file, MappedFile::open(onnx));
    TRY(places, external_places(file.bytes()));
  }
  if (places.empty()) return {};
  std::error_code error;
  const fs::path folder = fs::canonical(onnx.has_parent_path() ? onnx.parent_path() : fs::path("."), error);
  if (error) return invalid(std::format("cannot look into the folder of \"{}\": {}", onnx.string(), error.message()));
  for (const auto& place : places) TRY_DO(check_place(place, folder));
  return {};
}

}  // namespace edgewise::agent
