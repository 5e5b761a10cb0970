#!/usr/bin/env python3
"""A table of 200 and more trained networks of the ResNet space, and what features of the networks bring on it.

    bench/resnet_table.py --train          trains them first (an hour on one processor): docs/results/search/resnet_drainage.csv
    bench/resnet_table.py                  searches replayed on the table, with features and without: resnet_drainage.json and .md
"""
import argparse
import csv
import io
import json
import pathlib
import subprocess
import tempfile

import machine
from search_features import evaluations_to, text
from search_report import quantiles

OUT = pathlib.Path(__file__).resolve().parent.parent / "docs/results/search"
COMMAND = "tools/env python3 bench/resnet_table.py"
FIRST, SEEDS, EVALUATIONS = 1000, 20, 120
JOB = """task: classification
data: {path: builtin:drainage, count: 2000, input: 32, validation_share: 0.5}
space: {family: resnet, filters: [8, 16], kernel_size: [3, 5], stem_kernel_size: [3, 5], max_macs: 4e6}
device: {name: local, max_seconds: 0.1, min_runs: 10, max_runs: 30}
objectives: {accuracy: maximize, latency_ms: minimize}
train: {batch: 32, epochs: 14, threads: 1, learning_rate: 0.004}
search: {strategy: random, trials: 200}
"""
PARAMETERS = ["stages", "blocks1", "blocks2", "blocks3", "blocks4", "block", "kernel_size", "stem_kernel_size", "stem_stride", "filters", "width_growth",
              "input_size"]
DESCRIPTOR = """# 200 networks of the ResNet space, each trained once on builtin:drainage (bench/resnet_table.py): 14 epochs of 1,000 pictures of 32 pixels,
# the error in per cent on 1,000 others. A stage that does not exist has 0 blocks.
table: resnet_drainage.csv
parameters:
{parameters}
objectives:
  - {{name: error, value: 100 - 100 * accuracy}}
  - {{name: {cost}}}
networks: {{kind: resnet, text: "{{network}}", input_size: 32, classes: 2}}
"""


def trained(arguments):
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(arguments.study or folder)
        if not arguments.study:
            (place / "job.yaml").write_text(JOB)
            subprocess.run([f"{arguments.bin}/edgewise", "search", "job.yaml", "--workers", "1"], cwd=place, check=True)
        done = subprocess.run([f"{arguments.bin}/edgewise", "report", "job", "--csv"], cwd=place, check=True, capture_output=True, text=True)
    rows = [row for row in csv.DictReader(io.StringIO(done.stdout)) if row["state"] == "complete"]
    with open(OUT / "resnet_drainage.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([*PARAMETERS, "accuracy", "latency_ms", "macs", "parameters", "network"])
        for row in rows:
            network = " ".join(f"{name}={row[name]}" for name in PARAMETERS if row[name])
            out.writerow([*(row[name] or "0" for name in PARAMETERS), f"{float(row['accuracy']):.6g}", f"{float(row['latency_ms']):.5g}",
                          row["macs"], row["parameters"], network])


def descriptor(cost):
    kinds = {name: "integer" if name not in ("block", "width_growth") else "categorical" for name in PARAMETERS}
    parameters = "\n".join(f"  - {{column: {name}, kind: {kind}}}" for name, kind in kinds.items())
    return DESCRIPTOR.format(parameters=parameters, cost=cost)


def searched(arguments, cost, strategy, features):
    path = OUT / f"resnet_drainage_{cost}.yaml"
    path.write_text(descriptor(cost))
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([f"{arguments.bin}/search_bench", "--table", str(path), "--strategy", strategy, "--evaluations", str(EVALUATIONS), "--seeds",
                        str(SEEDS), "--first-seed", str(FIRST), "--jobs", str(arguments.jobs), "--features", features, "--json", file.name],
                       check=True, stdout=subprocess.DEVNULL)
        result = json.load(open(file.name))
    shares = [run["share"] for run in result["runs"]]
    row = {"cost": cost, "strategy": strategy, "features": features, "front": result["front_size"],
           "share_after_30": round(quantiles([share[29] for share in shares])[1], 4)}
    for bound in (0.95, 0.98, 0.99):
        values = [evaluations_to(share, bound) for share in shares]
        row[f"to_{100 * bound:.0f}"] = {"median": quantiles(values)[1], "shown": text(values)}
    return row


def page(rows, count):
    lines = ["# The ResNet space on drawn crossings", "", f"Made by `{COMMAND}` on {machine.sentence()}, from `resnet_drainage.csv`: {count} networks, drawn at random and trained "
             f"once (`--train`). Evaluations to a share of the front's hypervolume, medians (quartiles) of {SEEDS} seeds from {FIRST}, 10 random choices first.", "",
             "| error against | strategy | models see | to 95 % | to 98 % | to 99 % | share after 30 |", "|---|---|---|---:|---:|---:|---:|"]
    lines += [f"| {row['cost']} | {row['strategy']} | {'choices' if row['features'] == 'none' else 'choices and graph'} | {row['to_95']['shown']} | {row['to_98']['shown']} | "
              f"{row['to_99']['shown']} | {row['share_after_30']} |" for row in rows]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--study", help="with --train: a folder with job.study, which was trained already")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    arguments.bin = str(pathlib.Path(arguments.bin).resolve())
    if arguments.train:
        trained(arguments)
    rows = [searched(arguments, cost, strategy, features) for cost in ("latency_ms", "macs")
            for strategy, features in (("mobo", "all"), ("mobo", "none"), ("tpe", "none"), ("random", "none"))]
    count = sum(1 for _ in open(OUT / "resnet_drainage.csv")) - 1
    figures = [{"name": f"error against {cost}: evaluations to {bound} %, with features of those without",
                "value": round(with_graph / without, 3) if with_graph and without else None, "goal": 1, "better": "lower", "unit": "ratio"}
               for cost in ("latency_ms", "macs") for bound in (95, 98)
               for with_graph, without in [[next(row for row in rows if row["cost"] == cost and row["strategy"] == "mobo" and row["features"] == features)
                                            [f"to_{bound}"]["median"] for features in ("all", "none")]]]
    (OUT / "resnet_drainage.json").write_text(json.dumps({"command": COMMAND, "machine": machine.sentence(), "figures": figures, "searches": rows}, indent=1) + "\n")
    (OUT / "resnet_drainage.md").write_text(page(rows, count))


if __name__ == "__main__":
    main()
