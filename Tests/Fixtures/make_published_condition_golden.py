"""Writes published/condition_golden.json: what diffusers makes of the UNet2DConditionModel configurations in
published/condition_configs.json, which people have published; as make_published_golden.py does for UNet2DModel's, and told five tokens. Those that
are told more than tokens and a class have no output listed, only why.

    python make_published_condition_golden.py
"""

import gc
import json

import torch
from diffusers import UNet2DConditionModel

from make_published_golden import HERE, SEED, size
from reference import class_labels
from reference_condition import token_width

TOKENS = 5
# What a network may be told besides, which this service refuses by the key.
REFUSED = ("encoder_hid_dim_type", "addition_embed_type", "time_cond_proj_dim", "cross_attention_norm")


def run(config):
    refused = next((key for key in REFUSED if config.get(key) not in (None, "text_proj")), None)
    if refused:
        return {"refused": refused}
    torch.manual_seed(SEED)
    model = UNet2DConditionModel(**{key: value for key, value in config.items() if not key.startswith("_")}).eval()
    generator = torch.Generator().manual_seed(SEED)
    sample = torch.randn(1, model.config.in_channels, size(config), size(config), generator=generator)
    tokens = torch.randn(1, TOKENS, token_width(model), generator=generator)
    with torch.no_grad():
        output = model(sample, 37, tokens, class_labels(model)).sample.flatten()
    places = [place * (len(output) - 1) // 15 for place in range(16)]
    return {
        "parameters": model.num_parameters(), "side": size(config), "largest": output.abs().max().item(), "numbers": output[places].tolist()}


if __name__ == "__main__":
    found = []
    for index, entry in enumerate(json.loads((HERE / "condition_configs.json").read_text())):
        found.append(run(entry["config"]))
        gc.collect()
        print(index, found[-1], flush=True)
    lines = ",\n".join(json.dumps(entry) for entry in found)
    (HERE / "condition_golden.json").write_text(
        f'{{"made_by": "make_published_condition_golden.py", "seed": {SEED}, "tokens": {TOKENS}, "models": [\n{lines}\n]}}\n')
