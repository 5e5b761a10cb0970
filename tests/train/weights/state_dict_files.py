"""Writes state dicts with PyTorch and checks what state_dict_program reads from them, and what it refuses."""
import collections
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import torch
    import torchvision
except ImportError:
    print("python3-torch or python3-torchvision is missing: NO TEST RAN HERE")
    sys.exit(0)

program = sys.argv[1]
mistakes = []


def read(path):
    run = subprocess.run([program, path], capture_output=True, text=True)
    return run.returncode, run.stdout


def expect_same(what, state, path):
    code, text = read(path)
    if code != 0:
        mistakes.append(f"{what}: {text}")
        return
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in text.splitlines()}
    if set(rows) != set(state):
        mistakes.append(f"{what}: other names")
        return
    for name, tensor in state.items():
        values = tensor.detach().double().flatten()
        shape, total, first = rows[name]
        close = abs(float(total) - values.sum().item()) <= 1e-5 * (1 + values.abs().sum().item())
        begins = not len(values) or abs(float(first) - values[0].item()) <= 1e-6 * (1 + abs(values[0].item()))
        if shape != ("x".join(map(str, tensor.shape)) or "scalar") or not close or not begins:
            mistakes.append(f"{what}: {name} is read as {rows[name]}, not {tuple(tensor.shape)} {values.sum().item()}")


def expect_refused(what, path, words):
    code, text = read(path)
    if code != 1 or words not in text:
        mistakes.append(f"{what}: exit {code}, {text!r} does not say {words!r}")


class Attack:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


torch.manual_seed(1)
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    for name in ("resnet18", "densenet121", "convnext_tiny", "shufflenet_v2_x0_5"):
        state = getattr(torchvision.models, name)(weights=None).state_dict()
        for new in (True, False):
            torch.save(state, folder / "a.pth", _use_new_zipfile_serialization=new)
            expect_same(f"{name}, {'zip' if new else 'old format'}", state, folder / "a.pth")
    mixed = collections.OrderedDict(
        half=torch.randn(5, 7).half(), brain=torch.randn(5, 7).bfloat16(), double=torch.randn(3).double(), long=torch.tensor([-3, 2**20]),
        integer=torch.tensor([[1, -2]], dtype=torch.int32), byte=torch.tensor([200], dtype=torch.uint8), scalar=torch.tensor(4.5),
        empty=torch.zeros(0, 3), view=torch.randn(6, 4).t()[1:3], parameter=torch.nn.Parameter(torch.randn(2, 2)),
        tiny=torch.tensor([6e-8, -1e-5, 65504.0]).half())
    for new in (True, False):
        torch.save(mixed, folder / "b.pth", _use_new_zipfile_serialization=new)
        expect_same(f"mixed types, {'zip' if new else 'old format'}", mixed, folder / "b.pth")
    torch.save({"state_dict": dict(a=torch.ones(3)), "epoch": 7}, folder / "c.pth")
    expect_same("a training script's checkpoint", dict(a=torch.ones(3)), folder / "c.pth")

    # What training scripts save beside the weights: objects of their own, optimizers, numbers of NumPy.
    layer = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    import argparse
    import datetime
    beside = {"epoch": 3, "args": argparse.Namespace(lr=0.1, path=pathlib.Path("x"), names={"a", "b"}, when=datetime.datetime.now()),
              "optimizer": optimizer.state_dict(), "best": 0.5, "history": collections.defaultdict(list, loss=[1.0, 2.0]),
              "counts": collections.Counter("abc"), "frozen": frozenset((1, 2)), "bytes": b"\xff\x00", "device": torch.device("cpu"),
              "dtype": torch.float32, "large": 2**70, "rng": torch.get_rng_state(), "size": torch.Size([1, 2]), "scheduler": None}
    try:
        import numpy
        beside["numpy"] = numpy.float64(0.25)
        beside["array"] = numpy.arange(3)
    except ImportError:
        pass
    for key in ("state_dict", "model_state_dict", "model", "weights", "ema", "anything"):
        for new in (True, False):
            for protocol in (2, 4):
                torch.save({**beside, key: layer.state_dict()}, folder / "h.pth",
                           _use_new_zipfile_serialization=new, pickle_protocol=protocol)
                expect_same(f"a checkpoint with {key}, protocol {protocol}", layer.state_dict(), folder / "h.pth")
    for new in (True, False):
        torch.save({"w": Attack(folder / "owned")}, folder / "d.pth", _use_new_zipfile_serialization=new)
        expect_refused("an attack", folder / "d.pth", 'which a state dict of plain tensors does not need')
    torch.save(torchvision.models.squeezenet1_1(weights=None), folder / "e.pth")
    expect_refused("a whole module", folder / "e.pth", 'asks for "torchvision.models.squeezenet.SqueezeNet"')
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(folder / "f.pth"))
    expect_refused("a TorchScript file", folder / "f.pth", "TorchScript")
    good = (folder / "a.pth").read_bytes()
    for cut in (1, 100, len(good) // 2, len(good) - 1):
        (folder / "g.pth").write_bytes(good[:cut])
        expect_refused(f"a file cut at {cut}", folder / "g.pth", "error:")
    if (folder / "owned").exists():
        mistakes.append("a pickle was executed")

print(*mistakes[:20], sep="\n")
print("state dicts: " + ("FAILED" if mistakes else "all read as PyTorch wrote them"))
sys.exit(1 if mistakes else 0)
