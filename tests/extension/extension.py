"""The extension test: a task, its loss, a family, a strategy, an estimator, a device, a surrogate and a label format, each one source file of this
folder, linked into the programs as they are. They go through check, data, search, front and report as a user's would.

    python3 tests/extension/extension.py build/release/extended
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

BIN = pathlib.Path(sys.argv[1]).resolve()
FAILED = []


def run(*arguments, cwd, code=0):
    done = subprocess.run([str(BIN / "edgewise"), *arguments], cwd=cwd, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "EDGEWISE_CACHE": str(cwd / "cache"), "NO_COLOR": "1"})
    if done.returncode != code:
        sys.exit(f"edgewise {' '.join(arguments)} ended with {done.returncode}, not {code}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def expect(is_so, what):
    print(("as it should be: " if is_so else "NOT as it should be: ") + what)
    if not is_so:
        FAILED.append(what)


def png(path, size, boxes):
    """A grey picture with a bright rectangle for each box."""
    rows = b""
    for y in range(size):
        row = bytearray(b"\x40" * size)
        for x0, y0, x1, y1 in boxes:
            if y0 <= y < y1:
                row[x0:x1] = b"\xe0" * (x1 - x0)
        rows += b"\0" + bytes(row)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) +
                     chunk(b"IEND", b""))


def write_pictures(folder, count=60):
    """Pictures with one to three rectangles, in the label format of format_json_lines.cpp."""
    folder.mkdir()
    places = [(2, 2, 12, 12), (18, 3, 29, 14), (5, 18, 16, 30)]
    lines = []
    for i in range(count):
        boxes = places[: 1 + i % 3]
        png(folder / f"{i:03}.png", 32, boxes)
        lines.append(json.dumps({"image": f"{i:03}.png", "boxes": [{"class": "thing", "corners": list(box)} for box in boxes],
                                 "split": "validation" if i % 4 == 0 else "train"}))
    (folder / "labels.jsonl").write_text("\n".join(lines) + "\n")


TRAINED = """task: count
data: {path: pictures, format: json_lines, input: 32}
space: plain
device: multiplier
objectives: {count_error: minimize, latency_ms: minimize}
train: {epochs: 2, batch: 16, threads: 1}
search: {strategy: spread, draws: 7, trials: 3}
seed: 1
"""


def trained(place):
    """Everything but the estimator: the networks are trained with the task's loss."""
    listed = json.loads(run("check", "job.yaml", "--json", cwd=place))
    expect(listed["task"] == "count" and listed["search"]["strategy"] == "spread" and listed["search"]["draws"] == 7, "the job says task, strategy and its option")
    data = run("data", "job.yaml", cwd=place)
    expect("60" in data, "every picture of the format is read")
    run("search", "job.yaml", "--workers", "1", cwd=place)
    report = json.loads(run("report", "job", "--json", cwd=place))
    complete = [trial for trial in report["trials"] if trial["state"] == "complete"]
    expect(len(complete) == 3, f"three trials are complete ({[trial['state'] for trial in report['trials']]})")
    expect(all(len(trial["curve"]) == 2 for trial in complete), "each was trained for two epochs")
    expect("latency_ms" in run("front", "job", cwd=place), "the front shows the device's values")
    run("report", "job", "--output", "report.html", cwd=place)
    expect((place / "report.html").stat().st_size > 10_000, "the report is written")


ESTIMATED = TRAINED.replace("{count_error: minimize, latency_ms: minimize}", "{room: maximize, energy_mj: minimize}").replace(
    "search: {strategy: spread, draws: 7, trials: 3}", "search: {strategy: mobo, surrogate: nearest, trials: 5, initial: 2}") + (
    "estimator: {name: room, share: 0.5}\n")


def estimated(place):
    """The same networks under an estimator that trains none, whose fidelity is a share of the pictures; a model of what it gives proposes them."""
    run("check", "job.yaml", cwd=place)
    run("search", "job.yaml", "--workers", "1", cwd=place)
    report = json.loads(run("report", "job", "--json", cwd=place))
    complete = [trial for trial in report["trials"] if trial["state"] == "complete"]
    expect(len(complete) == 5, f"five trials are complete ({[trial['state'] for trial in report['trials']]})")
    expect(all(not trial["curve"] and 0 < trial["values"]["room"] < 1 and trial["values"]["energy_mj"] > 0 for trial in complete),
           "each has what the estimator and the device give, and no curve")
    expect("energy_mj" in run("front", "job", cwd=place), "the front shows them")
    run("report", "job", "--output", "report.html", cwd=place)


SPACE_FILE = """task: classification
data: {path: builtin:drainage, count: 60, input: 32}
space: {family: tiny_space.yaml, stages: [2], width: [8, 16]}
device: {name: local, min_runs: 5, max_runs: 10, max_seconds: 0.1}
train: {epochs: 1, batch: 16, threads: 1}
search: {strategy: random, trials: 3}
"""


def of_a_file(place):
    """A space file of docs/spaces.md with a block of the user's own."""
    examples = pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples"
    text = (examples / "tiny_space.yaml").read_text()
    (place / "tiny_space.yaml").write_text(text)
    expect(text.count("\n") < 40, "a space with two kinds of blocks is under 40 lines")
    expect("no mistakes" in run("space", "check", "tiny_space.yaml", "--input", "32", cwd=place), "the space makes sense")
    expect("repvgg" in run("space", "blocks", cwd=place), "the block is in the reference")
    run("search", "job.yaml", "--workers", "1", cwd=place)
    report = json.loads(run("report", "job", "--json", cwd=place))
    expect([trial["state"] for trial in report["trials"]] == ["complete"] * 3, "three networks of it are trained, exported and measured")
    (place / "tiny_space.yaml").write_text(text.replace("96", "64"))
    refused = run("search", "job.yaml", "--workers", "1", cwd=place, code=1)
    expect("tiny_space.yaml" in refused and "space" in refused, "another text of the file is another study")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, job, check in (("trained", TRAINED, trained), ("estimated", ESTIMATED, estimated), ("file", SPACE_FILE, of_a_file)):
            place = pathlib.Path(folder) / name
            place.mkdir()
            write_pictures(place / "pictures")
            (place / "job.yaml").write_text(job)
            check(place)
    print(f"{len(FAILED)} of the expectations failed" if FAILED else "all as it should be")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
