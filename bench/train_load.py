"""Training images per second alone and beside one and two busy processes, against PyTorch.

    make bench, or: python3 bench/train_load.py build/release/bin [--rounds 3]

Networks of the backbones at 64x64 and batch 32, each in a process of its own, timed in turn with PyTorch (torch_peer.py); the first epoch
warms up. edgewise trains with one thread, as a search on this machine has it (its workers fill the processors), and with the environment that it
gives its workers; PyTorch with the number of threads that is its best alone, as someone who trains one network after the other would set it.
"""
import argparse
import csv
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import machine

DATA = pathlib.Path(os.environ.get("EDGEWISE_SHARED_DATA", pathlib.Path(__file__).resolve().parents[2] / "shared" / "data")) / "voc2012_animals"
LABELS = DATA / "presence_person.csv"
NETWORKS = ["mobilenet_v3_small", "shufflenet_v2_x0_5", "mnasnet0_5", "squeezenet1_1", "resnet18"]
SIZE, BATCH, IMAGES = 64, 32, 640
BUSY = (0, 1, 2)


class Busy:
    """So many processes that do nothing but keep a processor busy."""

    def __init__(self, count):
        self.processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def run(command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def subset(folder):
    """A set of IMAGES pictures to train on and a few to judge by: an epoch of seconds."""
    rows = list(csv.DictReader(open(LABELS)))
    kept = [row for row in rows if row["split"] == "train"][:IMAGES] + [row for row in rows if row["split"] != "train"][:BATCH]
    os.symlink(DATA, pathlib.Path(folder) / "pictures")
    with open(pathlib.Path(folder) / "labels.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["image", "label", "split"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**row, "image": f"pictures/{row['image']}"} for row in kept)
    return pathlib.Path(folder) / "labels.csv"


def ours(binary, name, labels, cache):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GOMP_SPINCOUNT": "2000"}
    return run([binary, name, SIZE, "auto", labels, 2, cache, BATCH, 1], env=environment)["images_per_s"][-1]


def theirs(name, threads):
    asked = {"networks": [name], "size": SIZE, "batch": BATCH, "images": IMAGES, "epochs": [2], "threads": threads}
    return run([sys.executable, pathlib.Path(__file__).with_name("torch_peer.py"), json.dumps(asked)])["results"][0]["images_per_s"][-1]


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def compare(binary, name, rounds, labels, cache):
    alone = {threads: theirs(name, threads) for threads in sorted({1, os.cpu_count()})}
    threads = max(alone, key=alone.get)
    speeds = {busy: ([], []) for busy in BUSY}
    for _ in range(rounds):
        for busy in BUSY:
            with Busy(busy):
                speeds[busy][0].append(ours(binary, name, labels, cache))
                speeds[busy][1].append(theirs(name, threads))
    result = {"network": name, "pytorch_threads": threads, "pytorch_alone_by_threads": alone,
              "edgewise_images_per_s": {busy: spread(mine) for busy, (mine, _) in speeds.items()},
              "pytorch_images_per_s": {busy: spread(peer) for busy, (_, peer) in speeds.items()},
              "kept_beside_one": statistics.median(speeds[1][0]) / statistics.median(speeds[0][0]),
              "ratio_beside_one": statistics.median(a / b for a, b in zip(*speeds[1])),
              "ratio_beside_two": statistics.median(a / b for a, b in zip(*speeds[2])),
              "ratio_alone": statistics.median(a / b for a, b in zip(*speeds[0]))}
    print(json.dumps(result), file=sys.stderr)
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", help="folder of the built programs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=NETWORKS)
    arguments, _ = parser.parse_known_args()
    if not LABELS.exists():
        sys.exit(f"{LABELS} is missing: NO BENCHMARK RAN HERE")
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as folder:
        labels = subset(folder)
        results = [compare(pathlib.Path(arguments.bin) / "bench_train_speed", name, arguments.rounds, labels, cache) for name in arguments.only]
    figures = [{"name": f"{r['network']}: beside one busy process, of alone", "value": r["kept_beside_one"], "goal": 0.6, "better": "higher", "unit": "ratio"} for r in results]
    figures += [{"name": f"{r['network']}: beside one busy process, to PyTorch", "value": r["ratio_beside_one"], "goal": 1.2, "better": "higher", "unit": "ratio"} for r in results]
    machine.write("faults/train_load", "python3 bench/train_load.py build/release/bin", {
        "what": "training images per second, loading and augmentation included, alone and beside busy processes", "size": SIZE, "batch": BATCH,
        "rounds": arguments.rounds, "figures": figures, "results": results})


main()
