/// What a study shows: tables, CSV, JSON, and one self-contained HTML page.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/quantity.hpp"
#include "study/study.hpp"

namespace edgewise::report {

/// What is known beside the study itself.
struct Beside {
  std::vector<Quantity> quantities;  ///< what is declared of recorded values; those the study records are shown
  Json test;  ///< what networks showed on the test split: {trial: {metric: value}}; null or empty where none was judged
};

/// The data behind the page and `--json`: stable names, declared in report/schema.cpp.
Json report_data(const study::Study& study, const Beside& beside = {});

/// The page. `drawings` holds an SVG for a trial id (as text) where one is had; the chosen network's at least. All text
/// from the study is escaped. Needs no network: script and style are inside.
std::string html_page(const study::Study& study, const std::map<std::string, std::string>& drawings,
                      const Beside& beside = {});

/// One row a trial: id, state, stage, epochs, front, rank, contribution, disturbed, then choice columns, then values,
/// then reason. RFC 4180.
std::string csv_table(const study::Study& study);

/// A table for a terminal of `width` columns: the front (or all trials), best first.
std::string text_table(const study::Study& study, bool only_front, int width);

/// Which trials of the front to look at first and why, a line each: the best of each objective, the knee, the bend, the
/// one closest to the baseline; of a long front also the few trials that stand for it. "" without a front.
std::string text_picks(const study::Study& study);

/// A small scatter chart of two objectives in characters, front points marked; "" with fewer than two points.
std::string text_plot(const study::Study& study, int width, int height);

}  // namespace edgewise::report
