"""Output that cannot be written: a search goes on whatever becomes of its messages; results that are lost end every command with 1."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from program import EDGEWISE, run

JOB = """task: box
data: {path: builtin:faces, count: 60, input: 32}
space: {family: backbones, backbone: [squeezenet1_1], learning_rate: [0.001]}
device: {name: local, max_seconds: 0.1, min_runs: 5, max_runs: 10}
train: {batch: 16, epochs: 1, threads: 1}
search: {strategy: grid}
"""
SPACE = "parameters: {x: {low: 0.0, high: 1.0}}\nobjectives: {y: minimize}\n"
LOST = "the results could not be written to standard output"
problems = []


def expect(condition, *told):
    if not condition:
        problems.append(" ".join(str(word) for word in told))


def start(arguments, cwd, closed=(), stdout=None, stderr=None, given=None, timeout=300):
    """Runs edgewise with descriptors closed before it begins. Returns what subprocess.run does."""
    return subprocess.run([EDGEWISE, *arguments], cwd=cwd, timeout=timeout, stdout=stdout, stderr=stderr,
                          preexec_fn=lambda: [os.close(descriptor) for descriptor in closed],
                          **({"input": given} if given is not None else {"stdin": subprocess.DEVNULL}))


def results_of(study, cwd):
    """What a search found, without what depends on the clock."""
    trials = json.loads(run(["report", study, "--json"], cwd).stdout)["trials"]
    return [(trial["state"], trial["choice"], trial["values"]["iou"]) for trial in trials]


def reader_gone():
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def searches(root):
    plain = run(["search", "job.yaml", "--study", "plain.study"], root, timeout=300)
    expect(plain.returncode == 0, "plain search:", plain)
    wanted = results_of("plain.study", root)
    expect(wanted and wanted[0][0] == "complete", "plain search found", wanted)

    full = open("/dev/full", "wb")
    gone = reader_gone()
    everything = (("stderr on a full disk", 0, dict(stderr=full, stdout=subprocess.PIPE)),
                  ("stderr closed", 0, dict(closed=(2,), stdout=subprocess.PIPE)),
                  ("stderr's reader gone", 0, dict(stderr=gone, stdout=subprocess.PIPE)),
                  ("both readers gone", 1, dict(stderr=gone, stdout=gone)),
                  ("stdout on a full disk", 1, dict(stdout=full, stderr=subprocess.PIPE)),
                  ("all three closed", 1, dict(closed=(0, 1, 2))))
    for number, (name, code, how) in enumerate(everything):
        done = start(["search", "job.yaml", "--study", f"{number}.study"], root, **how)
        expect(done.returncode == code, f"search, {name}: exit {done.returncode}, not {code}; {done.stderr}")
        found = results_of(f"{number}.study", root)
        expect(found == wanted, f"search, {name}: found {found}, not {wanted}")

    logs = root / "logs.study"
    logs.mkdir()
    (logs / "worker.log").symlink_to("/dev/full")
    done = run(["search", "job.yaml", "--study", "logs.study"], root, timeout=300)
    expect(done.returncode == 0 and results_of("logs.study", root) == wanted, "search, worker.log on a full disk:", done)

    quiet = run(["search", "job.yaml", "--study", "quiet.study", "--quiet"], root, timeout=300)
    expect(quiet.returncode == 0 and quiet.stderr == "" and "iou" in quiet.stdout, "--quiet says", quiet)
    quiet = run(["train", "job.yaml", "--from", "plain.study", "--study", "trained.study", "--quiet"], root, timeout=300)
    expect(quiet.returncode == 0 and quiet.stderr == "" and quiet.stdout != "", "train --quiet says", quiet)


def commands(root):
    model = next(root.glob("plain.study/trials/*/model.onnx"))
    (root / "space.yaml").write_text(SPACE)
    study = ["plain.study"]
    all_commands = [["--help"], ["--version"], ["search", "--help"], ["check", "job.yaml"], ["check", "job.yaml", "--json"], ["check", "--options"],
                    ["data", "job.yaml"], ["data", "job.yaml", "--json"], ["space", "show", "job.yaml"], ["space", "show", "job.yaml", "--json"],
                    ["status", *study], ["status", *study, "--json"], ["front", *study], ["front", *study, "--all"], ["front", *study, "--csv"],
                    ["front", *study, "--json"], ["report", *study], ["report", *study, "--csv"], ["report", *study, "--json"],
                    ["export", *study, "--force"], ["export", *study, "--force", "--json"],
                    ["measure", str(model), "--runs", "5", "--seconds", "0.05"], ["measure", str(model), "--runs", "5", "--seconds", "0.05", "--json"],
                    ["replay", "zdt1", "--evaluations", "12", "--strategy", "random"], ["replay", "zdt1", "--evaluations", "12", "--strategy", "random", "--json"],
                    ["init", "--file", "new.yaml", "--force"], ["study", "export", *study, "--optuna", "o.db", "--force"]]
    for command in all_commands:
        good = run(command, root)
        expect(good.returncode == 0 and good.stdout, "not even", command, good)
        for name, how in (("full", dict(stdout=open("/dev/full", "wb"))), ("closed", dict(closed=(1,))), ("reader gone", dict(stdout=reader_gone()))):
            done = start(command, root, stderr=subprocess.PIPE, **how)
            expect(done.returncode == 1 and LOST in done.stderr.decode(), f"{command}, stdout {name}: exit {done.returncode}, {done.stderr}")
            if "stdout" in how and not isinstance(how["stdout"], int):
                how["stdout"].close()
        silent = start(command, root, closed=(1, 2))
        expect(silent.returncode == 1, f"{command}, both closed: exit {silent.returncode}")

    asked = b'{"ask": 1}\n' * 3
    for name, how in (("full", dict(stdout=open("/dev/full", "wb"))), ("closed", dict(closed=(1,))), ("reader gone", dict(stdout=reader_gone()))):
        done = start(["optimize", "space.yaml"], root, stderr=subprocess.PIPE, given=asked, **how)
        expect(done.returncode == 1 and b"error:" in done.stderr, f"optimize, stdout {name}: exit {done.returncode}, {done.stderr}")


def mistakes(root):
    for command, code in ((["check", "none.yaml"], 1), (["status", "none"], 1), (["measure", "none.onnx"], 1), (["data", "none"], 1), (["serach"], 2),
                          (["search", "none.yaml"], 1), (["check"], 2), (["optimize", "none.yaml"], 1), (["replay", "none.yaml"], 1)):
        for name, how in (("full", dict(stderr=open("/dev/full", "wb"))), ("closed", dict(closed=(2,))), ("reader gone", dict(stderr=reader_gone()))):
            done = start(command, root, stdout=subprocess.DEVNULL, **how)
            expect(done.returncode == code, f"{command}, stderr {name}: exit {done.returncode}, not {code}")


def sister_programs(root):
    folder = pathlib.Path(EDGEWISE).parent
    for program, arguments, code in (("edgewise-worker", ["run", "none"], 1), ("edgewise-agent", ["--wrong"], 2)):
        for closed in ((1,), (2,), (0, 1, 2)):
            done = subprocess.run([folder / program, *arguments], cwd=root, timeout=60, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, preexec_fn=lambda: [os.close(descriptor) for descriptor in closed])
            expect(done.returncode == code, f"{program} with {closed} closed: exit {done.returncode}, not {code}")
    done = subprocess.run([folder / "edgewise-agent", "--help"], timeout=60, stdout=open("/dev/full", "wb"), stderr=subprocess.PIPE)
    expect(done.returncode == 1 and LOST.encode() in done.stderr, "edgewise-agent --help:", done)


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and children would inherit that
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "job.yaml").write_text(JOB)
        searches(root)
        commands(root)
        mistakes(root)
        sister_programs(root)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
