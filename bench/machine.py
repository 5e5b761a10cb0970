"""What every benchmark writes down about where and when it ran."""
import datetime
import json
import os
import pathlib
import platform

RESULTS = pathlib.Path(__file__).resolve().parent.parent / "docs" / "results"


def describe():
    model = "unknown"
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return {"processor": model, "processors": os.cpu_count(), "kernel": platform.release(), "date": datetime.date.today().isoformat()}


def sentence():
    """When and where, for a page: "2026-11-27 (AMD EPYC, 2 processors)"."""
    where = describe()
    return f"{where['date']} ({where['processor']}, {where['processors']} processors)"


def write(name, command, figures):
    """Writes docs/results/NAME.json and prints it."""
    result = {"command": command, "machine": describe(), **figures}
    text = json.dumps(result, indent=2) + "\n"
    print(text)
    file = RESULTS / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
