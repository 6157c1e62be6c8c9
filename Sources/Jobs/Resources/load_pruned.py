"""Loads a pruned pipeline whose widths no config can say: the model is rebuilt in stock diffusers from its tensors' shapes.

    from load_pruned import load_pruned
    pipeline = load_pruned("folder")          # such as a DDPMPipeline or a StableDiffusionPipeline; an autoencoder by itself as it is

    python load_pruned.py folder picture.png  # one sample; of a text or a class where the pipeline is told one: … picture.png "a text"
"""

import json
import sys
from pathlib import Path

import diffusers
import torch
from diffusers import DiffusionPipeline
from diffusers.models.attention_processor import Attention, AttnAddedKVProcessor
from safetensors.torch import load_file


def load_pruned(folder="."):
    """The folder's pipeline, or its network where there is none."""
    folder = Path(folder)
    place = folder / "unet" if (folder / "unet").exists() else folder
    config = json.loads((place / "config.json").read_text())
    network = getattr(diffusers, config["_class_name"])
    model = network(**{key: value for key, value in config.items() if not key.startswith("_") and key != "pruned_widths"})
    tensors = load_file(place / "diffusion_pytorch_model.safetensors")
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
        elif isinstance(module, torch.nn.LayerNorm):
            module.normalized_shape = tuple(weight.shape)
    for module in model.modules():
        if type(module).__name__ in ("Downsample2D", "Upsample2D") and isinstance(module.conv, torch.nn.Conv2d):
            module.channels = module.conv.in_channels
            module.out_channels = module.conv.out_channels
        elif type(module).__name__ == "ResnetBlock2D":  # what halves or doubles inside it has no weights, but checks its channels
            for inner in (module.downsample, module.upsample):
                if isinstance(inner, torch.nn.Module):
                    inner.channels = inner.out_channels = module.norm1.num_channels
        elif isinstance(module, Attention) and module.added_kv_proj_dim is not None:
            # The processor that it comes with takes what attention gives for as wide as the block.
            module.set_processor(AttnAddedKVProcessor())
            module.scale = (module.to_q.out_features // module.heads) ** -0.5
    model.load_state_dict(tensors)
    if place == folder:
        return model.eval()
    index = json.loads((folder / "model_index.json").read_text())
    absent = {name: None for name, part in index.items() if part == [None, None]}
    if isinstance(index["_class_name"], list):  # the pipeline's class is in the folder too
        absent |= {"custom_pipeline": str(folder), "trust_remote_code": True}
    return DiffusionPipeline.from_pretrained(folder, unet=model.eval(), **absent)


if __name__ == "__main__":
    pipeline = load_pruned(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    print(sum(p.numel() for p in getattr(pipeline, "unet", pipeline).parameters()), "parameters")
    if len(sys.argv) > 2:
        told = [int(word) if hasattr(pipeline, "class_embedder") else word for word in sys.argv[3:]]
        pipeline(*told, num_inference_steps=100).images[0].save(sys.argv[2])
