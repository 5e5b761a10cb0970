#!/usr/bin/env python3
"""Optuna's samplers on a problem that search_bench wrote out: the same initial designs, the same measure, the same form of results.

    bench/search_peers.py PROBLEM.json --sampler tpe-multivariate,tpe,nsga2,random --seeds 20 --evaluations 400 --jobs 2 --json OUT.json

A choice that a sampler proposes twice is answered from the table, but counts as an evaluation: that is what Optuna's users pay. Values of a problem
that has no table (an infinite space) are told by `--search-bench PROGRAM`, a choice a line.
Optuna 4.1's GPSampler is for one objective, so it is not in this comparison (bench/search_speed.py times it with one).
"""
import argparse
import bisect
import concurrent.futures
import json
import statistics
import subprocess
import sys
import time
import warnings


def dominates_or_equals(a, b):
    return all(x <= y for x, y in zip(a, b))


def front_of(points):
    front = []
    for point in sorted(points):
        if not any(dominates_or_equals(other, point) for other in front):
            front.append(point)
    return front


def hypervolume(front, reference):
    """Of non-dominated points of 2 or 3 objectives, minimised: slices along the last objective."""
    inside = [p for p in front if all(x < r for x, r in zip(p, reference))]
    if not inside:
        return 0.0
    if len(reference) == 1:
        return reference[0] - min(p[0] for p in inside)
    inside.sort(key=lambda p: p[-1])
    volume = 0.0
    for i, point in enumerate(inside):
        end = inside[i + 1][-1] if i + 1 < len(inside) else reference[-1]
        if end > point[-1]:
            volume += hypervolume(front_of([p[:-1] for p in inside[: i + 1]]), reference[:-1]) * (end - point[-1])
    return volume


class Measure:
    """Share of the true front's hypervolume, and how many of its points were found, after each evaluation."""

    def __init__(self, problem):
        self.reference = problem["reference"]
        self.true_front = sorted(map(tuple, problem["front"]))
        self.whole = hypervolume(self.true_front, self.reference) if self.true_front else 1.0  # not known: shares are hypervolumes
        self.front, self.share, self.found = [], [], []

    def add(self, point):
        share = self.share[-1] if self.share else 0.0
        found = self.found[-1] if self.found else 0
        if point is not None and not any(dominates_or_equals(other, point) for other in self.front):
            self.front = front_of(self.front + [point])
            share = hypervolume(self.front, self.reference) / self.whole
            place = bisect.bisect_left(self.true_front, point)
            found += place < len(self.true_front) and self.true_front[place] == point
        self.share.append(round(share, 6) if self.true_front else share)
        self.found.append(found)


def key_of(choice, parameters):
    return tuple(choice[p["name"]] for p in parameters)


def suggest(trial, parameter):
    name = parameter["name"]
    if "values" in parameter:
        return trial.suggest_categorical(name, parameter["values"])
    if "step" not in parameter:
        return trial.suggest_float(name, parameter["low"], parameter["high"], log=parameter["log"])
    if parameter["log"]:
        return trial.suggest_int(name, parameter["low"], parameter["high"], log=True)
    return trial.suggest_int(name, parameter["low"], parameter["high"], step=parameter["step"])


def sampler_of(name, seed, optuna):
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed)
    if name == "tpe-multivariate":
        return optuna.samplers.TPESampler(seed=seed, multivariate=True)
    if name == "nsga2":
        return optuna.samplers.NSGAIISampler(seed=seed)
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    sys.exit(f'sampler "{name}" is not one of tpe, tpe-multivariate, nsga2, random')


class Table:
    """Values of all choices."""

    def __init__(self, problem):
        self.parameters = problem["parameters"]
        self.points = {key_of(choice, self.parameters): tuple(point) if point else None for choice, point in problem["rows"]}

    def __call__(self, choice):
        return self.points.get(key_of(choice, self.parameters))


class Program:
    """Values as search_bench computes them."""

    def __init__(self, problem, program):
        self.process = subprocess.Popen([program, "--table", problem["source"], "--evaluate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, choice):
        print(json.dumps(choice), file=self.process.stdin, flush=True)
        point = json.loads(self.process.stdout.readline())
        return tuple(point) if point else None


def search(problem_file, name, seed, evaluations, program):
    import optuna

    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with open(problem_file) as file:
        problem = json.load(file)
    parameters = problem["parameters"]
    evaluate = Table(problem) if "rows" in problem else Program(problem, program)
    design = next(d["choices"] for d in problem["designs"] if d["seed"] == seed)
    study = optuna.create_study(directions=["minimize"] * len(problem["objectives"]), sampler=sampler_of(name, seed, optuna))
    for choice in design:
        study.enqueue_trial(choice)
    measure, ask_ms, repeats, seen = Measure(problem), [], 0, set()
    for _ in range(evaluations):
        begin = time.perf_counter()
        trial = study.ask()
        choice = {p["name"]: suggest(trial, p) for p in parameters}
        ask_ms.append(round((time.perf_counter() - begin) * 1e3, 3))
        key = key_of(choice, parameters)
        repeats += key in seen
        seen.add(key)
        point = evaluate(choice)
        if point is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, list(point))
        measure.add(point)
    return {"strategy": f"optuna {name}", "seed": seed, "note": f"{repeats} repeats", "share": measure.share, "front_found": measure.found,
            "front": measure.front, "ask_ms": ask_ms[len(design):]}


def first_at(share, bound):
    return next((i + 1 for i, s in enumerate(share) if s >= bound), None)


def shown(values):
    values = sorted(float("inf") if v is None else v for v in values)
    text = []
    for probability in (0.5, 0.25, 0.75):
        value = values[round(probability * (len(values) - 1))]
        text.append("-" if value == float("inf") else f"{value:.0f}")
    return f"{text[0]} ({text[1]}-{text[2]})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problem", help="written by search_bench --write-problem")
    parser.add_argument("--sampler", default="tpe-multivariate,tpe,nsga2,random")
    parser.add_argument("--seeds", type=int, default=0, help="0: all that the problem has initial designs of")
    parser.add_argument("--evaluations", type=int, default=400)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--search-bench", default="build/release/bin/search_bench", help="the program that evaluates problems without a table")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    import optuna
    with open(arguments.problem) as file:
        problem = json.load(file)
    seeds = [d["seed"] for d in problem["designs"]]
    seeds = seeds[: arguments.seeds] if arguments.seeds else seeds
    names = arguments.sampler.split(",")
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        futures = [pool.submit(search, arguments.problem, name, seed, arguments.evaluations, arguments.search_bench) for name in names for seed in seeds]
        runs = [future.result() for future in futures]
    print(f"{problem['table']}: {arguments.evaluations} evaluations, {len(seeds)} seeds, {problem['initial']} initial, Optuna {optuna.__version__}")
    for name in names:
        mine = [run for run in runs if run["strategy"] == f"optuna {name}"]
        at = [f"{statistics.median(run['share'][min(n, arguments.evaluations) - 1] for run in mine):.4f}" for n in (30, 70, 120, arguments.evaluations)]
        to = [f"{shown([first_at(run['share'], bound) for run in mine]):<16}" for bound in (0.95, 0.98, 0.99)]
        found = shown([run["front_found"][-1] for run in mine])
        ask = statistics.median(ms for run in mine for ms in run["ask_ms"])
        print(f"optuna {name:<21} {' '.join(at)}  {' '.join(to)} {found:>12} {ask:9.2f}")
    if arguments.json:
        head = {name: problem[name] for name in ("table", "source", "objectives", "reference", "front_size", "initial")}
        with open(arguments.json, "w") as file:
            json.dump({**head, "evaluations": arguments.evaluations, "seeds": len(seeds), "workers": 1, "optuna": optuna.__version__, "runs": runs}, file)


if __name__ == "__main__":
    main()
