"""Loads a pruned pipeline whose widths no config can say: the model is rebuilt in stock diffusers from its tensors' shapes.

    from load_pruned import load_pruned
    pipeline = load_pruned("folder")          # a DDPMPipeline

    python load_pruned.py folder picture.png  # one sample
"""

import json
import sys
from pathlib import Path

import diffusers
import torch
from diffusers import DDPMPipeline, DDPMScheduler
from safetensors.torch import load_file


def load_pruned(folder="."):
    """A DDPMPipeline of the folder's `unet` and `scheduler`."""
    folder = Path(folder)
    config = json.loads((folder / "unet" / "config.json").read_text())
    network = getattr(diffusers, config["_class_name"])
    model = network(**{key: value for key, value in config.items() if not key.startswith("_") and key != "pruned_widths"})
    tensors = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
    for path, module in model.named_modules():
        weight = tensors.get(path + ".weight")
        if weight is None:
            continue
        module.weight = torch.nn.Parameter(torch.empty_like(weight), requires_grad=module.weight.requires_grad)
        if getattr(module, "bias", None) is not None:
            module.bias = torch.nn.Parameter(torch.empty_like(tensors[path + ".bias"]))
        if isinstance(module, torch.nn.Conv2d):
            module.out_channels, module.in_channels = weight.shape[:2]
        elif isinstance(module, torch.nn.Linear):
            module.out_features, module.in_features = weight.shape
        elif isinstance(module, torch.nn.GroupNorm):
            module.num_channels = weight.shape[0]
    for module in model.modules():
        if type(module).__name__ in ("Downsample2D", "Upsample2D") and isinstance(module.conv, torch.nn.Conv2d):
            module.channels = module.conv.in_channels
            module.out_channels = module.conv.out_channels
        elif type(module).__name__ == "ResnetBlock2D":  # what halves or doubles inside it has no weights, but checks its channels
            for inner in (module.downsample, module.upsample):
                if isinstance(inner, torch.nn.Module):
                    inner.channels = inner.out_channels = module.norm1.num_channels
    model.load_state_dict(tensors)
    return DDPMPipeline(model.eval(), DDPMScheduler.from_pretrained(folder / "scheduler"))


if __name__ == "__main__":
    pipeline = load_pruned(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    print(sum(p.numel() for p in pipeline.unet.parameters()), "parameters")
    if len(sys.argv) > 2:
        pipeline(num_inference_steps=100).images[0].save(sys.argv[2])
