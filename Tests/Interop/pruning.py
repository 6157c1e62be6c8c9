"""Pruning jobs against reference.py: losses, timesteps, groups, scores, kept channels, tensors, counts."""

import torch
from diffusers import UNet2DConditionModel

import reference
import reference_condition
from downloads import downloaded

GRADIENTS = ("diff-pruning", "taylor", *reference.SAMPLES)
SCORES = 1e-3  # of the group's largest
# Of the largest group's mean: below it importance is rounding, as of queries and keys where there is a single token to look at.
IDLE = 1e-9
TIES = 2e-3  # channels may be exchanged only where their scores are this close, as a share of the group's largest


class Kept:
    """Kept channels over all jobs of the gradient methods, for the bar of 99.9 %."""

    def __init__(self):
        self.agreeing = self.total = 0

    def check(self, client, figures):
        figures.bar(f"share that differs of {self.total} kept channels", 1 - self.agreeing / self.total, 1e-3)


def compared_groups(figures, this, metrics, found, widths, expected):
    """Members, scores and kept channels per group, beside the channels that are expected to stay. What the service kept, in the order of the
    reference's groups."""
    theirs = {g["name"]: g for g in metrics["groups"]}
    largest = max(importance.mean().item() for importance in found)
    kept, agreeing = [], 0
    for group, importance, wanted in zip(this.groups, found, expected):
        if widths == "diffusers" and group.is_whole and group.name not in theirs:
            kept.append(wanted)
            continue
        other = theirs.pop(group.name)
        members = {(m["parameter"], m["axis"], m["offset"]) for m in other["members"]}
        figures.same("groups", members, set(group.members))
        figures.same("widths", (other["width"]["before"], other["width"]["after"]), (group.width, len(wanted)))
        if importance.mean().item() < IDLE * largest:
            figures.same("as many of what is idle", len(other["kept"]), len(wanted))
            agreeing += len(wanted)
            kept.append(other["kept"])
            continue
        scores = reference.normalised(importance)
        figures.absolute("scores", [s / scores.max().item() for s in other["scores"]], (scores / scores.max()).tolist(), SCORES)
        exchanged = sorted(set(wanted) ^ set(other["kept"]))
        if exchanged:
            figures.bar("exchanged at ties of", (scores[exchanged].max() - scores[exchanged].min()).item() / scores.max().item(), TIES)
        agreeing += len(set(wanted) & set(other["kept"]))
        kept.append(other["kept"])
    figures.same("groups", list(theirs), [])  # no others
    return kept, agreeing, sum(len(k) for k in expected)


def compared_tensors(figures, this, tensors, kept, steps):
    """The result's tensors as slices of the original's, bit for bit; the refit of the time embedding by its product, stored frequencies by
    themselves."""
    exact = reference.sliced({n: p.detach() for n, p in this.model.named_parameters()}, this.groups, kept)
    table = tensors.get("time_proj.weight")
    types = dict.fromkeys(tensors, this.dtype)
    if table is not None and "time_proj.weight" not in exact and isinstance(this.model, UNet2DConditionModel):
        types["time_proj.weight"] = torch.float32  # timesteps are multiplied by them: half precision would turn late ones by radians
        stored = reference_condition.stored(this.model)
        frequencies = stored["time_proj.weight"]
        figures.bar("stored frequencies", ((table - frequencies).abs().max() / frequencies.max()).item(), 1e-7)
        exact |= {name: tensor.float() for name, tensor in stored.items()} | {"time_proj.weight": table}
    refit = table is not None and ("time_proj.weight" not in exact or table.shape != exact["time_proj.weight"].shape)
    readers = list(reference.time_readers(this.model))
    for name, tensor in tensors.items():
        if not (refit and name in ("time_proj.weight", *readers)):
            figures.same("exact slices", tensor.float(), exact[name])
            figures.same("types", tensor.dtype, types[name])
    figures.same("exact slices", set(exact) - set(tensors), set())  # none is missing
    if refit:
        product = table.double() @ torch.cat([tensors[name] for name in readers]).double().T
        theirs, weights = reference.refitted(this.model, table.shape[1], steps)
        weight = torch.cat([weights[name] for name in readers])
        figures.bar("time embedding's refit", ((product - theirs @ weight.T).abs().max() / product.abs().max()).item(), 1e-5)


def pruned(client, figures, this, method, widths, ratio, total):
    """One job of one method; its metrics and its result as a pipeline."""
    request = {"checkpoint": this.checkpoint(client), "pruning": this.pruning(method, widths, ratio)}
    gradients = method in GRADIENTS
    job, metrics = client.run(**request, **({"dataset": this.dataset(client)} if gradients else {}))
    if gradients:
        losses = this.scored(method)[0]
        rows = metrics["scoring"]["losses"]
        figures.relative("losses", [r["loss"] for r in rows], [r["loss"] for r in losses], 1e-4)
        figures.count("timesteps", *agreeing([(r["timestep"], r["kept"]) for r in rows], [(r["timestep"], r["kept"]) for r in losses]))
        figures.same("timesteps", metrics["scoring"]["kept_timesteps"], sum(r["kept"] for r in losses))
    found = this.importances(method)
    expected = reference.selection(this.model, this.groups, found, widths, ratio)
    kept, same, wanted = compared_groups(figures, this, metrics, found, widths, expected)
    if gradients:
        total.agreeing, total.total = total.agreeing + same, total.total + wanted
        figures.notes.append(f"kept channels {same}/{wanted}")  # bounded over all jobs
    else:
        figures.count("kept channels", same, wanted)

    result, tensors = downloaded(client, job["result"]["checkpoint"], widths)
    compared_tensors(figures, this, tensors, kept, this.steps)
    counted = reference.count(result.unet, this.tokens)
    after = client.get(f"/v1/checkpoints/{job['result']['checkpoint']}")
    figures.same("counts", (after["parameters"], after["macs"]), counted)
    figures.same("counts", (metrics["parameters"]["after"], metrics["macs"]["after"]), counted)
    figures.same("counts", (metrics["parameters"]["before"], metrics["macs"]["before"]), reference.count(this.model, this.tokens))
    return metrics, result


def agreeing(ours, theirs):
    """How many rows are the same, of how many there are on the longer side."""
    return sum(a == b for a, b in zip(ours, theirs)), max(len(ours), len(theirs))
