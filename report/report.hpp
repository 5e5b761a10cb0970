/// What a study shows: tables, CSV, JSON, and one self-contained HTML page.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "study/study.hpp"

namespace edgewise::report {

/// The data behind the page and `--json`: stable names. {"format": "edgewise-report", "version": 1, "study": {name,
/// seed, created, objectives, constraints, strategy}, "trials": [{id, state, stage, epochs, choice, values, known,
/// reason, front (bool), rank, contribution, feasible, results: [...], curve: [...]}], "front": [ids], "knee": id or
/// null, "environment", "job", "data": {"remarks", "account"} as `edgewise data` gives them, or null, "chosen": id or
/// null, "picks": [{name, trial, reason}], "cover": {trials: [ids], share} or null}. A trial's "contribution" is its
/// share of the front's hypervolume that no other trial covers; null off the front and where shares are left out, as
/// "no_contribution" says then. "cover" holds the few trials that stand for a long front (search::front_cover).
Json report_data(const study::Study& study);

/// The page. `drawings` holds an SVG for a trial id (as text) where one is had; the chosen network's at least. All text
/// from the study is escaped. Needs no network: script and style are inside.
std::string html_page(const study::Study& study, const std::map<std::string, std::string>& drawings);

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
