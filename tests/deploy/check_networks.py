"""ONNX's own checker, with shape inference, on every file of a folder; the inferred output shapes are the declared ones."""
import pathlib
import sys

import onnx.reference  # first: registers what the other modules of Debian's package need
import onnx
from onnx import checker, shape_inference


def extents(value):
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]


files = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
assert len(files) >= 60, f"only {len(files)} files in {sys.argv[1]}"
for path in files:
    model = onnx.load(path)
    checker.check_model(model, full_check=True)
    declared = [extents(output) for output in model.graph.output]
    for output in model.graph.output:
        del output.type.tensor_type.shape.dim[:]
        output.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    found = [extents(output) for output in inferred.graph.output]
    assert found == declared, f"{path.name}: {found} is not {declared}"
print(f"{len(files)} files pass")
