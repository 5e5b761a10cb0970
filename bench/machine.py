"""What every benchmark writes down about where and when it ran."""
import datetime
import json
import os
import pathlib
import platform

FIELDS = ("name", "value", "goal", "better", "unit")  # of a figure, as tools/figures wants them
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


def merge(name, command, figures):
    """Puts figures into docs/results/NAME.json, in the place of those of the same names. How and where each was measured, and what else is
    known of it, stands under "measured"."""
    file = RESULTS / f"{name}.json"
    result = json.loads(file.read_text()) if file.exists() else {"figures": []}
    new = {figure["name"]: {field: figure.get(field) for field in FIELDS} for figure in figures}
    result["figures"] = [new.pop(old["name"], old) for old in result["figures"]] + list(new.values())
    for figure in figures:
        more = {field: value for field, value in figure.items() if field not in FIELDS}
        result.setdefault("measured", {})[figure["name"]] = {"command": command, "machine": sentence(), **more}
    store(file, result)


def write(name, command, figures):
    """Writes docs/results/NAME.json and prints it."""
    store(RESULTS / f"{name}.json", {"command": command, "machine": describe(), **figures})


def store(file, result):
    text = json.dumps(result, indent=2) + "\n"
    print(text)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
