"""A class folder whose name is no UTF-8 goes all the way: statistics, training, export, report."""
import json
import os
import pathlib
import random
import tempfile

from pictures import write_png
from program import run

JOB = """task: classification
data: {path: pictures, input: 32}
space: {family: backbones, backbone: [squeezenet1_1], learning_rate: [0.001]}
device: {name: local, max_seconds: 0.1, min_runs: 5, max_runs: 10}
train: {batch: 8, epochs: 1}
search: {strategy: grid}
"""
CLASSES = (b"caf\xe9", b"tea")
SHOWN = ["caf\ufffd", "tea"]

with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    rng = random.Random(1)
    for label, name in enumerate(CLASSES):
        place = root / "pictures" / os.fsdecode(name)
        place.mkdir(parents=True)
        for i in range(20):
            write_png(place / f"{i}.png", 60 + 120 * label, rng)
    (root / "job.yaml").write_text(JOB)
    statistics = run(["data", "pictures", "--json"], root)
    assert statistics.returncode == 0, statistics
    assert json.loads(statistics.stdout)["classes"] == SHOWN, statistics.stdout
    for command in (["data", "pictures"], ["search", "job.yaml", "--quiet"], ["front", "job.study"], ["report", "job.study"], ["export", "job.study", "--pick", "knee"]):
        done = run(command, root)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert list(root.glob("*.onnx")), "nothing was exported"
    print("a class folder that is no UTF-8 was read, trained on, exported and shown")
