#include <format>

#include "report/bundle_internal.hpp"
#include "report/columns_internal.hpp"
#include "report/data_internal.hpp"
#include "report/packed_internal.hpp"
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

}  // namespace

std::string html_page(const study::Study& study, const std::map<std::string, std::string>& drawings,
                      const Beside& beside) {
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
  const bool is_long = study.trials.size() > 1000;  // a table of all would be megabytes that hardly anybody sees
  page +=
      std::format("<noscript><h1>{}</h1><p>The charts need JavaScript. {}:</p><pre>{}</pre></noscript>\n", name,
                  is_long ? "The Pareto front" : "All trials, best first", escaped(text_table(study, is_long, 200)));
  page += "<script type=\"application/json\" id=\"report-data\">" + script_json(data_of(study, beside, Variant::page)) +
          "</script>\n";
  page += "<script type=\"application/json\" id=\"report-drawings\">" + script_json(pictures) + "</script>\n<script>";
  page += page_script();
  // After the script, which draws what needs no curves while these are still being read.
  page += "</script>\n<script type=\"application/json\" id=\"report-curves\">" + script_json(packed_curves(study));
  page += "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace edgewise::report
