"""A network that crashes the agent, and one that hangs it, cost one trial each, at once and with the reason; the search goes on.

The programs are copied beside an agent that is a script: it dies on trial 1 and falls asleep on trial 2. Once it is mended,
`--retry-failed` completes both from what they had trained.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from program import BIN

JOB = """task: box
data: {path: builtin:faces, count: 60, input: 32}
space: {family: backbones, backbone: [squeezenet1_1, shufflenet_v2_x0_5, mnasnet0_5, mobilenet_v3_small], learning_rate: [0.001]}
device: {name: local, max_seconds: 0.1, min_runs: 5, max_runs: 10, timeout_s: 15}
train: {batch: 16, epochs: 1}
search: {strategy: grid}
"""
AGENT = """#!/bin/sh
read -r hello
echo '{"ok": true, "protocol": 2}'
read -r line
case $line in
  *trials/000001/*) echo 'illegal instruction in a kernel' >&2; kill -ILL $$ ;;
  *trials/000002/*urgent*|*urgent*trials/000002/*) exec sleep 1000 ;;  # measured, not only run
esac
{ echo "$hello"; echo "$line"; exec cat; } | "REAL" | { read -r answer; exec cat; }
"""


def main():
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for program in ("edgewise", "edgewise-worker"):
            shutil.copy2(BIN / program, folder / program)
        agent = folder / "edgewise-agent"
        agent.write_text(AGENT.replace("REAL", str(BIN / "edgewise-agent")))
        agent.chmod(0o755)
        (folder / "job.yaml").write_text(JOB)

        def edgewise(*arguments):
            return subprocess.run([folder / "edgewise", *arguments], cwd=folder, timeout=400, text=True, stdin=subprocess.DEVNULL,
                                  capture_output=True, errors="replace", env={**os.environ, "EDGEWISE_LOCKS": str(folder / "locks")})

        def trials():
            return json.loads(edgewise("report", "job", "--json").stdout)["trials"]

        first = edgewise("search", "job.yaml")
        if first.returncode != 0:
            problems.append(f"the search ended with {first.returncode}: {first.stderr[-1500:]}")
        if "a worker" in first.stderr:
            problems.append(f"a worker ended: {first.stderr[-1500:]}")
        for trial, words in zip(trials(), (None, "was killed by signal 4", "no answer within", None)):
            print(f"trial {trial['id']}: {trial['state']} {trial.get('reason', '')}")
            wanted = "failed" if words else "complete"
            if trial["state"] != wanted or (words and words not in trial["reason"]):
                problems.append(f"trial {trial['id']} is {trial['state']}, not {wanted}: {trial.get('reason')}")
            if trial.get("attempts", 1) != 1:
                problems.append(f"trial {trial['id']} took {trial['attempts']} attempts")

        agent.unlink()
        shutil.copy2(BIN / "edgewise-agent", agent)
        unasked = edgewise("search", "job.yaml")
        if [trial["state"] for trial in trials()].count("failed") != 2:
            problems.append(f"failed trials were tried again without being asked for: {unasked.stderr[-500:]}")
        again = edgewise("search", "job.yaml", "--retry-failed")
        if again.returncode != 0 or "2 failed trials are tried again" not in again.stderr:
            problems.append(f"--retry-failed ended with {again.returncode}: {again.stderr[-1500:]}")
        for trial in trials():
            epochs = [point["epoch"] for point in trial["curve"]]
            if trial["state"] != "complete" or epochs != [1]:
                problems.append(f"after --retry-failed trial {trial['id']} is {trial['state']} with the epochs {epochs}")
    print("\n".join(problems) if problems else "two bad networks cost two trials, and were tried again when asked for")
    return 1 if problems else 0


sys.exit(main())
