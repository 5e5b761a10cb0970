#!/usr/bin/env python3
"""Which form of an operator the runtime computes fastest: the same values, written as different ONNX nodes, timed in turn with one thread.

    bench/operator_forms.py [--rounds 60]

Writes docs/results/spaces/operator_forms.json and operator_forms.md. Needs python3-onnx and python3-onnxruntime.
"""
import argparse
import statistics
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import machine

COMMAND = "tools/env python3 bench/operator_forms.py"
RANDOM = np.random.default_rng(1)


class Form:
    """Nodes of one form, put together one after the other."""

    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, value):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def op(self, kind, *inputs, outputs=1, domain="", **attributes):
        names = [f"t{self.count + i}" for i in range(outputs)]
        self.count += outputs
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def shaped(self, x, *shape):
        return self.op("Reshape", x, self.constant(np.array(shape, np.int64)))

    def session(self, shape, result, opset):
        graph = helper.make_graph(self.nodes, "form", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
                                  [helper.make_tensor_value_info(result, TensorProto.FLOAT, None)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


def linear(form, x, weight, bias=None):
    y = form.op("MatMul", x, form.constant(weight))
    return y if bias is None else form.op("Add", y, form.constant(bias))


def normal(*shape):
    return RANDOM.normal(size=shape).astype(np.float32) * 0.1


# Unfolding a map (1, C, H, W) into patches (p*p places, patches, C) and back, with one linear layer between, so that neither way can vanish.
def unfold(way):
    def build(form, c, h, p):
        n = h // p
        weight = np.eye(c, dtype=np.float32)
        if way == "one permutation of five axes":
            y = form.op("Transpose", form.shaped("x", c, n, p, n, p), perm=[2, 4, 1, 3, 0])
            y = linear(form, form.shaped(y, p * p, n * n, c), weight)
            y = form.op("Transpose", form.shaped(y, p, p, n, n, c), perm=[4, 2, 0, 3, 1])
            return form.shaped(y, 1, c, h, h)
        if way == "two permutations, as the paper's code":
            y = form.op("Transpose", form.shaped("x", c * n, p, n, p), perm=[0, 2, 1, 3])
            y = form.op("Transpose", form.shaped(y, 1, c, n * n, p * p), perm=[0, 3, 2, 1])
            y = linear(form, form.shaped(y, p * p, n * n, c), weight)
            y = form.op("Transpose", form.shaped(y, 1, p * p, n * n, c), perm=[0, 3, 2, 1])
            y = form.op("Transpose", form.shaped(y, c * n, n, p, p), perm=[0, 2, 1, 3])
            return form.shaped(y, 1, c, h, h)
        if way == "places first, then channels last":
            y = form.op("Transpose", form.shaped("x", c, n, p, n, p), perm=[2, 4, 0, 1, 3])
            y = form.op("Transpose", form.shaped(y, p * p, c, n * n), perm=[0, 2, 1])
            y = form.op("Transpose", linear(form, y, weight), perm=[0, 2, 1])
            y = form.op("Transpose", form.shaped(y, p, p, c, n, n), perm=[2, 3, 0, 4, 1])
            return form.shaped(y, 1, c, h, h)
        y = form.op("SpaceToDepth", "x", blocksize=p)  # (1, p*p*C, n, n), places outermost
        y = form.op("Transpose", form.shaped(y, p * p, c, n * n), perm=[0, 2, 1])
        y = form.op("Transpose", linear(form, y, weight), perm=[0, 2, 1])
        return form.op("DepthToSpace", form.shaped(y, 1, p * p * c, n, n), blocksize=p, mode="DCR")
    return build


def attention(way):
    def build(form, places, patches, width, heads):
        head = width // heads
        rng = np.random.default_rng(7)
        weight = (rng.normal(size=(width, 3 * width)) * 0.1).astype(np.float32)
        scale = np.float32(head ** -0.5)
        if "scale in the weights" in way:
            weight = weight.copy()
            weight[:, :width] *= scale
        if "three products" in way:
            parts = [linear(form, "x", part) for part in np.split(weight, 3, axis=1)]
        else:
            parts = form.op("Split", linear(form, "x", weight), form.constant(np.full(3, width, np.int64)), outputs=3, axis=2)
        q, k, v = (form.op("Transpose", form.shaped(part, places, patches, heads, head), perm=[0, 2, 1, 3]) for part in parts)
        scores = form.op("MatMul", q, form.op("Transpose", k, perm=[0, 1, 3, 2]))
        if "scale in the weights" not in way:
            scores = form.op("Mul", scores, form.constant(scale))
        if "softmax by parts" in way:
            shifted = form.op("Exp", form.op("Sub", scores, form.op("ReduceMax", scores, axes=[-1], keepdims=1)))
            weights = form.op("Div", shifted, form.op("ReduceSum", shifted, form.constant(np.array([-1], np.int64)), keepdims=1))
        else:
            weights = form.op("Softmax", scores, axis=-1)
        y = form.op("Transpose", form.op("MatMul", weights, v), perm=[0, 2, 1, 3])
        return form.shaped(y, places, patches, width)
    return build


def activation(way):
    def build(form, c, h):
        rng = np.random.default_rng(3)
        kernel = (rng.normal(size=(c, c, 1, 1)) * 0.1).astype(np.float32)
        x = form.op("Conv", "x", form.constant(kernel))
        number = lambda value: form.constant(np.float32(value))
        if way in ("HardSwish", "Relu", "Sigmoid alone"):
            return form.op({"Sigmoid alone": "Sigmoid"}.get(way, way), x)
        if way == "Clip to 6":
            return form.op("Clip", x, number(0), number(6))
        if way == "hard-swish as HardSigmoid and Mul":
            return form.op("Mul", x, form.op("HardSigmoid", x, alpha=1 / 6, beta=0.5))
        if way == "hard-swish as Add, Clip, Div and Mul":
            clipped = form.op("Clip", form.op("Add", x, number(3)), number(0), number(6))
            return form.op("Mul", x, form.op("Div", clipped, number(6)))
        if way == "SiLU as Sigmoid and Mul":
            return form.op("Mul", x, form.op("Sigmoid", x))
        if way == "GELU as Erf":
            inner = form.op("Add", form.op("Erf", form.op("Mul", x, number(0.7071067811865476))), number(1))
            return form.op("Mul", form.op("Mul", x, inner), number(0.5))
        return form.op("Gelu", x)
    return build


def layer_norm(way):
    def build(form, rows, width):
        gain, shift = form.constant(np.full(width, 1.5, np.float32)), form.constant(np.full(width, 0.25, np.float32))
        if way == "LayerNormalization":
            return form.op("LayerNormalization", "x", gain, shift, axis=-1, epsilon=1e-5)
        centred = form.op("Sub", "x", form.op("ReduceMean", "x", axes=[-1], keepdims=1))
        variance = form.op("ReduceMean", form.op("Mul", centred, centred), axes=[-1], keepdims=1)
        deviation = form.op("Sqrt", form.op("Add", variance, form.constant(np.float32(1e-5))))
        return form.op("Add", form.op("Mul", form.op("Div", centred, deviation), gain), shift)
    return build


# Title, shape of x, arguments, forms with what edgewise writes first; those of one title give the same values unless it says "of".
MAP, TOKENS = (64, 24, 2), (4, 144, 64, 4)
GROUPS = [
    ("patches of a map 64x24x24 and back", (1, 64, 24, 24), MAP, unfold,
     ["SpaceToDepth and DepthToSpace", "one permutation of five axes", "two permutations, as the paper's code", "places first, then channels last"], True),
    ("attention of 144 patches, 4 places, width 64, 4 heads", (4, 144, 64), TOKENS, attention,
     ["one product, scale on the scores", "one product, scale in the weights", "three products, scale on the scores",
      "one product, softmax by parts, scale on the scores"], True),
    ("hard-swish after a 1x1 convolution, 64x24x24", (1, 64, 24, 24), (64, 24), activation,
     ["HardSwish", "hard-swish as HardSigmoid and Mul", "hard-swish as Add, Clip, Div and Mul"], True),
    ("GELU after a 1x1 convolution, 64x24x24", (1, 64, 24, 24), (64, 24), activation, ["GELU as Erf", "Gelu"], True),
    ("one activation against another, 64x24x24", (1, 64, 24, 24), (64, 24), activation,
     ["Relu", "Clip to 6", "HardSwish", "SiLU as Sigmoid and Mul", "GELU as Erf"], False),
    ("layer norm of 576 rows of 64", (576, 64), (576, 64), layer_norm, ["LayerNormalization", "by parts"], True),
]


def timed(sessions, x, rounds):
    """Median over rounds of the fastest of some runs, in turn, in microseconds."""
    times = {name: [] for name in sessions}
    for _ in range(rounds):
        for name, session in sessions.items():
            best = float("inf")
            for _ in range(12):
                begun = time.perf_counter()
                session.run(None, {"x": x})
                best = min(best, time.perf_counter() - begun)
            times[name].append(best * 1e6)
    return {name: statistics.median(values) for name, values in times.items()}


def measured(title, shape, numbers, kind, ways, is_same, rounds):
    x = normal(*shape) * 10
    sessions, results = {}, {}
    for way in ways:
        form = Form()
        result = kind(way)(form, *numbers)
        sessions[way] = form.session(shape, result, 20 if way == "Gelu" else 17)
        results[way] = sessions[way].run(None, {"x": x})[0]
    if is_same:
        for way in ways:
            difference = float(np.abs(results[way] - results[ways[0]]).max())
            assert difference < 1e-4, (title, way, difference)
    times = timed(sessions, x, rounds)
    return [{"group": title, "form": way, "us": round(times[way], 1), "of_ours": round(times[way] / times[ways[0]], 3), "same_values": is_same}
            for way in ways]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    rows, figures = [], []
    for group in GROUPS:
        rows += measured(*group, rounds)
        mine = [row for row in rows if row["group"] == group[0]]
        if group[5]:
            fastest = min(mine, key=lambda row: row["us"])
            figures.append({"name": f"{group[0]}: our form against the fastest", "value": round(mine[0]["us"] / fastest["us"], 3), "goal": 1.05,
                            "better": "lower", "unit": "ratio"})
    lines = ["# Forms of operators in the runtime", "",
             f"Made by `{COMMAND}` on {machine.sentence()}: ONNX Runtime {onnxruntime.__version__}, one thread, batch 1; median over {rounds} rounds of the "
             "fastest of 12 runs, the forms in turn. The first form of each group is the one that edgewise writes; the forms of a group give the same "
             "values to 1e-4, but for the group of different activations.", "", "| what | form | µs | of ours |", "|---|---|---|---|"]
    lines += [f"| {row['group']} | {row['form']} | {row['us']} | {row['of_ours']} |" for row in rows]
    out = machine.RESULTS / "spaces"
    (out / "operator_forms.md").write_text("\n".join(lines) + "\n")
    machine.store(out / "operator_forms.json", {"command": COMMAND, "machine": machine.describe(), "figures": figures, "rows": rows})
    print("\n".join(lines))


if __name__ == "__main__":
    main()
