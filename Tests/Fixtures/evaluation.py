"""Writes evaluation.json: quantised samples, their similarity by pytorch_msssim, and their mean squared error."""

import json
import pathlib

import torch
from pytorch_msssim import ssim

torch.set_num_threads(1)

generator = torch.Generator().manual_seed(3)


def quantise(samples):
    return ((samples / 2 + 0.5).clamp(0, 1) * 255).round()


cases = []
for shape, noise in [((3, 3, 17, 13), 0.1), ((2, 1, 11, 11), 0.02), ((2, 3, 32, 32), 0.6), ((1, 1, 12, 40), 0.0)]:
    rows = torch.linspace(-1.2, 1.2, shape[2])[:, None]
    columns = torch.linspace(0, 9, shape[3])[None, :]
    first = torch.sin(columns + 3 * rows) * 0.8 + 0.3 * torch.randn(shape, generator=generator)
    second = first + noise * torch.randn(shape, generator=generator)
    a, b = quantise(first), quantise(second)
    cases.append({
        "shape": shape, "first": a.flatten().int().tolist(), "second": b.flatten().int().tolist(),
        "ssim": ssim(a / 255, b / 255, data_range=1, size_average=False).tolist(),
        "mse": ((a.double() - b.double()) / 255).square().mean().item(),
    })

samples = torch.cat([torch.tensor([0.0, -1.0, 1.0, -1.5, 1.5, float("inf"), -float("inf")]), torch.arange(-255, 256, 2) / 255.0,
                     torch.arange(-254, 255, 2) / 255.0, torch.randn(200, generator=generator)])
golden = {
    "made_by": "Tests/Fixtures/evaluation.py", "cases": cases,
    "samples": [value % 2**32 for value in samples.view(torch.int32).tolist()], "quantised": quantise(samples).int().tolist(),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
