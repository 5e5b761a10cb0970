#!/usr/bin/env python3
"""Time per suggestion of our strategies and of Optuna's samplers, with 100, 1,000 and 5,000 trials recorded.

    bench/search_speed.py BIN_FOLDER OUT_FOLDER [--quick] [--strategy a,b]

Five mixed parameters (two categorical, two real, one of them on a logarithm, one integer), two objectives; a batch of one. Every measurement is
a process of its own; the median of some asks counts. Optuna 4.1's GPSampler has one objective only: it gets that case, at 100 trials, and is
to be compared with the rows of one objective.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

import machine


def optuna_asks(name, trials, objectives, asks):
    """Runs in a process of its own; prints what search_speed prints."""
    import math
    import random
    import warnings

    import optuna
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    samplers = {"tpe": lambda: optuna.samplers.TPESampler(seed=1), "tpe-multivariate": lambda: optuna.samplers.TPESampler(seed=1, multivariate=True),
                "nsga2": lambda: optuna.samplers.NSGAIISampler(seed=1), "random": lambda: optuna.samplers.RandomSampler(seed=1),
                "gp": lambda: optuna.samplers.GPSampler(seed=1)}
    distributions = {"c1": optuna.distributions.CategoricalDistribution(list("abcd")), "c2": optuna.distributions.CategoricalDistribution(list("abc")),
                     "x": optuna.distributions.FloatDistribution(0, 1), "rate": optuna.distributions.FloatDistribution(1e-5, 1e-1, log=True),
                     "n": optuna.distributions.IntDistribution(1, 64)}

    def evaluate(p):
        c1, c2, rate, n = "abcd".index(p["c1"]), "abc".index(p["c2"]), math.log10(p["rate"]), p["n"] / 64
        return [(rate + 3) ** 2 + p["x"] ** 2 + 0.3 * c1 + 1 - n, (p["x"] - 1) ** 2 + 0.2 * (3 - c1) + 0.3 * c2 + 2 * n][:objectives]

    study = optuna.create_study(directions=["minimize"] * objectives, sampler=samplers[name]())
    draw = random.Random(1)
    for _ in range(trials):
        p = {"c1": draw.choice("abcd"), "c2": draw.choice("abc"), "x": draw.random(), "rate": 10 ** draw.uniform(-5, -1), "n": draw.randint(1, 64)}
        study.add_trial(optuna.trial.create_trial(params=p, distributions=distributions, values=evaluate(p)))
    times = []
    for _ in range(asks):
        begin = time.perf_counter()
        trial = study.ask(distributions)
        times.append((time.perf_counter() - begin) * 1e3)
        study.tell(trial, evaluate(trial.params))
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:")) / 1024
    print(json.dumps({"strategy": f"optuna {name}", "objectives": objectives, "trials": trials, "first_ms": times[0],
                      "median_ms": statistics.median(times[1:]), "max_ms": max(times[1:]), "asks": len(times) - 1, "peak_mb": peak}))


def measured(command, limit):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main():
    if sys.argv[1:2] == ["--optuna"]:
        return optuna_asks(sys.argv[2], *map(int, sys.argv[3:6]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("out")
    parser.add_argument("--quick", action="store_true", help="100 trials only")
    # Not grid, which needs a finite space, and not those with stages, which ask for nothing after a random design.
    parser.add_argument("--strategy", default="mobo,tpe,nsga2,evolution,local,sobol,lhs,random")
    arguments = parser.parse_args()
    sizes = [100] if arguments.quick else [100, 1000, 5000]
    strategies = arguments.strategy.split(",")
    rows = []
    for strategy, trials, objectives in [(s, 100, 1) for s in strategies if s == "mobo"] + [(s, n, 2) for n in sizes for s in strategies]:
        rows.append((strategy, trials, objectives, measured([f"{arguments.bin}/search_speed", "--strategy", strategy, "--trials", str(trials), "--objectives", str(objectives)], 600)))
    for name, trials, objectives in [("gp", 100, 1)] + [(name, n, 2) for n in sizes for name in ("tpe", "tpe-multivariate", "nsga2", "random")]:
        command = [sys.executable, __file__, "--optuna", name, str(trials), str(objectives), "6"]
        rows.append((f"optuna {name}", trials, objectives, measured(command, 600)))
    text = f"# Time per suggestion\n\nMade by `make bench-search` on {machine.sentence()}.\n" + (__doc__.split("\n\n", 2)[2].strip()) + "\n\n| strategy | objectives | trials recorded | first ask, ms | median ask, ms | slowest, ms | peak memory, MB |\n|---|---:|---:|---:|---:|---:|---:|\n"
    for strategy, trials, objectives, r in sorted(rows, key=lambda row: (row[1], row[2], row[3]["median_ms"] if row[3] else 1e9)):
        cells = ["more than 600 s", "", "", ""] if r is None else [f"{r['first_ms']:.2f}", f"{r['median_ms']:.2f}", f"{r['max_ms']:.2f}", f"{r['peak_mb']:.0f}"]
        text += f"| {strategy} | {objectives} | {trials} | " + " | ".join(cells) + " |\n"
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "speed.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
