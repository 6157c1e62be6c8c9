"""What the service hands out, loaded in stock diffusers; and that what was uploaded comes back as it was."""

import importlib.util
import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import torch
from diffusers import DiffusionPipeline, UNet2DConditionModel
from huggingface_hub import ModelCard
from safetensors.torch import load_file

from models import old_names, pipeline_files, subject


def pipeline(folder, widths):
    """A downloaded folder as its pipeline: a `free` result's widths are in no config, so its loader rebuilds the model. A network that is
    told tokens, and has nothing beside it that makes pictures or tokens, is `unet` alone."""
    if widths != "free":
        kind = json.loads((Path(folder) / "unet" / "config.json").read_text())["_class_name"]
        parts = [part for part in ("vae", "class_embedder") if (Path(folder) / part).exists()]
        if kind == "UNet2DConditionModel" and not parts:
            return SimpleNamespace(unet=UNet2DConditionModel.from_pretrained(folder, subfolder="unet"))
        index = json.loads((Path(folder) / "model_index.json").read_text())
        absent = {name: None for name, part in index.items() if part == [None, None]}
        if "class_embedder" in parts:
            absent |= {"custom_pipeline": str(folder), "trust_remote_code": True}
        return DiffusionPipeline.from_pretrained(folder, dtype=torch.float32, **absent)
    spec = importlib.util.spec_from_file_location("load_pruned", Path(folder) / "load_pruned.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load_pruned(folder)


def downloaded(client, checkpoint, widths="diffusers"):
    """The checkpoint's pipeline and its tensors by name."""
    with tempfile.TemporaryDirectory() as folder:
        client.download(checkpoint, folder)
        tensors = load_file(Path(folder) / "unet" / "diffusion_pytorch_model.safetensors")
        result = pipeline(folder, widths)
        described(Path(folder))
    result.unet.eval()
    if hasattr(result, "set_progress_bar_config"):
        result.set_progress_bar_config(disable=True)
    return result, tensors


def described(folder):
    """A result's model card, as the Hub's library reads it."""
    if (folder / "manifest.json").exists():
        card = ModelCard.load(folder / "README.md")
        source = json.loads((folder / "manifest.json").read_text())["source"]["name"]
        told = (card.data.library_name, card.data.base_model)
        if told != ("diffusers", source):
            raise AssertionError(f"the model card tells {told}")


def returned(client, figures):
    """Uploads with today's and with former attention names and in three types come back with the same values and run."""
    for name in ("ddpm", "scale_shift"):
        model = subject(name).model
        for dtype, rename in ((torch.float32, old_names), (torch.float32, lambda n: n), (torch.float16, lambda n: n), (torch.bfloat16, old_names)):
            checkpoint = client.upload("checkpoints", name, pipeline_files(model, dtype, rename))
            figures.same("types", checkpoint["dtype"], str(dtype).removeprefix("torch."))
            loaded, _ = downloaded(client, checkpoint["id"])
            for parameter_name, parameter in loaded.unet.named_parameters():
                figures.same("tensors", parameter.float(), model.get_parameter(parameter_name).to(dtype).float())
            pictures = loaded(batch_size=2, num_inference_steps=2, output_type="np").images
            figures.same("pictures of DDPMPipeline", pictures.shape, (2, model.config.sample_size, model.config.sample_size, 3))


def converted(client, figures, name):
    """A pipeline handed out in half precision: every number is the stored one rounded as PyTorch rounds, and diffusers loads it."""
    this = subject(name)
    checkpoint = this.checkpoint(client)
    for dtype in (torch.float16, torch.bfloat16):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as stored:
            client.download(checkpoint, stored)
            client.download(checkpoint, folder, f"?dtype={str(dtype).removeprefix('torch.')}")
            files = sorted(path.relative_to(stored) for path in Path(stored).rglob("*") if path.is_file())
            figures.same("files", sorted(path.relative_to(folder) for path in Path(folder).rglob("*") if path.is_file()), files)
            for path in files:
                if path.suffix == ".safetensors":
                    ours, theirs = load_file(Path(folder) / path), load_file(Path(stored) / path)
                    figures.same("names", ours.keys(), theirs.keys())
                    for key, tensor in theirs.items():
                        figures.same("tensors", ours[key], tensor.to(dtype) if tensor.is_floating_point() else tensor)
            loaded = DiffusionPipeline.from_pretrained(folder, dtype=dtype)
            for part in loaded.components.values():
                if isinstance(part, torch.nn.Module):
                    figures.same("formats of components", {parameter.dtype for parameter in part.parameters()}, {dtype})
