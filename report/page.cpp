#include <zlib.h>

#include <charconv>
#include <cmath>
#include <format>
#include <vector>

#include "report/bundle_internal.hpp"
#include "report/columns_internal.hpp"
#include "report/report.hpp"

namespace edgewise::report {
namespace {

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : valid_utf8(text)) switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      default:
        html += c;
    }
  return html;
}

/// JSON inside a script element: without "<" nothing in it can end the element or open a comment.
std::string script_json(const Json& json) {
  const auto text = dump(json);
  std::string safe;
  safe.reserve(text.size() + text.size() / 16);
  for (const char c : text)
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  return safe;
}

/// The text by zlib (RFC 1950) in Base64 (RFC 4648), which the page undoes with the browser's own DecompressionStream:
/// a drawing shrinks to a tenth, and a front of drawings would otherwise be half of the page.
std::string packed(const std::string& text) {
  auto size = compressBound(static_cast<uLong>(text.size()));
  std::vector<Bytef> bytes(size);
  const int done =
      compress2(bytes.data(), &size, reinterpret_cast<const Bytef*>(text.data()), static_cast<uLong>(text.size()), 9);
  EDGEWISE_ASSERT(done == Z_OK, "zlib's own bound on the compressed size is enough");
  bytes.resize(size);

  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string base64;
  base64.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) { return at < bytes.size() ? std::uint32_t{bytes[at]} : 0U; };
    const auto group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    base64 += digits[group >> 18];
    base64 += digits[group >> 12 & 63U];
    base64 += i + 1 < bytes.size() ? digits[group >> 6 & 63U] : '=';
    base64 += i + 2 < bytes.size() ? digits[group & 63U] : '=';
  }
  return base64;
}

/// Five significant digits are more than a chart shows and keep the page small.
Json rounded(const Json& number) {
  if (!number.is_number_float()) return number;
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number.get<double>(), std::chars_format::general, 5).ptr;
  double value = 0;
  std::from_chars(text, end, value);
  return value;
}

/// A curve by columns: {stage: [...], epoch: [...], train_loss: [...], validation_loss: [...], metrics: {name: [...]},
/// seconds: [...]}.
Json columns_of(const Json& curve) {
  Json columns = {{"stage", Json::array()},           {"epoch", Json::array()},    {"train_loss", Json::array()},
                  {"validation_loss", Json::array()}, {"metrics", Json::object()}, {"seconds", Json::array()}};
  for (std::size_t i = 0; i < curve.size(); ++i)
    for (const auto& [name, value] : curve[i]["metrics"].items()) columns["metrics"][name] = Json::array();
  for (const auto& point : curve) {
    for (const auto* name : {"stage", "epoch", "train_loss", "validation_loss", "seconds"})
      columns[name].push_back(rounded(point[name]));
    for (auto& [name, values] : columns["metrics"].items())
      values.push_back(point["metrics"].contains(name) ? rounded(point["metrics"][name]) : Json());
  }
  return columns;
}

/// A confusion matrix of many classes would outweigh the rest of the page, and nobody reads it there.
constexpr std::size_t most_confusion_classes = 24;

Json page_data(const study::Study& study) {
  auto data = report_data(study);
  for (auto& trial : data["trials"]) {
    trial["curve"] = columns_of(trial["curve"]);
    auto& results = trial["results"];
    for (std::size_t i = 0; i < results.size(); ++i) {
      auto& details = results[i]["details"];
      if (!details.is_object() || !details.contains("confusion")) continue;
      if (i + 1 < results.size() || details["confusion"].size() > most_confusion_classes) details.erase("confusion");
    }
  }
  return data;
}

}  // namespace

std::string html_page(const study::Study& study, const std::map<std::string, std::string>& drawings) {
  Json pictures = Json::object();
  for (const auto& [id, svg] : drawings) pictures[valid_utf8(id)] = packed(valid_utf8(svg));
  const auto name = escaped(study.settings.name);
  // The policy also holds when a browser extension or a hostile text tries: nothing is loaded from anywhere.
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; "
      "style-src 'unsafe-inline'; img-src data:\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"edgewise\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n";
  page += std::format("<title>{} - edgewise report</title>\n<style>", name);
  page += page_style();
  page += "</style>\n</head>\n<body>\n<div id=\"page\"></div>\n";
  page += std::format(
      "<noscript><h1>{}</h1><p>The charts need JavaScript. All trials, best first:</p><pre>{}</pre></noscript>\n", name,
      escaped(text_table(study, false, 200)));
  page += "<script type=\"application/json\" id=\"report-data\">" + script_json(page_data(study)) + "</script>\n";
  page += "<script type=\"application/json\" id=\"report-drawings\">" + script_json(pictures) + "</script>\n<script>";
  page += page_script();
  page += "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace edgewise::report
