"""One kind of step in PyTorch, in the way named: the other half of the comparisons in Benchmarks/.

Prints one JSON line: the best step after two warm-ups. Each way is a process of its own, so that its peak memory is its own.

    python pytorch_steps.py scoring|finetuning|sampling|decoding [--model example|cifar10|celebahq|ldm|ldm4|sd15|vae] [--batch 16] [--steps 3] [--threads N]
        [--way contiguous|channels_last|compile]
"""

import argparse
import json
import os
import resource
import time

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel, UNet2DModel
from diffusers.training_utils import EMAModel

CIFAR10 = dict(
    act_fn="silu", attention_head_dim=None, block_out_channels=[128, 256, 256, 256], center_input_sample=False,
    down_block_types=["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"], downsample_padding=0,
    flip_sin_to_cos=False, freq_shift=1, in_channels=3, layers_per_block=2, mid_block_scale_factor=1, norm_eps=1e-6,
    norm_num_groups=32, out_channels=3, sample_size=32, time_embedding_type="positional",
    up_block_types=["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"])
EXAMPLE = CIFAR10 | dict(
    block_out_channels=[24, 48, 48], down_block_types=["DownBlock2D", "DownBlock2D", "AttnDownBlock2D"], layers_per_block=1,
    norm_num_groups=4, up_block_types=["AttnUpBlock2D", "UpBlock2D", "UpBlock2D"])
CELEBAHQ = CIFAR10 | dict(
    block_out_channels=[128, 128, 256, 256, 512, 512], down_block_types=["DownBlock2D"] * 4 + ["AttnDownBlock2D", "DownBlock2D"],
    sample_size=256, up_block_types=["UpBlock2D", "AttnUpBlock2D"] + ["UpBlock2D"] * 4)
LDM = dict(
    act_fn="silu", attention_head_dim=32, block_out_channels=[224, 448, 672, 896], center_input_sample=False,
    down_block_types=["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"], downsample_padding=1,
    flip_sin_to_cos=True, freq_shift=0, in_channels=3, layers_per_block=2, mid_block_scale_factor=1, norm_eps=1e-5,
    norm_num_groups=32, out_channels=3, sample_size=64, time_embedding_type="positional",
    up_block_types=["AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"])
# The class-conditional ImageNet model of CompVis (cin256-v2), and Stable Diffusion 1.5; with how many tokens each is told.
LDM4 = dict(
    attention_head_dim=1, block_out_channels=[192, 384, 576, 960], cross_attention_dim=512, in_channels=3, out_channels=3, sample_size=64,
    layers_per_block=2, down_block_types=["DownBlock2D"] + ["CrossAttnDownBlock2D"] * 3,
    up_block_types=["CrossAttnUpBlock2D"] * 3 + ["UpBlock2D"])
SD15 = dict(
    attention_head_dim=8, block_out_channels=[320, 640, 1280, 1280], cross_attention_dim=768, in_channels=4, out_channels=4,
    sample_size=64, layers_per_block=2)
# Stable Diffusion's autoencoder.
VAE = dict(
    block_out_channels=[128, 256, 512, 512], down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
    layers_per_block=2, sample_size=256, in_channels=3)
MODELS = {
    "example": (EXAMPLE, 0), "cifar10": (CIFAR10, 0), "celebahq": (CELEBAHQ, 0), "ldm": (LDM, 0), "ldm4": (LDM4, 1), "sd15": (SD15, 77),
    "vae": (VAE, 0)}


def autoencoder_steps(arguments):
    """The same of an autoencoder, which is told nothing: pictures from themselves, or from latents alone."""
    torch.manual_seed(0)
    layout = torch.channels_last if arguments.way == "channels_last" else torch.contiguous_format
    model = AutoencoderKL(**VAE).to(memory_format=layout)
    run = torch.compile(model.decode if arguments.step == "decoding" else model) if arguments.way == "compile" else (
        model.decode if arguments.step == "decoding" else model)
    shape = (arguments.batch, 4, 32, 32) if arguments.step == "decoding" else (arguments.batch, 3, 256, 256)
    pictures = torch.randn(shape).contiguous(memory_format=layout)
    while True:
        if arguments.step in ("sampling", "decoding"):
            with torch.inference_mode():
                run(pictures).sample
        else:
            ((run(pictures).sample - pictures) ** 2).mean().backward()
        yield


def steps(arguments):
    """Yields after each step."""
    torch.manual_seed(0)
    config, tokens = MODELS[arguments.model]
    layout = torch.channels_last if arguments.way == "channels_last" else torch.contiguous_format
    model = (UNet2DConditionModel if tokens else UNet2DModel)(**config).to(memory_format=layout)
    is_sampling = arguments.step == "sampling"
    if is_sampling:
        model.requires_grad_(False)
    optimizer = average = None
    if arguments.step in ("finetuning", "plainfinetuning"):
        optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4, weight_decay=0)
    if arguments.step == "finetuning":
        average = EMAModel(model.parameters(), decay=0.9999)
    run = torch.compile(model) if arguments.way == "compile" else model
    shape = (arguments.batch, config["in_channels"], config["sample_size"], config["sample_size"])
    noisy = torch.randn(shape).contiguous(memory_format=layout)
    noise = torch.randn(shape).contiguous(memory_format=layout)
    timestep = torch.full((arguments.batch,), 500)
    told = (torch.randn(arguments.batch, tokens, config["cross_attention_dim"]),) if tokens else ()
    while True:
        if is_sampling:
            with torch.inference_mode():
                run(noisy, timestep, *told).sample
        else:
            if optimizer:
                optimizer.zero_grad()
            ((run(noisy, timestep, *told).sample - noise) ** 2).mean().backward()
        if optimizer:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        if average:
            average.step(model.parameters())
        yield


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=["scoring", "finetuning", "plainfinetuning", "sampling", "decoding"])
    parser.add_argument("--model", choices=list(MODELS), default="cifar10")
    parser.add_argument("--way", choices=["contiguous", "channels_last", "compile"], default="contiguous")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    clock, processor = [], []
    run = (autoencoder_steps if arguments.model == "vae" else steps)(arguments)
    for _ in range(2 + arguments.steps):
        start, processor_start = time.perf_counter(), time.process_time()
        next(run)
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - processor_start)
    print(json.dumps({
        "step": arguments.step, "model": arguments.model, "way": arguments.way, "batch": arguments.batch, "threads": arguments.threads,
        "seconds_per_step": min(clock[2:]), "processor_seconds_per_step": min(processor[2:]), "torch": torch.__version__,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
