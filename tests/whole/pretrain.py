"""From labelled pictures to starting weights, from those to a search whose last stage learns from its best trial, and from an ONNX file as teacher."""
import json
import pathlib
import random
import struct
import tempfile

from pictures import write_png
from program import run

JOB = """task: classification
data: {{path: pictures, input: 32}}
space: {{family: resnet, stages: [1, 2], blocks1: [1], blocks2: [1], filters: [8, 16], kernel_size: [3], stem_kernel_size: [3], stem_stride: [2],
         width_growth: [2], block: [basic], input_size: [32]}}
device: {{name: local, max_seconds: 0.1, min_runs: 5, max_runs: 10}}
train: {{batch: 8, epochs: 2, average: 0.2, mixup: 0.2, cutmix: 1, class_weights: balanced, label_smoothing: 0.1,
        augment: {{random: 2, erase: 0.25}}, {train}}}
search: {search}
"""
GRID = "{strategy: grid}"
STAGED = "{strategy: staged, trials: 4, stages: [{epochs: 1, keep: 3}, {epochs: 2}]}"


def ok(done):
    assert done.returncode == 0, done
    return done


with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    rng = random.Random(1)
    for place, labels in (("pictures", ("a", "b")), ("others", ("x", "y", "z"))):
        for label, name in enumerate(labels):
            (root / place / name).mkdir(parents=True)
            for i in range(10):
                write_png(root / place / name / f"p{i}.png", 40 + 80 * label, rng)

    # The largest network of the space learns three other classes; its weights are a file that others can read too.
    (root / "job.yaml").write_text(JOB.format(train="restart: false", search=GRID))
    told = ok(run(["pretrain", "job.yaml", "--data", "others", "--epochs", "1", "--output", "start.safetensors"], root, 300))
    assert "filters=16" in told.stderr and "stages=2" in told.stderr, told.stderr
    assert "wrote start.safetensors" in told.stderr, told.stderr
    content = (root / "start.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    assert header["conv1.weight"]["shape"] == [16, 3, 3, 3], header["conv1.weight"]
    assert max(tensor["data_offsets"][1] for tensor in header.values()) + 8 + length == len(content)

    before = (root / "start.safetensors").read_bytes()
    again = run(["pretrain", "job.yaml", "--data", "others", "--epochs", "1", "--output", "start.safetensors"], root, 300)
    assert again.returncode == 1 and "is there already" in again.stderr and "--force" in again.stderr, again
    assert (root / "start.safetensors").read_bytes() == before

    # From elsewhere, where --data is relative to; another network of the same study leaves its own weights.
    (root / "sub").mkdir()
    (root / "sub/job.yaml").write_text(JOB.format(train="restart: false", search=GRID))
    fixed = ["kernel_size=3", "stem_kernel_size=3", "stem_stride=2", "width_growth=2", "block=basic", "input_size=32", "blocks1=1"]
    for filters in (16, 8):
        ok(run(["pretrain", "sub/job.yaml", "--data", "others", "--epochs", "1", "--set", "stages=1", f"filters={filters}", *fixed, "--output",
                f"w{filters}.safetensors", "--quiet"], root, 300))
        content = (root / f"w{filters}.safetensors").read_bytes()
        header = json.loads(content[8:8 + struct.unpack("<Q", content[:8])[0]])
        assert header["conv1.weight"]["shape"] == [filters, 3, 3, 3], header["conv1.weight"]

    # Every network of the space starts from it, the narrow ones from its first channels.
    (root / "started.yaml").write_text(JOB.format(train="weights: {path: start.safetensors, fit: cut}", search=GRID))
    ok(run(["search", "started.yaml", "--quiet"], root, 300))
    shares = json.loads(ok(run(["status", "started", "--json"], root)).stdout)["starting_weights"]
    assert len(shares) == 4, shares
    for share in shares.values():
        assert share["of_tensors"] - share["tensors"] == 2, share  # all but the head, which had three classes

    # The last stage learns from the best trial of the first; that one itself from nobody.
    (root / "taught.yaml").write_text(JOB.format(train="teacher: best", search=STAGED))
    ok(run(["search", "taught.yaml", "--quiet", "--workers", "1"], root, 300))
    report = json.loads(ok(run(["report", "taught", "--json"], root)).stdout)
    teacher = json.loads((root / "taught.study/teacher.json").read_text())
    last = {trial["id"]: trial["results"][-1]["details"] for trial in report["trials"] if trial["results"][-1]["stage"] == 1}
    assert len(last) == 3, last
    for trial, details in last.items():
        assert ("teacher" in details) == (trial != teacher["trial"]), (trial, details, teacher)
    first = [trial["results"][0] for trial in report["trials"]]
    best = max(result["values"]["accuracy"] for result in first)
    assert report["trials"][teacher["trial"]]["results"][0]["values"]["accuracy"] == best
    assert all("teacher" not in result["details"] for result in first)

    # A file as teacher: of the same classes or none.
    ok(run(["export", "taught", "--pick", "knee", "--output", "teacher.onnx"], root))
    (root / "filed.yaml").write_text(JOB.format(train="teacher: {path: teacher.onnx, weight: 0.7}", search=STAGED.replace("epochs: 2", "epochs: 9")))
    ok(run(["train", "filed.yaml", "--set", "stages=1", "blocks1=1", "filters=8", "kernel_size=3", "stem_kernel_size=3", "stem_stride=2",
            "width_growth=2", "block=basic", "input_size=32", "--study", "filed.study", "--quiet"], root, 300))
    details = json.loads(ok(run(["report", "filed", "--json"], root)).stdout)["trials"][0]["results"][-1]["details"]
    assert details["teacher"] == "teacher.onnx", details
    (root / "other.yaml").write_text(JOB.format(train="teacher: teacher.onnx", search=GRID).replace("path: pictures", "path: others"))
    # It is asked before the first stage, not when the stages before the last are paid for.
    (root / "other.yaml").write_text((root / "other.yaml").read_text().replace(GRID, STAGED))
    refused = run(["search", "other.yaml", "--quiet"], root, 300)
    failed = [trial for trial in json.loads(run(["report", "other", "--json"], root).stdout)["trials"] if trial["state"] == "failed"]
    assert len(failed) == 4 and all(trial["stage"] == 0 and not trial["curve"] for trial in failed), failed
    assert refused.returncode == 1 and "gives 2 numbers for a picture, the task needs 3" in refused.stderr, refused
    (root / "alone.yaml").write_text(JOB.format(train="teacher: best", search="{strategy: random, trials: 1}"))
    alone = ok(run(["search", "alone.yaml"], root, 300))
    assert "there is no stage before the last one: nobody is taught" in alone.stderr, alone.stderr
    (root / "gone.yaml").write_text(JOB.format(train="teacher: nowhere.onnx", search=GRID))
    refused = run(["check", "gone.yaml"], root)
    assert refused.returncode == 1 and "there is no teacher" in refused.stderr and "gone.yaml:" in refused.stderr, refused
print("pretraining, starting and teaching: as promised")
