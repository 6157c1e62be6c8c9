"""Writes published/golden.json: what diffusers makes of the configurations in published/configs.json, which people have published.

Each gets the weights that torch.manual_seed(7) and the constructor give, and draws on a map of twice the smallest height and width that it
takes. Listed are the number of parameters, the largest number of the output, and sixteen numbers spread over it; or why diffusers itself
cannot run the network.

    python make_published_golden.py
"""

import gc
import json
from pathlib import Path

import torch
from diffusers import UNet2DModel

from reference import class_labels

HERE = Path(__file__).parent / "published"
SEED = 7


def halvings(config):
    return len(config.get("block_out_channels", (224, 448, 672, 896))) - 1


def size(config):
    """The map's height and width, for a configuration that may name none."""
    return 2 * 2 ** halvings(config)


def timestep(config):
    return 1.25 if config.get("time_embedding_type") == "fourier" else 37


def run(config):
    wanted = config.get("sample_size") or size(config)
    sides = wanted if isinstance(wanted, list) else [wanted, wanted]
    if any(side % 2 ** halvings(config) for side in sides):
        # diffusers makes the model, but its halves of halves do not fit together on the way up.
        return {"refused": f"{sides} cannot be halved {halvings(config)} times"}
    torch.manual_seed(SEED)
    model = UNet2DModel(**{key: value for key, value in config.items() if not key.startswith("_")}).eval()
    generator = torch.Generator().manual_seed(SEED)
    sample = torch.randn(1, model.config.in_channels, size(config), size(config), generator=generator)
    with torch.no_grad():
        output = model(sample, torch.tensor(timestep(config)), class_labels(model)).sample.flatten()
    places = [place * (len(output) - 1) // 15 for place in range(16)]
    return {
        "parameters": model.num_parameters(), "side": size(config), "timestep": timestep(config),
        "largest": output.abs().max().item(), "numbers": output[places].tolist()}


if __name__ == "__main__":
    found = []
    for index, entry in enumerate(json.loads((HERE / "configs.json").read_text())):
        try:
            found.append(run(entry["config"]))
        except Exception as error:
            found.append({"refused": f"{type(error).__name__}: {error}"[:200]})
        gc.collect()
        print(index, found[-1], flush=True)
    lines = ",\n".join(json.dumps(entry) for entry in found)
    (HERE / "golden.json").write_text(f'{{"made_by": "make_published_golden.py", "seed": {SEED}, "models": [\n{lines}\n]}}\n')
