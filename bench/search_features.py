#!/usr/bin/env python3
"""What features of the graph bring on NAS-Bench-201: searches by mobo and held-out predictions, without, with counts, with all of them.

    bench/search_features.py TABLE.csv.gz [--bin build/release/bin] [--seeds N] [--evaluations N] [--jobs N] [--costs A,B] [--only PART]

Writes docs/results/search/features.json and features.md; with --only the other parts stay as they stand there. Seeds from 1000: nothing was tuned
on them.
"""
import argparse
import json
import subprocess
import tempfile

import machine
from search_report import quantiles

FIRST = 1000
COMMAND = "tools/bench-search --features"
SHOWN = {"none": "choices", "counts+costs": "+ counts and costs", "all": "+ all"}
BOUNDS = (0.95, 0.98, 0.99)
GOALS = dict.fromkeys(("raspi4_ms", "edgegpu_ms", "edgegpu_mj", "params"), (30, 70, 120)) | {"pixel3_ms": (36, 90, 150)}
COSTS = [*GOALS, "edgetpu_ms", "eyeriss_mj"]
ASK_GOALS = {(100, "looked-up"): 60, (100, "built"): 1000, (1000, "looked-up"): 1500, (1000, "built"): 1500}  # milliseconds
SURROGATES = "gp,random_forest,bayesian_ridge,xgboost"


def evaluations_to(share, bound):
    return next((n + 1 for n, value in enumerate(share) if value >= bound), None)


def text(values):
    """Median (quartiles)."""
    low, middle, high = ("-" if value is None else f"{value:.0f}" for value in quantiles(values))
    return f"{middle} ({low} to {high})"


def search(arguments, cost, features):
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([f"{arguments.bin}/search_bench", "--table", f"nb201:{arguments.table}", "--objectives", f"error,{cost}", "--strategy", "mobo",
                        "--evaluations", str(arguments.evaluations), "--seeds", str(arguments.seeds), "--first-seed", str(FIRST), "--jobs", str(arguments.jobs),
                        "--features", *features.split("+"), "--json", file.name], check=True, stdout=subprocess.DEVNULL)
        runs = json.load(open(file.name))["runs"]
    shares = [run["share"] for run in runs]
    to = {f"to_{100 * bound:.0f}": [evaluations_to(share, bound) for share in shares] for bound in BOUNDS}
    return {"cost": cost, "features": features, "evaluations": arguments.evaluations, "seeds": arguments.seeds,
            "share_after": {str(n): round(quantiles([share[n - 1] for share in shares])[1], 4) for n in sorted({30, 70, 120, *GOALS.get(cost, ()), arguments.evaluations}) if n <= arguments.evaluations},
            **{name: dict(zip(("lower", "median", "upper"), quantiles(values))) | {"shown": text(values)} for name, values in to.items()},
            "front_points": text([run["front_found"][-1] for run in runs])}


def predictions(arguments, objective):
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([f"{arguments.bin}/surrogate_features", "--table", f"nb201:{arguments.table}", "--objective", objective, "--surrogate", SURROGATES,
                        "--features", ",".join(SHOWN), "--seeds", "12", "--first-seed", str(FIRST), "--json", file.name], check=True, stdout=subprocess.DEVNULL)
        return [{"objective": objective} | row for row in json.load(open(file.name))]


def times(arguments):
    rows = []
    for trials in (100, 1000, 5000):
        for features in ("none", "looked-up", "built"):
            done = subprocess.run([f"{arguments.bin}/search_speed", "--strategy", "mobo", "--trials", str(trials), "--asks", "7", "--table",
                                   f"nb201:{arguments.table}", "--features", features], check=True, capture_output=True, text=True)
            rows.append(json.loads(done.stdout))
    return rows


def figures(searches, asks):
    rows = [{"name": f"time of an ask after {row['trials']} trials, features {row['features']}", "value": round(row["median_ms"], 1),
             "goal": ASK_GOALS[row["trials"], row["features"]], "better": "lower", "unit": "ms"}
            for row in asks if (row["trials"], row["features"]) in ASK_GOALS]
    rows += [{"name": f"peak memory with {row['trials']} trials, features {row['features']}", "value": round(row["peak_mb"]), "goal": 300,
              "better": "lower", "unit": "MB"} for row in asks if row["trials"] == 5000 and row["features"] != "none"]
    for row in searches:
        if row["features"] != "all" or row["cost"] not in GOALS:
            continue
        for bound, goal in zip(BOUNDS, GOALS[row["cost"]]):
            rows.append({"name": f"with features, error against {row['cost']}: share of the hypervolume after {goal} evaluations",
                         "value": row["share_after"].get(str(goal)), "goal": bound, "better": "higher", "unit": "share"})
    return rows


def page(result):
    lines = ["# Searches and models with features of the graph", "",
             f"{machine.sentence()}. NAS-Bench-201 with the costs of HW-NAS-Bench; `{COMMAND}` makes this page again.", "",
             f"`mobo`, {result['searches'][0]['seeds']} seeds from {FIRST}, 10 random choices first, medians (quartiles); \"-\": not within "
             f"{result['searches'][0]['evaluations']}.", "",
             "| error against | models see | to 95 % | to 98 % | to 99 % | after 30 | after 70 | after 120 | front points |", "|---|---|---:|---:|---:|---:|---:|---:|---:|"]
    for row in result["searches"]:
        shares = " | ".join(f"{row['share_after'].get(str(n), float('nan')):.4f}" for n in (30, 70, 120))
        lines.append(f"| {row['cost']} | {SHOWN[row['features']]} | {row['to_95']['shown']} | {row['to_98']['shown']} | {row['to_99']['shown']} | {shares} | "
                     f"{row['front_points']} |")
    for objective in dict.fromkeys(row["objective"] for row in result["predictions"]):
        rows = [row for row in result["predictions"] if row["objective"] == objective]
        lines += ["", f"What models predict of 800 networks that they have not seen, after 20, 40 and 100 random ones: log {objective}, means of 12 draws.", "",
                  "| model | sees | tau after 20 | 40 | 100 | within the best fifth: 20 | 40 | 100 | coverage of 80 %: 20 | 40 | 100 |", "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
        for surrogate, features in dict.fromkeys((row["surrogate"], row["features"]) for row in rows):
            some = [row for row in rows if (row["surrogate"], row["features"]) == (surrogate, features)]
            cells = [f"{row[field]:.2f}" for field in ("kendall_tau", "kendall_tau_best_fifth", "coverage_80") for row in some]
            lines.append(f"| {surrogate} | {SHOWN[features]} | {' | '.join(cells)} |")
    lines += ["", "Time of an ask on raspi4_ms after random trials, and the most memory the process took; looked-up: each network was seen before.", "",
              "| trials | features | first ask, ms | median of later ones, ms | peak memory, MB |", "|--:|---|--:|--:|--:|"]
    lines += [f"| {row['trials']} | {row['features']} | {row['first_ms']:.0f} | {row['median_ms']:.1f} | {row['peak_mb']:.0f} |" for row in result["times"]]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table")
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--evaluations", type=int, default=150)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--costs", default=",".join(COSTS))
    parser.add_argument("--only", choices=("searches", "predictions", "times"))
    arguments = parser.parse_args()
    page_file = machine.RESULTS / "search" / "features.json"
    kept = json.loads(page_file.read_text()) if arguments.only else {}
    parts = {"searches": lambda: [search(arguments, cost, features) for cost in arguments.costs.split(",") for features in SHOWN],
             "predictions": lambda: predictions(arguments, "error") + predictions(arguments, "pixel3_ms"),
             "times": lambda: times(arguments)}
    result = {"what": "mobo and its models without and with features of the graph",
              **{name: measure() if arguments.only in (None, name) else kept.get(name, []) for name, measure in parts.items()}}
    result["figures"] = figures(result["searches"], result["times"])
    machine.write("search/features", COMMAND, result)
    page_file.with_suffix(".md").write_text(page(result))


if __name__ == "__main__":
    main()
