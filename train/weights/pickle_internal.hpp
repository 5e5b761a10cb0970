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
  foreign,     ///< any other global, "module.attribute", or what was made of one; nothing of its contents is kept
};

/// One value. Others are meant by their index in `Document::values`, so that a cycle can neither leak nor recurse.
struct Value {
  Kind kind = Kind::none;
  std::int64_t integer =
      0;  ///< of what was made of a foreign global: the index of that global; else -1 in a foreign one
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
/// Objects of training scripts (arguments, optimizers) lie beside the tensors in many files: they become `foreign`
/// values.
/// @error invalid_input: an opcode that neither tensors nor such objects need (the message names it), or a damaged
/// stream
Result<Document> read(std::string_view bytes);

/// The global that a foreign value is or was made of, as "os.system".
std::string foreign_name(const Document& document, const Value& value);

}  // namespace edgewise::train::pickle
