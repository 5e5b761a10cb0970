"""Faults of studies: two searches of one, one that is stopped, removed, renamed or copied while it runs, a database that is none."""
import contextlib
import fcntl
import re
import shutil
import signal
import sqlite3
import subprocess
import time

import faults
from fault_row import NotHere, Told, cost_of, finish, has_models, message, row, until

STUDIES = "studies"
SECONDS_TO_NOTICE = 10


def begun(search):
    """A search that has exported its first network."""
    process = search.start()
    until(search, process, has_models(search), "a network was exported")
    return process


@row(STUDIES, "two searches of one study")
def two_searches(bench):
    search, told = bench.search(), Told()
    process = begun(search)
    second = search.run(*search.command()[1:])
    told.exit, told.said = second.returncode, message(second.stderr)
    told.expect(second.returncode == 1, f"the second one ended with {second.returncode}")
    told.expect("another search" in told.said, "it does not say that another one runs")
    code = search.wait(process)
    told.expect(code == 0, f"the first one ended with {code}")
    told.cost = cost_of(search)[0]
    finish(search, bench.wanted, told)
    return told


def stops(search, victims, locks):
    """Stops processes while one of them is inside a batch: it holds the lock that others wait for."""
    def is_held():
        with open(locks / "busy.lock") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return False
            except BlockingIOError:
                return True
    for _ in range(2000):
        if is_held():
            found = victims()
            for one in found:
                one.send(signal.SIGSTOP)
            if found and is_held():
                return found
            for one in found:
                one.send(signal.SIGCONT)
        time.sleep(0.003)
    raise NotHere("no batch could be met")


def beside_a_stopped_one(whole):
    """Two studies that share locks; a worker of the first, or all of it, is stopped for a while."""
    def run(bench):
        # More epochs: the stopped one is to be in the middle of a training.
        first, told = bench.search("first", faults.TINY.replace("epochs: 1,", "epochs: 40,").replace("epochs: 2}]", "epochs: 41}]")), Told()
        second = bench.search("second", environment={"EDGEWISE_LOCKS": str(first.beside / "locks")})
        process = first.start()
        until(first, process, lambda: (first.rows("SELECT count(*) FROM curve") or [(0,)])[0][0] >= 1, "an epoch ended")
        names = ("edgewise", "edgewise-worker", "edgewise-agent") if whole else ("edgewise-worker",)
        stopped = stops(first, lambda: [one for one in first.processes() if one.name in names], first.beside / "locks")
        start = time.monotonic()
        other = second.start()
        workers = [one.pid for one in stopped if one.name == "edgewise-worker"]
        says = lambda: any(re.search(rf"waiting.*\b{pid}\b|\b{pid}\b.*stopped", second.said()) for pid in workers)  # noqa: E731
        while not says() and other.poll() is None and time.monotonic() - start < 60:
            time.sleep(0.1)
        if told.expect(says(), f"after {time.monotonic() - start:.0f} s it does not say for whom it waits: {faults.last_words(second)}"):
            told.said = next(line.strip() for line in second.said().splitlines() if ("waiting" in line or "stopped" in line) and any(str(pid) in line for pid in workers))
        time.sleep(5)
        told.expect(other.poll() is None, "the other study ended meanwhile")
        told.cost = cost_of(second)[0]
        for one in stopped:
            one.send(signal.SIGCONT)
        told.exit = second.wait(other)
        told.expect(told.exit == 0, f"the other study ended with {told.exit}")
        told.wrong += faults.problems_of(second, bench.wanted)
        code = first.wait(process)
        told.after = f"exit {told.exit}; the stopped one, continued: exit {code}"
        told.expect(code == 0 and first.states() == {"complete": 3}, f"the stopped one, continued: exit {code}, {first.states()}")
        return told
    return run


row(STUDIES, "two studies on one machine, a worker of one stopped")(beside_a_stopped_one(False))
row(STUDIES, "two studies on one machine, one stopped as a whole")(beside_a_stopped_one(True))


def notices(search, process, told):
    """The search ends by itself within seconds, and makes no folder anew."""
    start = time.monotonic()
    try:
        told.exit = process.wait(SECONDS_TO_NOTICE)
    except subprocess.TimeoutExpired:
        told.expect(False, f"it goes on after {SECONDS_TO_NOTICE} s")
        told.exit = search.wait(process)
    told.said = message(search.said())
    told.expect(told.exit == 1, f"exit {told.exit}, not 1, after {time.monotonic() - start:.1f} s")
    told.expect(not search.alive_after(), "processes are alive afterwards")
    told.expect(not search.place.exists(), "the folder was made anew:", sorted(path.name for path in search.place.rglob("*"))[:6])


@row(STUDIES, "a study is removed while it runs")
def removed(bench):
    search, told = bench.search(), Told()
    process = begun(search)
    subprocess.run(["rm", "-rf", str(search.place)], check=False)
    subprocess.run(["rm", "-rf", str(search.place)], check=False)  # what was written into it meanwhile
    notices(search, process, told)
    told.cost = "the study, which was removed"
    shutil.rmtree(search.place, ignore_errors=True)
    finish(search, bench.wanted, told)
    return told


@row(STUDIES, "a study is renamed while it runs")
def renamed(bench):
    search, told = bench.search(), Told()
    process = begun(search)
    elsewhere = search.folder / "elsewhere.study"
    search.place.rename(elsewhere)
    notices(search, process, told)
    shutil.rmtree(search.place, ignore_errors=True)
    elsewhere.rename(search.place)
    told.cost, is_free = cost_of(search)
    told.expect(is_free, f"it cost {told.cost}")
    finish(search, bench.wanted, told)
    return told


@row(STUDIES, "a study is copied while it runs")
def copied(bench):
    search, copy, told = bench.search(), bench.search("copy"), Told()
    process = begun(search)
    subprocess.run(["cp", "-a", str(search.place), str(copy.place)], check=True)
    told.exit = search.wait(process)
    told.said = faults.last_words(search)
    told.expect(told.exit == 0, f"exit {told.exit}")
    told.wrong += faults.problems_of(search, bench.wanted)
    told.cost = cost_of(search)[0]
    finish(copy, bench.wanted, told)
    told.after = "the copy goes on: " + told.after
    return told


def unreadable(spoil, words, codes=(1,)):
    """study.db becomes something else, is refused and left as it is, and put back."""
    def run(bench):
        search, told = bench.search(), Told()
        told.expect(search.search() == 0, "no study to spoil")
        database = search.place / "study.db"
        with contextlib.closing(sqlite3.connect(database)) as opened:  # all of it into the one file
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        whole = database.read_bytes()
        spoil(database)
        spoilt = database.read_bytes()
        told.exit, told.said = search.search(), message(search.said())
        told.expect(told.exit in codes, f"exit {told.exit}")
        told.expect(re.search(words, told.said), f'it does not say "{words}"')
        told.expect("next:" in told.said, "it does not say what to do")
        told.expect(database.read_bytes() == spoilt, "the file was changed")
        for command in (["status", "job"], ["front", "job"], ["report", "job"]):
            done = search.run(*command)
            told.expect(done.returncode == 1 and "error:" in done.stderr, f"`edgewise {command[0]}`: exit {done.returncode}")
        database.write_bytes(whole)
        told.cost = cost_of(search)[0]
        finish(search, bench.wanted, told)
        return told
    return run


def of_a_newer_program(database):
    with contextlib.closing(sqlite3.connect(database)) as opened:
        opened.execute("PRAGMA user_version = 99")
        opened.commit()
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")


row(STUDIES, "study.db holds garbage")(unreadable(lambda file: file.write_bytes(bytes(range(256)) * 64), "no study|SQLite"))
row(STUDIES, "study.db is empty")(unreadable(lambda file: file.write_bytes(b""), "no study"))
row(STUDIES, "study.db is cut in half")(unreadable(lambda file: file.write_bytes(file.read_bytes()[:file.stat().st_size // 2]), "damaged"))
row(STUDIES, "study.db is of a newer version")(unreadable(of_a_newer_program, "newer"))
