"""Loads the generator of this folder in plain PyTorch, and draws pictures with it.

    from generator import load, noise
    model = load("folder")                      # a torch.nn.Sequential in evaluation mode
    pictures = model(noise("folder", 16, 0))    # (16, channels, height, width) in [-1, 1], of noise of the seed 0

    python generator.py picture.png --count 16 --seed 0

The tensors have the names that they were uploaded under: a class of your own with layers as wide as config.json says loads them, too.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

FOLDER = Path(__file__).resolve().parent


def layers(folder=FOLDER):
    return json.loads((Path(folder) / "config.json").read_text())["layers"]


def module(layer):
    """The module that an entry of config.json tells of: its type in torch.nn, and that one's arguments."""
    if layer["type"] == "Unflatten":
        return nn.Unflatten(1, (layer["channels"], layer["height"], layer["width"]))
    return getattr(nn, layer["type"])(**{key: value for key, value in layer.items() if key not in ("type", "name")})


def load(folder=FOLDER):
    tensors = load_file(Path(folder) / "model.safetensors")
    model = nn.Sequential()
    for layer in layers(folder):
        model.append(module(layer))
        if "name" in layer:
            start = layer["name"] + "."
            model[-1].load_state_dict({name[len(start):]: tensor for name, tensor in tensors.items() if name.startswith(start)})
    return model.eval()


def noise(folder, count, seed):
    """Standard normal numbers, as a job's evaluation draws them of its seed."""
    first = layers(folder)[0]
    shape = (first["in_features"],) if first["type"] == "Linear" else (first["in_channels"], 1, 1)
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed))


def save(pictures, path):
    """Side by side, as one file."""
    from PIL import Image

    row = torch.cat(list((pictures / 2 + 0.5).clamp(0, 1)), 2)
    numbers = (row * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(numbers[:, :, 0] if numbers.shape[2] == 1 else numbers).save(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draws pictures with the generator of this folder.")
    parser.add_argument("picture", help="the file to write")
    parser.add_argument("--count", type=int, default=1, help="how many pictures, side by side")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with torch.no_grad():
        save(load()(noise(FOLDER, args.count, args.seed)), args.picture)
