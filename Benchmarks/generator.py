"""Makes DCGAN generators with random weights and calibrated norms, and prunes them on one server without pictures: see generator.sh."""

import io
import os
import sys
import time

import torch
from torch import nn

from client import Client


def generator(nz, widths, seed):
    """That of PyTorch's example, its weights as it draws them, larger where a trained one's are; its norms as its own noise leaves them."""
    torch.manual_seed(seed)
    layers, last = [], nz
    for place, width in enumerate(widths):
        stride, padding = (2, 1) if place else (1, 0)
        layers += [nn.ConvTranspose2d(last, width, 4, stride, padding, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)]
        last = width
    model = nn.Module()
    model.main = nn.Sequential(*layers, nn.ConvTranspose2d(last, 3, 4, 2, 1, bias=False), nn.Tanh())
    for module in model.modules():
        if isinstance(module, nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0, 0.02)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1, 0.02)
    with torch.no_grad():
        noise = torch.randn(64, nz, 1, 1)
        # So that pictures have contrast: a standard deviation of 1 before Tanh.
        model.main[-2].weight /= model.main[:-1](noise).std()
        for _ in range(100):
            model.main(torch.randn(64, nz, 1, 1))
    return model.eval()


def main():
    client = Client(sys.argv[1])
    steps = int(os.environ.get("STEPS", "500"))
    print("| widths | ratio | parameters | multiply-accumulates | SSIM after the cut | after the steps | seconds |\n|---|---|---|---|---|---|---|", flush=True)
    for widths in os.environ.get("WIDTHS", "64,48,32 128,64,32").split():
        numbers = [int(width) for width in widths.split(",")]
        buffer = io.BytesIO()
        torch.save(generator(int(os.environ.get("NZ", "32")), numbers, 1).state_dict(), buffer)
        checkpoint = client.upload("checkpoints", "generator", {"netG.pth": buffer.getvalue()})["id"]
        for ratio in os.environ.get("RATIOS", "0.3 0.5").split():
            began = time.time()
            common = dict(recipe=os.environ.get("RECIPE", "best"), checkpoint=checkpoint, evaluation={"samples": 64, "seed": 3})
            _, cut = client.run(pruning={"ratio": float(ratio)}, **common)
            _, metrics = client.run(pruning={"ratio": float(ratio)}, finetuning={"steps": steps}, **common)
            sizes = " | ".join(f"{metrics[key]['before']:,} to {metrics[key]['after']:,}" for key in ("parameters", "macs"))
            ssim = [found["evaluation"]["ssim"]["mean"] for found in (cut, metrics)]
            print(f"| {widths} | {ratio} | {sizes} | {ssim[0]:.4f} | {ssim[1]:.4f} | {time.time() - began:.0f} |", flush=True)


if __name__ == "__main__":
    main()
