"""Mistakes that users make, each with the message it gives, word by word.

Every case must end with exit code 1 or 2 and a message that starts with "error:"; none may crash or hang.
"""
import os
import pathlib
import re
import sqlite3
import struct
import sys
import tempfile
import zlib

from program import compare, run

GOOD = "task: box\ndata: builtin:faces\nspace: backbones\n"
CASES = []  # (title, {file: content}, arguments)


def case(title, arguments, **files):
    CASES.append((title, {name.replace("__", "/").replace("_dot_", "."): content for name, content in files.items()}, arguments))


def job(title, text):
    case(title, ["check", "job.yaml"], job_dot_yaml=text)


def png(width, height):
    """A grey PNG."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


# --- the command line
case("an unknown command", ["serach", "job.yaml"])
case("an unknown option", ["search", "job.yaml", "--worker", "2"], job_dot_yaml=GOOD)
case("no command", [])
case("a check of nothing", ["check"])
case("a search without a job file", ["search"])
case("a report without a study", ["report"])
case("a number out of range", ["search", "job.yaml", "--workers", "0"], job_dot_yaml=GOOD)
case("a file that exists already", ["init"], job_dot_yaml=GOOD)

# --- the job file
case("a job file that is not there", ["check", "jobs.yaml"])
job("an empty file", "")
job("no YAML at all", "task: [box\ndata: x\n")
job("a list instead of a job", "- task\n- data\n")
job("an unknown option, nearly right", "task: box\ndata: builtin:faces\nobjectivs: {iou: maximize}\n")
job("a word that is not allowed", "task: boxes\ndata: builtin:faces\n")
job("a number as a word", "task: box\ndata: builtin:faces\ntrain: {batch: many}\n")
job("a number out of range", "task: box\ndata: builtin:faces\ntrain: {learning_rate: 0, batch: 1}\n")
job("the data is missing", "task: box\nspace: backbones\n")
job("the task is missing", "data: builtin:faces\n")
job("an objective that is not recorded", "task: box\ndata: builtin:faces\nobjectives: {latency: minimize}\n")
job("a direction that is none", "task: box\ndata: builtin:faces\nobjectives: {iou: up}\n")
job("a constraint that is no comparison", "task: box\ndata: builtin:faces\nconstraints: [latency_ms 33]\n")
job("a constraint on something unknown", "task: box\ndata: builtin:faces\nconstraints: [latncy_ms < 33, memory_mb < 100]\n")
job("an unknown family", "task: box\ndata: builtin:faces\nspace: backbone\n")
job("an unknown backbone", "task: box\ndata: builtin:faces\nspace: {family: backbones, backbone: [resnet81]}\n")
job("a parameter that the family does not have", "task: box\ndata: builtin:faces\nspace: {family: backbones, depth: [1, 2]}\n")
job("stages whose epochs do not grow", "task: box\ndata: builtin:faces\nsearch: {strategy: staged, stages: [{epochs: 10, keep: 2}, {epochs: 5}]}\n")
job("a stage that keeps nothing", "task: box\ndata: builtin:faces\nsearch: {strategy: staged, stages: [{epochs: 1}, {epochs: 5}]}\n")
job("a stage that keeps as many as reach it", "task: box\ndata: builtin:faces\nsearch: {strategy: staged, stages: [{epochs: 1, keep: 4}, {epochs: 2, keep: 4}, {epochs: 5}]}\n")
job("a rank with a mistake", "task: box\ndata: builtin:faces\nsearch: {rank: 'iou - * latency_ms'}\n")
job("a rank with an unknown function", "task: box\ndata: builtin:faces\nsearch: {rank: 'lg(iou)'}\n")
job("an option given twice", "task: box\ntask: box\ndata: builtin:faces\n")
job("a YAML alias", "task: &t box\ndata: *t\n")
job("all mistakes at once", "task: box\ndata: {path: builtin:faces, inputs: 96}\ndevice: pi5\ntrain: {optimizer: adamx, batch: 0}\nsearch: {strategy: stagd}\nseed: one\n")
job("too many objectives", "task: box\ndata: builtin:faces\nobjectives: {iou: maximize, latency_ms: minimize, memory_mb: minimize, macs: minimize, parameters: minimize}\n")

job("constraints that contradict each other", "task: box\ndata: builtin:faces\nconstraints: [latency_ms < 5, latency_ms > 10]\n")
job("constraints that can never hold", "task: box\ndata: builtin:faces\nconstraints: [iou > 1.5, latency_ms < 0, parameters < 1]\n")
job("a percentage instead of a share", "task: classification\ndata: builtin:drainage\nconstraints:\n  - accuracy > 90\n")
job("starting weights that are not there", "task: box\ndata: builtin:faces\ntrain:\n  weights: nope.pth\n")
job("a fit of weights that there is not", "task: box\ndata: builtin:faces\ntrain: {weights: {path: w.pth, fit: bakbone}}\n")
case("starting weights that are no weights", ["check", "job.yaml"], job_dot_yaml="task: box\ndata: builtin:faces\ntrain: {weights: w.pth}\n", w_dot_pth="not a zip")
case("a folder of weights without any", ["check", "job.yaml"], job_dot_yaml="task: box\ndata: builtin:faces\nspace: {family: backbones, backbone: [resnet18]}\ntrain: {weights: w}\n", w__readme_dot_txt="none")
case("a folder of weights without those of a backbone", ["check", "job.yaml"],
     job_dot_yaml="task: box\ndata: builtin:faces\nspace: {family: backbones, backbone: [resnet18, vgg11]}\ntrain: {weights: {path: w, fit: exact}}\n", w__resnet34_dot_pth="x")
job("more threads than processors", "task: box\ndata: builtin:faces\ndevice: {threads: 256}\n")

# --- the data
case("a folder that is not there", ["data", "photos", "--task", "classification"])
case("an unknown built-in set", ["data", "builtin:face", "--task", "box"])
case("a folder without images", ["data", "photos", "--task", "classification"], photos__readme_dot_txt="none")
case("one class only", ["data", "photos", "--task", "classification"], **{f"photos__cats__{i}_dot_png": png(8, 8) for i in range(6)})
case("a CSV without the columns of a box", ["data", "boxes.csv", "--task", "box", "--format", "csv"], boxes_dot_csv="name,left,top\na.png,1,2\n", a_dot_png=png(8, 8))
case("a CSV with a box that has no area", ["data", "boxes.csv", "--task", "box", "--format", "csv"], boxes_dot_csv="image,x0,y0,x1,y1\na.png,5,1,5,4\n", a_dot_png=png(8, 8))
case("a CSV with a number that is none", ["data", "boxes.csv", "--task", "box", "--format", "csv"], boxes_dot_csv="image,x0,y0,x1,y1\na.png,1,1,x,4\n", a_dot_png=png(8, 8))
case("a CSV that names an image which is not there", ["data", "boxes.csv", "--task", "box", "--format", "csv"], boxes_dot_csv="image,x0,y0,x1,y1\nb.png,1,1,3,4\n", a_dot_png=png(8, 8))
case("a CSV that leaves its folder", ["data", "boxes.csv", "--task", "box", "--format", "csv"], boxes_dot_csv="image,x0,y0,x1,y1\n../../etc/passwd,1,1,3,4\n", a_dot_png=png(8, 8))
case("an image that is none", ["data", "boxes.csv", "--task", "box", "--format", "csv"], boxes_dot_csv="image,x0,y0,x1,y1\na.png,1,1,3,4\n", a_dot_png="not a picture")
case("COCO JSON that is none", ["data", "labels.json", "--task", "box", "--format", "coco"], labels_dot_json="{\"images\": [}")

# --- studies
case("a study that is not there", ["front", "nothing"])
case("a study that is no study", ["front", "face"], face_dot_study__study_dot_db="this is not a database, but it is long enough to look at " * 20)
case("a study of a newer version", ["report", "face"], face_dot_study__study_dot_db="NEWER")
case("a trial that is not there", ["export", "face", "--pick", "9"], face_dot_study__study_dot_db="EMPTY")
case("a pick that is none", ["export", "face", "--pick", "fastest"], face_dot_study__study_dot_db="EMPTY")

# --- weights and devices
case("a model that is not there", ["measure", "model.onnx"])
case("a model that is none", ["measure", "model.onnx"], model_dot_onnx="this is no protocol buffer")
case("a provider that is none", ["measure", "model.onnx", "--provider", "npu"], model_dot_onnx="this is no protocol buffer")
case("a parameter with a value that it cannot have", ["train", "job.yaml", "--set", "backbone=resnet19", "--set", "learning_rate=0.001"], job_dot_yaml="task: box\ndata: {path: builtin:faces, count: 50, input: 32}\nspace: backbones\n")
case("training without a network", ["train", "job.yaml"], job_dot_yaml="task: box\ndata: {path: builtin:faces, count: 50, input: 32}\nspace: backbones\n")
case("starting weights that are none", ["train", "job.yaml", "--set", "backbone=squeezenet1_1", "--set", "learning_rate=0.001"],
     job_dot_yaml="task: box\ndata: {path: builtin:faces, count: 50, input: 32}\nspace: backbones\ntrain: {weights: w.pth, epochs: 1}\n", w_dot_pth="not a zip")


def make_study(path, kind):
    if kind == "NEWER":
        with sqlite3.connect(path) as database:
            # The number that says "this is an edgewise study" is read from a real one's header.
            database.execute(f"PRAGMA application_id = {int.from_bytes(TEMPLATE[68:72], 'big')}")
            database.execute("PRAGMA user_version = 99")
            database.execute("CREATE TABLE t (x)")
    else:
        path.write_bytes(TEMPLATE)


def make_template():
    """A real study without trials: the network that it was made for is none of its space."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "face.yaml").write_text("task: box\ndata: {path: builtin:faces, count: 50, input: 32}\nspace: backbones\n")
        run(["train", "face.yaml", "--study", "face", "--set", "backbone=none"], folder)  # fails after the study was made
        database = folder / "face.study" / "study.db"
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()
        return database.read_bytes()


TEMPLATE = make_template()
text, wrong = "", []
for title, files, arguments in CASES:
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content in ("NEWER", "EMPTY"):
                make_study(path, content)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = run(arguments, folder)
        shown = (result.stdout + result.stderr).replace(str(folder) + "/", "").replace(str(folder), ".")
        shown = re.sub(r"(the|at most) \d+( processors|, or search on)", r"\1 N\2", shown)
        shown = re.sub(r"\d+ min \d+ s|\d+ s\b|\d+\.\d+ %", "N", shown)
        inputs = "".join(f"  | {line}\n" for name, content in files.items() if isinstance(content, str) and name.endswith((".yaml", ".csv")) for line in content.splitlines())
        text += f"## {title}\n$ edgewise {' '.join(arguments)}\n{inputs}{shown.rstrip()}\nexit {result.returncode}\n\n"
        if result.returncode not in (1, 2) or ("error:" not in shown and "failed" not in shown):
            wrong.append((title, result.returncode, shown[-300:]))
print(f"{len(CASES)} mistakes, {len(wrong)} without a proper message")
for one in wrong:
    print("  ", one)
sys.exit(0 if compare("mistakes.txt", text) and not wrong and len(CASES) >= 30 else 1)
