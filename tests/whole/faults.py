"""What the tests of faults share: small jobs, a search in a folder of its own with its processes, and what must hold whatever was done to it.

The programs are given by their folder. Comparing is bench/unmoved.py's: choices, states, curves, trained values and the bytes of the exported
networks, without what was measured in time or memory.
"""
import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "bench"))
import machine  # noqa: E402,F401  for those who write results
import unmoved  # noqa: E402

MARK = "EDGEWISE_TEST_SEARCH"  # in the environment of all processes of one search; no program reads it
PATIENCE_S = 400  # for one call of a program that should take 15 s: machines that test are busy

BACKBONES = "{family: backbones, backbone: [shufflenet_v2_x0_5, mobilenet_v3_small, squeezenet1_1], learning_rate: [0.01, 0.001]}"
THREE = "{family: backbones, backbone: [shufflenet_v2_x0_5, mobilenet_v3_small, squeezenet1_1], learning_rate: [0.001]}"
FACES = "{path: builtin:faces, count: 120, input: 32}"
FACES_WITH_TEST = "{path: builtin:faces, count: 120, input: 32, test_share: 0.1}"
DRAINAGE_WITH_TEST = "{path: builtin:drainage, count: 120, input: 32, test_share: 0.1}"
STAGED = "{strategy: staged, stages: [{epochs: 1, keep: 3}, {epochs: 2, keep: 1}, {epochs: 3}]}"
MOBO = "{strategy: mobo, trials: 5, initial: 3}"
HALVING = "{strategy: halving, trials: 4, reduction: 2}"
# Objectives that do not depend on time: trials of two runs are equal. Latencies are measured all the same.
JOBS = {
    "box-staged": unmoved.job("box", FACES_WITH_TEST, BACKBONES, "{iou: maximize, parameters: minimize}", STAGED),
    "box-mobo": unmoved.job("box", FACES, BACKBONES, "{iou: maximize, macs: minimize}", MOBO),
    "box-halving": unmoved.job("box", FACES_WITH_TEST, BACKBONES, "{iou: maximize, macs: minimize}", HALVING),
    "classification-staged": unmoved.job("classification", DRAINAGE_WITH_TEST, BACKBONES, "{accuracy: maximize, parameters: minimize}", STAGED),
    "classification-mobo": unmoved.job("classification", DRAINAGE_WITH_TEST, BACKBONES, "{accuracy: maximize, parameters: minimize}", MOBO),
    "classification-halving": unmoved.job("classification", DRAINAGE_WITH_TEST, BACKBONES, "{balanced_accuracy: maximize, macs: minimize}", HALVING),
}
# Three trials, two of which go on to a second stage.
TINY = unmoved.job("box", FACES_WITH_TEST, THREE, "{iou: maximize, parameters: minimize}", "{strategy: staged, stages: [{epochs: 1, keep: 2}, {epochs: 2}]}")


class Stuck(Exception):
    """A program did not end."""


@dataclass(frozen=True)
class Process:
    pid: int
    name: str  # "edgewise-worker"
    words: tuple = ()  # its arguments

    def send(self, number):
        """Whether it was still there."""
        try:
            os.kill(self.pid, number)
            return True
        except ProcessLookupError:
            return False


@dataclass
class Search:
    """One study, `job.study` of `job.yaml`, with a cache, locks and a temporary folder that nobody else uses."""
    bin: pathlib.Path
    folder: pathlib.Path
    text: str
    workers: int = 1
    environment: dict = field(default_factory=dict)  # added to this program's own; None takes a variable away
    study: str = "job.study"
    beside: pathlib.Path | None = None  # where the cache and the like lie; None: in the folder

    def __post_init__(self):
        self.beside = self.beside or self.folder
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "job.yaml").write_text(self.text)
        for name in ("locks", "cache", "tmp"):
            (self.beside / name).mkdir(parents=True, exist_ok=True)

    @property
    def place(self):
        return self.folder / self.study

    def whole_environment(self):
        own = {"EDGEWISE_CACHE": str(self.beside / "cache"), "EDGEWISE_LOCKS": str(self.beside / "locks"), "TMPDIR": str(self.beside / "tmp"), "NO_COLOR": "1",
               MARK: str(self.beside)}
        return {name: value for name, value in {**os.environ, **own, **self.environment}.items() if value is not None}

    def command(self):
        return [str(self.bin / "edgewise"), "search", "job.yaml", "--study", self.study, "--workers", str(self.workers)]

    def start(self, command=None, **how):
        """What it says goes to the file said.txt, from the start."""
        with open(self.beside / "said.txt", "w") as said:
            return subprocess.Popen(command or self.command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
                                    env=self.whole_environment(), start_new_session=True, **how)

    def said(self):
        return (self.beside / "said.txt").read_text(errors="replace")

    def wait(self, process, seconds=PATIENCE_S):
        """The exit code. @raise Stuck after everything of this search was ended"""
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            told = ", ".join(f"{one.name} {' '.join(one.words[:1])}" for one in self.processes())
            process.kill()
            process.wait()
            self.end_all()
            raise Stuck(f"it did not end within {seconds} s; there were {told or 'no processes'}; it said {self.said()[-500:]!r}") from None

    def search(self, **how):
        return self.wait(self.start(**how))

    def run(self, *arguments, program="edgewise", timeout=PATIENCE_S, **how):
        return subprocess.run([str(self.bin / program), *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", env=self.whole_environment(), timeout=timeout, **how)

    def processes(self):
        """All that live and were started for this search, whoever their parent is now."""
        found, mark = [], f"\0{MARK}={self.beside}\0".encode()
        for entry in os.scandir("/proc"):
            if not entry.name.isdigit():
                continue
            try:
                with open(entry.path + "/environ", "rb") as environ:
                    if mark not in b"\0" + environ.read():
                        continue
                with open(entry.path + "/cmdline", "rb") as file:
                    words = [word.decode(errors="replace") for word in file.read().split(b"\0") if word]
            except OSError:  # it has ended, or is somebody else's
                continue
            if words:
                found.append(Process(int(entry.name), os.path.basename(words[0]), tuple(words[1:])))
        return found

    def end_all(self):
        for process in self.processes():
            process.send(signal.SIGKILL)

    def alive_after(self, seconds=5.0):
        """Processes that are there although the search has ended; children are given the time to follow their parent."""
        deadline = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return left

    def rows(self, sql):
        """What the study's database answers now; None when there is none to ask."""
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.place / 'study.db'}?mode=ro", uri=True, timeout=0.2)) as database:
                return database.execute(sql).fetchall()
        except sqlite3.Error:
            return None

    def running(self):
        """(trial, stage) of each trial that a worker has; None when that cannot be told."""
        found = self.rows("SELECT id, stage FROM trial WHERE state = 'running'")
        return None if found is None else set(found)

    def states(self):
        """How many trials are in which state, by `edgewise status`; empty when it tells nothing."""
        done = self.run("status", self.study, "--json")
        return json.loads(done.stdout)["states"] if done.returncode == 0 else {}

    def attempts(self):
        """The most attempts that a trial which has still to be done was charged for."""
        found = self.rows("SELECT max(attempts) FROM trial WHERE state IN ('waiting', 'running', 'failed')")
        return found[0][0] or 0 if found else 0

    def report(self):
        done = self.run("report", self.study, "--json")
        if done.returncode != 0:
            raise ValueError(f"`edgewise report` ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        return json.loads(done.stdout)

    def outcome(self):
        """What two runs of one job must have in common: trials, and what the test split said of them."""
        try:
            trials = unmoved.what_counts(self.bin, self.folder)
        except SystemExit as told:
            raise ValueError(str(told)) from None
        judged = self.place / "test.json"
        return {"trials": trials, "test": json.loads(judged.read_text()) if judged.exists() else {}}

    def files(self):
        return {str(path.relative_to(self.place)) for path in self.place.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class Undisturbed:
    """One worker, nothing in its way."""
    outcome: dict
    report: dict
    files: frozenset
    seconds: float


def undisturbed(bin, folder, text):
    search = Search(bin, folder, text)
    start = time.monotonic()
    code = search.search()
    if code != 0:
        sys.exit(f"the undisturbed search ended with {code}:\n{search.said()[-2000:]}")
    seconds = time.monotonic() - start
    return Undisturbed(search.outcome(), search.report(), frozenset(search.files()), seconds)


# May be there or not: logs of what happened, what the next opening of the database takes away, prices that are asked for once.
VOLATILE = {"worker.log", "study.db-wal", "study.db-shm", "cost_model.json", "price.json", "start.json", "report.html"}
HALF = (".part", "untrained.onnx", "study.db.new")


def half_written(folder):
    """Names below a folder that only a process at work may have there."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if any(mark in path.name for mark in HALF)) if folder.exists() else []


def left_behind(search, wanted):
    problems = [f"left behind: {name}" for name in half_written(search.place) + half_written(search.beside / "cache")]
    if search.workers == 1:
        files = search.files() - VOLATILE
        problems += [f"a file too many: {name}" for name in sorted(files - wanted.files) if not any(mark in name for mark in HALF)]
        problems += [f"a file is missing: {name}" for name in sorted(wanted.files - VOLATILE - files)]
    if any((search.beside / "tmp").iterdir()):
        # What an agent of a killed worker left goes with the next agent, whoever starts it.
        model = next(search.place.glob("trials/*/model.onnx"), None)
        if model:
            search.run("measure", model, "--runs", "5", "--seconds", "0.05")
        problems += [f"left behind in the temporary folder: {path.name}" for path in (search.beside / "tmp").iterdir()]
    return problems


def stages_ended(trials):
    """Stage -> how many trials have a result of it."""
    counts = {}
    for trial in trials:
        for result in trial["results"]:
            counts[result["stage"]] = counts.get(result["stage"], 0) + 1
    return counts


def ill_kept(search, report, wanted):
    """Trials and epochs that are lost or doubled, and what only a study with faults has."""
    problems, trials = [], report["trials"]
    if [trial["id"] for trial in trials] != list(range(len(wanted.report["trials"]))):
        problems.append(f"trials {[trial['id'] for trial in trials]}; {len(wanted.report['trials'])} were wanted")
    choices = [json.dumps(trial["choice"], sort_keys=True) for trial in trials]
    wanted_choices = [json.dumps(trial["choice"], sort_keys=True) for trial in wanted.report["trials"]]
    if len(choices) - len(set(choices)) > len(wanted_choices) - len(set(wanted_choices)):
        problems.append(f"{len(choices)} trials of {len(set(choices))} choices")
    if stages_ended(trials) != stages_ended(wanted.report["trials"]):
        problems.append(f"stages ended: {stages_ended(trials)}, undisturbed {stages_ended(wanted.report['trials'])}")
    for trial in trials:
        epochs = [point["epoch"] for point in trial["curve"]]
        if trial["state"] != "complete":
            problems.append(f"trial {trial['id']} is {trial['state']}: {trial.get('reason')}")
        elif epochs != list(range(1, trial["epochs"] + 1)):
            problems.append(f"trial {trial['id']} has the epochs {epochs} of {trial['epochs']}")
        checkpoints = [path.name for path in (search.place / "trials" / f"{trial['id']:06}").glob("*checkpoint")]
        if checkpoints and not trial["front"]:
            problems.append(f"trial {trial['id']} is not on the front and keeps {checkpoints}")
    return problems


def problems_of(search, wanted, same_choices=True):
    """What is wrong with a search that has ended, compared with the undisturbed one of one worker.
    same_choices: with several workers, whether the set of choices is the job's alone."""
    problems = [f"still alive: {one.name} {' '.join(one.words[:1])}" for one in search.alive_after()]
    search.end_all()
    try:
        report = search.report()
        problems += ill_kept(search, report, wanted)
        outcome = search.outcome()
        if search.workers == 1:
            if found := unmoved.difference(wanted.outcome, outcome, "study"):
                problems.append(f"not as undisturbed: {found}")
        else:
            key = lambda trial: json.dumps(trial["choice"], sort_keys=True)  # noqa: E731
            if same_choices and sorted(map(key, report["trials"])) != sorted(map(key, wanted.report["trials"])):
                problems.append("other choices than the undisturbed search")
            front = {str(trial["id"]) for trial in report["trials"] if trial["front"]}
            if wanted.outcome["test"] and set(outcome["test"]) != front:
                problems.append(f"judged on the test split: {sorted(outcome['test'])}, the front is {sorted(front)}")
    except ValueError as told:
        problems.append(str(told))
    return problems + left_behind(search, wanted)


def last_words(search):
    """What a search said last, without empty lines."""
    return " / ".join(line.strip() for line in search.said().splitlines()[-6:] if line.strip())[-700:]
