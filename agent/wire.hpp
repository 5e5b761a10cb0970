/// The wire format between a device and its `edgewise-agent`: one JSON document a line each way, numbers of tensors in
/// base64.
///
/// A request is {"do": COMMAND, fields...}; its answer {"ok": true, fields...} or {"ok": false, "error": {"code",
/// "message", "next"}}. Commands, in the order of a conversation: hello, load, measure, infer, unload, quit. See
/// docs/measuring.md.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace edgewise::agent {

constexpr int protocol_version = 1;
/// The longest line in either direction; a longer one is answered with an error.
constexpr std::size_t max_line_bytes = std::size_t{16} << 20;
/// The most numbers of a tensor in one line: in base64, with room for the rest of the document.
constexpr std::size_t max_line_numbers = (max_line_bytes - 4096) / 16 * 3;
/// A model file may be this large: the bound of ONNX itself.
constexpr std::int64_t max_model_bytes = 2'147'483'647;

/// 32-bit floats in little-endian order, as base64 (RFC 4648, section 4).
inline std::string encode_floats(std::span<const float> values) {
  static_assert(std::endian::native == std::endian::little, "the wire carries little-endian numbers");
  static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
  const std::size_t count = values.size_bytes();
  std::string text;
  text.reserve((count + 2) / 3 * 4);
  for (std::size_t i = 0; i < count; i += 3) {
    const std::size_t here = std::min<std::size_t>(3, count - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < here ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= here ? letters[bits >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

/// @error invalid_input when the text is not base64 of whole floats
inline Result<std::vector<float>> decode_floats(std::string_view text) {
  if (text.size() % 4 != 0) return invalid("the numbers are not base64: the length is not a multiple of 4");
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const std::size_t count = text.size() / 4 * 3 - padding;
  if (count % sizeof(float) != 0) return invalid("the base64 text does not hold whole 32-bit numbers");
  std::string bytes;
  bytes.reserve(count + 3);
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z')
      value = static_cast<std::uint32_t>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    else if (c >= '0' && c <= '9')
      value = static_cast<std::uint32_t>(c - '0') + 52;
    else if (c == '+')
      value = 62;
    else if (c == '/')
      value = 63;
    else if (c != '=' || i + padding < text.size())
      return invalid("the numbers are not base64");
    bits = bits << 6 | value;
    if (i % 4 == 3)
      for (const int shift : {16, 8, 0}) bytes += static_cast<char>(bits >> shift & 255U);
  }
  std::vector<float> values(count / sizeof(float));
  if (count > 0) std::memcpy(values.data(), bytes.data(), count);
  return values;
}

constexpr std::array<std::pair<ErrorCode, std::string_view>, 5> code_names{{{ErrorCode::invalid_input, "invalid_input"},
                                                                            {ErrorCode::not_found, "not_found"},
                                                                            {ErrorCode::conflict, "conflict"},
                                                                            {ErrorCode::unavailable, "unavailable"},
                                                                            {ErrorCode::interrupted, "interrupted"}}};

/// {"ok": false, "error": {...}}.
inline Json error_answer(const Error& error) {
  std::string_view code = code_names[0].second;
  for (const auto& [known, name] : code_names)
    if (known == error.code) code = name;
  Json answer{{"ok", false}, {"error", {{"code", code}, {"message", error.message}}}};
  if (!error.next.empty()) answer["error"]["next"] = error.next;
  return answer;
}

/// The fields of a good answer, or the error that it carries. Never trusts the other side.
inline Result<Json> read_answer(const Json& answer) {
  const auto malformed = [] { return fail(ErrorCode::unavailable, "the agent's answer is not of the protocol"); };
  if (!answer.is_object() || !answer.contains("ok") || !answer["ok"].is_boolean()) return malformed();
  if (answer["ok"].get<bool>()) return answer;
  if (!answer.contains("error") || !answer["error"].is_object()) return malformed();
  const auto text = [&](const char* key) {
    const auto found = answer["error"].find(key);
    return found != answer["error"].end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  Error error{.code = ErrorCode::unavailable, .message = text("message"), .where = {}, .next = text("next")};
  for (const auto& [code, name] : code_names)
    if (name == text("code")) error.code = code;
  if (error.message.empty()) error.message = "the agent gave no reason";
  return std::unexpected(std::move(error));
}

}  // namespace edgewise::agent
