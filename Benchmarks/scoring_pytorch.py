"""One step of scoring in PyTorch: forward, loss and backward of google/ddpm-cifar10-32's shape, gradients adding up.

Prints JSON: the best of three after two warm-ups, for both memory layouts, and the better of them as `seconds_per_step`.

    python scoring_pytorch.py [--batch 16] [--threads N]
"""

import argparse
import json
import os
import resource
import time

import torch
from diffusers import UNet2DModel

CIFAR10 = dict(
    act_fn="silu", attention_head_dim=None, block_out_channels=[128, 256, 256, 256], center_input_sample=False,
    down_block_types=["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"], downsample_padding=0,
    flip_sin_to_cos=False, freq_shift=1, in_channels=3, layers_per_block=2, mid_block_scale_factor=1, norm_eps=1e-6,
    norm_num_groups=32, out_channels=3, sample_size=32, time_embedding_type="positional",
    up_block_types=["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"])


def measure(layout, batch):
    torch.manual_seed(0)
    model = UNet2DModel(**CIFAR10).eval().to(memory_format=layout)
    x0 = (2 * torch.rand(batch, 3, 32, 32) - 1).contiguous(memory_format=layout)
    noise = torch.randn(batch, 3, 32, 32).contiguous(memory_format=layout)
    ratios = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0)
    times = []
    for t in range(5):
        start = time.perf_counter()
        noisy = ratios[t] ** 0.5 * x0 + (1 - ratios[t]) ** 0.5 * noise
        loss = ((model(noisy, t).sample - noise) ** 2).mean()
        loss.backward()
        times.append(time.perf_counter() - start)
    return min(times[2:])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    layouts = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}
    seconds = {name: measure(layout, arguments.batch) for name, layout in layouts.items()}
    print(json.dumps({
        "seconds_per_step": min(seconds.values()), "layouts": seconds, "batch": arguments.batch, "threads": arguments.threads,
        "torch": torch.__version__, "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
