"""The exported file says how to feed it and what comes out."""
import pathlib
import tempfile

from onnx_file import fields
from program import run

JOB = """task: {task}
data: {{path: {data}, count: 60, input: 32}}
space: {{family: backbones, backbone: [squeezenet1_1], learning_rate: [0.001]}}
device: {{name: local, max_seconds: 0.1, min_runs: 5, max_runs: 10}}
train: {{batch: 16, epochs: 1}}
search: {{strategy: grid}}
"""


def metadata(path):
    props = [dict(fields(entry)) for number, entry in fields(path.read_bytes()) if number == 14]  # ModelProto.metadata_props
    return {prop[1].decode(): prop[2].decode() for prop in props}


with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    for task, data in (("box", "builtin:faces"), ("classification", "builtin:drainage")):
        (root / f"{task}.yaml").write_text(JOB.format(task=task, data=data))
        done = run(["search", f"{task}.yaml", "--quiet"], root, 300)
        assert done.returncode == 0, done
        assert run(["export", task, "--pick", "knee", "--output", f"{task}.onnx"], root).returncode == 0
        said = metadata(root / f"{task}.onnx")
        assert said["task"] == task and said["input_size"] == "32" and said["layout"].startswith("NCHW"), said
        assert "stretched to a square of 32 x 32" in said["resize"] and "area filter when shrinking, linear when growing" in said["resize"], said
        if task == "box":
            assert "x0, y0, x1, y1 as shares of the input" in said["output"] and said["channel_order"] == "RGB", said
        else:
            # Height, slope and shade of a map are no colours.
            assert "a score for each class" in said["output"] and "RGB" not in said["channel_order"], said
    print("the exported files say how pictures come in and what goes out")
