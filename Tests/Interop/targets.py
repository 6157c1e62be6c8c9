"""Cuts that are told what is to be left, or by how much the loss may rise, against what PyTorch counts and finds of the result."""

import make_training_golden
import reference
from downloads import downloaded
from models import subject

LOSSES = 1e-4  # relative
EVALUATION = {"samples": 1, "steps": 1, "seed": 5}
REFIT = {"reconstruction": {"samples": 16, "seed": 2}}


def request(this, client, widths, how_much):
    pruning = {key: value for key, value in this.pruning("magnitude", widths, 0.5).items() if key != "ratio"}
    return dict(checkpoint=this.checkpoint(client), dataset=this.dataset(client), pruning=pruning | how_much, evaluation=EVALUATION)


def met(client, figures, name, widths, fraction):
    """Counts of the network that comes of it, and of its file."""
    this = subject(name)
    limits = {key: {"fraction": fraction} for key in ("macs", "parameters", "size")}
    job, metrics = client.run(**request(this, client, widths, {"target": limits}))
    pipeline, tensors = downloaded(client, job["result"]["checkpoint"], widths)
    parameters, macs = reference.count(pipeline.unet)
    target = metrics["target"]
    figures.same("counts", [target["parameters"]["after"], target["macs"]["after"]], [parameters, macs])
    files = client.get(f"/v1/checkpoints/{job['result']['checkpoint']}")["files"]
    figures.same("bytes", target["size"]["after"], sum(file["size"] for file in files if file["path"].endswith(".safetensors")))
    for resource, amounts in target.items():
        figures.same("limits kept", amounts["after"] <= amounts["limit"] <= fraction * amounts["before"] * (1 + 1e-9), True)
    figures.notes.append(", ".join(f"{resource} {amounts['after'] / amounts['limit']:.1%} of the limit" for resource, amounts in target.items()))


def searched(client, figures, name, widths, how_much):
    """The losses that a cut was chosen by."""
    this = subject(name)
    job, metrics = client.run(**request(this, client, widths, how_much | REFIT))
    pipeline, _ = downloaded(client, job["result"]["checkpoint"], widths)
    losses = [
        make_training_golden.evaluation(unet, this.images, EVALUATION["seed"], this.schedule, this.labels)["loss"] for unet in (this.model, pipeline.unet)]
    search = metrics["search"]
    [chosen] = [trial for trial in search["trials"] if trial["chosen"]]
    figures.relative("held-out losses", [search["loss"], chosen["loss"]], losses, LOSSES)
    figures.same("multiply-accumulates", chosen["macs"], reference.count(pipeline.unet)[1])
    figures.same("of what was evaluated", chosen["loss"], metrics["evaluation"]["loss"]["pruned"])
    if "target" in how_much:
        figures.same("within the rise", losses[1] / losses[0] - 1 <= how_much["target"]["loss_increase"] * (1 + LOSSES), True)
    trials = search["trials"]
    figures.notes.append(f"{losses[1] / losses[0] - 1:+.1%} loss, {chosen['macs'] / search['macs']:.1%} of the work left, {len(trials)} trials")


def checks(found):
    for name, widths, fraction in (("ddpm", "free", 0.7), ("uneven", "free", 0.5), ("example", "diffusers", 0.6)):
        found[f"targets, {name}, {widths} {fraction}"] = lambda c, f, a=(name, widths, fraction): met(c, f, *a)
    for name, widths, how_much in (
            ("example", "free", {"target": {"loss_increase": 0.2}}), ("example", "diffusers", {"ratio": "auto"}),
            ("ddpm", "free", {"target": {"loss_increase": 0.05}})):
        found[f"targets, {name}, {widths}, {how_much}"] = lambda c, f, a=(name, widths, how_much): searched(c, f, *a)
