#include <algorithm>
#include <cmath>
#include <format>
#include <functional>
#include <numeric>

#include "report/columns_internal.hpp"
#include "report/report.hpp"
#include "search/pareto.hpp"
#include "search/picks.hpp"

namespace edgewise::report {
namespace {

struct Column {
  std::string title;
  bool right = false;       ///< numbers stand to the right
  bool can_shrink = false;  ///< texts may be cut
  std::vector<std::string> cells;
  std::size_t width = 0;

  void measure() {
    width = display_width(title);
    for (const auto& cell : cells) width = std::max(width, display_width(cell));
  }
};

constexpr std::size_t gap = 2, shortest_text = 12;

std::size_t total_width(const std::vector<Column>& columns) {
  return std::accumulate(columns.begin(), columns.end(), std::size_t{0}, [](std::size_t sum, const Column& column) {
    return sum + column.width + (sum > 0 ? gap : 0);
  });
}

/// Cuts the widest text until the table fits, then leaves columns out from the right and says how many.
std::size_t fit(std::vector<Column>& columns, std::size_t width, std::size_t needed) {
  std::size_t dropped = 0;
  while (total_width(columns) > width) {
    Column* widest = nullptr;
    for (auto& column : columns)
      if (column.can_shrink && column.width > shortest_text && (!widest || column.width > widest->width))
        widest = &column;
    if (widest) {
      const auto over = total_width(columns) - width;
      widest->width = std::max(shortest_text, widest->width > over ? widest->width - over : std::size_t{0});
    } else if (columns.size() > needed) {
      columns.pop_back();
      ++dropped;
    } else {
      break;
    }
  }
  return dropped;
}

std::string line(const std::vector<Column>& columns, const std::function<std::string(const Column&)>& cell) {
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i)
    text += (i == 0 ? "" : std::string(gap, ' ')) +
            padded(cut(cell(columns[i]), columns[i].width), columns[i].width, columns[i].right);
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

Column choice_column(const std::string& name, const std::vector<const study::Trial*>& trials) {
  Column column{.title = one_line(name), .right = true};
  for (const auto* trial : trials) {
    const auto found = trial->choice.find(name);
    column.cells.push_back(found == trial->choice.end() ? "" : short_text(found->second));
    if (found != trial->choice.end() && std::holds_alternative<std::string>(found->second)) column.right = false;
  }
  column.can_shrink = !column.right;
  return column;
}

}  // namespace

std::string text_table(const study::Study& study, bool only_front, int width) {
  if (study.trials.empty()) return "no trials yet\n";
  const auto all = standing(study);
  std::vector<const study::Trial*> trials;
  for (const auto* trial : all.ranked)
    if (!only_front || all.is_on_front(trial->id)) trials.push_back(trial);
  if (!only_front)
    for (const auto& trial : study.trials)
      if (!all.rank.contains(trial.id)) trials.push_back(&trial);
  if (trials.empty())
    return std::format("no trial is on the Pareto front yet ({} {} so far)\n", study.trials.size(),
                       study.trials.size() == 1 ? "trial" : "trials");

  std::vector<Column> columns;
  bool has_doubtful = false;
  const auto add = [&](Column column, const std::function<std::string(const study::Trial&)>& cell) {
    for (const auto* trial : trials) column.cells.push_back(cell(*trial));
    columns.push_back(std::move(column));
  };
  add({.title = "trial", .right = true}, [](const auto& trial) { return study::to_text(trial.id); });
  if (!only_front) {
    add({.title = "rank", .right = true}, [&](const auto& trial) {
      const auto rank = all.rank.find(trial.id);
      return rank == all.rank.end() ? "-" : std::to_string(rank->second);
    });
    add({.title = "front"}, [&](const auto& trial) { return all.is_on_front(trial.id) ? "*" : ""; });
    add({.title = "state"}, [](const auto& trial) { return std::string(study::to_text(trial.state)); });
  }
  if (std::ranges::any_of(study.trials, [](const auto& trial) { return trial.stage > 0; }))
    add({.title = "stage", .right = true}, [](const auto& trial) { return std::to_string(trial.stage + 1); });
  for (const auto& objective : study.settings.objectives)
    add({.title = one_line(objective.name), .right = true}, [&](const auto& trial) {
      const auto value = trial.value(objective.name);
      const bool is_doubtful = objective.name.starts_with("latency") && was_disturbed(trial).value_or(false);
      has_doubtful = has_doubtful || is_doubtful;
      return (value ? short_number(*value) : "-") + (is_doubtful ? "~" : "");
    });
  const bool has_shares = only_front && trials.size() > 1 && !all.contribution.empty();
  if (has_shares)
    add({.title = "share", .right = true}, [&](const auto& trial) {
      const double share = all.contribution.at(trial.id) * 100;
      return share < 9.95 ? std::format("{:.2g} %", share) : std::format("{:.0f} %", share);
    });
  const auto needed = columns.size();
  for (const auto& name : varying_choice_names(study)) columns.push_back(choice_column(name, trials));
  if (std::ranges::any_of(trials, [&](const auto* trial) {
        return !trial->reason.empty() || !broken_constraint(study, *trial).empty();
      }))
    add({.title = "reason", .can_shrink = true}, [&](const auto& trial) {
      if (!trial.reason.empty()) return one_line(trial.reason);
      const auto broken = broken_constraint(study, trial);
      return broken.empty() ? "" : one_line(broken);
    });
  for (auto& column : columns) column.measure();
  const auto dropped = fit(columns, static_cast<std::size_t>(std::max(width, 1)), needed);

  std::string table = line(columns, [](const Column& column) { return column.title; });
  for (std::size_t row = 0; row < trials.size(); ++row)
    table += line(columns, [row](const Column& column) { return column.cells[row]; });
  if (has_shares) table += "share: of the front's hypervolume, what no other trial covers\n";
  if (only_front && trials.size() > 1 && !all.no_contribution.empty()) table += all.no_contribution + "\n";
  if (has_doubtful) table += "~ measured while something else used the machine\n";
  if (dropped > 0)
    table += std::format("({} more {} left out; a wider terminal or the CSV shows {})\n", dropped,
                         dropped == 1 ? "column" : "columns", dropped == 1 ? "it" : "them");
  return table;
}

std::string text_picks(const study::Study& study) {
  const auto picks = search::picks(study);
  if (picks.empty()) return "";
  std::size_t width = 0;
  for (const auto& pick : picks) width = std::max(width, display_width(one_line(pick.name)));
  std::string text;
  for (const auto& pick : picks)
    text += std::format("{}  trial {}: {}\n", padded(one_line(pick.name), width, false), study::to_text(pick.trial->id),
                        one_line(pick.reason));
  if (const auto cover = search::front_cover(study, long_front)) {
    std::string trials;
    for (const auto* trial : cover->trials) trials += (trials.empty() ? "" : ", ") + study::to_text(trial->id);
    text += std::format(
        "{} of the {} on the front stand for all of them to within {:.0f} % of each objective's range: trials {}\n",
        cover->trials.size(), search::pareto_front(study).size(), cover->share * 100, trials);
  }
  return text;
}

namespace {

struct Axis {
  std::string name;
  double low = 0, high = 1;
  bool log_scale = false;

  static Axis over(const std::string& name, const std::vector<double>& values) {
    const auto [low, high] = std::ranges::minmax(values);
    Axis axis{.name = one_line(name), .low = low, .high = high};
    // Latencies of one search often span two powers of ten; below that a straight axis is read more easily.
    axis.log_scale = low > 0 && high / low > 20;
    return axis;
  }
  [[nodiscard]] std::size_t cell(double value, std::size_t cells) const {
    const double at = log_scale ? std::log(value / low) : value - low;
    const double span = log_scale ? std::log(high / low) : high - low;
    // Infinite spans come from values near the largest double; such a point goes to the first cell.
    const double share = span > 0 && std::isfinite(at / span) ? at / span : 0;
    return std::min(cells - 1, static_cast<std::size_t>(std::lround(share * static_cast<double>(cells - 1))));
  }
};

}  // namespace

std::string text_plot(const study::Study& study, int width, int height) {
  const auto& objectives = study.settings.objectives;
  if (objectives.size() < 2) return "";
  // As on the page: what costs goes to the right, what is gained goes up.
  const bool swap =
      objectives[0].direction == study::Direction::maximize || objectives[1].direction == study::Direction::minimize;
  const auto& x_objective = objectives[swap ? 1 : 0];
  const auto& y_objective = objectives[swap ? 0 : 1];

  const auto all = standing(study);
  struct Dot {
    double x, y;
    int kind;  ///< later kinds are drawn over earlier ones: infeasible, feasible, front, knee
  };
  std::vector<Dot> dots;
  std::vector<double> xs, ys;
  for (const auto& trial : study.trials) {
    if (!trial.result() || trial.state == study::State::failed) continue;
    const auto x = trial.value(x_objective.name), y = trial.value(y_objective.name);
    if (!x || !y || !std::isfinite(*x) || !std::isfinite(*y)) continue;
    const int kind = &trial == all.knee                        ? 3
                     : all.is_on_front(trial.id)               ? 2
                     : broken_constraint(study, trial).empty() ? 1
                                                               : 0;
    dots.push_back({*x, *y, kind});
    xs.push_back(*x);
    ys.push_back(*y);
  }
  if (dots.size() < 2) return "";

  const auto x_axis = Axis::over(x_objective.name, xs);
  const auto y_axis = Axis::over(y_objective.name, ys);
  const auto top = short_number(y_axis.high), bottom = short_number(y_axis.low);
  const auto margin = std::max(display_width(top), display_width(bottom));
  const auto columns = static_cast<std::size_t>(std::max(std::clamp(width, 1, 400) - static_cast<int>(margin) - 3, 10));
  const auto rows = static_cast<std::size_t>(std::max(std::clamp(height, 1, 100) - 4, 3));

  static constexpr std::string_view marks[] = {"x", "·", "o", "@"};
  std::vector<std::vector<int>> canvas(rows, std::vector<int>(columns, -1));
  for (const auto& dot : dots) {
    auto& cell = canvas[rows - 1 - y_axis.cell(dot.y, rows)][x_axis.cell(dot.x, columns)];
    cell = std::max(cell, dot.kind);
  }
  std::string plot = std::format("{}{}\n", y_axis.name, y_axis.log_scale ? " (log)" : "");
  for (std::size_t row = 0; row < rows; ++row) {
    plot += padded(row == 0          ? top
                   : row == rows - 1 ? bottom
                                     : "",
                   margin, true) +
            (row == 0 || row == rows - 1 ? " ┤" : " │");
    std::string cells;
    for (const int kind : canvas[row]) cells += kind < 0 ? std::string_view(" ") : marks[kind];
    cells.erase(cells.find_last_not_of(' ') + 1);
    plot += cells + "\n";
  }
  plot += std::string(margin, ' ') + " └";
  for (std::size_t i = 0; i < columns; ++i) plot += "─";
  const auto left = short_number(x_axis.low), right = short_number(x_axis.high);
  const auto title = cut(x_axis.name + (x_axis.log_scale ? " (log)" : ""), columns);
  const auto used = display_width(left) + display_width(title) + display_width(right);
  const auto room = columns > used ? columns - used : 0;
  plot += "\n" + std::string(margin + 2, ' ') + left + std::string(std::max<std::size_t>(room / 2, 1), ' ') + title +
          std::string(std::max<std::size_t>(room - room / 2, 1), ' ') + right + "\n";
  const auto count = [&](int kind) {
    return std::ranges::count_if(dots, [&](const Dot& dot) { return dot.kind == kind; });
  };
  std::string legend;
  if (count(3) + count(2) > 0) legend += "o front, @ its knee";
  if (count(1) > 0) legend += std::string(legend.empty() ? "" : ", ") + "· other trials";
  if (count(0) > 0) legend += std::string(legend.empty() ? "" : ", ") + "x breaks a constraint";
  return plot + std::string(margin + 2, ' ') + legend + "\n";
}

}  // namespace edgewise::report
