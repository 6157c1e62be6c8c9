"""One kind of step in PyTorch, in the way named: the other half of the comparisons in Benchmarks/.

Prints one JSON line: the best step after two warm-ups. Each way is a process of its own, so that its peak memory is its own.

    python pytorch_steps.py scoring|finetuning|sampling [--model cifar10|ldm] [--batch 16] [--steps 3] [--threads N]
        [--way contiguous|channels_last|compile]
"""

import argparse
import json
import os
import resource
import time

import torch
from diffusers import UNet2DModel
from diffusers.training_utils import EMAModel

CIFAR10 = dict(
    act_fn="silu", attention_head_dim=None, block_out_channels=[128, 256, 256, 256], center_input_sample=False,
    down_block_types=["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"], downsample_padding=0,
    flip_sin_to_cos=False, freq_shift=1, in_channels=3, layers_per_block=2, mid_block_scale_factor=1, norm_eps=1e-6,
    norm_num_groups=32, out_channels=3, sample_size=32, time_embedding_type="positional",
    up_block_types=["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"])
LDM = dict(
    act_fn="silu", attention_head_dim=32, block_out_channels=[224, 448, 672, 896], center_input_sample=False,
    down_block_types=["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"], downsample_padding=1,
    flip_sin_to_cos=True, freq_shift=0, in_channels=3, layers_per_block=2, mid_block_scale_factor=1, norm_eps=1e-5,
    norm_num_groups=32, out_channels=3, sample_size=64, time_embedding_type="positional",
    up_block_types=["AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"])


def steps(arguments):
    """Yields after each step."""
    torch.manual_seed(0)
    config = {"cifar10": CIFAR10, "ldm": LDM}[arguments.model]
    layout = torch.channels_last if arguments.way == "channels_last" else torch.contiguous_format
    model = UNet2DModel(**config).to(memory_format=layout)
    is_sampling = arguments.step == "sampling"
    if is_sampling:
        model.requires_grad_(False)
    optimizer = average = None
    if arguments.step in ("finetuning", "plainfinetuning"):
        optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4, weight_decay=0)
    if arguments.step == "finetuning":
        average = EMAModel(model.parameters(), decay=0.9999)
    run = torch.compile(model) if arguments.way == "compile" else model
    shape = (arguments.batch, 3, config["sample_size"], config["sample_size"])
    noisy = torch.randn(shape).contiguous(memory_format=layout)
    noise = torch.randn(shape).contiguous(memory_format=layout)
    timestep = torch.full((arguments.batch,), 500)
    while True:
        if is_sampling:
            with torch.inference_mode():
                run(noisy, timestep).sample
        else:
            if optimizer:
                optimizer.zero_grad()
            ((run(noisy, timestep).sample - noise) ** 2).mean().backward()
        if optimizer:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        if average:
            average.step(model.parameters())
        yield


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=["scoring", "finetuning", "plainfinetuning", "sampling"])
    parser.add_argument("--model", choices=["cifar10", "ldm"], default="cifar10")
    parser.add_argument("--way", choices=["contiguous", "channels_last", "compile"], default="contiguous")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    clock, processor = [], []
    run = steps(arguments)
    for _ in range(2 + arguments.steps):
        start, processor_start = time.perf_counter(), time.process_time()
        next(run)
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - processor_start)
    print(json.dumps({
        "step": arguments.step, "model": arguments.model, "way": arguments.way, "batch": arguments.batch, "threads": arguments.threads,
        "seconds_per_step": min(clock[2:]), "processor_seconds_per_step": min(processor[2:]), "torch": torch.__version__,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
