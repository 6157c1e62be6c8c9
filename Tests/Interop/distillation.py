"""Distillation against PyTorch in float64: losses, their terms, and weights, with the blocks of diffusers' own modules looked at by hooks."""

import torch

import finetuning
from downloads import downloaded
from models import subject
from reconstruction import kept_rows

TERMS = ("output", "features", "task")
RUN = finetuning.RUN


def blocks(model):
    """Every block and the layer whose rows are the channels that it gives, in forward order."""
    def last(block, sampler):
        if sampler is not None:
            return sampler[0].conv
        attentions = [a for a in (getattr(block, "attentions", None) or []) if a is not None]
        return attentions[-1].to_out[0] if attentions else block.resnets[-1].conv2

    for block in model.down_blocks:
        yield block, last(block, block.downsamplers)
    yield model.mid_block, model.mid_block.resnets[-1].conv2
    for block in model.up_blocks:
        yield block, last(block, block.upsamplers)


class Shown:
    """What a model's blocks gave when it ran last."""

    def __init__(self, model):
        self.model, self.given = model, []
        for block, _ in blocks(model):
            block.register_forward_hook(self.note)

    def note(self, module, inputs, output):
        # A down block gives its skips too.
        self.given.append(output[0] if isinstance(output, tuple) else output)

    def __call__(self, x, t):
        self.given = []
        return self.model(x, t).sample, self.given


def objective(original, student, rows, weights):
    """The loss of a step by docs/method.md. `rows` are the channels that stayed, by the parameter whose rows they are."""
    names = {module: name for name, module in original.named_modules()}
    kept = [rows[names[layer] + ".weight"] for _, layer in blocks(original)]
    teacher, learner = Shown(original.double().eval()), Shown(student)
    shares = dict(zip(TERMS, weights))

    def loss(model, x, t, noise):
        with torch.no_grad():
            wanted, theirs = teacher(x, t)
        found, ours = learner(x, t)
        features = [((s - b[:, k]) ** 2).mean() / (b[:, k] ** 2).mean() for s, b, k in zip(ours, theirs, kept, strict=True)]
        terms = {"output": ((found - wanted) ** 2).mean(), "features": sum(features) / len(features), "task": ((found - noise) ** 2).mean()}
        total = sum(share * terms[name] for name, share in shares.items()) / sum(weights)
        return total, {name: terms[name].item() for name in TERMS}

    return loss


def imitated(client, figures, name, method, widths, ratio, weights):
    """All phases in one job; what it prunes is the teacher."""
    this = subject(name)
    shares = {term: weight for term, weight in zip(TERMS, weights) if weight}
    job, metrics = client.run(
        checkpoint=this.checkpoint(client), dataset=this.dataset(client), pruning=this.pruning(method, widths, ratio),
        finetuning=RUN | {"distillation": shares})
    compared(client, figures, this, weights, job, metrics, metrics["groups"], job["result"]["pruned_checkpoint"], widths)


def chained(client, figures, name, weights=(1, 2, 0.5)):
    """A job that prunes, and another that fine-tunes what is left: the teacher is what the first one pruned."""
    this = subject(name)
    request = {"checkpoint": this.checkpoint(client), "dataset": this.dataset(client)}
    pruned, cut = client.run(**request, pruning=this.pruning("magnitude", "free", 0.5))
    start = pruned["result"]["checkpoint"]
    job, metrics = client.run(**request | {"checkpoint": start}, finetuning=RUN | {"distillation": dict(zip(TERMS, weights))})
    compared(client, figures, this, weights, job, metrics, cut["groups"], start, "free")


def compared(client, figures, this, weights, job, metrics, groups, start, widths):
    model = downloaded(client, start, widths)[0].unet
    original = this.fresh()
    loss = objective(original, model, kept_rows(original, groups), weights)
    terms = [term for term, weight in zip(TERMS, weights) if weight]
    figures.same("terms", [term for term in TERMS if term in metrics["finetuning"]["losses"][0]], terms)
    finetuning.compared(client, figures, this, model, RUN, job, metrics, widths, loss, terms)
