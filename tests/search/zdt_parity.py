"""Our TPE and NSGA-II against Optuna's on ZDT1 and ZDT2, and the time of a suggestion. Needs python3-optuna and the built zdt_program.

    tests/search/zdt_parity.py PROGRAM SEEDS [tpe] [nsga2] [random] [times]     all four unless told
    python3 tests/search/zdt_parity.py build/release/bin/zdt_program 12 > docs/results/search/zdt_parity.txt

Both sides: 8 real parameters in [0, 1], 200 evaluations one at a time, seeds 1, 2, ...; NSGA-II with a population of 40 (what ours takes for 200
trials). Optuna's TPE is multivariate with constant liar, all else as it comes. Quartiles of the hypervolume over the seeds.
"""
import os
import platform
import random
import statistics
import subprocess
import sys
import time
import warnings

os.environ["OMP_NUM_THREADS"] = "1"
import numpy
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore")
DIMENSIONS, TRIALS, POPULATION = 8, 200, 40


def zdt(problem, x):
    g = 1 + 9 * sum(x[1:]) / (len(x) - 1)
    ratio = x[0] / g
    return x[0], g * (1 - (ratio ** 0.5 if problem == 1 else ratio ** 2))


def hypervolume(points, reference):
    inside = numpy.array([p for p in points if p[0] < reference and p[1] < reference])
    if len(inside) == 0:
        return 0.0
    return float(optuna._hypervolume.compute_hypervolume(inside, numpy.array([reference, reference])))


def tpe(seed):
    return optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)


def nsga2(seed):
    return optuna.samplers.NSGAIISampler(seed=seed, population_size=POPULATION)


def optuna_volumes(make_sampler, problem, seed):
    study = optuna.create_study(directions=["minimize"] * 2, sampler=make_sampler(seed))
    study.optimize(lambda t: zdt(problem, [t.suggest_float(f"x{i}", 0, 1) for i in range(DIMENSIONS)]), n_trials=TRIALS)
    points = [t.values for t in study.trials]
    return hypervolume(points, 1.1), hypervolume(points, 11)


def our_volumes(program, strategy, problem, seeds):
    words = [program, "search", strategy, str(problem), str(DIMENSIONS), str(TRIALS), str(seeds)]
    out = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return [tuple(map(float, line.split())) for line in out.splitlines()]


def quartiles(values):
    low, middle, high = numpy.percentile(values, [25, 50, 75])
    return f"{middle:9.4f} [{low:9.4f}, {high:9.4f}]"


SAMPLERS = {"tpe": tpe, "nsga2": nsga2, "random": lambda seed: optuna.samplers.RandomSampler(seed=seed)}


def compare(program, seeds, strategies):
    print("hypervolume: median [quartiles]      reference 1.1, 1.1                  reference 11, 11")
    for strategy in strategies:
        sampler = SAMPLERS[strategy]
        for problem in (1, 2):
            ours = our_volumes(program, strategy, problem, seeds)
            theirs = [optuna_volumes(sampler, problem, seed) for seed in range(1, seeds + 1)]
            for who, volumes in (("edgewise", ours), ("Optuna", theirs)):
                print(f"ZDT{problem} {strategy:7} {who:9}          ", "    ".join(quartiles([v[k] for v in volumes]) for k in (0, 1)), flush=True)


SPACE = {"kind": CategoricalDistribution(list("abcd")), "activation": CategoricalDistribution(list("xyz")), "depth": IntDistribution(1, 12),
         "width": FloatDistribution(0.25, 2.0), "learning_rate": FloatDistribution(1e-5, 1e-1, log=True)}


def optuna_times(trials):
    """Processor ms of each of 11 suggestions after so many random trials."""
    draw = random.Random(1)
    study = optuna.create_study(directions=["minimize"] * 2, sampler=tpe(1))
    for _ in range(trials):
        rate = draw.uniform(-5, -1)
        values = {"kind": draw.choice("abcd"), "activation": draw.choice("xyz"), "depth": draw.randint(1, 12), "width": draw.uniform(0.25, 2), "learning_rate": 10 ** rate}
        worth = [(rate + 3) ** 2 + 1 / values["depth"] + 0.3 * draw.random(), values["depth"] * values["width"] + "abcd".index(values["kind"])]
        study.add_trial(optuna.trial.create_trial(params=values, distributions=SPACE, values=worth))
    times = []
    for _ in range(11):
        begin = time.process_time()
        trial = study.ask(SPACE)
        times.append(1e3 * (time.process_time() - begin))
        study.tell(trial, [1 + draw.random(), 5 + draw.random()])
    return times


def compare_times(program):
    print("\nTPE, processor ms per suggestion: least (median); 5 mixed parameters, 2 objectives, batch of 1")
    out = subprocess.run([program, "time", "tpe"], check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        trials, median, least = line.split()
        theirs = optuna_times(int(trials))
        print(f"{trials:>5} trials   edgewise {float(least):7.3f} ({float(median):7.3f})   Optuna {min(theirs):8.2f} ({statistics.median(theirs):8.2f})   "
              f"ratio {min(theirs) / float(least):5.1f} ({statistics.median(theirs) / float(median):5.1f})")


def main():
    program, seeds = sys.argv[1], int(sys.argv[2])
    parts = sys.argv[3:] or [*SAMPLERS, "times"]
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    print(f"python3 tests/search/zdt_parity.py build/release/bin/zdt_program {seeds} {' '.join(sys.argv[3:])}\n"
          f"Optuna {optuna.__version__}, Python {platform.python_version()}, numpy {numpy.__version__}; {cpu}, {os.cpu_count()} cores, not idle")
    print(f"{DIMENSIONS} parameters, {TRIALS} evaluations, seeds 1 to {seeds}; NSGA-II: population {POPULATION}\n")
    compare(program, seeds, [name for name in SAMPLERS if name in parts])
    if "times" in parts:
        compare_times(program)


if __name__ == "__main__":
    main()
