"""Writes safetensors_formats.safetensors, one tensor in each format, and safetensors_formats.json with their values and bit patterns."""

import json
import pathlib

import torch
from safetensors.torch import save_file

torch.set_num_threads(1)

torch.manual_seed(5)
special = [0.0, -0.0, 1.0, -1.5, 65504.0, 65519.9, 65520.0, 1e-8, 6e-8, -5.9604645e-08, 2.9802322e-08, 2.98023259e-08, 3.4028235e38, 1.00390625,
           1.01171875, 1.0004883, 1.0014648, float("inf"), -float("inf"), 1e-45, 1.1754942e-38]
values = torch.cat([torch.tensor(special), torch.randn(43) * 100])

tensors = {
    "float32": values, "float16": values.half(), "bfloat16": values.bfloat16(), "float64": values.double(),
    "int64": torch.arange(6).reshape(2, 3), "matrix": torch.arange(12, dtype=torch.float32).reshape(3, 4), "empty": torch.zeros(0, 3),
    "scalar": torch.tensor(2.5),
}
path = pathlib.Path(__file__)
save_file(tensors, path.with_suffix(".safetensors"), metadata={"format": "pt"})


def bits(tensor, dtype):
    return [value % 2**32 if dtype == torch.int32 else value % 2**16 for value in tensor.view(dtype).tolist()]


golden = {
    "made_by": "Tests/Fixtures/safetensors_formats.py",
    "float32": bits(values, torch.int32),
    "float16": bits(values.half(), torch.int16),
    "bfloat16": bits(values.bfloat16(), torch.int16),
}
path.with_suffix(".json").write_text(json.dumps(golden) + "\n")
