#!/usr/bin/env python3
"""Measures torchvision's own backbones, for tests/space/backbones_test.cpp.

    python3 tools/parity/backbones_golden.py > tests/space/backbones_golden.csv

Needs python3-torch and python3-torchvision; the versions used are in the first line. Each network is built without weights for 1000
classes and run once on 1x3x224x224. Columns: trainable parameters; multiply-accumulates of convolutions and linear layers; the number
of tensors in the state dict with a hash over their names and shapes in order; the number of leaf module calls with a hash over their
names, output shapes and multiply-accumulates in order. The hash is edgewise::stable_hash.
"""
import sys

import torch
import torchvision

MODELS = """alexnet vgg11 vgg11_bn resnet18 squeezenet1_0 squeezenet1_1 densenet121 shufflenet_v2_x0_5 shufflenet_v2_x1_0 mobilenet_v2
mobilenet_v3_small mobilenet_v3_large mnasnet0_5 mnasnet1_0 mnasnet1_3 regnet_y_400mf regnet_y_800mf regnet_x_400mf regnet_x_800mf
convnext_tiny convnext_small""".split()
MASK = (1 << 64) - 1


def stable_hash(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    value = value + 0x9E3779B97F4A7C15 & MASK
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
    return value ^ value >> 31


def shape_text(shape):
    return "x".join(str(extent) for extent in shape)


def measure(name):
    model = torchvision.models.get_model(name, weights=None).eval()
    lines, macs, calls = [], [0], {}

    def hook(path):
        def record(module, inputs, output):
            cost = 0
            if isinstance(module, torch.nn.Conv2d):
                cost = output[0].numel() * module.weight[0].numel()
            elif isinstance(module, torch.nn.Linear):
                cost = output[0].numel() * module.in_features
            macs[0] += cost
            if isinstance(module, torchvision.ops.StochasticDepth) and module.p == 0:
                return  # does nothing at any time
            calls[path] = calls.get(path, 0) + 1
            label = path if calls[path] == 1 else f"{path}_{calls[path]}"
            lines.append(f"{label} {shape_text(output.shape[1:])} {cost}\n")

        return record

    for path, module in model.named_modules():
        if not list(module.children()):
            module.register_forward_hook(hook(path))
    with torch.no_grad():
        model(torch.zeros(1, 3, 224, 224))
    tensors = "".join(f"{key} {shape_text(value.shape)}\n" for key, value in model.state_dict().items())
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return [name, parameters, macs[0], tensors.count("\n"), f"{stable_hash(tensors):016x}", len(lines), f"{stable_hash(''.join(lines)):016x}"]


def main():
    print(f"# torch {torch.__version__}, torchvision {torchvision.__version__}; made by tools/parity/backbones_golden.py")
    print("model,parameters,macs,tensors,tensors_hash,layers,layers_hash")
    for name in MODELS:
        print(*measure(name), sep=",")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
