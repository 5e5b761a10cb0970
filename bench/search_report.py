#!/usr/bin/env python3
"""Results of search_bench and search_peers.py as a Markdown table and a curve (SVG) for each table.

    bench/search_report.py [--page NAME --title TITLE] [--no-pictures] OUT_FOLDER RESULT.json...
    bench/search_report.py --figures PAGE.md       only the figures of a page that stands, to PAGE.json

Results of the same table and number of workers are put together. Shares are of the true front's hypervolume below the reference, or, where the
front is not known, of the hypervolume of the best of all searches; "-" means: not within the evaluations that were paid for. Tables of two
objectives get a second picture where search_bench has added attainment surfaces: `auto` beside the best of Optuna's samplers.
"""
import argparse
import json
import pathlib
import re
import sys

import numpy as np

import attainment
import machine
from polyline import thinned

BOUNDS = (0.95, 0.98, 0.99)
# What is wanted of `auto` on each table with a known front: evaluations to a share of the hypervolume, and the part of the front's points found.
GOALS = {"evaluations to 95%": 30, "evaluations to 98%": 70, "evaluations to 99%": 120}
FRONT_GOAL = 0.5
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f3c8d", "#4d4d4d", "#999933", "#882255"]


def quantiles(values):
    """Lower quartile, median, upper quartile; None where it falls among values that are None."""
    numbers = np.sort(np.array([np.inf if v is None else v for v in values], dtype=float))
    result = []
    for probability in (0.25, 0.5, 0.75):
        place = probability * (len(numbers) - 1)
        below, rest = int(place), place - int(place)
        value = numbers[below] if rest == 0 else (numbers[below] * (1 - rest) + numbers[below + 1] * rest if np.isfinite(numbers[below + 1]) else np.inf)
        result.append(None if np.isinf(value) else float(value))
    return result


def with_quartiles(values, form="{:.0f}"):
    low, middle, high = ("-" if v is None else form.format(v) for v in quantiles(values))
    return f"{middle} ({low} to {high})"


def first_at(share, bound):
    return next((i + 1 for i, s in enumerate(share) if s >= bound), None)


def padded(share, evaluations):
    """A search that tried everything keeps what it has."""
    return np.array(share[:evaluations] + [share[-1]] * (evaluations - len(share)))


def load(paths):
    """Results by table and workers: the heads agree, the runs are joined."""
    tables = {}
    for path in paths:
        result = json.loads(pathlib.Path(path).read_text())
        name = result["table"] + ("" if result["workers"] == 1 else f"_{result['workers']}workers")
        table = tables.setdefault(name, {**result, "runs": [], "attainment": {}})
        for field in ("reference", "front_size", "initial"):
            if table[field] != result[field]:
                sys.exit(f"{path}: {field} is {result[field]}, but {table[field]} in the other results of {name}")
        table["evaluations"] = max(table["evaluations"], result["evaluations"])
        table["runs"] += [run for run in result["runs"] if run["share"]]
        if "front" in result:
            table["front"] = result["front"]
        for strategy, surfaces in result.get("attainment", {}).items():
            if surfaces["runs"] > table["attainment"].get(strategy, {"runs": 0})["runs"]:
                table["attainment"][strategy] = surfaces
    for table in tables.values():
        if table["front_size"] == 0:
            best = max(run["share"][-1] for run in table["runs"])
            for run in table["runs"]:
                run["share"] = [share / best for share in run["share"]]
    return tables


def by_strategy(table):
    groups = {}
    for run in table["runs"]:
        groups.setdefault(run["strategy"], []).append(run)
    return groups


def best_first(table):
    groups = by_strategy(table)
    return sorted(groups, key=lambda s: -np.median([padded(r["share"], table["evaluations"]).mean() for r in groups[s]]))


def markdown(name, table, pictures):
    objectives = ", ".join(f"{o['name']} ({o['direction']})" for o in table["objectives"])
    references = ", ".join(f"{r:g}" for r in table["reference"])
    checkpoints = [n for n in (30, 70, 120, 200, 400, 1000) if n < table["evaluations"]] + [table["evaluations"]]
    lines = [f"## {name}", "", f"Objectives: {objectives}; reference {references}; {'true front of ' + str(table['front_size']) + ' points' if table['front_size'] else 'true front not known'}; "
             f"{table['initial']} initial choices, the same for all.", "",
             "| strategy | seeds | " + " | ".join(f"share at {n}" for n in checkpoints) + " | " + " | ".join(f"evaluations to {b:.0%}" for b in BOUNDS) +
             " | front points | ms per ask |", "|---|" + "---:|" * (len(checkpoints) + len(BOUNDS) + 3)]
    groups = by_strategy(table)
    for strategy in best_first(table):
        runs = groups[strategy]
        shares = [padded(run["share"], table["evaluations"]) for run in runs]
        cells = [strategy, str(len(runs))]
        cells += [f"{np.median([s[n - 1] for s in shares]):.4f}" for n in checkpoints]
        cells += [with_quartiles([first_at(run["share"], bound) for run in runs]) for bound in BOUNDS]
        cells.append(with_quartiles([run["front_found"][-1] for run in runs]))
        asks = [ms for run in runs for ms in run["ask_ms"]]
        cells.append(f"{np.median(asks):.2f}" if asks else "-")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n" + "".join(f"\n![{alt}]({file})\n" for file, alt in pictures)


def figures_of(page):
    """The medians of `auto` in the tables of a page, beside what is wanted of them; null is "not within the evaluations that were paid for"."""
    figures = []
    for section in page.split("\n## ")[1:]:
        name = section.splitlines()[0]
        front = re.search(r"true front of (\d+) points", section)
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")]
        auto = next((dict(zip(rows[0], row)) for row in rows if row[0] == "auto"), None)
        if not front or not auto:
            continue
        def median(column):
            value = auto[column].split()[0]
            return None if value == "-" else float(value)
        figures += [{"name": f"{name}: {column} of the hypervolume", "value": median(column), "goal": goal, "better": "lower", "unit": "evaluations"}
                    for column, goal in GOALS.items()]
        figures.append({"name": f"{name}: points of the true front found at the end", "value": median("front points"), "goal": FRONT_GOAL * int(front[1]),
                        "better": "higher", "unit": f"of {front[1]} points"})
    return figures


def write_figures(page):
    """Writes the figures of a page beside it, if it has any."""
    text = page.read_text()
    if figures := figures_of(text):
        made = re.search(r"^Made by (.+?) on (.+?)\. ", text, re.MULTILINE)
        page.with_suffix(".json").write_text(json.dumps({"command": made[1].strip("`"), "machine": made[2], "page": page.name, "figures": figures}, indent=2) + "\n")


class Svg:
    """Axes in pixels; x linear from 0, y as 1 - share on a logarithm, so that 95 %, 98 % and 99 % are apart."""
    WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 480, 70, 230, 40, 50

    def __init__(self, title, evaluations, worst=0.3, best=0.001):
        self.evaluations, self.worst, self.best, self.parts = evaluations, worst, best, []
        self.parts.append(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.WIDTH} {self.HEIGHT}" font-family="sans-serif" font-size="13">')
        self.parts.append(f'<rect width="{self.WIDTH}" height="{self.HEIGHT}" fill="white"/><text x="{self.LEFT}" y="24" font-size="15">{title}</text>')
        self.axes()

    def x(self, evaluation):
        return self.LEFT + (self.WIDTH - self.LEFT - self.RIGHT) * evaluation / self.evaluations

    def y(self, share):
        missing = min(max(1 - share, self.best), self.worst)
        place = (np.log(self.worst) - np.log(missing)) / (np.log(self.worst) - np.log(self.best))
        return self.HEIGHT - self.BOTTOM - (self.HEIGHT - self.TOP - self.BOTTOM) * place

    def axes(self):
        right = self.x(self.evaluations)
        for share in (0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999):
            y = self.y(share)
            self.parts.append(f'<line x1="{self.LEFT}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
                              f'<text x="{self.LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{share:.1%}</text>')
        step = next(s for s in (10, 20, 50, 100, 200, 500, 1000, 5000, 100000) if self.evaluations / s <= 8)
        for evaluation in range(0, self.evaluations + 1, step):
            self.parts.append(f'<text x="{self.x(evaluation):.1f}" y="{self.HEIGHT - self.BOTTOM + 18}" text-anchor="middle">{evaluation}</text>')
        self.parts.append(f'<text x="{(self.LEFT + right) / 2:.1f}" y="{self.HEIGHT - 10}" text-anchor="middle">evaluations</text>')

    def curve(self, number, label, low, middle, high):
        colour, dash = COLOURS[number % len(COLOURS)], ' stroke-dasharray="5 3"' if label.startswith("optuna") else ""
        def points(values, tolerance):
            return [f"{x:.1f},{y:.1f}" for x, y in thinned([(self.x(i + 1), self.y(v)) for i, v in enumerate(values)], tolerance)]
        self.parts.append(f'<polygon points="{" ".join(points(low, 1.5) + points(high, 1.5)[::-1])}" fill="{colour}" opacity="0.12"/>')
        self.parts.append(f'<polyline points="{" ".join(points(middle, 0.7))}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        y = self.TOP + 18 * number + 10
        self.parts.append(f'<line x1="{self.WIDTH - self.RIGHT + 15}" x2="{self.WIDTH - self.RIGHT + 40}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"{dash}/>'
                          f'<text x="{self.WIDTH - self.RIGHT + 46}" y="{y + 4}">{label}</text>')

    def text(self):
        return "\n".join(self.parts + ["</svg>\n"])


def drawing(name, table):
    svg = Svg(f"{name}: share of the true hypervolume, median and quartiles", table["evaluations"])
    for number, (strategy, runs) in enumerate(by_strategy(table).items()):
        shares = np.array([padded(run["share"], table["evaluations"]) for run in runs])
        low, middle, high = np.quantile(shares, (0.25, 0.5, 0.75), axis=0)
        svg.curve(number, strategy.replace("&", "&amp;").replace("<", "&lt;"), low, middle, high)
    return svg.text()


def attained(name, table):
    """The picture of attainment surfaces: `auto` (else the best of our strategies) and the best of Optuna's; nothing where there are none."""
    order = [strategy for strategy in best_first(table) if strategy in table["attainment"]]
    ours = [s for s in order if s == "auto"] or [s for s in order if not s.startswith("optuna")]
    theirs = [s for s in order if s.startswith("optuna")]
    shown = ours[:1] + theirs[:1]
    if not shown:
        return None
    title = f"{name}: what half (thick), the best and all of the searches attain after {table['evaluations']} evaluations"
    return attainment.drawing(title, table["objectives"], table["reference"], table.get("front", []), {s: table["attainment"][s] for s in shown})


def main():
    if sys.argv[1:2] == ["--figures"]:
        write_figures(pathlib.Path(sys.argv[2]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("results", nargs="+")
    parser.add_argument("--page", default="hypervolume.md", help="name of the page with the tables")
    parser.add_argument("--title", default="Hypervolume against evaluations")
    parser.add_argument("--made-by", default="`make bench-search`")
    parser.add_argument("--no-pictures", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    pages = []
    tables = load(arguments.results)
    seeds = sorted({run["seed"] for table in tables.values() for run in table["runs"]})
    preface = (f"Made by {arguments.made_by} on {machine.sentence()}. Medians, with quartiles in brackets, over "
               f"seeds {seeds[0]} to {seeds[-1]}; each begins with the same random choices for everyone. A share is of the hypervolume of the true front below the "
               "reference, or of the best search's where that front is not known. Where Optuna proposes a choice again the repeat counts: its users pay for it.")
    for name, table in sorted(tables.items()):
        pictures = []
        if not arguments.no_pictures:
            (arguments.folder / f"{name}.svg").write_text(drawing(name, table))
            pictures.append((f"{name}.svg", "hypervolume share against evaluations"))
            if picture := attained(name, table):
                (arguments.folder / f"{name}_attainment.svg").write_text(picture)
                pictures.append((f"{name}_attainment.svg", "attainment surfaces"))
        pages.append(markdown(name, table, pictures))
    (arguments.folder / arguments.page).write_text(f"# {arguments.title}\n\n{preface}\n\n" + "\n".join(pages))
    write_figures(arguments.folder / arguments.page)
    print("\n".join(pages))


if __name__ == "__main__":
    main()
