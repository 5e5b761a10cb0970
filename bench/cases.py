"""Runs the product on small inputs on which it once failed, and counts those that are right.

    python3 bench/cases.py build/release/bin [--only NAME...] [--keep]

The inputs lie in a folder of cases (EDGEWISE_CASES, or ../shared/cases beside the checkout), one folder each; without them nothing is run. Each is
copied to a place of its own first. What the tests of this project assert on inputs of their own, this looks at once more on those.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import machine

CASES = pathlib.Path(os.environ.get("EDGEWISE_CASES", pathlib.Path(__file__).resolve().parents[2] / "shared" / "cases"))
BIN = None
CHECKS = {}


def case(function):
    CHECKS[function.__name__.replace("_", "-")] = function
    return function


class Run:
    def __init__(self, *arguments, cwd, text="", timeout=120, stdout=subprocess.PIPE, stderr=subprocess.PIPE, program="edgewise"):
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "EDGEWISE_CACHE": str(pathlib.Path(cwd) / ".cache")}
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        try:
            done = subprocess.run([program, *map(str, arguments)], cwd=cwd, input=text.encode(), stdout=stdout, stderr=stderr, timeout=timeout, env=environment)
            self.code, self.out, self.err = done.returncode, (done.stdout or b"").decode(errors="replace"), (done.stderr or b"").decode(errors="replace")
        except subprocess.TimeoutExpired:
            self.code, self.out, self.err = "too long", "", ""
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds = time.perf_counter() - start
        self.processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    @property
    def all(self):
        return self.out + self.err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def seen(self):
        """The first line that says what happened."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return f"exit {self.code}; " + " / ".join(lines[:3])[:300]


def data(cwd, job="job.yaml"):
    return Run("data", job, "--json", cwd=cwd)


def counts(result, train, validation, test=0):
    splits = result["splits"]
    got = tuple(splits.get(name, {}).get("images", 0) for name in ("train", "validation", "test"))
    return got == (train, validation, test), f"train, validation, test: {got}; remarks: {' | '.join(result['remarks'])[:300]}"


def read(cwd):
    run = data(cwd)
    return (run.json, None) if run.code == 0 else (None, run.seen)


@case
def coco_subset_names_capital(cwd):
    result, seen = read(cwd)
    return counts(result, 5, 3) if result else (False, seen)


@case
def coco_third_file_dropped(cwd):
    result, seen = read(cwd)
    if not result:
        return False, seen
    return result["images"] == 8 or "instances_extra" in " ".join(result["remarks"]), f"{result['images']} images; {' | '.join(result['remarks'])[:300]}"


@case
def coco_trainval_and_test(cwd):
    result, seen = read(cwd)
    if not result:
        return False, seen
    splits = {name: part["images"] for name, part in result["splits"].items()}
    return splits.get("test", 0) > 0 and splits.get("validation", 0) > 0 and splits.get("train", 0) > 0, str(splits)


@case
def cvat_yolo_export(cwd):
    result, seen = read(cwd)
    return (result["images"] >= 6, f"{result['images']} images as {result['format']}") if result else ("obj_train_data" in seen, seen)


@case
def folder_tif_class_vanishes(cwd):
    result, seen = read(cwd)
    if not result:
        return "stream" in seen, seen
    classes = json.dumps(result)
    return "stream" in classes, "read, or said: " + " | ".join(result["remarks"])[:300]


@case
def folder_with_readme_txt(cwd):
    result, seen = read(cwd)
    return (result["format"] == "folder", result["format"]) if result else (False, seen)


@case
def list_line_of_another_folder(cwd):
    run = data(cwd)
    return run.code != 0 and "cats/4.png" in run.all, run.seen


@case
def lists_train_and_test_ignored(cwd):
    result, seen = read(cwd)
    if not result:
        return False, seen
    splits = {name: part["images"] for name, part in result["splits"].items()}
    return splits.get("test", 0) > 0 or "test.txt" in " ".join(result["remarks"]), f"{splits}; {' | '.join(result['remarks'])[:200]}"


@case
def ultralytics_coco128_layout(cwd):
    result, seen = read(cwd)
    return counts(result, 4, 2) if result else (False, seen)


@case
def yolo_labels_in_subfolders(cwd):
    result, seen = read(cwd)
    return (result["images"] == 12 or "cats" in " ".join(result["remarks"]), f"{result['images']} images") if result else (False, seen)


@case
def voc_jpg_png_twin(cwd):
    run = data(cwd)
    if run.code != 0:
        return "im0.jpg" in run.all and "im0.png" in run.all, run.seen
    # Six pictures, the blue twins left out and accounted for.
    account = run.json.get("account", {})
    return "im0.jpg" in json.dumps(account), json.dumps(account)[:300]


@case
def csv_boxes_as_shares(cwd):
    run = data(cwd)
    return run.code != 0 and "shares" in run.all, run.seen


@case
def utf16_class_list(cwd):
    run = data(cwd)
    return ("\\u0000" not in run.out if run.code == 0 else "UTF-16" in run.all), run.seen if run.code else "read"


@case
def utf16_csv_message(cwd):
    run = data(cwd)
    return (run.json["images"] > 0 if run.code == 0 else "UTF-16" in run.all), run.seen if run.code else "read"


@case
def jpeg_cut_off_with_thumbnail(cwd):
    run = Run("data", "job.yaml", "--sheet", "sheet.png", cwd=cwd)
    return run.code == 1 and "cut off" in run.all and "cut/p" in run.all, run.seen


@case
def yolo_exif_rotated(cwd):
    run = data(cwd)
    if run.code != 0:
        return False, run.seen
    result = run.json
    width = result["splits"]["train"]["width"]["median"]
    return width == 48 and "orientation" in " ".join(result["remarks"]).lower(), f"width {width}; {' | '.join(result['remarks'])[:200]}"


@case
def table_state_in_capitals(cwd):
    run = Run("search", "job.yaml", cwd=cwd)
    return "3 trials of others" in run.all, " / ".join(line for line in run.err.splitlines() if "of others" in line) or run.seen


@case
def constraints_that_nothing_keeps(cwd):
    broken, swapped = Run("check", "job.yaml", cwd=cwd), Run("check", "swapped.yaml", cwd=cwd)
    return broken.code != 0 and "iou" in broken.err and "latency_ms" in broken.err and "iou" in swapped.err, broken.seen + " || " + swapped.seen


@case
def device_threads_too_many(cwd):
    run = Run("search", "job.yaml", cwd=cwd)
    return run.code != 0 and "threads" in run.err and run.seconds < 20 and "trial 0" not in run.err, run.seen


@case
def weights_file_missing(cwd):
    check, search = Run("check", "job.yaml", cwd=cwd), Run("search", "job.yaml", cwd=cwd)
    return check.code != 0 and search.code != 0 and "nope.pth" in check.err and "trial 0" not in search.err, check.seen


def made(cwd):
    subprocess.run([sys.executable, "make.py"], cwd=cwd, check=True, capture_output=True)


@case
def weights_module_prefix(cwd):
    made(cwd)
    run = Run("search", "job.yaml", cwd=cwd)
    return run.code == 0 and "1 complete" in run.err, run.seen if run.code else "trained"


@case
def weights_of_another_backbone(cwd):
    made(cwd)
    run = Run("search", "job.yaml", cwd=cwd)
    return run.code != 0 and "of the network's 52 tensors" in run.err and "trial 0" not in run.err, run.seen


@case
def optimize_value_types(cwd):
    run = Run("optimize", "space.yaml", cwd=cwd, text='{"ask": 6}\n{"add": {"bn": false, "batch": 16}, "values": {"error": 1}}\n')
    lines = [json.loads(line) for line in run.out.splitlines()]
    choices = [trial["choice"] for trial in lines[0].get("trials", [])]
    right = all(isinstance(c["bn"], bool) and isinstance(c["batch"], int) for c in choices) and choices and "must be one of" not in str(lines[1])
    return bool(right), str(choices[:2]) + " " + str(lines[1])[:120]


def on_front(run):
    """The rows of a table in CSV that are on the front."""
    head, *rows = run.out.splitlines()
    column = head.split(",").index("front")
    return [row for row in rows if row.split(",")[column] == "true"]


@case
def optuna_none_and_true(cwd):
    made(cwd)
    run = Run("study", "import", "study.db", "--space", "space.yaml", "--study", "a.study", cwd=cwd)
    return run.code == 0 and "imported 4 trials" in run.all, run.seen


@case
def optuna_constraints_lost(cwd):
    made(cwd)
    run = Run("study", "import", "study.db", "--space", "space.yaml", "--study", "a.study", cwd=cwd)
    front = Run("front", "a.study", "--csv", cwd=cwd)
    rows = on_front(front)
    return run.code == 0 and len(rows) == 1 and rows[0].startswith("2,") and "constraint" in run.all, f"{len(rows)} on the front; {run.seen}"


@case
def optuna_constraint_value_missing(cwd):
    made(cwd)
    run = Run("study", "import", "study.db", "--space", "space.yaml", "--study", "a.study", cwd=cwd)
    front = Run("front", "a.study", "--csv", cwd=cwd)
    rows = on_front(front)
    return run.code == 0 and len(rows) == 1 and "0.7" in rows[0] and "left out" in run.all, f"{len(rows)} on the front; {run.seen}"


@case
def init_does_not_quote(cwd):
    folder = pathlib.Path(cwd) / "my #1, photos"
    shutil.copytree(pathlib.Path(cwd) / "data", folder)
    (pathlib.Path(cwd) / "job.yaml").unlink(missing_ok=True)
    made_job = Run("init", "--data", "my #1, photos", "--task", "classification", cwd=cwd)
    check, looked = Run("check", "job.yaml", cwd=cwd), data(cwd)
    return made_job.code == 0 and check.code == 0 and looked.code == 0, f"{made_job.seen}; check: exit {check.code}; data: exit {looked.code}"


@case
def attack_external_data(cwd):
    runs = [Run("measure", name, cwd=cwd) for name in ("ext_trav.onnx", "ext_abs.onnx")]
    return all(run.code == 1 and "external" in run.err for run in runs), runs[0].seen


@case
def attack_extreme_targets(cwd):
    run = Run("optimize", "s.yaml", "--strategy", "mobo", cwd=cwd, text=(pathlib.Path(cwd) / "lines.jsonl").read_text())
    lines = [json.loads(line) for line in run.out.splitlines()]
    broken = [line["error"] for line in lines if "error" in line]
    # Refusing the numbers when they are told would do; what must not be is an ask that fails for good.
    return bool(lines) and not any("finite" in error for error in broken), str(broken[:1] or lines[-1])[:200]


@case
def attack_log_range(cwd):
    run = Run("optimize", "range.yaml", cwd=cwd, text='{"ask": 3}\n')
    line = json.loads(run.out.splitlines()[0]) if run.out else {}
    values = {trial["choice"]["a"] for trial in line.get("trials", [])}
    return len(values) == 3 or (run.code != 0 and "range" in run.all), run.out[:200] or run.seen


@case
def attack_tell_many_values(cwd):
    (pathlib.Path(cwd) / "s.yaml").write_text("parameters:\n  a: {type: real, low: 0, high: 1}\nobjectives: {e: minimize}\n")
    lines = '{"ask": 1}\n' + json.dumps({"tell": 0, "values": {"e": 1, **{f"k{i}": 1 for i in range(60000)}}}) + "\n"
    run = Run("optimize", "s.yaml", cwd=cwd, text=lines)
    return run.processor_s < 2, f"{run.processor_s:.2f} s of a processor for the whole call; {run.out.splitlines()[-1][:120]}"


@case
def attack_yaml_many_keys(cwd):
    (pathlib.Path(cwd) / "many.yaml").write_text("\n".join(f"k{i}: 1" for i in range(90000)) + "\n")
    run = Run("check", "many.yaml", cwd=cwd)
    return run.code != 0 and run.processor_s < 3 and len(run.err.splitlines()) < 200, f"{run.processor_s:.2f} s of a processor; {len(run.err.splitlines())} lines"


@case
def attack_terminal_escapes(cwd):
    run = Run("check", "escapes.yaml", cwd=cwd)
    return run.code != 0 and "\x1b" not in run.all and "\x07" not in run.all, repr(run.seen)[:200]


@case
def attack_four_objectives_slow(cwd):
    import math
    import random
    folder, random_ = pathlib.Path(cwd), random.Random(2)
    (folder / "s.yaml").write_text("parameters:\n  a: {type: real, low: 0, high: 1}\nobjectives: {e: minimize, t: minimize, u: minimize, v: minimize}\n")
    lines = []
    for k in range(6):
        lines.append(json.dumps({"ask": 500}))
        for i in range(500):
            x = [abs(random_.gauss(0, 1)) for _ in range(4)]
            length = math.sqrt(sum(a * a for a in x))
            lines.append(json.dumps({"tell": 500 * k + i, "values": dict(zip("etuv", [a / length for a in x]))}))
    Run("optimize", "s.yaml", "--strategy", "random", "--trials", 3000, "--study", "four.study", cwd=cwd, text="\n".join(lines) + "\n", timeout=600)
    front, report = Run("front", "four.study", cwd=cwd), Run("report", "four.study", cwd=cwd)
    return front.code == 0 and report.code == 0 and front.processor_s < 5 and report.processor_s < 5, f"front {front.processor_s:.1f} s, report {report.processor_s:.1f} s of a processor"


@case
def attack_nested_if(cwd):
    run = Run("measure", "nest.onnx", cwd=cwd, timeout=180)
    return "loading" in run.err, run.seen


@case
def attack_stderr_closed(cwd):
    folder = pathlib.Path(cwd)
    (folder / "job.yaml").write_text("task: box\ndata: {path: builtin:faces, count: 40, input: 32}\n"
                                     "space: {family: backbones, backbone: [squeezenet1_1], learning_rate: [0.001]}\n"
                                     "device: {max_seconds: 0.2}\ntrain: {epochs: 1, batch: 8}\nsearch: {strategy: grid}\n")
    full = open("/dev/full", "wb")
    check = Run("check", "nope.yaml", cwd=cwd, stderr=full)
    search = Run("search", "job.yaml", cwd=cwd, stderr=full)
    cut = Run("-c", "edgewise search job.yaml --study t.study 2>&1 | head -1; exit ${PIPESTATUS[0]}", cwd=cwd, program="bash")
    closed = Run("-c", "edgewise search job.yaml --study u.study 2>&-", cwd=cwd, program="bash")
    outputs = {" ".join(words): Run(*words, cwd=cwd, stdout=full).code
               for words in (["space", "job.yaml"], ["front", "job"], ["status", "job"], ["check", "job.yaml"], ["data", "job.yaml"], ["report", "job", "--csv"])}
    codes = {"check": check.code, "search": search.code, "search | head": cut.code, "search 2>&-": closed.code, **outputs}
    right = check.code in (1, 2) and search.code == 0 and cut.code in (0, 1) and closed.code == 0 and all(code == 1 for code in outputs.values())
    return right, str(codes)


def main():
    global BIN
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--no-result", action="store_true", help="print only")
    arguments = parser.parse_args()
    BIN = arguments.bin
    if not CASES.exists():
        sys.exit(f"{CASES} is missing: NO CASE WAS TRIED")
    results = []
    for name, check in CHECKS.items():
        if arguments.only and name not in arguments.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder) / name
            shutil.copytree(CASES / name, place)
            try:
                right, seen = check(place)
            except Exception as error:  # a check that cannot read the answer is an answer too
                right, seen = False, f"{type(error).__name__}: {error}"
        seen = seen.replace(str(place), "").replace(folder, "")
        results.append({"case": name, "right": right, "seen": seen})
        print(f"{'right' if right else 'WRONG':5}  {name}: {seen}", file=sys.stderr, flush=True)
    right = sum(result["right"] for result in results)
    print(f"{right} of {len(results)} right", file=sys.stderr)
    if not arguments.no_result:
        machine.write("faults/cases", "python3 bench/cases.py build/release/bin", {
            "what": "small inputs on which the product once failed: right now, of those tried",
            "figures": [{"name": "cases right", "value": right, "goal": len(results), "better": "higher", "unit": f"of {len(results)}"}], "results": results})


main()
