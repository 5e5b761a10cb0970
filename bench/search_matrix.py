#!/usr/bin/env python3
"""Results of search_bench for every combination of mobo's parts as a Markdown table for each solver, and the mean of each part.

    bench/search_matrix.py OUT.md RESULT.json...

Each run's "strategy" names its parts: mobo:surrogate=gp:acquisition=ehvi:solver=local:selection=hvi. tools/bench-matrix makes them.
"""
import json
import pathlib
import statistics
import sys

from machine import sentence

PARTS = ("surrogate", "acquisition", "solver", "selection")


def parts_of(run):
    settings = dict(setting.split("=") for setting in run["strategy"].split(":")[1:])
    return tuple(settings[part] for part in PARTS)


def load(paths):
    """Share at the end by combination, the head that all results agree on, and the sizes of batches by surrogate."""
    shares, head, batches = {}, None, {}
    for path in paths:
        result = json.loads(pathlib.Path(path).read_text())
        now = {name: result[name] for name in ("table", "reference", "front_size", "initial", "evaluations", "seeds")}
        head = head or now
        if head != now:
            sys.exit(f"{path}: {now} is not {head} as in the other results")
        for run in result["runs"]:
            parts = parts_of(run)
            if parts in shares:
                sys.exit(f"{path}: {run['strategy']} is there twice")
            shares[parts] = run["share"][-1]
            batches.setdefault(result["batch"], set()).add(parts[0])
            if len(run["share"]) != result["evaluations"]:
                sys.exit(f"{path}: {run['strategy']} ended after {len(run['share'])} evaluations")
    return shares, head, batches


def words(shares, place):
    """What a part may be, in the order of the files."""
    return list(dict.fromkeys(parts[place] for parts in shares))


def means(shares, place):
    rows = []
    for word in words(shares, place):
        mine = [share for parts, share in shares.items() if parts[place] == word]
        rows.append((statistics.mean(mine), f"| {word} | {len(mine)} | {statistics.mean(mine):.4f} | {min(mine):.4f} | {max(mine):.4f} |"))
    return [f"| {PARTS[place]} | combinations | mean share | least | most |", "|---|---:|---:|---:|---:|"] + [row for _, row in sorted(rows, reverse=True)]


def table(shares, solver):
    selections = words(shares, 3)
    lines = [f"## Solver `{solver}`", "", "| surrogate | acquisition | " + " | ".join(selections) + " |", "|---|---|" + "---:|" * len(selections)]
    for surrogate in words(shares, 0):
        for acquisition in words(shares, 1):
            found = [shares.get((surrogate, acquisition, solver, selection)) for selection in selections]
            lines.append(f"| {surrogate} | {acquisition} | " + " | ".join("-" if share is None else f"{share:.4f}" for share in found) + " |")
    return lines


def main():
    if len(sys.argv) < 3 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    shares, head, batches = load(sys.argv[2:])
    asked = " and ".join(f"{size} ({', '.join(sorted(names))})" for size, names in sorted(batches.items()))
    lines = ["# Every combination of the parts of `mobo`", "",
             f"Made by `tools/bench-matrix` on {sentence()}.",
             f"Table {head['table']}, reference {', '.join(f'{r:g}' for r in head['reference'])}: the share of the hypervolume of the true front ({head['front_size']} points) after "
             f"{head['evaluations']} evaluations, of which the first {head['initial']} are the same random choices for all.",
             f"{len(shares)} combinations ran to the end, {'one seed each: a difference of a hundredth says nothing' if head['seeds'] == 1 else str(head['seeds']) + ' seeds each'}.",
             f"Asked for in batches, all of which are evaluated before the next is asked for, so that the selection of a batch matters: of {asked}. Surrogates with other batches are not compared fairly: a larger batch learns less often.", ""]
    best = sorted(shares.items(), key=lambda item: -item[1])
    lines += ["## Mean of each part", ""]
    for place in range(len(PARTS)):
        lines += means(shares, place) + [""]
    lines += ["The best ten: " + "; ".join(f"{' '.join(parts)} {share:.4f}" for parts, share in best[:10]) + ".",
              "The last five: " + "; ".join(f"{' '.join(parts)} {share:.4f}" for parts, share in best[-5:]) + ".", ""]
    for solver in words(shares, 2):
        lines += table(shares, solver) + [""]
    pathlib.Path(sys.argv[1]).write_text("\n".join(lines))


if __name__ == "__main__":
    main()
