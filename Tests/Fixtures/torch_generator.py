"""Writes torch_generator.json: mixed sequences of calls on PyTorch's CPU generator, and what they return."""

import json
import pathlib

import torch

torch.set_num_threads(1)

CALLS = [
    [("randn", 5), ("randn", 100), ("randint", 17, 10), ("rand", 7), ("randn", 3), ("randn", 16), ("randn", 1), ("uniform", 9)],
    [("randn", 31), ("randn", 33), ("randn", 15), ("randint", 2, 20), ("randn", 15), ("rand", 1), ("randn", 768)],
    [("randint", 1000, 16), ("randint", 2**28 - 1, 3), ("randint", 2**28, 3), ("randint", 2**40, 3), ("rand", 700), ("randn", 2)],
]

sequences = []
for seed, calls in zip([0, 2**40 + 12345, 2**63 - 1], CALLS):
    generator = torch.Generator().manual_seed(seed % 2**32)
    results = []
    for name, *arguments in calls:
        result = {"name": name, "count": arguments[-1]}
        if name == "uniform":
            values = torch.empty(arguments[0]).uniform_(-0.1234567, 0.7, generator=generator)
        elif name == "randint":
            result["below"] = arguments[0]
            values = torch.randint(0, arguments[0], (arguments[1],), generator=generator)
        else:
            values = getattr(torch, name)(arguments[0], generator=generator)
        result["values"] = values.tolist()
        results.append(result)
    sequences.append({"seed": seed, "calls": results})

pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps({"made_by": "Tests/Fixtures/torch_generator.py", "sequences": sequences}) + "\n")
