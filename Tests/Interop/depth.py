"""Networks without some of their layers: by a plan, against PyTorch's slices under the names that they get, and by a search."""

import hashlib
import json
import re
from types import SimpleNamespace

import torch

import make_training_golden
import reference
from downloads import downloaded
from models import subject

LOSSES = 1e-4  # relative
SHARES = 1e-3  # relative, as those of scores
FOLDED = 1e-6  # relative
EVALUATION = {"samples": 1, "steps": 1, "seed": 5}


def within(name, modules):
    return any(name.startswith(f"{module}.") for module in modules)


def renamed(tensors, modules):
    """What is left of named tensors, every resnet and attention of a block counted anew."""
    places = {}
    for module in sorted({match[0] for name in tensors if (match := re.match(r"(down|up)_blocks\.\d+\.(resnets|attentions)\.\d+", name))}):
        kind, number = module.rsplit(".", 1)
        if module not in modules:
            places.setdefault(kind, []).append(int(number))
    found = {}
    for name, tensor in tensors.items():
        if within(name, modules):
            continue
        match = re.match(r"((?:down|up)_blocks\.\d+\.(?:resnets|attentions))\.(\d+)\.(.*)", name)
        found[f"{match[1]}.{sorted(places[match[1]]).index(int(match[2]))}.{match[3]}" if match else name] = tensor
    return found


def folding(tensors, groups, modules):
    """Shortcuts of resnets 1 going up that are left out, multiplied into resnets 0, whose output channels are then theirs."""
    tensors, rows = dict(tensors), {}
    for module in modules:
        if not (match := re.match(r"(up_blocks\.\d+\.resnets)\.1$", module)):
            continue
        layer = f"{match[1]}.0"
        shortcut, bias = tensors[f"{module}.conv_shortcut.weight"][:, :, 0, 0].double(), tensors[f"{module}.conv_shortcut.bias"]
        width = tensors[f"{layer}.conv2.weight"].shape[0]
        for output in ("conv2", "conv_shortcut"):
            for kind in ("weight", "bias"):
                name = f"{layer}.{output}.{kind}"
                tensors[name] = torch.tensordot(shortcut[:, :width], tensors[name].double(), dims=1).float()
                rows[name] = f"{module}.{output}.{kind}"
        tensors[f"{layer}.conv_shortcut.bias"] += bias
        tensors[f"{layer}.conv_shortcut.weight"][:, -(shortcut.shape[1] - width):, 0, 0] += shortcut[:, width:].float()
    moved = []
    for group in groups:
        members = [member for member in group.members if not (member[1] == 0 and member[0] in rows)]
        members += [(layer, 0, offset) for name, axis, offset in group.members for layer, gone in rows.items() if axis == 0 and name == gone]
        moved.append(SimpleNamespace(width=group.width, members=members))
    return tensors, moved


def planned(client, figures, name, widths, ratio, modules, config):
    """A plan that leaves out layers, and channels of what stays: the tensors, the configuration and the loss that diffusers finds."""
    this = subject(name)
    generator = torch.Generator().manual_seed(17)
    found = [torch.rand(group.width, generator=generator).double() for group in this.groups]
    chosen = reference.selection(this.model, this.groups, found, widths, ratio)
    chosen = [[] if all(within(p, modules) for p, *_ in group.members) else kept for group, kept in zip(this.groups, chosen)]
    checkpoint = this.checkpoint(client)
    weights = client.call(f"/v1/checkpoints/{checkpoint}/files/unet/diffusion_pytorch_model.safetensors")
    plan = {
        "digest": hashlib.sha256(weights).hexdigest(), "widths": widths,
        "groups": [{"name": group.name, "width": group.width, "kept": kept} for group, kept in zip(this.groups, chosen)]}
    request = dict(checkpoint=checkpoint, dataset=this.dataset(client), pruning={"plan": plan}, evaluation=EVALUATION)
    forecast = client.post("/v1/jobs?dry_run=true", request)
    job, metrics = client.run(**request)
    figures.same("modules", metrics["left_out"], sorted(modules))
    result, tensors = downloaded(client, job["result"]["checkpoint"], widths)
    folded, groups = folding({n: p.detach() for n, p in this.model.named_parameters()}, this.groups, modules)
    exact = renamed(reference.sliced(folded, groups, chosen), modules)
    figures.same("tensors", sorted(n for n in tensors if not n.startswith("time_proj")), sorted(n for n in exact if not n.startswith("time_proj")))
    for tensor_name, tensor in tensors.items():
        if not ("time_proj.weight" in tensors and tensor_name in ("time_proj.weight", "time_embedding.linear_1.weight")):
            folds = re.match(r"up_blocks\.\d+\.resnets\.0\.(conv2|conv_shortcut)", tensor_name) and any("up_blocks" in m and "resnets" in m for m in modules)
            if folds:
                figures.bar("folded tensors", ((tensor - exact[tensor_name]).norm() / exact[tensor_name].norm()).item(), FOLDED)
            else:
                figures.same("tensors", tensor, exact[tensor_name])
    figures.same("configuration", {key: result.unet.config[key] for key in config}, config)
    counted = reference.count(result.unet, this.tokens)
    for document in (forecast, metrics):
        figures.same("counts", (document["parameters"]["after"], document["macs"]["after"]), counted)
    figures.same("widths", [g["width"] for g in forecast["groups"]], [g["width"] for g in metrics["groups"]])
    loss = make_training_golden.evaluation(result.unet, this.images, EVALUATION["seed"], this.schedule, this.labels)["loss"]
    figures.relative("held-out loss", [metrics["evaluation"]["loss"]["after"]], [loss], LOSSES)


def searched(client, figures, name, widths, fraction):
    """What a search loses, by importances of PyTorch's own, beside the same target without it."""
    this = subject(name)
    importances = this.importances("taylor")
    losses = {}
    for depth in (True, False):
        pruning = {key: value for key, value in this.pruning("taylor", widths, 0.5).items() if key != "ratio"}
        pruning |= {"allocation": "global", "depth": depth, "target": {"macs": {"fraction": fraction}}}
        job, metrics = client.run(checkpoint=this.checkpoint(client), dataset=this.dataset(client), pruning=pruning)
        kept = {group["name"]: group["kept"] for group in metrics["groups"]}
        all_ = sum(scores.sum().item() for scores in importances)
        stays = sum(scores[kept[group.name]].sum().item() for group, scores in zip(this.groups, importances))
        losses[depth] = metrics["prediction"]["importance_lost"]
        figures.relative("importance lost", [losses[depth]], [1 - stays / all_], SHARES)
        figures.same("within the target", metrics["macs"]["after"] <= fraction * metrics["macs"]["before"], True)
        result, _ = downloaded(client, job["result"]["checkpoint"], widths)
        figures.same("counts", metrics["macs"]["after"], reference.count(result.unet, this.tokens)[1])
        figures.notes.append(f"{'with' if depth else 'without'} depth {losses[depth]:.4f} lost {json.dumps(metrics['left_out'])}")
    figures.same("no more is lost", losses[True] <= losses[False] * (1 + 1e-9), True)


LAYERS = [f"{half}_blocks.{block}.resnets.1" for half in ("down", "up") for block in range(3)] + ["down_blocks.1.attentions.1", "up_blocks.1.attentions.0"]


def checks(found):
    for name, widths, ratio, modules, config in (
            ("example", "diffusers", 0.3, ["mid_block.attentions.0"], {"add_attention": False}),
            ("example", "free", 0.5, ["down_blocks.2.attentions.0"], {"down_block_types": ["DownBlock2D"] * 3}),
            ("ddpm", "free", 0.3, LAYERS, {"layers_per_block": 1}), ("ddpm", "diffusers", 0.5, LAYERS, {"layers_per_block": 1})):
        found[f"depth, {name}, {widths} {ratio}, without {len(modules)} modules"] = lambda c, f, a=(name, widths, ratio, modules, config): planned(c, f, *a)
    for name, widths, fraction in (("example", "free", 0.5), ("example", "diffusers", 0.8), ("ddpm", "free", 0.5)):
        found[f"depth, {name}, {widths} {fraction}"] = lambda c, f, a=(name, widths, fraction): searched(c, f, *a)
