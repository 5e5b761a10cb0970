"""What must stay quick when a study is large: status, report, its page in a browser, and the coordinator, for 10,000 trials of 50 epochs.

    make bench, or: python3 bench/scale.py build/release [FOLDER]

The study is written into FOLDER (default: a new one in memory, taken away afterwards) by build/release/bin/scale_study, as workers record
one; a study that is there already is used again. Each figure is the median of its rounds.
"""
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import machine

BUILD = pathlib.Path(sys.argv[1]).resolve()
TRIALS, EPOCHS, ROUNDS = 10_000, 50, 5


def command(*arguments):
    return subprocess.run([str(argument) for argument in arguments], check=True, capture_output=True, text=True).stdout


def timed(*arguments):
    """Median and all of the rounds, in seconds."""
    runs = []
    for _ in range(ROUNDS):
        start = time.monotonic()
        command(*arguments)
        runs.append(time.monotonic() - start)
    return runs


def figure(name, runs, goal, unit="s"):
    return {"name": name, "value": round(statistics.median(runs), 3), "goal": goal, "better": "lower", "unit": unit, "runs": [round(run, 3) for run in runs]}


folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(tempfile.mkdtemp(dir="/dev/shm"))
study = folder / "scale.study"
if not (study / "study.db").exists():
    command(BUILD / "bin" / "scale_study", study, "--trials", TRIALS, "--epochs", EPOCHS, "--waiting", 1)
edgewise, page = BUILD / "bin" / "edgewise", folder / "report.html"
figures = [figure("status of a study of 10,000 trials of 50 epochs", timed(edgewise, "status", study), 0.5),
           figure("report of it", timed(edgewise, "report", study, "--output", page), 5)]
epochs = [float(line) for line in command(BUILD / "bin" / "scale_study", study, "--one-more", EPOCHS).split()]
figures.append({"name": "one more epoch recorded in it, in the coordinator", "value": round(statistics.median(epochs), 3), "goal": 5, "better": "lower", "unit": "ms",
                "largest": max(epochs)})
opened = json.loads(command("node", pathlib.Path(__file__).resolve().parent / "page_speed.mjs", page, ROUNDS))
figures += [figure("first chart of the report's page", [run["drawn_ms"] / 1000 for run in opened], 2),
            figure("the page complete", [run["complete_ms"] / 1000 for run in opened], None),
            {"name": "size of the page", "value": round(page.stat().st_size / 1e6, 1), "better": "lower", "unit": "MB"}]
machine.merge("shape", "python3 bench/scale.py build/release", figures)
if len(sys.argv) < 3:
    shutil.rmtree(folder)
