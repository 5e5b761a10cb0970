"""Compares the 21 backbones with torchvision: same weights, same input, outputs within 1e-4 of the largest output.

Each network gets torchvision's own random weights, saved as a .pth file. Batch norms get running statistics, factors and
offsets that are not 0 and 1, and layer scales get values of about 1, so that leaving one of them out cannot go unseen.
"""
import argparse
import datetime
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

NAMES = """alexnet vgg11 vgg11_bn resnet18 squeezenet1_0 squeezenet1_1 densenet121 shufflenet_v2_x0_5 shufflenet_v2_x1_0
mobilenet_v2 mobilenet_v3_small mobilenet_v3_large mnasnet0_5 mnasnet1_0 mnasnet1_3 regnet_y_400mf regnet_y_800mf
regnet_x_400mf regnet_x_800mf convnext_tiny convnext_small""".split()
SIZE = 224
LIMIT = 1e-4


def make(name, seed):
    torch.manual_seed(seed)
    model = getattr(torchvision.models, name)(weights=None).eval()
    for module_name, module in model.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
    for parameter_name, parameter in model.named_parameters():
        if parameter_name.endswith("layer_scale"):
            parameter.data.uniform_(0.1, 1)
    return model


def compare(program, name, seed, folder):
    with torch.no_grad():
        model = make(name, seed)
        inputs = torch.randn(2, 3, SIZE, SIZE)
        expected = model(inputs)
        torch.save(model.state_dict(), folder / "weights.pth")
    parameters = sum(p.numel() for p in model.parameters())
    del model
    inputs.numpy().tofile(folder / "input")
    run = subprocess.run([program, name, str(SIZE), folder / "weights.pth", folder / "input", folder / "output"],
                         capture_output=True, text=True)
    if run.returncode != 0:
        return parameters, None, run.stderr.strip() or f"exit status {run.returncode}"
    outputs = torch.from_file(str(folder / "output"), size=expected.numel()).reshape(expected.shape)
    difference = ((outputs - expected).abs().max() / expected.abs().max()).item()
    spread = (expected.std() / expected.abs().max()).item()
    if int(run.stdout) != parameters:
        return parameters, difference, f"counts {run.stdout.strip()} parameters"
    if not difference <= LIMIT:
        return parameters, difference, f"differs by more than {LIMIT}"
    if not spread > 1e-3:
        return parameters, difference, "the outputs are all equal, which shows nothing"
    return parameters, difference, None


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="the built parity_program")
    parser.add_argument("--write", metavar="FILE", help="also write the table, with date and machine, to FILE")
    parser.add_argument("--only", nargs="*", default=NAMES)
    arguments = parser.parse_args()
    lines = [f"{'network':20} {'parameters':>12} {'largest relative difference':>28}"]
    print(lines[0], flush=True)
    mistakes = []
    with tempfile.TemporaryDirectory() as folder:
        for seed, name in enumerate(arguments.only):
            parameters, difference, mistake = compare(arguments.program, name, seed, pathlib.Path(folder))
            shown = "-" if difference is None else f"{difference:.1e}"
            lines.append(f"{name:20} {parameters:12,} {shown:>28}")
            print(lines[-1], flush=True)
            if mistake:
                mistakes.append(f"{name}: {mistake}")
    print(*mistakes, sep="\n")
    if arguments.write and not mistakes:
        head = [f"The 21 backbones against torchvision {torchvision.__version__} (torch {torch.__version__}), random weights, "
                f"input 2x3x{SIZE}x{SIZE}, limit {LIMIT}.",
                f"Command: python3 tests/nn/torchvision_parity.py {os.path.basename(arguments.program)} --write FILE",
                f"Machine: {processor()}, {os.cpu_count()} processors. Date: {datetime.date.today()}.", ""]
        pathlib.Path(arguments.write).write_text("\n".join(head + lines) + "\n")
    sys.exit(1 if mistakes else 0)


main()
