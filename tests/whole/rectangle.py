"""Pictures that are no squares, from the job file to the exported file."""
import json
import pathlib
import tempfile

from onnx_file import input_shape
from program import run

JOB = """task: {task}
data: {{path: "builtin:{data}", count: 60, input: {size}}}
space: {space}
device: {{name: local, max_seconds: 0.1, min_runs: 5, max_runs: 10}}
train: {{batch: 16, epochs: 1, augment: {{random: 1, erase: 0.2, blur: 0.2}}}}
search: {{strategy: random, trials: 2}}
"""
CASES = (("box", "faces", "96x64", "{family: backbones, backbone: [squeezenet1_1, mobilenet_v3_small], learning_rate: [0.001]}"),
         ("classification", "drainage", "48x96", "{family: hybrid}"), ("box", "faces", "64x96", "{family: mobilevit, network: [mobilevit_xxs]}"))


with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    for number, (task, data, size, space) in enumerate(CASES):
        name = f"case{number}"
        (root / f"{name}.yaml").write_text(JOB.format(task=task, data=data, size=size, space=space))
        done = run(["search", f"{name}.yaml", "--quiet"], root, 300)
        assert done.returncode == 0, done
        report = json.loads(run(["report", name, "--json"], root).stdout)
        trials = [trial for trial in report["trials"] if trial["state"] == "complete"]
        assert trials and report["job"]["data"]["input"] == size, report["job"]["data"]
        # The exported file was compared with the network on pictures of this size: at most 1e-4 apart.
        assert all(trial["results"][-1]["details"]["export_difference"] <= 1e-4 for trial in trials)
        assert run(["export", name, "--pick", str(trials[0]["id"]), "--output", f"{name}.onnx"], root).returncode == 0
        width, height = (int(part) for part in size.split("x"))
        chosen = trials[0]["choice"].get("input_size", width)
        got = input_shape(root / f"{name}.onnx")
        assert len(got) == 4 and got[3] == chosen and abs(got[2] / got[3] - height / width) < 0.13, (got, chosen, size)
    sheet = run(["data", "case0.yaml", "--sheet", "sheet.png"], root, 300)
    assert sheet.returncode == 0 and (root / "sheet.png").exists(), sheet
    wrong = run(["check", "wrong.yaml"], root) if (root / "wrong.yaml").write_text(JOB.format(task="box", data="faces", size="96x6", space="backbones")) else None
    assert wrong.returncode == 1 and "wrong.yaml:2:" in wrong.stderr and "WIDTHxHEIGHT" in wrong.stderr, wrong
print("rectangles: trained, exported and measured")
