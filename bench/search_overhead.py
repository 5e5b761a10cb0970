"""The share of a search's time that is neither training nor measuring.

    make bench, or: python3 bench/search_overhead.py build/release/bin

One worker, so that wall time has one owner: what is not inside a trial's training or measuring is overhead, from the moment the coordinator
starts to its end: starting processes, proposing, exporting, comparing exports, recording, waiting for claims.
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import machine

BIN = pathlib.Path(sys.argv[1]).resolve()
JOB = """task: box
data: {{path: builtin:faces, count: {count}, input: 64}}
space: {{family: backbones, backbone: [shufflenet_v2_x1_0, mobilenet_v2, resnet18, regnet_x_400mf], learning_rate: [0.001]}}
search: {{strategy: staged, stages: [{{epochs: 2, keep: 2}}, {{epochs: 5}}]}}
"""
GOAL = 0.03
# How often, by pictures: a small set, where every export weighs, and one of the size that edgewise is made for.
ROUNDS = {1500: 3, 5000: 2}


def once(count):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "job.yaml").write_text(JOB.format(count=count))
        done = subprocess.run([BIN / "edgewise", "search", "job.yaml", "--workers", "1", "--json", "--quiet"], cwd=folder, capture_output=True, text=True, check=True)
        result = json.loads(done.stdout)
        inside = result["train_s"] + result["measure_s"]
        return {"elapsed_s": result["elapsed_s"], "train_s": result["train_s"], "measure_s": result["measure_s"], "export_s": result["export_s"],
                "share": (result["elapsed_s"] - inside) / result["elapsed_s"]}


def measured(count, rounds):
    runs = [once(count) for _ in range(rounds)]
    shares = sorted(run["share"] for run in runs)
    return {"pictures": count, "median": statistics.median(shares), "min": shares[0], "max": shares[-1], "runs": runs}


results = [measured(count, rounds) for count, rounds in ROUNDS.items()]
figures = [{"name": f"overhead of a search, {result['pictures']} pictures", "value": 100 * result["median"], "goal": 100 * GOAL, "better": "lower", "unit": "%"}
           for result in results]
machine.write("search_overhead", "make bench", {"what": "share of a search's wall time that is neither training nor measuring", "goal": GOAL, "figures": figures,
                                                "results": results})
