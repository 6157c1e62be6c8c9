"""Writes published/autoencoders_golden.json: what diffusers makes of the autoencoders in published/autoencoders.json, which people have
published.

Each gets the weights that torch.manual_seed(7) and the constructor give, but that a table of vectors is multiplied by the number of its rows:
fresh ones are all about zero. Listed are the number of parameters, the largest number and sixteen numbers spread over what the encoder
makes of a picture of four pixels of latents to a side, and over what the decoder makes of such latents.

    python make_published_autoencoder_golden.py
"""

import gc
import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, VQModel

HERE = Path(__file__).parent / "published"
SEED = 7
SIDE = 4


def listed(output):
    output = output.flatten()
    places = [place * (len(output) - 1) // 15 for place in range(16)]
    return {"largest": output.abs().max().item(), "numbers": output[places].tolist()}


def run(config):
    kind = {"AutoencoderKL": AutoencoderKL, "VQModel": VQModel}[config["_class_name"]]
    torch.manual_seed(SEED)
    model = kind(**{key: value for key, value in config.items() if not key.startswith("_")}).eval()
    side = SIDE * 2 ** (len(config["block_out_channels"]) - 1)
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        if kind is VQModel:
            table = model.quantize.embedding.weight
            table *= len(table)
        encoded = model.encode(torch.randn(1, model.config.in_channels, side, side, generator=generator))
        encoded = encoded.latent_dist.parameters if kind is AutoencoderKL else encoded.latents
        channels = encoded.shape[1] // (2 if kind is AutoencoderKL else 1)
        decoded = model.decode(torch.randn(1, channels, SIDE, SIDE, generator=generator)).sample
    return {"parameters": model.num_parameters(), "encoded": listed(encoded), "decoded": listed(decoded)}


if __name__ == "__main__":
    found = []
    for index, entry in enumerate(json.loads((HERE / "autoencoders.json").read_text())):
        found.append(run(entry["config"]))
        gc.collect()
        print(index, found[-1]["parameters"], flush=True)
    lines = ",\n".join(json.dumps(entry) for entry in found)
    (HERE / "autoencoders_golden.json").write_text(
        f'{{"made_by": "make_published_autoencoder_golden.py", "seed": {SEED}, "side": {SIDE}, "models": [\n{lines}\n]}}\n')
