"""Writes torch_generator.json: mixed sequences of calls on PyTorch's CPU generator, and what they return."""

import json
import pathlib

import torch

torch.set_num_threads(1)

CALLS = [
    [("randn", 5), ("randn", 100), ("randint", 17, 10), ("rand", 7), ("randn", 3), ("randn", 16), ("randn", 1), ("uniform", 9)],
    [("randn", 31), ("randn", 33), ("randn", 15), ("randint", 2, 20), ("randn", 15), ("rand", 1), ("randn", 768)],
    [("randint", 1000, 16), ("randint", 2**28 - 1, 3), ("randint", 2**28, 3), ("randint", 2**40, 3), ("rand", 700), ("randn", 2)],
    # Every size up to 64. Below 16 the second normal of a pair waits for the next such call, also across larger ones between.
    [call for n in range(1, 33) for call in (("randn", n), ("randn", 65 - n))],
    # Integers are 32 bits below 2²⁸ and 64 bits from there on; 2⁵³ is as far as a JSON number reaches.
    [call for bound in (1, 2**24 - 1, 2**24, 2**24 + 1, 2**28 + 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**53)
     for call in (("randint", bound, 4), ("randn", 1))],
]

sequences = []
for seed, calls in zip([0, 2**40 + 12345, 2**63 - 1, 1, 2], CALLS, strict=True):
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
        result["values"] = values.tolist() if name == "randint" else [float(f"{v:.9g}") for v in values.tolist()]  # a float's own digits
        results.append(result)
    sequences.append({"seed": seed, "calls": results})

pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps({"made_by": "Tests/Fixtures/torch_generator.py", "sequences": sequences}) + "\n")
