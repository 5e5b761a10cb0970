"""Small searches by the programs themselves, whose reports the browser test opens: make_reports.py BIN FOLDER CHECK_REPORT

Writes boxes.html, classes.html and started.html into FOLDER, and holds the data of all against what the report declares (CHECK_REPORT), so that no
declared field, and no part of the page, lives on something that only a test's made-up study has.
"""
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "whole"))
from pictures import write_png  # noqa: E402

EDGEWISE = pathlib.Path(sys.argv[1]).resolve() / "edgewise"
OUT = pathlib.Path(sys.argv[2]).resolve()
CHECK = pathlib.Path(sys.argv[3]).resolve()

DEVICE = "device: {name: local, max_seconds: 0.1, min_runs: 5, max_runs: 10}\n"
BOXES = """task: box
data: {path: builtin:faces, count: 300, input: 32}
space: {family: backbones, backbone: [squeezenet1_1, shufflenet_v2_x0_5, mobilenet_v3_small], learning_rate: [0.001]}
objectives: {iou: maximize, latency_ms: minimize}
train: {batch: 16}
search: {strategy: staged, stages: [{epochs: 1, keep: 2}, {epochs: 2}]}
""" + DEVICE
# The last network has too many parameters: it is rejected before it is trained.
CLASSES = """task: classification
data: {path: pictures, format: folder, input: 32, splits: {train: train.txt, validation: validation.txt, test: test.txt}}
space: {family: backbones, backbone: [squeezenet1_1, shufflenet_v2_x0_5, mobilenet_v2], learning_rate: [0.001]}
objectives: {accuracy: maximize, parameters: minimize}
constraints: [parameters < 1e6]
train: {batch: 8, epochs: 2}
search: {strategy: grid}
""" + DEVICE
# Where PyTorch is there to write a file of weights.
STARTED = CLASSES.replace("squeezenet1_1, shufflenet_v2_x0_5, mobilenet_v2", "squeezenet1_1").replace(
    "epochs: 2", "epochs: 1, weights: squeezenet.pth")
# What a small study need not have; nothing else may be missing from all of them.
RARE = ["Report.no_contribution", "Report.cover", "Cover.trials", "Cover.share", "Details.answered", "Details.started_over"]
WEIGHTS = ["Details.starting_weights"] + [f"StartingWeights.{name}" for name in
                                          ("file", "prefix", "tensors", "of_tensors", "parameters", "of_parameters")]


def make_pictures(root):
    rng = random.Random(1)
    for split, count in (("train", 24), ("validation", 12), ("test", 12)):
        names = []
        for i in range(count):
            label = ("bright", "dark")[i % 2]
            write_png(root / label / f"{split}{i}.png", 190 if label == "bright" else 60, rng)
            names.append(f"{label}/{split}{i}.png")
        (root / f"{split}.txt").write_text("\n".join(names) + "\n")
    (root / "dark" / "broken.png").write_text("no picture")


def write_weights(file):
    """Weights as torchvision would give them for one of the networks; whether that could be done here."""
    try:
        import torch
        import torchvision
    except ImportError:
        return False
    torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), file)
    return True


def edgewise(*arguments):
    done = subprocess.run([EDGEWISE, *arguments], text=True, stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"edgewise {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


OUT.mkdir(parents=True, exist_ok=True)
with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    for label in ("bright", "dark"):
        (root / "pictures" / label).mkdir(parents=True)
    make_pictures(root / "pictures")
    has_weights = write_weights(root / "squeezenet.pth")
    jobs = {"boxes": BOXES, "classes": CLASSES} | ({"started": STARTED} if has_weights else {})
    data = []
    for name, job in jobs.items():
        (root / f"{name}.yaml").write_text(job)
        edgewise("search", root / f"{name}.yaml", "--quiet", "--study", root / f"{name}.study")
        edgewise("report", root / f"{name}.study", "--output", root / f"{name}.html")
        data.append(root / f"{name}.json")
        data[-1].write_text(edgewise("report", root / f"{name}.study", "--json"))
        shutil.copy(root / f"{name}.html", OUT)
    rare = RARE + ([] if has_weights else WEIGHTS)
    sys.exit(subprocess.run([CHECK, ",".join(rare), *data]).returncode)
