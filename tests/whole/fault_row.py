"""One row of the table of faults: what was done to a search, what it said, what that cost, and whether the same command went on afterwards."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field

import faults

ROWS = []  # (group, fault, function), in the order of the table


class NotHere(Exception):
    """The fault cannot be made on this machine; why."""


@dataclass
class Told:
    exit: object = None  # exit code of the call that met the fault
    said: str = ""
    cost: str = ""
    after: str = ""  # how the same command ended once the fault was mended
    wrong: list = field(default_factory=list)

    def expect(self, condition, *words):
        if not condition:
            self.wrong.append(" ".join(str(word) for word in words))
        return condition


def row(group, fault):
    """Registers a function of a Bench that returns Told."""
    def register(function):
        ROWS.append((group, fault, function))
        return function
    return register


@dataclass
class Bench:
    """Where one row works: the programs, a folder that is its own, and the undisturbed search of faults.TINY."""
    bin: pathlib.Path
    place: pathlib.Path
    wanted: faults.Undisturbed
    shim: pathlib.Path

    def search(self, name="here", text=faults.TINY, **more):
        return faults.Search(more.pop("bin", self.bin), self.place / name, text, **more)


def message(text):
    """The first error with its place and what to do next; else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = next((at for at, line in enumerate(lines) if line.startswith("error:")), None)
    if first is None:
        return lines[-1] if lines else ""
    last = next((at for at, line in enumerate(lines[first:], first) if line.startswith("next:")), first)
    return " / ".join(lines[first:min(last, first + 6) + 1])


def cost_of(search):
    """In words, what a search has lost by a fault, and whether that is nothing."""
    states, attempts = search.states(), search.attempts()
    failed = states.get("failed", 0)
    if not failed and not attempts:
        return "nothing" if states else "nothing: no study was made", True
    return ", ".join(told for count, told in ((failed, f"{failed} failed"), (attempts, f"attempts of a trial: {attempts}")) if count), False


def through(search, wanted, words=(), mend=lambda: None, codes=(1,), command=None, may_cost=False):
    """The fault stands: the search meets it, it is mended, the same command is given again.
    words: what the message must name, each as a regular expression
    command: of the first call, where the fault is in how it is started
    may_cost: where the study cannot be written, the attempt cannot be given back either"""
    told = Told()
    told.exit = search.search(command=command)
    told.said = message(search.said())
    told.expect(told.exit in codes, f"exit {told.exit}, not {' or '.join(map(str, codes))}")
    for word in words if told.exit != 0 else ():
        told.expect(re.search(word, told.said), f'it does not say "{word}"')
    told.expect(told.exit in (0, 127) or "next:" in told.said, "it does not say what to do")  # 127: the system cannot even load the libraries
    told.expect(not search.alive_after(), "processes are alive afterwards")
    mend()
    told.cost, is_free = cost_of(search)
    told.expect(is_free or (may_cost and "failed" not in told.cost), f"it cost {told.cost}")
    finish(search, wanted, told)
    return told


def finish(search, wanted, told):
    """The same command, once the fault is mended. wanted: the undisturbed search, or how many trials must be complete"""
    code = search.search()
    states = search.states()
    told.after = f"exit {code}, " + (", ".join(f"{count} {state}" for state, count in states.items()) or "no study")
    if not told.expect(code == 0, f"the same command ended with {code}: {faults.last_words(search)}"):
        return
    if isinstance(wanted, int):
        told.expect(states == {"complete": wanted}, f"{states}, not {wanted} complete")
    else:
        told.wrong += faults.problems_of(search, wanted)
        told.after += "" if told.wrong else "; as undisturbed"


def until(search, process, condition, what, seconds=faults.PATIENCE_S):
    """Waits for a moment of a running search. @raise NotHere when it ended before"""
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            search.end_all()
            raise NotHere(f"the search ended before {what}")
        time.sleep(0.002)


def has_models(search, count=1):
    return lambda: len(list(search.place.glob("trials/*/model.onnx"))) >= count


def interrupt(search):
    """Ctrl-C once the first network was exported. @raise NotHere when the search was faster"""
    process = search.start()
    until(search, process, has_models(search), "a network was exported")
    process.send_signal(signal.SIGINT)
    if search.wait(process) != 130:
        raise NotHere("the search ended before it was interrupted")


MOUNTED = []


def mount(*words):
    """A mount that `unmount_all` takes away. @raise NotHere where this user may not mount"""
    done = subprocess.run(["mount", *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        raise NotHere(f"nothing may be mounted here: {done.stderr.strip()}")
    MOUNTED.append(words[-1])


def remount(place, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def small_disk(place, size):
    place.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", place)


def unmount_all(below):
    for place in [place for place in MOUNTED if pathlib.Path(place).is_relative_to(below)][::-1]:
        subprocess.run(["umount", "-l", str(place)], capture_output=True)
        MOUNTED.remove(place)


def fill(folder, leave_bytes=0):
    """Fills a disk to its end but for some bytes. Returns the file that does."""
    filler = folder / "filler"
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    os.truncate(filler, max(0, filler.stat().st_size - leave_bytes))
    return filler


def as_stranger(*command):
    """The command by a user who owns nothing here. @raise NotHere where this user cannot become another"""
    words = ["setpriv", "--reuid", "1234", "--regid", "1234", "--clear-groups"]
    if os.getuid() != 0 or subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        raise NotHere("it takes root to be another user")
    return [*words, *map(str, command)]
