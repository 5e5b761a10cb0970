/// Errors that a user, a file, a device or a network can cause are values; this is their one type.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace edgewise {

/// Codes exist only where a caller acts differently on them.
enum class ErrorCode {
  invalid_input,  ///< correct the input
  not_found,      ///< create or name it first
  conflict,       ///< redo the transaction
  unavailable,    ///< the machine is at fault (disk, permissions, a lock): mend it, then try the call again
  exhausted,      ///< memory ran out, or a process was killed from outside, probably for it: try once more, alone
  interrupted,    ///< the user asked to stop
};

/// What is wrong (with the value and the bound), where it is, and what to do next.
struct Error {
  ErrorCode code = ErrorCode::invalid_input;
  std::string message;  ///< lower-case start, no full stop at the end
  std::string where;    ///< "file:line:column", an image path, a node's name; empty when the message says it
  std::string next;     ///< what to do; empty when the message says it
  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

/// `return fail(...)` from any function that returns a Result.
inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string next = {}, std::string where = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(where), std::move(next)});
}

/// The most frequent case: something to correct.
inline std::unexpected<Error> invalid(std::string message, std::string next = {}, std::string where = {}) {
  return fail(ErrorCode::invalid_input, std::move(message), std::move(next), std::move(where));
}

/// Passes an error on with the context of the caller in front: "cannot read the study: disk is full".
inline std::unexpected<Error> fail_with(Error error, const std::string& context) {
  error.message = context + ": " + error.message;
  return std::unexpected(std::move(error));
}

/// The same error, by whose code nobody blames a network or an input for it: whoever asked comes to it again once the
/// machine is mended. What ends or exhausts a process keeps its code.
inline Error of_the_machine(Error error) {
  if (error.code != ErrorCode::interrupted && error.code != ErrorCode::exhausted) error.code = ErrorCode::unavailable;
  return error;
}

/// The text shown to a person:
///   error: MESSAGE
///     at WHERE
///     next: NEXT
std::string to_text(const Error& error);

/// The allowed word nearest to `word` (edit distance), or "" when none is near enough to be a slip of the pen.
std::string nearest_word(const std::string& word, const std::vector<std::string>& allowed);

/// `"a", "b" or "c"`, for messages.
std::string quoted_list(const std::vector<std::string>& words);

/// Stops the program with a sentence when an invariant of this code is broken. Never for what a user can cause.
#define EDGEWISE_ASSERT(condition, sentence) \
  ((condition) ? static_cast<void>(0) : ::edgewise::assertion_failed(#condition, sentence, __FILE__, __LINE__))
[[noreturn]] void assertion_failed(const char* condition, const char* sentence, const char* file, int line);

}  // namespace edgewise

/// `TRY(auto value, expression)` unwraps a Result or returns its error.
#define EDGEWISE_CONCAT_(a, b) a##b
#define EDGEWISE_CONCAT(a, b) EDGEWISE_CONCAT_(a, b)
#define EDGEWISE_TRY_(name, declaration, ...)                 \
  auto name = (__VA_ARGS__);                                  \
  if (!name) return std::unexpected(std::move(name).error()); \
  declaration = std::move(name).value()
#define TRY(declaration, ...) EDGEWISE_TRY_(EDGEWISE_CONCAT(try_, __COUNTER__), declaration, __VA_ARGS__)
/// `TRY_DO(expression)` for a Status.
#define TRY_DO(...)                                                                                 \
  do {                                                                                              \
    if (auto status_ = (__VA_ARGS__); !status_) return std::unexpected(std::move(status_).error()); \
  } while (false)
