"""Kills at random moments: whatever is ended, the same command goes on to what an undisturbed search finds.

    make kills, or: python3 tests/whole/kills.py build/release/bin [--kills 300] [--seed 1] [--minutes M] [--only JOB...] [--at-once 2]
                                                 [--result docs/results/faults/kills.json]

Each search draws a job, 1 or 2 workers and two to eight kills of its own: whom (coordinator, worker, agent), how (SIGKILL, SIGTERM, SIGSTOP and later
SIGKILL) and when (at any time, or while the picture cache, a checkpoint or an exported network is written, something is measured, the front is judged on
the test split). Then the same command is given until it ends with 0. With 1 worker choices, states, curves, trained values, exported bytes and what
the test split said must equal the undisturbed search's; with 2 every trial, stage and epoch must be there once. Nobody may be left alive, no file
half written. After some searches `edgewise report` and `edgewise export` are killed, too.

What the product says it cannot take is not done to it: the same stage of one trial loses its worker or agent once in the life of one coordinator (the
second time memory is blamed), so such a kill waits for another trial.
"""
import argparse
import collections
import hashlib
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass

import faults
from faults import JOBS, Search, Stuck, last_words, machine

MOMENTS = {"coordinator": ["any time", "cache", "checkpoint", "export", "measuring", "judging"],
           "worker": ["any time", "cache", "checkpoint", "export", "measuring", "judging"],
           "agent": ["measuring"]}
SIGNALS = ["SIGKILL", "SIGTERM", "SIGSTOP, SIGKILL"]
ORDER = {"cache": 0, "judging": 2}  # the cache is made first and the front judged last; all else as drawn
LOOKED_AT_EACH_S = 0.0005
MOST_CALLS_MORE = 4  # of the same command, beyond those that were ended


@dataclass(frozen=True)
class Kill:
    target: str
    how: str
    moment: str
    delay_s: float  # after the start, or the last kill, for "any time"; else from the moment on
    stopped_s: float

    def __str__(self):
        return f"{self.target} {self.how} at {self.moment}"

    @property
    def kind(self):
        return f"{self.target}, {self.how}, {self.moment}"


def draw(random_, judged):
    """The kills of one search, in the order in which they are tried."""
    kills = []
    for _ in range(random_.choice([2, 4, 6, 8])):
        target = random_.choice(list(MOMENTS))
        moment = random_.choice([moment for moment in MOMENTS[target] if judged or moment != "judging"])
        # Whatever has just begun is in another state a little later; what is written is whole within milliseconds.
        longest_s = {"any time": 6, "measuring": 0.5, "judging": 0.5}.get(moment)
        delay_s = random_.uniform(0, longest_s) if longest_s else random_.choice([0, 0, 0.001, 0.003])
        kills.append(Kill(target, random_.choice(SIGNALS), moment, delay_s, random_.uniform(0.5, 2)))
    return sorted(kills, key=lambda kill: ORDER.get(kill.moment, 1))


def some_name(folder, start, mark):
    """Whether a file in the folder is named so."""
    try:
        return any(path.name.startswith(start) and mark in path.name for path in folder.iterdir())
    except OSError:
        return False


def has_come(search, moment):
    if moment == "any time":
        return True
    if moment == "cache":
        return some_name(search.beside / "cache" / "images", "", ".part")
    if moment in ("measuring", "judging"):
        return any(is_of(moment, process) for process in search.processes())
    names = {"checkpoint": ("checkpoint", ".part-"), "export": ("model.onnx", ".part-")}
    try:
        return any(some_name(trial, *names[moment]) for trial in (search.place / "trials").iterdir())
    except OSError:
        return False


def is_of(moment, process):
    """Whether the process is what the moment is about."""
    if moment == "judging":
        return process.name == "edgewise-worker" and process.words[:1] == ("judge",)
    return process.name == "edgewise-agent"


class Life:
    """Of one coordinator: whom it has lost so far."""

    def __init__(self, search, process, random_):
        self.search, self.process, self.random, self.lost = search, process, random_, set()

    def ended(self):
        return self.process.poll() is not None

    def victim(self, kill):
        """A process that may be killed now, and what it costs; None when there is none."""
        if kill.target == "coordinator":
            return faults.Process(self.process.pid, "edgewise"), set()
        name = "edgewise-agent" if kill.target == "agent" else "edgewise-worker"
        processes = [one for one in self.search.processes() if one.name == name and (kill.moment != "judging" or is_of("judging", one))]
        if not processes:
            return None
        chosen = self.random.choice(processes)
        running = self.search.running()
        kind = chosen.words[0] if chosen.words else ""
        if kill.target == "worker" and kind in ("time", "judge"):
            costs = {kind}
        elif running is None:  # no study yet, or it cannot be asked just now
            costs = {"unknown"}
        else:
            costs = running or {"idle"}
        if "unknown" in self.lost or (costs & self.lost) or (costs == {"unknown"} and self.lost):
            return None
        return chosen, costs

    def deliver(self, kill):
        """Kills when the moment comes. False when the search ended before."""
        deadline = time.monotonic() + faults.PATIENCE_S
        if kill.moment == "any time":
            self.nap(kill.delay_s)
        while not self.ended():
            if time.monotonic() > deadline:
                return False  # whoever waits for the end sees that it does not come
            if has_come(self.search, kill.moment):
                if kill.moment != "any time" and kill.delay_s:
                    time.sleep(kill.delay_s)
                found = self.victim(kill)
                if found and self.strike(kill, found[0]):
                    self.lost |= found[1]
                    return True
            time.sleep(LOOKED_AT_EACH_S if kill.moment != "any time" else 0.01)
        return False

    def nap(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.ended():
            time.sleep(0.01)

    def strike(self, kill, victim):
        if kill.how != "SIGSTOP, SIGKILL":
            return victim.send(getattr(signal, kill.how))
        if not victim.send(signal.SIGSTOP):
            return False
        time.sleep(kill.stopped_s)
        victim.send(signal.SIGKILL)
        return True


def disturb(search, kills, random_):
    """Gives the same command until it ends with 0. Returns the kills that were delivered, and what was wrong on the way."""
    left, delivered, problems = collections.deque(kills), [], []
    for _ in range(len(kills) + MOST_CALLS_MORE):
        life, last = Life(search, search.start(), random_), None
        while left and not life.ended():
            kill = left.popleft()
            if not life.deliver(kill):
                break
            delivered.append(kill)
            if kill.target == "coordinator":
                last = kill
                break
        code = search.wait(life.process)
        # A search that is ended may have finished at that moment. SIGTERM before it listens ends it as any program.
        allowed = {0} if last is None else {0, 130, 143, -signal.SIGTERM} if last.how == "SIGTERM" else {0, -signal.SIGKILL}
        if code not in allowed:
            problems.append(f"it ended with {code} after {', '.join(map(str, delivered)) or 'no kill'}: {last_words(search)}")
        if left_alive := search.alive_after():
            problems.append(f"alive after its coordinator: {[f'{one.name} {one.words[:1]}' for one in left_alive]}")
            search.end_all()
        if code == 0:
            return delivered, problems
    problems.append(f"it has not ended after {len(kills) + MOST_CALLS_MORE} calls")
    return delivered, problems


def kill_command(search, random_, words, target, takes_s):
    """Ends a command that writes the file `target`. Returns the kill, or None when the command was faster, and its exit code."""
    how, waits = random_.choice(SIGNALS), random_.random() < 0.5
    process = subprocess.Popen([str(search.bin / "edgewise"), *words], cwd=search.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=search.whole_environment())
    life, end = Life(search, process, random_), time.monotonic() + random_.uniform(0, takes_s)
    while not life.ended() and not (some_name(target.parent, target.name, ".part-") if waits else time.monotonic() > end):
        time.sleep(LOOKED_AT_EACH_S)
    kill = Kill("command", how, words[0], 0, random_.uniform(0.5, 1))
    hit = not life.ended() and life.strike(kill, faults.Process(process.pid, "edgewise"))
    code = search.wait(process)
    return (kill if hit else None), code


def kill_commands(search, random_):
    """Kills `edgewise report` and `edgewise export`: the old file stays, or the new one is whole."""
    kills, problems = [], []
    page, copy = search.place / "report.html", search.folder / "copy.onnx"
    model = hashlib.sha256((search.place / "trials/000000/model.onnx").read_bytes()).hexdigest()
    is_page = lambda: page.read_bytes().rstrip().endswith(b"</html>")  # noqa: E731
    is_copy = lambda: hashlib.sha256(copy.read_bytes()).hexdigest() == model  # noqa: E731
    export = ["export", "job", "--pick", "0", "--output", "copy.onnx", "--force"]
    for words, target, is_whole in ((["report", "job"], page, is_page), (export, copy, is_copy)):
        start = time.monotonic()
        if search.run(*words).returncode != 0 or not is_whole():
            problems.append(f"`edgewise {words[0]}` did not write {target.name}")
            continue
        takes_s = time.monotonic() - start
        kill, code = kill_command(search, random_, words, target, takes_s)
        if kill:
            kills.append(kill)
        if code not in {0, 130, 143, -signal.SIGTERM, -signal.SIGKILL}:
            problems.append(f"`edgewise {words[0]}` ended with {code} after {kill}")
        if not target.exists() or not is_whole():
            problems.append(f"{target.name} is gone or not whole after {kill}")
        if search.run(*words).returncode != 0 or not is_whole():
            problems.append(f"`edgewise {words[0]}` does not work after {kill}")
        problems += [f"left behind: {path.name}" for path in target.parent.glob(target.name + ".part*")]
    return kills, problems


class References:
    """The undisturbed search of each job, made when it is first asked for."""

    def __init__(self, binary, folder):
        self.binary, self.folder, self.known = binary, folder, {}
        self.guards = {name: threading.Lock() for name in JOBS}

    def of(self, name):
        with self.guards[name]:
            if name not in self.known:
                self.known[name] = faults.undisturbed(self.binary, self.folder / name, JOBS[name])
            return self.known[name]


@dataclass
class Outcome:
    number: int
    job: str
    workers: int
    kills: list
    problems: list
    seconds: float

    def __str__(self):
        told = "; ".join(map(str, self.kills)) or "no kill came in time"
        end = "right" if not self.problems else "WRONG\n    " + "\n    ".join(self.problems)
        return f"{self.number}: {self.job}, {self.workers} worker{'s' if self.workers > 1 else ''}, {self.seconds:.0f} s: {told}: {end}"


def one_search(number, options, references, top):
    random_ = random.Random(f"{options.seed} {number}")
    job, workers = random_.choice(options.only), random_.choice([1, 1, 2])
    kills = draw(random_, "test_share" in JOBS[job])
    wanted, start = references.of(job), time.monotonic()
    search = Search(options.bin, top / str(number), JOBS[job], workers)
    delivered, problems = [], []
    try:
        delivered, problems = disturb(search, kills, random_)
        # mobo proposes by what it has seen, and two workers do not end in the order of one.
        problems += faults.problems_of(search, wanted, same_choices="mobo" not in job)
        if not problems and random_.random() < 0.4:
            more, problems = kill_commands(search, random_)
            delivered += more
    except Stuck as stuck:
        delivered, problems = delivered or kills, [*problems, str(stuck)]
    except Exception as error:  # an answer that cannot be read is an answer too
        problems.append(f"{type(error).__name__}: {error}")
    search.end_all()
    if not problems:
        shutil.rmtree(search.folder, ignore_errors=True)
    return Outcome(number, job, workers, delivered, problems, time.monotonic() - start)


def run_all(options, top):
    references, outcomes, numbers = References(options.bin, top / "undisturbed"), [], iter(range(1, 100_000))
    deadline = time.monotonic() + options.minutes * 60
    with ThreadPoolExecutor(options.at_once) as pool:
        under_way = set()
        tried = 0
        while True:
            # Those under way are counted as two kills each: otherwise the last ones would be too many.
            while len(under_way) < options.at_once and tried + 2 * len(under_way) < options.kills and time.monotonic() < deadline:
                under_way.add(pool.submit(one_search, next(numbers), options, references, top))
            if not under_way:
                return outcomes
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for one in done:
                outcome = one.result()
                outcomes.append(outcome)
                tried += len(outcome.kills)
                print(f"[{tried}/{options.kills}] {outcome}", flush=True)


def summary(outcomes, options, seconds):
    kinds = collections.defaultdict(lambda: {"tried": 0, "survived": 0})
    for outcome in outcomes:
        for kill in outcome.kills:
            kinds[kill.kind]["tried"] += 1
            # Which of several kills did it cannot be told: none of them was survived.
            kinds[kill.kind]["survived"] += not outcome.problems
    tried = sum(kind["tried"] for kind in kinds.values())
    survived = sum(kind["survived"] for kind in kinds.values())
    alone = [not outcome.problems for outcome in outcomes if outcome.workers == 1]
    figures = [
        {"name": "kills survived", "value": survived / tried if tried else None, "goal": 1.0, "better": "higher", "unit": "share of those tried"},
        {"name": "kills tried", "value": tried, "goal": options.kills, "better": "higher", "unit": "kills"},
        {"name": "searches that equal the undisturbed one", "value": sum(alone) / len(alone) if alone else None, "goal": 1.0, "better": "higher",
         "unit": "share of those with 1 worker"}]
    return {"command": f"python3 tests/whole/kills.py build/release/bin --kills {options.kills} --seed {options.seed}", "machine": machine.describe(),
            "what": "searches whose processes were ended at random moments, gone on with by the same command, beside undisturbed ones",
            "seconds": round(seconds), "searches": len(outcomes), "searches_right": sum(not outcome.problems for outcome in outcomes),
            "kinds": dict(sorted(kinds.items())),
            "problems": [{"search": outcome.number, "job": outcome.job, "workers": outcome.workers, "kills": [str(kill) for kill in outcome.kills],
                          "problems": outcome.problems} for outcome in sorted(outcomes, key=lambda one: one.number) if outcome.problems],
            "figures": figures}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=240, help="begin no further search after that")
    parser.add_argument("--only", nargs="*", choices=JOBS, default=list(JOBS), help="jobs")
    parser.add_argument("--at-once", type=int, default=1, help="searches at a time, each with locks of its own")
    parser.add_argument("--result", type=pathlib.Path)
    options = parser.parse_args()
    start = time.monotonic()
    top = pathlib.Path(tempfile.mkdtemp(prefix="edgewise-kills-"))
    outcomes = run_all(options, top)
    result = summary(outcomes, options, time.monotonic() - start)
    if options.result:
        machine.store(options.result, result)
    right = result["searches_right"]
    for name, kind in result["kinds"].items():
        print(f"{kind['survived']:4} of {kind['tried']:<4} {name}")
    print(f"{right} of {len(outcomes)} searches right, {sum(kind['survived'] for kind in result['kinds'].values())} of "
          f"{sum(kind['tried'] for kind in result['kinds'].values())} kills survived, {result['seconds']} s")
    if right == len(outcomes):
        shutil.rmtree(top)
    else:
        print(f"what went wrong lies in {top}")
    return 0 if outcomes and right == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
