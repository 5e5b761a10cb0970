"""Whether a change moves anything for users: six small jobs by the programs before and after it, on one machine.

    python3 bench/unmoved.py BEFORE/bin AFTER/bin [--only NAME...] [--result docs/results/unmoved.json] [--keep]

Choices, states, curves, trained values and the bytes of the exported networks must be equal bit for bit (objectives do not depend on time; measured
times and memory are left out). Studies that the programs before began are gone on with by those after, and what they print about such a study,
a job and its data is compared line by line.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import machine

BACKBONES = "{family: backbones, backbone: [shufflenet_v2_x0_5, mobilenet_v3_small, squeezenet1_1], learning_rate: [0.01, 0.001, 0.0001]}"
RESNET = "{family: resnet, max_parameters: 300000}"
FACES = "{path: builtin:faces, count: 240, input: 48, test_share: 0.1}"
DRAINAGE = "{path: builtin:drainage, count: 200, input: 48}"
TRAIN = "{batch: 16, epochs: 2, threads: 1, precision: fp32}"


def job(task, data, space, objectives, search, constraints="[]"):
    return "\n".join([f"task: {task}", f"data: {data}", f"space: {space}", f"objectives: {objectives}", f"constraints: {constraints}", f"train: {TRAIN}",
                      f"search: {search}", "device: {min_runs: 5, max_runs: 5, max_seconds: 0.05}", "seed: 3", ""])


STAGED = "{strategy: staged, stages: [{epochs: 1, keep: 3}, {epochs: 2, keep: 1}, {epochs: 3}]}"
MOBO = "{strategy: mobo, trials: 8, initial: 4}"
HALVING = "{strategy: halving, trials: 9, reduction: 3}"
JOBS = {
    "box-staged": job("box", FACES, BACKBONES, "{iou: maximize, parameters: minimize}", STAGED),
    "box-mobo": job("box", FACES, BACKBONES, "{iou: maximize, macs: minimize}", MOBO, "[parameters < 3e6]"),
    "box-halving": job("box", FACES, BACKBONES, "{iou: maximize, macs: minimize}", HALVING),
    "classification-staged": job("classification", DRAINAGE, BACKBONES, "{accuracy: maximize, parameters: minimize}", STAGED),
    "classification-mobo": job("classification", DRAINAGE, RESNET, "{accuracy: maximize, parameters: minimize}", MOBO),
    "classification-halving": job("classification", DRAINAGE, RESNET, "{balanced_accuracy: maximize, macs: minimize}", HALVING),
}
INTERRUPTED = {"classification-mobo", "box-staged"}  # stopped once, by the programs before, and gone on with by those after
OF_TIME = ("latency", "memory_mb", "load_ms")


def run(binary, *arguments, cwd, code=0):
    done = subprocess.run([str(binary / "edgewise"), *map(str, arguments)], cwd=cwd, capture_output=True, text=True, env=environment(cwd))
    if done.returncode != code:
        sys.exit(f"edgewise {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def environment(cwd):
    return {**os.environ, "EDGEWISE_CACHE": str(cwd / "cache"), "NO_COLOR": "1"}


def interrupt(binary, cwd):
    """Ctrl-C in the middle of the search, once two trials have ended."""
    process = subprocess.Popen([str(binary / "edgewise"), "search", "job.yaml", "--workers", "1"], cwd=cwd, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               text=True, env=environment(cwd))
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.2)
        if (cwd / "job.study" / "study.db").exists() and json.loads(run(binary, "status", "job", "--json", cwd=cwd))["states"].get("complete", 0) >= 2:
            process.send_signal(signal.SIGINT)
            break
    process.communicate(timeout=120)
    return process.returncode == 130


def without_time(values):
    return {name: value for name, value in values.items() if not name.startswith(OF_TIME)}


def what_counts(binary, cwd):
    report = json.loads(run(binary, "report", "job", "--json", cwd=cwd))
    trials = []
    for trial in report["trials"]:
        file = cwd / "job.study" / "trials" / f"{trial['id']:06}" / "model.onnx"
        trials.append({"choice": trial["choice"], "state": trial["state"], "stage": trial["stage"], "known": trial["known"],
                       "front": trial["front"], "feasible": trial["feasible"],
                       "results": [{"stage": r["stage"], "best_epoch": r["best_epoch"], "values": without_time(r["values"])} for r in trial["results"]],
                       "curve": [{key: value for key, value in point.items() if key not in ("seconds", "images_per_s")} for point in trial["curve"]],
                       "network": hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else None})
    return trials


def difference(a, b, path="trials"):
    """The first place where two documents differ."""
    if type(a) is not type(b):
        return f"{path}: {a!r} and {b!r}"
    if isinstance(a, dict):
        for key in sorted({*a, *b}):
            if key not in a or key not in b:
                return f"{path}.{key} is in one alone"
            if found := difference(a[key], b[key], f"{path}.{key}"):
                return found
        return None
    if isinstance(a, list):
        if len(a) != len(b):
            return f"{path}: {len(a)} and {len(b)} of them"
        return next((found for i, (x, y) in enumerate(zip(a, b)) if (found := difference(x, y, f"{path}[{i}]"))), None)
    return None if a == b or (a != a and b != b) else f"{path}: {a!r} and {b!r}"


def printed(binary, cwd):
    """What is said about a job, its data and its study, as texts."""
    texts = {words: run(binary, *words.split(), cwd=cwd) for words in ("check job.yaml", "check job.yaml --json", "check --options", "data job.yaml", "data job.yaml --json",
                                                                      "space job.yaml --samples 5", "front job --csv")}
    return {words: text.replace(str(cwd), "HERE") for words, text in texts.items()}


def try_job(name, before, after, place):
    old, new = place / "old", place / "new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "job.yaml").write_text(JOBS[name])
    run(before, "search", "job.yaml", "--workers", "1", cwd=old)
    told = []
    if name in INTERRUPTED:
        if not interrupt(before, new):
            told.append("the search ended before it was interrupted")
    run(after, "search", "job.yaml", "--workers", "1", cwd=new)
    if found := difference(what_counts(before, old), what_counts(after, new)):
        told.append(found)
    # The study of the programs before, in the hands of those after.
    moved = place / "moved"
    shutil.copytree(old, moved, ignore=shutil.ignore_patterns("cache"))
    shutil.copytree(old / "cache", moved / "cache")
    words_before = printed(before, moved)
    if found := difference(what_counts(before, moved), what_counts(after, moved)):
        told.append(f"an old study: {found}")
    words_after = printed(after, moved)
    told += [f"`edgewise {words}` prints something else: {first_line(words_before[words], words_after[words])}" for words in words_before
             if words_before[words] != words_after[words]]
    run(after, "search", "job.yaml", "--workers", "1", cwd=moved)  # there is nothing left to do
    if found := difference(what_counts(after, moved), what_counts(after, new)):
        told.append(f"an old study gone on with: {found}")
    return told


def first_line(a, b):
    for x, y in zip(a.splitlines(), b.splitlines()):
        if x != y:
            return f"{x!r} became {y!r}"
    return f"{len(a.splitlines())} lines became {len(b.splitlines())}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=pathlib.Path)
    parser.add_argument("after", type=pathlib.Path)
    parser.add_argument("--only", nargs="*", choices=JOBS, default=list(JOBS))
    parser.add_argument("--result", type=pathlib.Path)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    top = pathlib.Path(tempfile.mkdtemp(prefix="edgewise-unmoved-"))
    told = {}
    for name in options.only:
        start = time.perf_counter()
        told[name] = try_job(name, options.before.resolve(), options.after.resolve(), top / name)
        print(f"{name}: {'equal' if not told[name] else told[name]} ({time.perf_counter() - start:.0f} s)", flush=True)
    if not options.keep:
        shutil.rmtree(top)
    equal = sum(not differences for differences in told.values())
    if options.result:
        options.result.write_text(json.dumps({
            "what": "six small jobs by the programs before and after: choices, curves, trained values, exported bytes, printed words",
            "command": "python3 bench/unmoved.py BEFORE/bin AFTER/bin --result docs/results/unmoved.json", "machine": machine.describe(), "differences": told,
            "figures": [{"name": "jobs without a difference", "value": equal, "goal": len(JOBS), "better": "higher", "unit": f"of {len(JOBS)}"}]}, indent=1) + "\n")
    return 0 if equal == len(told) else 1


if __name__ == "__main__":
    sys.exit(main())
