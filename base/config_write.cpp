#include <cmath>
#include <format>
#include <set>

#include "base/config_internal.hpp"

namespace edgewise::config {

std::string describe(Range range) {
  const bool has_low = std::isfinite(range.low), has_high = std::isfinite(range.high);
  const std::string low = std::format("{} {}", range.low_is_open ? "above" : "at least", range.low);
  if (has_low && has_high) return std::format("{} and at most {}", low, range.high);
  if (has_low) return low;
  return has_high ? std::format("at most {}", range.high) : "any number";
}

namespace {

class Writer : public Options {
 public:
  Json result = Json::object();
  void text(const std::string& name, std::string& value, const std::string&) override { result[name] = value; }
  void word(const std::string& name, std::string& value, const std::vector<std::string>&, const std::string&) override {
    result[name] = value;
  }
  void number(const std::string& name, double& value, Range, const std::string&) override { result[name] = value; }
  void integer(const std::string& name, std::int64_t& value, Range, const std::string&) override {
    result[name] = value;
  }
  void size(const std::string& name, Size& value, Range, const std::string&) override {
    result[name] = value.is_square() ? Json(value.width) : Json(to_text(value));
  }
  void boolean(const std::string& name, bool& value, const std::string&) override { result[name] = value; }
  void texts(const std::string& name, std::vector<std::string>& values, const std::string&) override {
    result[name] = values;
  }
  void values(const std::string& name, std::vector<Json>& values, const std::string&) override {
    result[name] = values;
  }
  void pairs(const std::string& name, std::vector<std::pair<std::string, std::string>>& values,
             const std::vector<std::string>&, const std::vector<std::string>&, const std::string&) override {
    result[name] = Json::object();
    for (const auto& [key, value] : values) result[name][key] = value;
  }
  void section(const std::string& name, const std::string&, const Fields& fields, const std::string&) override {
    Writer inner;
    fields(inner);
    result[name] = std::move(inner.result);
  }
  void sections(const std::string& name, std::size_t count, const std::function<void(std::size_t)>&,
                const std::function<void(std::size_t, Options&)>& fields, const std::string&) override {
    result[name] = Json::array();
    for (std::size_t i = 0; i < count; ++i) {
      Writer inner;
      fields(i, inner);
      result[name].push_back(std::move(inner.result));
    }
  }
  void rest(Json& values, const std::string&) override {
    for (const auto& [key, value] : values.items()) result[key] = value;
  }
  [[nodiscard]] bool is_given(const std::string&) const override { return false; }
  [[nodiscard]] bool has_problem(const std::string&) const override { return false; }
  void problem(const std::string&, const std::string&, const std::string&, int) override {}
  [[nodiscard]] std::string where(const std::string&, int) const override { return {}; }
};

class ReferenceWriter : public Options {
 public:
  ReferenceWriter(std::string path, std::string& text) : path_(std::move(path)), text_(text) {}
  void text(const std::string& name, std::string& value, const std::string& sentence) override {
    row(name, "text", value, sentence);
  }
  void word(const std::string& name, std::string& value, const std::vector<std::string>& allowed,
            const std::string& sentence) override {
    std::string words;
    for (const auto& word : allowed) words += (words.empty() ? "" : ", ") + word;
    row(name, words, value, sentence);
  }
  void number(const std::string& name, double& value, Range range, const std::string& sentence) override {
    row(name, describe(range), std::format("{}", value), sentence);
  }
  void integer(const std::string& name, std::int64_t& value, Range range, const std::string& sentence) override {
    row(name, "whole number, " + describe(range), std::to_string(value), sentence);
  }
  void size(const std::string& name, Size& value, Range range, const std::string& sentence) override {
    row(name, "whole number or WIDTHxHEIGHT, " + describe(range), to_text(value), sentence);
  }
  void boolean(const std::string& name, bool& value, const std::string& sentence) override {
    row(name, "true, false", value ? "true" : "false", sentence);
  }
  void texts(const std::string& name, std::vector<std::string>& values, const std::string& sentence) override {
    std::string all;
    for (const auto& value : values) all += (all.empty() ? "" : ", ") + value;
    row(name, "list of texts", all, sentence);
  }
  void values(const std::string& name, std::vector<Json>& values, const std::string& sentence) override {
    std::string all;
    for (const auto& value : values) all += (all.empty() ? "" : ", ") + dump(value);
    row(name, "list of values", all, sentence);
  }
  void pairs(const std::string& name, std::vector<std::pair<std::string, std::string>>& values,
             const std::vector<std::string>&, const std::vector<std::string>& words,
             const std::string& sentence) override {
    std::string all, kinds;
    for (const auto& [key, value] : values) all += (all.empty() ? "" : ", ") + key + ": " + value;
    for (const auto& word : words) kinds += (kinds.empty() ? "" : ", ") + word;
    row(name, words.empty() ? "section of name: text" : "section of name: " + kinds, all, sentence);
  }
  void section(const std::string& name, const std::string& shorthand, const Fields& fields,
               const std::string& sentence) override {
    row(name, shorthand.empty() ? "section" : "section, or the value of `" + shorthand + "` alone", "", sentence);
    ReferenceWriter inner(full(name), text_);
    fields(inner);
  }
  void sections(const std::string& name, std::size_t count, const std::function<void(std::size_t)>& resize,
                const std::function<void(std::size_t, Options&)>& fields, const std::string& sentence) override {
    row(name, "list of sections", "", sentence);
    if (count == 0) resize(1);
    ReferenceWriter inner(full(name) + "[]", text_);
    fields(0, inner);
  }
  void rest(Json&, const std::string& sentence) override { row("*", "as the family says", "", sentence); }
  [[nodiscard]] bool is_given(const std::string&) const override { return false; }
  [[nodiscard]] bool has_problem(const std::string&) const override { return false; }
  void problem(const std::string&, const std::string&, const std::string&, int) override {}
  [[nodiscard]] std::string where(const std::string&, int) const override { return {}; }

 private:
  [[nodiscard]] std::string full(const std::string& name) const { return path_.empty() ? name : path_ + "." + name; }
  void row(const std::string& name, const std::string& type, const std::string& value, const std::string& sentence) {
    if (!written_.insert(name).second) return;
    text_ +=
        std::format("| `{}` | {} | {} | {} |\n", full(name), type, value.empty() ? "" : "`" + value + "`", sentence);
  }
  std::string path_;
  std::string& text_;
  std::set<std::string> written_;
};

}  // namespace

Json write(const Options::Fields& fields) {
  Writer writer;
  fields(writer);
  return writer.result;
}

std::string reference(const Options::Fields& fields) {
  std::string text = "| option | values | default | meaning |\n|---|---|---|---|\n";
  ReferenceWriter writer("", text);
  fields(writer);
  return text;
}

}  // namespace edgewise::config
