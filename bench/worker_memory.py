"""Memory of one worker that trains on 10,000 pictures of 96x96.

    make bench, or: python3 bench/worker_memory.py build/release/bin

The picture cache is a file mapping that all workers share and the kernel may drop; it is counted all the same (VmHWM), and told apart (RssFile).
"""
import pathlib
import subprocess
import sys
import tempfile
import time

import machine

BIN = pathlib.Path(sys.argv[1]).resolve()
JOB = """task: box
data: {path: builtin:faces, count: 10000, input: 96}
space: {family: backbones, backbone: [mobilenet_v2], learning_rate: [0.001]}
train: {batch: 64, epochs: 1}
search: {strategy: grid}
"""
GOAL_GB = 1.2


def status(pid):
    fields = {}
    for line in open(f"/proc/{pid}/status"):
        name, _, value = line.partition(":")
        if name in ("VmHWM", "RssAnon", "RssFile", "RssShmem", "PPid", "Name"):
            fields[name] = value.split()[0]
    return fields


def worker_of(parent):
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (fields := status(entry.name))["PPid"] == str(parent) and fields["Name"].startswith("edgewise-worker"):
                return int(entry.name)
        except (OSError, KeyError):
            continue
    return None


peak = {"peak_gb": 0.0, "anonymous_gb": 0.0, "mapped_gb": 0.0}
with tempfile.TemporaryDirectory() as folder:
    (pathlib.Path(folder) / "job.yaml").write_text(JOB)
    search = subprocess.Popen([BIN / "edgewise", "search", "job.yaml", "--quiet"], cwd=folder, stdout=subprocess.DEVNULL)
    while search.poll() is None:
        worker = worker_of(search.pid)
        if worker:
            try:
                fields = status(worker)
                peak["peak_gb"] = max(peak["peak_gb"], int(fields["VmHWM"]) / 1e6)
                peak["anonymous_gb"] = max(peak["anonymous_gb"], int(fields["RssAnon"]) / 1e6)
                peak["mapped_gb"] = max(peak["mapped_gb"], int(fields["RssFile"]) / 1e6)
            except (OSError, KeyError):
                pass
        time.sleep(0.2)
    if search.returncode != 0:
        sys.exit(f"the search ended with {search.returncode}")
machine.write("worker_memory", "make bench", {"what": "peak resident memory of a worker, 10,000 pictures at 96x96, batch 64, MobileNetV2", "goal_gb": GOAL_GB,
              "figures": [{"name": "peak resident memory of a worker", "value": peak["peak_gb"], "goal": GOAL_GB, "better": "lower", "unit": "GB"}], **peak})
