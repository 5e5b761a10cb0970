"""What is no file is refused and not waited for; memory limits end in an error; what killed processes left goes with the next run."""
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time

from program import EDGEWISE, ONE_TRIAL, run

problems = []


def expect(condition, *told):
    if not condition:
        problems.append(" ".join(str(word) for word in told))


def no_files(root):
    """Every input as a pipe without a writer, a socket, a device without an end and a folder, also behind a link."""
    os.mkfifo(root / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(root / "socket"))
    (root / "folder").mkdir()
    (root / "link").symlink_to("pipe")
    (root / "space.yaml").write_text("parameters: {x: {low: 0.0, high: 1.0}}\nobjectives: {y: minimize}\n")
    odd = ["pipe", "socket", "folder", "link", "/dev/zero", "/dev/tty"]
    for name in odd:
        (root / "table.yaml").write_text(f"table: {name}\nparameters:\n  - {{column: a}}\nobjectives:\n  - {{name: b}}\n")
        (root / "weights.yaml").write_text(ONE_TRIAL.replace("train: {", f"train: {{weights: {name}, "))
        studies = root / "s.study"
        studies.mkdir(exist_ok=True)
        (studies / "study.db").unlink(missing_ok=True)
        (studies / "study.db").symlink_to(name if name.startswith("/") else f"../{name}")
        commands = [["check", name], ["search", name], ["space", "show", name], ["optimize", name], ["replay", name], ["replay", "table.yaml"], ["measure", name],
                    ["status", "s.study"], ["front", "s.study"], ["study", "import", name, "--space", "space.yaml", "--study", "i.study"],
                    ["train", "job.yaml", "--from", "s.study"], ["report", "r.study", "--output", name], ["init", "--file", name, "--force"],
                    ["search", "weights.yaml", "--study", "w.study"]]
        for command in commands:
            try:
                done = run(command, root, timeout=60)
                expect(done.returncode == 1 and "error:" in done.stderr, f"{command} with {name}: {done}")
            except subprocess.TimeoutExpired:
                problems.append(f"{command} waits for {name}")
    expect(not os.path.isfile("/dev/zero") and not os.path.isfile("/dev/tty"), "a device was replaced by a file")
    listener.close()


def limits(root):
    """Whatever the limit, the programs end: done, or with an error."""
    folder = pathlib.Path(EDGEWISE).parent
    (root / "job.yaml").write_text(ONE_TRIAL)
    programs = [([EDGEWISE, "check", "job.yaml"], 60), ([EDGEWISE, "data", "job.yaml"], 60), ([EDGEWISE, "replay", "zdt1", "--evaluations", "12"], 60),
                ([folder / "edgewise-worker", "run", "none.study"], 60), ([folder / "edgewise-agent"], 60)]
    for megabytes in (100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1200):
        for command, patience in programs:
            limit = megabytes << 20
            try:
                done = subprocess.run(command, cwd=root, timeout=patience, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
            except subprocess.TimeoutExpired:
                problems.append(f"{command} does not end under a limit of {megabytes} MB")
                continue
            # 127: the system cannot even load the libraries, and says so.
            expect(done.returncode == 0 or (done.returncode in (1, 127) and "error" in done.stderr),
                   f"{command} under a limit of {megabytes} MB: {done.returncode} {done.stderr[-500:]}")


def leftovers(root):
    """Parts that a killed process left are gone after the next run of the same command, those of a living one are not."""
    (root / "job.yaml").write_text(ONE_TRIAL)
    done = run(["search", "job.yaml", "--study", "r.study"], root, timeout=300)
    expect(done.returncode == 0, "the search", done)
    left = root / "r.study/report.html.part-abc123"
    held = root / "r.study/report.html.part-def456"
    left.write_text("half")
    holder = subprocess.Popen(["flock", str(held), "-c", "echo held; exec sleep 60"], stdout=subprocess.PIPE, text=True)
    holder.stdout.readline()
    done = run(["report", "r.study"], root)
    expect(done.returncode == 0 and not left.exists(), "a part that nobody holds is still there", done)
    expect(held.exists(), "a part that a process holds was removed")
    holder.kill()
    holder.wait()

    # A search killed at any moment, and gone on: no part of anything is left.
    for delay in (0.3, 0.8, 1.5, 2.5, 4):
        search = subprocess.Popen([EDGEWISE, "search", "job.yaml", "--study", "k.study"], cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        time.sleep(delay)
        search.send_signal(signal.SIGKILL)
        search.wait()
    done = run(["search", "job.yaml", "--study", "k.study"], root, timeout=300)
    expect(done.returncode == 0, "the search that goes on", done)
    parts = [str(path) for path in (root / "k.study").rglob("*") if ".part" in path.name]
    expect(not parts, "left behind:", parts)


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        leftovers(root)
        no_files(root)
        limits(root)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
