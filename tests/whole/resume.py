"""A search that is stopped by Ctrl-C, by SIGKILL of the coordinator and by SIGKILL of a worker goes on where it was.

After each blow the same command is run again; at the end every trial is accounted for: each choice once, each stage once,
each epoch once, and what was finished before a blow is as it was.
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

from program import EDGEWISE, run, workers_of

JOB = """task: box
data: {path: builtin:faces, count: 160, input: 32}
space: {family: backbones, backbone: [squeezenet1_1, shufflenet_v2_x0_5, mnasnet0_5, mobilenet_v3_small], learning_rate: [0.01, 0.001]}
device: {name: local, max_seconds: 0.1, min_runs: 5, max_runs: 10}
train: {batch: 16}
search: {strategy: staged, stages: [{epochs: 1, keep: 4}, {epochs: 3, keep: 2}, {epochs: 5}]}
"""
WANTED = {0: 8, 1: 4, 2: 2}  # trials that end stage 0, 1, 2


def report(folder):
    result = run(["report", "job", "--json"], folder)
    return json.loads(result.stdout) if result.returncode == 0 else {"trials": []}


def finished_stages(data):
    return sum(len(trial["results"]) for trial in data["trials"])


def blow(process, kind, rng):
    """Strikes at a random moment. Returns the exit code, or None when the search was left to run."""
    time.sleep(rng.uniform(2.0, 9.0))
    if process.poll() is not None:
        return process.returncode
    if kind == "ctrl-c":
        process.send_signal(signal.SIGINT)
        return process.wait(90)
    if kind == "coordinator":
        process.kill()
        return process.wait(30)
    for worker in workers_of(process.pid):
        os.kill(worker, signal.SIGKILL)
    return None


def main():
    rng = random.Random(4)
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "job.yaml").write_text(JOB)
        before, survivors = 0, {}
        for kind in ["ctrl-c", "coordinator", "worker", "coordinator", "ctrl-c"]:
            process = subprocess.Popen([EDGEWISE, "search", "job.yaml", "--workers", "2"], cwd=folder, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
            code = blow(process, kind, rng)
            if kind == "worker":
                time.sleep(4)
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)
                    code = process.wait(90)
            said = process.stderr.read()
            if kind == "ctrl-c" and code == 130 and "resume with: edgewise search job.yaml" not in said:
                problems.append(f"Ctrl-C does not say how to resume: {said[-300:]}")
            if kind == "ctrl-c" and code not in (0, 130):
                problems.append(f"Ctrl-C ended with {code}: {said[-500:]}")
            data = report(folder)
            done = finished_stages(data)
            print(f"after {kind}: exit {code}, {len(data['trials'])} trials, {done} stage results")
            if done < before:
                problems.append(f"{before - done} finished results were lost by {kind}")
            for trial in data["trials"]:
                for result in trial["results"]:
                    key = (trial["id"], result["stage"])
                    if survivors.setdefault(key, result["values"]) != result["values"]:
                        problems.append(f"a finished result changed: trial and stage {key}")
            before = done
        last = run(["search", "job.yaml", "--workers", "2"], folder, timeout=600)
        if last.returncode != 0:
            problems.append(f"the last run ended with {last.returncode}: {last.stderr[-800:]}")
        data = report(folder)

        choices = [json.dumps(trial["choice"], sort_keys=True) for trial in data["trials"]]
        if len(choices) != 8 or len(set(choices)) != 8:
            problems.append(f"{len(choices)} trials of {len(set(choices))} choices; 8 of 8 were wanted")
        ended = {stage: sum(any(r["stage"] == stage for r in t["results"]) for t in data["trials"]) for stage in WANTED}
        if ended != WANTED:
            problems.append(f"stages ended: {ended}, wanted {WANTED}")
        for trial in data["trials"]:
            epochs = [point["epoch"] for point in trial["curve"]]
            if trial["state"] not in ("complete", "pruned"):
                problems.append(f"trial {trial['id']} is {trial['state']}: {trial.get('reason')}")
            elif epochs != list(range(1, trial["epochs"] + 1)):
                problems.append(f"trial {trial['id']} has the epochs {epochs} of {trial['epochs']}")
        again = run(["search", "job.yaml"], folder, timeout=120)
        if again.returncode != 0 or finished_stages(report(folder)) != 14:
            problems.append("running a finished search again changed something")
    print("\n".join(problems) if problems else "every trial accounted for")
    return 1 if problems else 0


sys.exit(main())
