"""The table of faults: what was done to a search, what it said, what that cost (nothing), and that the same command went on afterwards.

    python3 tests/whole/fault_table.py build/release/bin [--only WORD...] [--at-once 2] [--write]

--write keeps it as docs/results/faults/faults.json and faults.md. Rows that need another machine (root, room for mounts, python3-torch, the folder of
cases) say so and are not counted. As root, or where a user may make a name space of mounts, small disks are real ones (tmpfs); a full disk at one kind of
write is made by fault_shim.cpp.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import fault_cases  # noqa: F401  rows register themselves
import fault_machine  # noqa: F401
import fault_studies  # noqa: F401
import faults
from fault_row import ROWS, Bench, NotHere, Told, unmount_all
from faults import machine

INSIDE = "EDGEWISE_FAULTS_INSIDE"
COMMAND = "python3 tests/whole/fault_table.py build/release/bin --write"


def enter_own_mounts():
    """Begins again where mounts are this program's alone, and go with it."""
    if os.environ.get(INSIDE):
        return
    for words in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        if shutil.which("unshare") and subprocess.run([*words, "true"], capture_output=True).returncode == 0:
            os.execvpe(words[0], [*words, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})


def try_row(number, binary, top, wanted):
    """(Told, or why it could not be tried; seconds)"""
    group, fault, function = ROWS[number]
    place, start = top / f"{number:02}", time.monotonic()
    place.mkdir()
    place.chmod(0o755)
    try:
        told = function(Bench(binary, place, wanted, binary.parent / "tests" / "whole" / "fault_shim.so"))
    except NotHere as why:
        told = str(why)
    except Exception as error:  # an answer that cannot be read is an answer too
        told = Told(wrong=[f"{type(error).__name__}: {error}"])
    unmount_all(place)
    seconds = time.monotonic() - start
    if isinstance(told, Told):
        # A folder of a test says nothing to a reader.
        told.said = told.said.replace(str(place), "...").replace(str(binary), "BIN")[:400]
        told.wrong = [text.replace(str(place), "...").replace(str(binary), "BIN")[:600] for text in told.wrong]
    word = f"not tried: {told}" if isinstance(told, str) else "right" if not told.wrong else "WRONG"
    print(f"{number + 1} of {len(ROWS)}: {group}: {fault} ({seconds:.0f} s): {word}", flush=True)
    for text in [] if isinstance(told, str) else [f"said: {told.said}", *told.wrong]:
        print(f"        {text}", flush=True)
    return told


def markdown(tried, left_out, figure):
    cell = lambda text: str(text).replace("|", "\\|").replace("\n", " ")  # noqa: E731
    lines = ["# Faults of the machine, of folders and of studies", "",
             f"{figure['value']} of {figure['goal']} right ({machine.sentence()}; `{COMMAND}` makes this page again).",
             "Each search met the fault, said what stands here and ended with that exit code; then the fault was mended and the same command given",
             "again. Right is a row whose message names the fault and what to do, that cost no trial, left nothing behind, and whose study is in the",
             "end that of an undisturbed search.", ""]
    for group in dict.fromkeys(row["group"] for row in tried):
        lines += [f"## {group[0].upper()}{group[1:]}", "", "| fault | exit | what it said | what it cost | the same command afterwards | |",
                  "|---|---|---|---|---|---|"]
        for row in tried:
            if row["group"] == group:
                said, end = row["said"] or "nothing", "right" if row["right"] else "**wrong**: " + "; ".join(row["wrong"])
                lines.append("| " + " | ".join(cell(text) for text in (row["fault"], row["exit"], said, row["cost"], row["after"], end)) + " |")
        lines.append("")
    if left_out:
        lines += ["Not tried here: " + "; ".join(f"{row['fault']} ({row['why']})" for row in left_out) + ".", ""]
    return "\n".join(lines)


def write(tried, left_out):
    right = sum(row["right"] for row in tried)
    figure = {"name": "faults that cost nothing", "value": right, "goal": len(tried), "better": "higher", "unit": f"of {len(tried)}"}
    cases = [row for row in tried if row["group"] == fault_cases.CASES_GROUP]
    figures = [figure]
    if cases:
        figures.append({**figure, "name": "cases of faults right", "value": sum(row["right"] for row in cases), "goal": len(cases),
                        "unit": f"of {len(cases)}"})
    machine.write("faults/faults", COMMAND, {
        "what": "faults that a search met: what it said, what it cost, how the same command went on", "figures": figures, "rows": tried, "not_tried": left_out})
    (machine.RESULTS / "faults" / "faults.md").write_text(markdown(tried, left_out, figure))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--only", nargs="*", default=[""], help="rows whose group or fault has one of these words")
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    enter_own_mounts()
    top = pathlib.Path(tempfile.mkdtemp(prefix="edgewise-faults-"))
    top.chmod(0o755)  # some rows are another user's
    try:
        wanted = faults.undisturbed(options.bin, top / "undisturbed", faults.TINY)
        chosen = [number for number, (group, fault, _) in enumerate(ROWS) if any(word in f"{group}: {fault}" for word in options.only)]
        with ThreadPoolExecutor(options.at_once) as pool:
            results = list(pool.map(lambda number: try_row(number, options.bin, top, wanted), chosen))
    finally:
        unmount_all(top)
        shutil.rmtree(top, ignore_errors=True)
    tried, left_out = [], []
    for number, told in zip(chosen, results):
        group, fault, _ = ROWS[number]
        if isinstance(told, str):
            left_out.append({"group": group, "fault": fault, "why": told})
        else:
            tried.append({"group": group, "fault": fault, "right": not told.wrong, **vars(told)})
    right = sum(row["right"] for row in tried)
    print(f"{right} of {len(tried)} right, {len(left_out)} not tried")
    if options.write:
        write(tried, left_out)
    return 0 if right == len(tried) else 1


if __name__ == "__main__":
    sys.exit(main())
