#!/usr/bin/env python3
"""Checks that nothing compares with a particular entry of the catalogues of tasks, families or losses outside that entry's own files.

    tools/check_tasks.py               prints every line that does; exit code 1 when there is one

What a task is like is asked of it (`task::Task`); what a program has is in its catalogues. Names are read from the sources and space files that fill
them, so a task that is added is watched too.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["agent", "base", "cli", "data", "deploy", "device", "estimate", "exchange", "graph", "job", "nn", "picture", "replay", "report",
           "run", "search", "space", "study", "surrogate", "task", "train", "trial", "worker"]
# An entry's own files: a folder or a file of its name, in task/, in train/losses/ or in space/.
OWN = [r"task/{0}/", r"train/losses/{0}(_internal)?\.", r"space/{0}(_\w+)?\."]


def entries() -> dict[str, str]:
    """Name of each entry -> what an entry of its catalogue is called. Metrics have names too, but no catalogue."""
    found = {}
    for path in (TOP / "task").glob("*/*.cpp"):
        if path.stem == path.parent.name:
            found[path.stem] = "task"
    for path in (TOP / "space").glob("*.cpp"):
        for name in re.findall(r'\bFamily\{"(\w+)"', path.read_text()):
            found[name] = "family"
    found |= {path.stem: "family" for path in (TOP / "spaces").glob("*.yaml")}
    return found


def code_of(line: str) -> str:
    return re.sub(r"//.*", "", line)


def is_own(path: str, name: str) -> bool:
    return path == "task/task.cpp" or any(re.match(pattern.format(name), path) for pattern in OWN)


def comparisons(name: str, kind: str) -> re.Pattern:
    """What asks whether something is the entry `name`."""
    texts = [rf'[!=]=\s*"{name}"', rf'"{name}"\s*[!=]=', rf'(?:starts_with|compare|contains)\(\s*"{name}"']
    if kind == "task":
        # The entry itself, its name, an enumerator or a constant of its name.
        texts += [rf"[!=]=\s*&?\s*(?:\w+::)*{name}\(\)", rf"(?:\w+::)*{name}\(\)(?:\.name\(\))?\s*[!=]=", rf"\bTask::{name}\b",
                  rf"\bHead::{name}\b", rf"\bis_{name}\b", rf'find_task\(\s*"{name}"', rf'tasks\(\)\.(?:find|at)\(\s*"{name}"']
        # Who includes an entry's header knows it: only the catalogue may.
        texts += [rf'#include "task/{name}/']
    else:
        texts += [rf'families\(\)\.(?:find|at)\(\s*"{name}"']
    return re.compile("|".join(texts))


def main() -> int:
    wrong = []
    known = entries()
    if not known:
        print("no entry of a catalogue was found: this check looks in the wrong places", file=sys.stderr)
        return 1
    patterns = {name: comparisons(name, kind) for name, kind in known.items()}
    for folder in FOLDERS:
        for path in sorted((TOP / folder).rglob("*.[ch]pp")):
            place = str(path.relative_to(TOP))
            for number, line in enumerate(path.read_text().splitlines(), 1):
                for name, pattern in patterns.items():
                    if (found := pattern.search(code_of(line))) and not is_own(place, name):
                        wrong.append(f"{place}:{number}: {found[0].strip()}: ask the {known[name]} what it is like; its name is known in its "
                                     "own files only")
    print("\n".join(wrong) if wrong else f"tasks and families: {', '.join(sorted(known))} are known in their own files only")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
