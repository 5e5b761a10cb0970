"""Compares ranks, hypervolume, its contributions and the greedy subset with Optuna's on random fronts of 2 to 4 objectives.

Volumes to 1e-9 of the reference box: both sum the same few hundred products of doubles in another order. Ranks and subsets exactly. Points
are drawn as uniform values, as a front on a sphere, and as whole numbers with many ties and equal points; some lie on or beyond the reference.
"""
import json
import subprocess
import sys

try:
    import numpy
    import optuna
    from optuna._hypervolume.hssp import _solve_hssp
    from optuna._hypervolume.wfg import compute_hypervolume
    from optuna.study._multi_objective import _fast_non_domination_rank
except ImportError:
    print("python3-optuna or python3-numpy is missing: NO TEST RAN HERE")
    sys.exit(0)

CASES_EACH = 40


def draw(random, kind, objectives):
    count = int(random.integers(1, 25))
    if kind == "ties":
        return random.integers(0, 6, (count, objectives)).astype(float)
    points = random.random((count, objectives)) * 1.1
    if kind == "sphere":
        points = points / numpy.linalg.norm(points, axis=1, keepdims=True)
    return points


def volume(points, reference):
    inside = points[(points < reference).all(axis=1)]
    return float(compute_hypervolume(inside, reference)) if len(inside) else 0.0


def cases():
    random = numpy.random.default_rng(1)
    for objectives in (2, 3, 4):
        for kind in ("uniform", "sphere", "ties"):
            for _ in range(CASES_EACH):
                points = draw(random, kind, objectives)
                reference = numpy.full(objectives, 5.0 if kind == "ties" else 1.0)
                yield kind, points, reference, int(random.integers(1, len(points) + 1))


def mistakes(kind, points, reference, count, answer):
    limit = 1e-9 * float(numpy.prod(reference))
    if answer["ranks"] != _fast_non_domination_rank(points).tolist():
        yield "ranks"
    total = volume(points, reference)
    if abs(answer["volume"] - total) > limit:
        yield f"volume: {answer['volume']}, Optuna {total}"
    for i, contribution in enumerate(answer["contributions"]):
        lost = total - volume(numpy.delete(points, i, axis=0), reference)
        if abs(contribution - lost) > limit:
            yield f"contribution of {i}: {contribution}, Optuna {lost}"
    # Among whole numbers equal gains are frequent, and either choice is right; elsewhere there are none, but for points that add nothing.
    inside = numpy.flatnonzero((points < reference).all(axis=1) & (numpy.array(answer["ranks"]) == 0))
    count = min(count, len(inside))
    if kind != "ties" and count:
        expected = _solve_hssp(points[inside], inside, count, reference)
        if sorted(answer["subset"][:count]) != sorted(expected.tolist()):
            yield f"subset: {answer['subset'][:count]}, Optuna {expected.tolist()}"


def main() -> int:
    everything = list(cases())
    asked = "".join(json.dumps({"points": p.tolist(), "reference": r.tolist(), "count": c}) + "\n" for _, p, r, c in everything)
    told = subprocess.run([sys.argv[1]], input=asked, capture_output=True, text=True, check=True).stdout.splitlines()
    if len(told) != len(everything):
        print(f"{len(everything)} fronts were asked about, {len(told)} answered")
        return 1
    wrong = 0
    for (kind, points, reference, count), line in zip(everything, told):
        for mistake in mistakes(kind, points, reference, count, json.loads(line)):
            wrong += 1
            print(f"{kind}, {points.shape[1]} objectives, {points.tolist()}: {mistake}")
    print(f"{len(everything)} fronts compared with Optuna {optuna.__version__}; {wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
