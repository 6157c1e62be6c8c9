"""The published models' full shapes, with fresh weights: google/ddpm-cifar10-32 and google/ddpm-celebahq-256."""

import tempfile

import torch
from diffusers import UNet2DModel
from safetensors.torch import load_file

import make_pruning_golden
import pruning
from models import Subject, config_file, drawn

CELEBAHQ = make_pruning_golden.CIFAR10 | dict(
    sample_size=256, block_out_channels=[128, 128, 256, 256, 512, 512],
    down_block_types=["DownBlock2D"] * 4 + ["AttnDownBlock2D", "DownBlock2D"],
    up_block_types=["UpBlock2D", "AttnUpBlock2D"] + ["UpBlock2D"] * 4)


def fresh(client, figures, name, config, pictures=0):
    """Uploads the config alone, and checks that the fresh weights are PyTorch's."""
    torch.manual_seed(1)
    model = UNet2DModel(**config)
    scheduler = {"num_train_timesteps": 1000}
    this = Subject(
        name, model, {"config.json": config_file(config)}, scheduler, *(drawn(config, 31, pictures) if pictures else (None, None)),
        dict(threshold=0.05, first=0, last=999, stride=200), batch=2, query="&init=random&seed=1")
    with tempfile.TemporaryDirectory() as folder:
        client.download(this.checkpoint(client), folder)
        tensors = load_file(f"{folder}/unet/diffusion_pytorch_model.safetensors")
    for parameter_name, parameter in model.named_parameters():
        figures.same("fresh tensors bit for bit", tensors[parameter_name], parameter.detach())
    return this


def cifar10(client, figures, methods, total):
    """35.7 M parameters: `magnitude` to the size that the paper's code gives, then Diff-Pruning over five timesteps."""
    this = fresh(client, figures, "cifar10", make_pruning_golden.CIFAR10, pictures=4)
    for method in methods:
        metrics, _ = pruning.pruned(client, figures, this, method, "free", 0.3, total)
        figures.same("counts of the paper's code", list(metrics["parameters"].values()), [35_746_307, 19_851_157])
        figures.same("counts of the paper's code", list(metrics["macs"].values()), [6_053_953_536, 3_384_244_068])


def celebahq(client, figures, total):
    """113.7 M parameters at 256×256: upload, `magnitude`, download, a step of DDPMPipeline."""
    this = fresh(client, figures, "celebahq", CELEBAHQ)
    metrics, result = pruning.pruned(client, figures, this, "magnitude", "diffusers", 0.3, total)
    figures.same("parameters", metrics["parameters"]["before"], 113_673_219)
    figures.same("pictures of DDPMPipeline", result(num_inference_steps=1, output_type="np").images.shape, (1, 256, 256, 3))
