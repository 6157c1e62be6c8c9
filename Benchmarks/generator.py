"""Makes DCGAN generators, with random weights and calibrated norms or trained, and prunes them on one server without pictures: see generator.sh."""

import io
import os
import sys
import tarfile
import time

import numpy as np
import torch
from PIL import Image
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


def trained(model, nz, path, steps):
    """The model trained to give back pictures of noise that is learnt with it, which stays standard normal (GLO, arXiv 1707.05776)."""
    with tarfile.open(path) as archive:
        files = [archive.extractfile(member).read() for member in archive if member.isfile()]
    pictures = torch.stack([torch.from_numpy(np.array(Image.open(io.BytesIO(data)).convert("RGB"))) for data in files])
    pictures = pictures.permute(0, 3, 1, 2).float() / 127.5 - 1
    torch.manual_seed(2)
    noise = nn.Parameter(torch.randn(len(pictures), nz, 1, 1))
    optimizer = torch.optim.Adam([{"params": model.main.parameters(), "lr": 2e-3}, {"params": [noise], "lr": 1e-2}])
    model.train()
    for _ in range(steps):
        some = torch.randint(0, len(pictures), (64,))
        loss = (model.main(noise[some]) - pictures[some]).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            noise -= noise.mean(0)
            noise /= noise.std(0)
    return model.eval()


def main():
    client = Client(sys.argv[1])
    steps = int(os.environ.get("STEPS", "500"))
    rate = {"learning_rate": float(os.environ["RATE"])} if "RATE" in os.environ else {}
    nz, training = int(os.environ.get("NZ", "32")), int(os.environ.get("TRAINING", "0"))
    print("| widths | ratio | parameters | multiply-accumulates | SSIM after the cut | after the steps | seconds |\n|---|---|---|---|---|---|---|", flush=True)
    for widths in os.environ.get("WIDTHS", "64,48,32 128,64,32").split():
        numbers = [int(width) for width in widths.split(",")]
        model, buffer = generator(nz, numbers, 1), io.BytesIO()
        if training:
            trained(model, nz, sys.argv[2], training)
        torch.save(model.state_dict(), buffer)
        checkpoint = client.upload("checkpoints", "generator", {"netG.pth": buffer.getvalue()})["id"]
        for ratio in os.environ.get("RATIOS", "0.3 0.5").split():
            began = time.time()
            common = dict(recipe=os.environ.get("RECIPE", "best"), checkpoint=checkpoint, evaluation={"samples": 64, "seed": 3})
            _, cut = client.run(pruning={"ratio": float(ratio)}, **common)
            _, metrics = client.run(pruning={"ratio": float(ratio)}, finetuning={"steps": steps, **rate}, **common)
            sizes = " | ".join(f"{metrics[key]['before']:,} to {metrics[key]['after']:,}" for key in ("parameters", "macs"))
            ssim = [found["evaluation"]["ssim"]["mean"] for found in (cut, metrics)]
            print(f"| {widths} | {ratio} | {sizes} | {ssim[0]:.4f} | {ssim[1]:.4f} | {time.time() - began:.0f} |", flush=True)


if __name__ == "__main__":
    main()
