"""How long a cold build takes, with nothing from the compiler cache, and how soon an edit in search/ is tested. Nothing else should run.

    tools/env python3 bench/build_time.py [FOLDER]

FOLDER (default: build/cold) is removed first and again afterwards. The edit adds a line to search/free/grid.cpp and takes it away again.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import time

import machine

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build" / "cold").resolve()
EDITED = TOP / "search" / "free" / "grid.cpp"
os.environ["CCACHE_RECACHE"] = "1"  # nothing is taken from the compiler cache; what is compiled goes into it


def timed(*commands):
    """Seconds of the commands, one after the other; the log of one that fails is shown."""
    start = time.monotonic()
    for command in commands:
        done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}")
    return time.monotonic() - start


def figure(name, seconds, goal, unit):
    return {"name": name, "value": round(seconds / (60 if unit == "min" else 1), 2), "goal": goal, "better": "lower", "unit": unit}


shutil.rmtree(BUILD, ignore_errors=True)
configured = timed(["cmake", "--preset", "release", "-B", BUILD])
programs = configured + timed(["ninja", "-C", BUILD, "edgewise", "edgewise-worker", "edgewise-agent"])
whole = programs + timed(["ninja", "-C", BUILD])
test = [["ninja", "-C", BUILD, "search_test"], ["ctest", "--test-dir", BUILD, "-R", "^search$", "--no-tests=error"]]
timed(*test)  # so that the edit alone is new
text = EDITED.read_text()
try:
    EDITED.write_text(text + "// Edited.\n")
    edit = timed(*test)
finally:
    EDITED.write_text(text)
machine.merge("shape", "tools/env python3 bench/build_time.py", [
    figure("cold build of the three programs, 2 processors", programs, 8, "min"),
    figure("cold build of everything, 2 processors", whole, 12, "min"),
    figure("an edit in search/ is built and tested", edit, 30, "s")])
shutil.rmtree(BUILD, ignore_errors=True)
