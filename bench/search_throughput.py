"""Throughput of whole searches: what the tool chooses against every fixed setting of workers and threads, an earlier version, and PyTorch.

    make bench, or: python3 bench/search_throughput.py build/release/bin [--before OTHER/bin] [--rounds 2] [--only demo backbones]

Two searches: the demo's (a staged one of twelve small networks) and one epoch of each of the 21 backbones. Each search runs from nothing, the
timing before it, exports and measurements included; pictures are decoded once beforehand. PyTorch trains the same networks for the same
epochs one after the other, with its best number of threads (found out first), and neither exports nor measures anything. `--before` names
the programs of an earlier version, run as they run by default.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import machine

BACKBONES = """task: box
data: {path: builtin:faces, count: 320, input: 64}
space: {family: backbones, learning_rate: [0.001]}
device: {name: local, max_seconds: 1}
objectives: {iou: maximize, latency_ms: minimize}
train: {batch: 32, epochs: 1THREADS}
search: {strategy: grid}
seed: 1
"""
# The demo's own job, as the program writes it.
SOURCE = (pathlib.Path(__file__).resolve().parent.parent / "cli" / "demo.cpp").read_text()
DEMO = re.search(r'demo_job = R"\((.*?)\)"', SOURCE, re.S)[1].replace("batch: 32", "batch: 32THREADS")
JOBS = {"demo": DEMO, "backbones": BACKBONES}
PROCESSORS = os.cpu_count()
GOALS = {"fixed": 0.95, "before": 2.0, "pytorch": 1.6}


def search(binaries, job, workers=None, threads=None):
    """Seconds, epochs and what was said of one search."""
    with tempfile.TemporaryDirectory() as folder:
        text = job.replace("THREADS", f", threads: {threads}" if threads else "")
        (pathlib.Path(folder) / "job.yaml").write_text(text)
        command = [binaries / "edgewise", "search", "job.yaml", "--json"] + (["--workers", str(workers)] if workers else [])
        import time
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        if done.returncode != 0:
            sys.exit(f"{command} failed:\n{done.stderr}")
        result = json.loads(done.stdout)
        trials = result["report"]["trials"]
        epochs = {}
        for trial in trials:
            name = trial["choice"]["backbone"]
            epochs.setdefault(name, []).append(len(trial["curve"]))
        chosen = next((line for line in done.stderr.splitlines() if re.match(r"\d+ workers? of", line)), "")
        return {"seconds": seconds, "train_s": result["train_s"], "measure_s": result["measure_s"], "epochs": sum(map(sum, epochs.values())),
                "trained": epochs, "chosen": chosen}


def pytorch(trained, images, threads):
    names = [name for name, all_epochs in trained.items() for _ in all_epochs]
    epochs = [count for all_epochs in trained.values() for count in all_epochs]
    asked = {"networks": names, "size": 64, "batch": 32, "images": images, "epochs": epochs, "threads": threads}
    done = subprocess.run([sys.executable, pathlib.Path(__file__).with_name("torch_peer.py"), json.dumps(asked)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"PyTorch failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])["seconds"]


def per_hour(runs):
    """Epochs per hour: networks differ in what an epoch takes, but all settings train the same ones."""
    rates = [run["epochs"] / run["seconds"] * 3600 for run in runs]
    return {"median": statistics.median(rates), "min": min(rates), "max": max(rates), "seconds": [round(run["seconds"], 1) for run in runs],
            "epochs": [run["epochs"] for run in runs], "chosen": runs[0]["chosen"]}


def settings():
    """Every fixed setting worth comparing: one worker or as many as processors, one thread or as many as processors."""
    return [(workers, threads) for workers in sorted({1, PROCESSORS}) for threads in sorted({1, PROCESSORS})]


def compare(name, binaries, before, rounds):
    job = JOBS[name]
    images = int(re.search(r"count: (\d+)", job).group(1)) * 4 // 5
    runs = {"default": []}
    runs |= {f"{workers} x {threads}": [] for workers, threads in settings()}
    if before:
        runs["before"] = []
    search(binaries, JOBS["backbones"].replace("family: backbones", "family: backbones, backbone: [squeezenet1_1]").replace("count: 320", re.search(r"count: \d+", job).group()))
    for _ in range(rounds):
        runs["default"].append(search(binaries, job))
        for workers, threads in settings():
            runs[f"{workers} x {threads}"].append(search(binaries, job, workers, threads))
        if before:
            runs["before"].append(search(before, job))
    trained = runs["default"][0]["trained"]
    peer = {threads: pytorch(trained, images, threads) for threads in sorted({1, PROCESSORS})}
    results = {label: per_hour(some) for label, some in runs.items()}
    epochs = runs["default"][0]["epochs"]
    results["pytorch"] = {f"{threads} threads": epochs / seconds * 3600 for threads, seconds in peer.items()}
    best_fixed = max(results[f"{workers} x {threads}"]["median"] for workers, threads in settings())
    mine = results["default"]["median"]
    figures = [{"name": f"{name}: default to the best fixed setting", "value": mine / best_fixed, "goal": GOALS["fixed"], "better": "higher", "unit": "ratio"},
               {"name": f"{name}: default to PyTorch one after the other", "value": mine / max(results["pytorch"].values()), "goal": GOALS["pytorch"], "better": "higher", "unit": "ratio"}]
    if before:
        figures.append({"name": f"{name}: default to the earlier default", "value": mine / results["before"]["median"], "goal": GOALS["before"] if name == "demo" else None, "better": "higher", "unit": "ratio"})
    print(json.dumps({"search": name, "figures": figures}), file=sys.stderr)
    return {"search": name, "epochs_per_hour": results}, figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", type=lambda text: pathlib.Path(text).resolve(), help="folder of the built programs")
    parser.add_argument("--before", type=lambda text: pathlib.Path(text).resolve(), help="folder of an earlier version's programs")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=list(JOBS))
    arguments, _ = parser.parse_known_args()
    results, figures = [], []
    for name in arguments.only:
        result, more = compare(name, arguments.bin, arguments.before, arguments.rounds)
        results.append(result)
        figures += more
    machine.write("faults/search_throughput", "python3 bench/search_throughput.py build/release/bin --before EARLIER/bin",
                  {"what": "epochs per hour of whole searches, everything included; workers x threads", "rounds": arguments.rounds, "figures": figures, "results": results})


main()
