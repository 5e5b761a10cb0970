/// A reader of the part of Python's pickle format that a state dict of plain tensors uses. Only for the sources and
/// tests of train/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace edgewise::train::pickle {

/// What a value can be. Names of Python things are data here: nothing is looked up, called or constructed.
enum class Kind {
  none,
  boolean,
  integer,
  number,
  text,
  sequence,
  dictionary,
  name,        ///< a global, "module.attribute", one of the few that are allowed
  persistent,  ///< what a persistent id describes, a storage: `items` holds the id's parts
  call,        ///< name applied to arguments: `items` = {arguments...}, `text` = the name
};

/// One value. Others are meant by their index in `Document::values`, so that a cycle can neither leak nor recurse.
struct Value {
  Kind kind = Kind::none;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<std::size_t> items;                            ///< of a sequence, persistent id or call
  std::vector<std::pair<std::size_t, std::size_t>> entries;  ///< of a dictionary
};

struct Document {
  std::vector<Value> values;
  std::size_t root = 0;
  std::size_t bytes = 0;  ///< how many bytes of the input it took
};

/// Reads one pickle (protocol 2 to 4) from the start of `bytes`. Time and memory are proportional to its length.
/// @error invalid_input: an opcode or a global name beyond what state dicts need (the message names it), or a damaged
/// stream
Result<Document> read(std::string_view bytes);

}  // namespace edgewise::train::pickle
