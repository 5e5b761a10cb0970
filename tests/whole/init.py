"""`edgewise init` writes a job that fits the data, for any path, or nothing."""
import json
import pathlib
import random
import subprocess
import tempfile

from pictures import write_png
from program import EDGEWISE, run

NAMES = ["my #1, photos", "a: b", "it's \"both\"", " leading", "trailing ", "- item", "* star", "&anchor", "[list]", "{map}", "#hash", "new\nline",
         "tab\there", "ünï ✓ 写真", "!tag", "%percent", "@at", "`tick`", "true", "null", "~", "1e3", "0x10", "? key", "a\\b", "back\\nslash", "...", "---",
         "c,d", "| pipe", "> fold", "=", "\u2028", "\x7f", "\x1b[31m"]


def pictures(folder, rng, count):
    for label, name in enumerate(("a", "b")):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            write_png(folder / name / f"p{i}.png", 60 + 120 * label, rng)


def resolved(job, root):
    done = run(["check", job, "--json"], root)
    assert done.returncode == 0, (job, done.stderr)
    return json.loads(done.stdout)


with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder).resolve()
    rng = random.Random(1)
    for name in NAMES:
        pictures(root / name, rng, 4)
        for file in ("job.yaml", "sub/deeper/job.yaml"):
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            done = run(["init", "--data", name, "--task", "classification", "--file", file, "--force"], root)
            assert done.returncode == 0, (name, done.stderr)
            job = resolved(file, root)
            assert pathlib.Path(job["data"]["path"]) == root / name, (name, job["data"]["path"])
            assert job["search"]["strategy"] == "auto" and job["task"] == "classification"
    # From another folder, by an absolute path, with ".." and a slash at the end.
    (root / "elsewhere").mkdir()
    for data, file in (("../a: b/", "job.yaml"), (str(root / "a: b"), "../x.yaml"), ("../elsewhere/../a: b", str(root / "y.yaml"))):
        done = run(["init", "--data", data, "--file", file], root / "elsewhere")
        assert done.returncode == 0, done.stderr
        path = resolved(file, root / "elsewhere")["data"]["path"]
        assert pathlib.Path(path) == root / "a: b", (data, file, path)
    # The project moves: what was given relatively goes along.
    (root / "project").mkdir()
    pictures(root / "project" / "photos", rng, 4)
    assert run(["init", "--data", "project/photos", "--file", "project/job.yaml"], root).returncode == 0
    (root / "project").rename(root / "moved")
    assert pathlib.Path(resolved("moved/job.yaml", root)["data"]["path"]) == root / "moved" / "photos"
    # A folder that is called like a built-in set.
    (root / "builtin:mine").mkdir()
    pictures(root / "builtin:mine" / "x", rng, 4)
    (root / "builtin:mine" / "x").rename(root / "x")
    (root / "builtin:mine").rmdir()
    (root / "x").rename(root / "builtin:mine")
    assert run(["init", "--data", "./builtin:mine", "--file", "b.yaml"], root).returncode == 0
    assert pathlib.Path(resolved("b.yaml", root)["data"]["path"]) == root / "builtin:mine"

    # Nothing is written when the data cannot be read, or nobody could name it.
    for arguments in (["--data", "nowhere"], ["--data", "sub"], ["--data", "a: b", "--task", "box"]):
        done = run(["init", *arguments, "--file", "none.yaml"], root)
        assert done.returncode == 1 and "nothing was written" in done.stderr and not (root / "none.yaml").exists(), (arguments, done)
    latin = subprocess.os.fsencode(root) + b"/caf\xe9"
    pictures(pathlib.Path(subprocess.os.fsdecode(latin)), rng, 4)
    done = subprocess.run([EDGEWISE, "init", "--data", latin, "--file", "none.yaml"], cwd=root, capture_output=True, text=True, errors="replace")
    assert done.returncode == 1 and "UTF-8" in done.stderr and not (root / "none.yaml").exists(), done
    done = run(["init", "--data", "a: b", "--file", "job.yaml"], root)
    assert done.returncode == 1 and "exists already" in done.stderr, done

    # It fits the data: sizes, count, boxes, splits.
    small = json.loads(run(["check", "job.yaml", "--json"], root).stdout)
    assert small["data"]["input"] == 32 and small["train"]["batch"] <= 8, small
    boxes = root / "boxes"
    boxes.mkdir()
    lines = ["image,x0,y0,x1,y1,class"]
    for i in range(60):
        write_png(boxes / f"{i}.png", 90, rng)
        lines += [f"{i}.png,1,1,8,8,cat"] + ([f"{i}.png,4,4,20,20,cat"] if i % 3 else [])
    (boxes / "labels.csv").write_text("\n".join(lines) + "\n")
    done = run(["init", "--data", "boxes/labels.csv", "--file", "box.yaml"], root)
    assert done.returncode == 0, done.stderr
    job = resolved("box.yaml", root)
    text = (root / "box.yaml").read_text()
    assert job["task"] == "box" and job["data"]["boxes"] == "largest" and "40 of 60 pictures have several boxes" in text, text
    assert list(job["objectives"]) == ["iou", "latency_ms"] and job["budget"]["hours"] > 0
    for data, task in (("builtin:faces", "box"), ("builtin:drainage", "classification")):
        done = run(["init", "--data", data, "--file", f"{task}.yaml", "--force"], root)
        assert done.returncode == 0, done.stderr
        assert resolved(f"{task}.yaml", root)["task"] == task
    print(f"{len(NAMES)} names of folders were written and read back; the jobs fit their data")
