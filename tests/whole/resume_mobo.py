"""Bayesian optimisation that is killed at random moments chooses exactly what it chooses without kills (same seed, one worker).

Twice: a real search, whose coordinator or worker is struck while networks are trained, and `edgewise optimize`, which is struck while it thinks.
Only the sequence of choices is judged, never a time; where a blow falls depends on the machine, its draw on the seed alone.
"""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from program import EDGEWISE, HERE, run, workers_of

# The objectives are the same each time a network is trained; a latency would not be.
JOB = """task: box
data: {path: builtin:faces, count: 40, input: 32}
space: {family: backbones, backbone: [squeezenet1_1, shufflenet_v2_x0_5, mnasnet0_5], learning_rate: {low: 0.0001, high: 0.01}}
device: {name: local, max_seconds: 0.05, min_runs: 5, max_runs: 5}
objectives: {iou: maximize, parameters: minimize}
train: {batch: 16, epochs: 1, threads: 1}
search: {strategy: mobo, trials: 10, initial: 3}
"""
TRIALS = 10
SPACE = HERE.parent.parent / "docs/examples/optimize.yaml"


def searched(folder, blows):
    """Starts the search; strikes it once in each of `blows`: (trials that must have ended, seconds to wait then, whom). The choices and results at the end."""
    (folder / "job.yaml").write_text(JOB)
    for ended, pause, whom in blows:
        process = subprocess.Popen([EDGEWISE, "search", "job.yaml", "--workers", "1"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            # "[3/10] trial 2 complete: ...". At least one more than at the blow before, so that no trial is struck three times and fails.
            if line.startswith("[") and int(line[1:].split("/")[0]) >= ended:
                time.sleep(pause)
                break
        if whom == "worker":
            for worker in workers_of(process.pid):
                os.kill(worker, signal.SIGKILL)
            time.sleep(pause)  # the coordinator begins to mend it
        process.kill()
        process.communicate()
    last = run(["search", "job.yaml", "--workers", "1"], folder, timeout=200)
    assert last.returncode == 0, last.stderr[-1500:]
    trials = json.loads(run(["report", "job", "--json"], folder).stdout)["trials"]
    assert all(trial["state"] == "complete" for trial in trials), [(trial["state"], trial.get("reason")) for trial in trials]
    return [(trial["choice"], trial["results"][-1]["values"]["iou"]) for trial in trials]


def a_search_goes_on_exactly(folder):
    draw = random.Random(7)
    (folder / "whole").mkdir()
    wanted = searched(folder / "whole", [])
    assert len(wanted) == TRIALS and len({json.dumps(choice, sort_keys=True) for choice, _ in wanted}) == TRIALS, wanted
    blows = [(draw.randint(*ended), draw.uniform(0, 0.6), whom) for ended, whom in (((1, 2), "coordinator"), ((4, 5), "worker"), ((6, 8), "coordinator"))]
    (folder / "struck").mkdir()
    got = searched(folder / "struck", blows)
    assert got == wanted, f"after the blows {blows}:\n{got}\nis not\n{wanted}"


class Engine:
    def __init__(self, study):
        self.process = subprocess.Popen([EDGEWISE, "optimize", SPACE, "--seed", "5", "--strategy", "mobo", "--trials", "20", "--study", study],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, message):
        print(json.dumps(message), file=self.process.stdin, flush=True)

    def answer(self, message):
        self.send(message)
        return json.loads(self.process.stdout.readline())

    def kill(self):
        self.process.kill()
        self.process.communicate()


def values(choice):
    return {"weight": choice["width"] * choice["layers"], "strength": choice["layers"] / (1 + choice["width"])}


def conversed(study, draw):
    """The choices of 20 trials, asked for one at a time. Where `draw` says so, the program is killed while it works on a line."""
    engine, choices = Engine(study), []

    def struck(message):
        """Whether the line was sent and the program killed before it was seen to answer."""
        nonlocal engine
        if draw is None or draw.random() > 0.4:
            return False
        engine.send(message)
        time.sleep(draw.uniform(0, 0.03))
        engine.kill()
        engine = Engine(study)
        return True

    while len(choices) < 20:
        opened = []
        while not opened:
            opened = engine.answer({"status": True})["open"] if struck({"ask": 1}) else engine.answer({"ask": 1})["trials"]
        [trial] = opened
        choices.append(trial["choice"])
        told = {"tell": trial["id"], "values": values(trial["choice"])}
        if not struck(told) or engine.answer({"status": True})["open"]:
            assert engine.answer(told) == {"ok": True}
    engine.kill()
    return choices


def a_conversation_goes_on_exactly(folder):
    wanted = conversed(folder / "whole.study", None)
    got = conversed(folder / "struck.study", random.Random(1))
    assert got == wanted, f"{got}\nis not\n{wanted}"


with tempfile.TemporaryDirectory() as name:
    a_conversation_goes_on_exactly(pathlib.Path(name))
    a_search_goes_on_exactly(pathlib.Path(name))
