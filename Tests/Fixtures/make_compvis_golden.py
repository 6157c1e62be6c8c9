"""Writes compvis/: files of CompVis's code base, made of compvis_model.py's networks.

shapes.json        the published networks' tensors by name with their shapes, their YAML, and how many parameters the U-Net has; no numbers
faces.tar.gz       config.yaml and model.ckpt of a small latent diffusion model without condition, two heads in each attention
class.tar.gz       the same of one that is told classes by a table of tokens, with moving averages of the U-Net
golden.safetensors of either NAME.sample, NAME.timesteps, NAME.tokens where it is told any, NAME.output; NAME.latents and NAME.decoded

Weights are multiples of 1/32, which compress and which float16 holds.

    python make_compvis_golden.py
"""

import copy
import gzip
import io
import json
import tarfile
from pathlib import Path

import torch
import yaml
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

from compvis_model import Autoencoder, OpenCLIP, UNet, state

HERE = Path(__file__).parent / "compvis"
STABLE = dict(
    in_channels=4, out_channels=4, model_channels=320, attention_resolutions=[4, 2, 1], num_res_blocks=2, channel_mult=[1, 2, 4, 4],
    use_spatial_transformer=True, transformer_depth=1, legacy=False)
LATENT = dict(in_channels=3, out_channels=3, attention_resolutions=[8, 4, 2], num_res_blocks=2)
KL = dict(
    double_z=True, z_channels=4, resolution=256, in_channels=3, out_ch=3, ch=128, ch_mult=[1, 2, 4, 4], num_res_blocks=2, attn_resolutions=[],
    dropout=0.0)
VQ = KL | dict(double_z=False, z_channels=3, ch_mult=[1, 2, 4])
SMALL = VQ | dict(ch=32, ch_mult=[1, 1], num_res_blocks=1, resolution=16, attn_resolutions=[8])
TINY = dict(in_channels=3, out_channels=3, model_channels=32, num_res_blocks=1, channel_mult=[1, 1], attention_resolutions=[2])


def clip():
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12))


def table(rows, width):
    module = torch.nn.Module()
    module.embedding = torch.nn.Embedding(rows, width)
    return module


# By name: the U-Net's keys, the autoencoder's, rows of its table, the condition and what stands before its names, the rest of the YAML.
PUBLISHED = {
    "sd1": (STABLE | dict(num_heads=8, context_dim=768), KL, None, clip, "transformer.text_model.", dict(
        linear_start=0.00085, linear_end=0.012, image_size=64, scale_factor=0.18215), {"target": "ldm.modules.encoders.modules.FrozenCLIPEmbedder"}),
    "sd2": (STABLE | dict(num_head_channels=64, context_dim=1024, use_linear_in_transformer=True), KL, None,
            lambda: OpenCLIP(1024, 24, 49408), "model.", dict(
                linear_start=0.00085, linear_end=0.012, image_size=64, scale_factor=0.18215, parameterization="v"),
            {"params": {"freeze": True, "layer": "penultimate"}}),
    "class": (LATENT | dict(
        model_channels=192, channel_mult=[1, 2, 3, 5], num_heads=1, use_spatial_transformer=True, transformer_depth=1, context_dim=512), VQ, 8192,
        lambda: table(1001, 512), "", dict(linear_start=0.0015, linear_end=0.0195, image_size=64), {"params": {"n_classes": 1001, "embed_dim": 512}}),
    "faces": (LATENT | dict(model_channels=224, channel_mult=[1, 2, 3, 4], num_head_channels=32), VQ, 8192, lambda: None, "", dict(
        linear_start=0.0015, linear_end=0.0195, image_size=64), "__is_unconditional__")}


def document(unet, autoencoder, rows, parameters, condition):
    first = {"embed_dim": autoencoder["z_channels"], "ddconfig": autoencoder} | ({} if rows is None else {"n_embed": rows})
    return {"model": {"base_learning_rate": 2e-6, "target": "ldm.models.diffusion.ddpm.LatentDiffusion", "params": {
        "timesteps": 1000, **parameters, "unet_config": {"target": "ldm.modules.diffusionmodules.openaimodel.UNetModel", "params": unet},
        "first_stage_config": {"params": first}, "cond_stage_config": condition}}}


def shapes():
    found = {}
    with torch.device("meta"):
        for name, (unet, autoencoder, rows, condition, prefix, parameters, section) in PUBLISHED.items():
            network = UNet(**unet)
            tensors = state(network, Autoencoder(autoencoder["z_channels"], autoencoder, rows), condition(), prefix)
            found[name] = {
                "parameters": sum(p.numel() for p in network.parameters()), "yaml": document(unet, autoencoder, rows, parameters, section),
                "tensors": {key: list(tensor.shape) for key, tensor in tensors.items()}}
    return found


def coarse(module, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            scale = parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 0.2
            numbers = scale * torch.randn(parameter.shape, generator=generator) + (parameter.ndim == 1 and name.endswith("weight"))
            parameter.copy_((numbers * 32).round() / 32)
    return module.eval()


@torch.no_grad()
def small(name, arguments, condition, section):
    unet, autoencoder = coarse(UNet(**arguments), 31), coarse(Autoencoder(3, SMALL, 16), 32)
    averages = coarse(copy.deepcopy(unet), 33) if condition is not None else None
    tensors = {
        key: tensor.half() if tensor.is_floating_point() and tensor.ndim else tensor
        for key, tensor in state(unet, autoencoder, condition, averages=averages).items()}
    # The schedule is in the YAML.
    tensors = {key: tensor for key, tensor in tensors.items() if key not in ("betas", "alphas_cumprod", "logvar")}
    buffer = io.BytesIO()
    torch.save({"epoch": 3, "global_step": 900, "state_dict": tensors}, buffer)
    text = yaml.safe_dump(document(arguments, SMALL, 16, dict(linear_start=0.0015, linear_end=0.0195, image_size=8), section)).encode()
    with gzip.GzipFile(HERE / f"{name}.tar.gz", "wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for path, data in (("config.yaml", text), ("model.ckpt", buffer.getvalue())):
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    generator = torch.Generator().manual_seed(34)
    found = {"sample": torch.randn(2, 3, 8, 8, generator=generator), "timesteps": torch.tensor([737.0, 4.0])}
    tokens = None
    if condition is not None:
        tokens = condition.embedding(torch.tensor([[3], [1]]))
        found["tokens"] = tokens.float()
    output = (averages or unet).double()(found["sample"].double(), found["timesteps"], None if tokens is None else tokens.double())
    found["latents"] = torch.randn(1, 3, 8, 8, generator=generator)
    found["decoded"] = autoencoder.double().decode(found["latents"].double())
    return {f"{name}.{key}": value.float().contiguous() for key, value in (found | {"output": output}).items()}


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry, separators=(',', ':'))}" for name, entry in shapes().items())
    (HERE / "shapes.json").write_text(f"{{\n{lines}\n}}\n")
    golden = small("faces", TINY | dict(num_head_channels=16), None, "__is_unconditional__")
    golden |= small(
        "class", TINY | dict(num_heads=1, use_spatial_transformer=True, transformer_depth=1, context_dim=16), coarse(table(5, 16), 35),
        {"params": {"n_classes": 5, "embed_dim": 16}})
    save_file(golden, HERE / "golden.safetensors", {"made_by": "make_compvis_golden.py"})
