"""PyTorch's random stream as it shows through the contract: scores, fresh weights, the order of fine-tuning, sampling noise."""

import copy
import json

import torch
from diffusers import UNet2DModel

import make_unet_golden
from downloads import downloaded
from models import config_file, subject

SEEDS = (0, 7, 2**31 + 5, 2**32 + 7, 2**63 - 1)


def random_scores(client, figures, name):
    """`random` takes torch.rand(n) per group in forward order, so its scores are known to the rounding of their mean."""
    this = subject(name)
    for seed in SEEDS:
        _, metrics = client.run(
            checkpoint=this.checkpoint(client), pruning={"method": "random", "widths": "free", "ratio": 0.5, "seed": seed})
        generator = torch.Generator().manual_seed(seed % 2**32)
        by_name = {g["name"]: g for g in metrics["groups"]}
        for group in this.groups:
            expected = torch.rand(group.width, generator=generator).double()
            figures.absolute("scores", by_name[group.name]["scores"], (expected / expected.mean()).tolist(), 1e-6)


def fresh_weights(client, figures, name):
    """A config without weights gets what torch.manual_seed and the constructor give."""
    config, kind = subject(name).config, type(subject(name).model)
    for seed in (0, 7, 2**32 + 9):
        checkpoint = client.upload("checkpoints", name, {"config.json": config_file(config, kind)}, f"&init=random&seed={seed}")
        torch.manual_seed(seed % 2**32)
        compared_weights(figures, kind(**config), downloaded(client, checkpoint["id"])[0].unet)


def scratch(client, figures, name, widths):
    """`scratch` keeps Diff-Pruning's channels, and its weights are those of a new model of the pruned widths."""
    this = subject(name)
    request = {"checkpoint": this.checkpoint(client), "dataset": this.dataset(client)}
    kept = {}
    for method in ("diff-pruning", "scratch"):
        job, metrics = client.run(**request, pruning=this.pruning(method, widths, 0.5))
        kept[method] = [(g["name"], g["kept"]) for g in metrics["groups"]]
    figures.same("kept channels", kept["diff-pruning"], kept["scratch"])
    result = downloaded(client, job["result"]["checkpoint"], widths)[0].unet
    if widths == "diffusers":
        torch.manual_seed(5)
        expected = UNet2DModel(**{k: v for k, v in result.config.items() if not k.startswith("_")})
    else:  # no constructor makes these widths: its layers draw again, in the order in which the uncut model's constructor drew them
        expected = copy.deepcopy(result)
        order = [row["name"].rpartition(".")[0] for row in make_unet_golden.construction_order(UNet2DModel, this.config, 5)]
        torch.manual_seed(5)
        for path in dict.fromkeys(order):
            expected.get_submodule(path).reset_parameters()
    compared_weights(figures, expected, result)


def compared_weights(figures, expected, found):
    for name, parameter in expected.named_parameters():
        ours = found.get_parameter(name)
        if name in ("time_proj.weight", "class_embedding.weight"):  # an Embedding's numbers are normal: log, sin and cos round differently
            figures.bar("normal weights", ((ours - parameter).abs().max() / parameter.abs().max()).item(), 1e-6)
        else:
            figures.same("tensors bit for bit", ours.detach(), parameter.detach())


def seeds_differ(client, figures):
    """Two seeds give two models, two seeds 2³² apart the same one: none of the comparisons above would see a fixed seed."""
    scores = []
    for seed in (7, 8, 2**32 + 7):
        _, metrics = client.run(
            checkpoint=subject("learned").checkpoint(client), pruning={"method": "random", "widths": "free", "ratio": 0.5, "seed": seed})
        scores.append(json.dumps([g["scores"] for g in metrics["groups"]]))
    figures.same("seeds", (scores[0] == scores[1], scores[0] == scores[2]), (False, True))
