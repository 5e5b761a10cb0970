"""Starting weights as PyTorch and its training scripts write them: understood, refused before the first trial, and said with the trial."""
import argparse
import json
import pathlib
import random
import sqlite3
import sys
import tempfile

from pictures import write_png
from program import run

try:
    import torch
    import torchvision
except ImportError:
    print("python3-torch or python3-torchvision is missing: NO TEST RAN HERE")
    sys.exit(0)

JOB = """task: {task}
data: {{path: pictures, input: 32}}
space: {{family: backbones, backbone: [{backbones}], learning_rate: [0.001]}}
device: {{name: local, max_seconds: 0.1, min_runs: 5, max_runs: 10}}
train:
  weights: {weights}
  batch: 8
  epochs: 1
search: {{strategy: grid}}
"""


def write_job(root, weights, backbones="squeezenet1_1", name="job.yaml", task="classification"):
    (root / name).write_text(JOB.format(weights=weights, backbones=backbones, task=task))


def search(root, name="job"):
    done = run(["search", f"{name}.yaml", "--quiet"], root, 300)
    status = run(["status", name, "--json"], root)
    return done, json.loads(status.stdout) if status.returncode == 0 else None


torch.manual_seed(1)
with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    rng = random.Random(1)
    for label, name in enumerate(("a", "b")):
        (root / "pictures" / name).mkdir(parents=True)
        for i in range(8):
            write_png(root / "pictures" / name / f"p{i}.png", 60 + 120 * label, rng)
    state = torchvision.models.squeezenet1_1(weights=None).state_dict()
    parameters = sum(tensor.numel() for tensor in state.values())
    head = sum(tensor.numel() for name, tensor in state.items() if name.startswith("classifier."))
    body = parameters - head
    whole = body + 512 * 2 + 2  # the network's own head has two classes

    # A checkpoint of PyTorch's ImageNet example: everything under "module.", the best accuracy a tensor.
    torch.save({"epoch": 3, "arch": "squeezenet1_1", "state_dict": {"module." + k: v for k, v in state.items()}, "best_acc1": torch.tensor(0.5),
                "args": argparse.Namespace(lr=0.1), "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 0.1}]}},
               root / "w.pth")
    write_job(root, "w.pth")
    assert run(["check", "job.yaml"], root).returncode == 0
    done, status = search(root)
    assert done.returncode == 0, done
    share = status["starting_weights"]["0"]
    assert (share["tensors"], share["of_tensors"]) == (50, 52), share
    assert (share["parameters"], share["of_parameters"]) == (body, whole), (share, body, whole)
    assert share["file"] == str(root.resolve() / "w.pth"), share
    text = run(["status", "job"], root).stdout
    assert "starting weights of trial 0: 50 of 52 tensors" in text, text
    report = json.loads(run(["report", "job", "--json"], root).stdout)
    assert report["trials"][0]["results"][-1]["details"]["starting_weights"] == share, report["trials"][0]["results"]
    assert report["job"]["train"]["weights"] == {"path": "w.pth", "fit": "backbone"}, report["job"]["train"]
    # As in an old study, which recorded the path alone and the strategy that is no longer the default: it goes on.
    with sqlite3.connect(root / "job.study" / "study.db") as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        changed = 0
        for table in tables:
            for column in [row[1] for row in database.execute(f"PRAGMA table_info({table})")]:
                for (value,) in database.execute(f"SELECT {column} FROM {table}").fetchall():
                    if isinstance(value, str) and '"fit"' in value:
                        job = json.loads(value)
                        job["train"]["weights"] = job["train"]["weights"]["path"]
                        database.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (json.dumps(job), value))
                        changed += 1
        assert changed == 1, changed
    database.close()
    again = run(["search", "job.yaml", "--quiet"], root, 300)
    assert again.returncode == 0, again

    # Other wrappers and prefixes; a box network takes all but the classifier.
    for name, wrapped in {"orig": {"_orig_mod." + k: v for k, v in state.items()},
                          "lightning": {"state_dict": {"model." + k: v for k, v in state.items()}, "hyper_parameters": argparse.Namespace()},
                          "msd": {"model_state_dict": {"module._orig_mod." + k: v for k, v in state.items()}, "epoch": 1},
                          "ema": {"ema": {"net." + k: v for k, v in state.items()}}}.items():
        torch.save(wrapped, root / f"{name}.pth")
        write_job(root, f"{{path: {name}.pth, fit: exact}}")
        done = run(["check", "job.yaml"], root)
        assert done.returncode == 0, (name, done.stderr)

    # The weights of another network: told before the first trial, by both commands, with names and numbers.
    torch.save(torchvision.models.squeezenet1_0(weights=None).state_dict(), root / "other.pth")
    torch.save(torchvision.models.resnet34(weights=None).state_dict(), root / "resnet34.pth")
    torch.save(torch.nn.Linear(2, 2).state_dict(), root / "linear.pth")
    (root / "text.pth").write_text("no weights")
    (root / "folder").mkdir()
    torch.save(state, root / "folder" / "squeezenet1_1-abcdef12.pth")
    mistakes = [("other.pth", "squeezenet1_1", ["only 28 of the network's 52 tensors", "features.", "squeezenet1_1"]),
                ("resnet34.pth", "resnet18", ["larger network", "layer1.2."]),
                ("linear.pth", "squeezenet1_1", ["only 0 of the network's 52 tensors", '"features.0.weight"', '"bias"']),
                ("{path: linear.pth, fit: partial}", "squeezenet1_1", ["nothing in", "linear.pth"]),
                ("{path: w.pth, fit: exact}", "resnet18", ["only 0 of the network's 102 tensors", "module."]),
                ("nope.pth", "squeezenet1_1", ["there are no starting weights", "nope.pth"]),
                ("text.pth", "squeezenet1_1", ["neither a zip archive nor an old PyTorch file"]),
                ("pictures/a/p0.png", "squeezenet1_1", ["neither a zip archive nor an old PyTorch file"]),
                ("pictures", "squeezenet1_1", ["there is no .pth or .safetensors file"]),
                ("folder", "squeezenet1_1, resnet18", ['no file for the network "resnet18"', "squeezenet1_1-abcdef12.pth"]),
                ("w.pth", "squeezenet1_1, resnet18", ['network "resnet18"'])]
    for number, (weights, backbones, words) in enumerate(mistakes):
        write_job(root, weights, backbones, f"m{number}.yaml")
        for command in (["check", f"m{number}.yaml"], ["search", f"m{number}.yaml", "--quiet"]):
            done = run(command, root)
            assert done.returncode == 1, (weights, command, done)
            assert f"m{number}.yaml:6:" in done.stderr and all(word in done.stderr for word in words), (weights, command, done.stderr)
        assert not (root / f"m{number}.study").exists(), weights
    # `exact` means the head as well, once the number of classes is known.
    write_job(root, "{path: w.pth, fit: exact}", name="exact.yaml")
    assert run(["check", "exact.yaml"], root).returncode == 0
    done, _ = search(root, "exact")
    assert done.returncode == 1 and "only 50 of the network's 52 tensors" in done.stderr, done

    # What later starts from other networks takes what fits, and says how much.
    write_job(root, "{path: other.pth, fit: partial}", name="partial.yaml")
    done, status = search(root, "partial")
    assert done.returncode == 0 and status["starting_weights"]["0"]["tensors"] == 28, (done, status)
    write_job(root, "{path: folder, fit: partial}", "squeezenet1_1, squeezenet1_0", "mixed.yaml")
    done, status = search(root, "mixed")
    taken = sorted(share["tensors"] for share in status["starting_weights"].values())
    assert done.returncode == 0 and len(taken) == 2 and taken[1] == 50 and 0 < taken[0] < 50, (done, status)
    print(f"starting weights: understood, and {len(mistakes)} mistakes told before the first trial")
