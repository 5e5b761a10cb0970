"""What the whole-program tests share: running edgewise in a folder of its own, and comparing with golden files."""
import difflib
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent.parent / "build/release/bin").resolve()
EDGEWISE = str(BIN / "edgewise")
# A search that ends within seconds, with one network that was trained, exported and measured.
ONE_TRIAL = """task: box
data: {path: builtin:faces, count: 60, input: 32}
space: {family: backbones, backbone: [squeezenet1_1], learning_rate: [0.001]}
device: {name: local, max_seconds: 0.1, min_runs: 5, max_runs: 10}
train: {batch: 16, epochs: 1}
search: {strategy: grid}
"""


def run(arguments, cwd, timeout=120, **kwargs):
    """Runs `edgewise ARGUMENTS` in `cwd`; standard input is empty, the terminal is none."""
    return subprocess.run([EDGEWISE, *arguments], cwd=cwd, timeout=timeout, text=True, stdin=subprocess.DEVNULL,
                          capture_output=True, errors="replace", **kwargs)


def compare(name, text):
    """Compares with golden/NAME; EDGEWISE_APPROVE=1 takes the text as right. Returns whether they are equal."""
    golden = HERE / "golden" / name
    if os.environ.get("EDGEWISE_APPROVE"):
        golden.write_text(text)
        print(f"approved {golden}")
        return True
    wanted = golden.read_text() if golden.exists() else ""
    if wanted == text:
        return True
    sys.stdout.writelines(difflib.unified_diff(wanted.splitlines(True), text.splitlines(True), f"golden/{name}", "now"))
    print("\nif the new text is right: make approve")
    return False


def workers_of(pid):
    """Process numbers of the workers that a search has now."""
    children = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)
            name = fields[0].split("(", 1)[1]
            if int(fields[1].split()[1]) == pid and name.startswith("edgewise-worker"):
                children.append(int(entry.name))
        except (OSError, IndexError):
            continue
    return children
