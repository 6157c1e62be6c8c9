"""Compares a running server with PyTorch, diffusers and torch-pruning, through its HTTP contract alone.

    PYTHONPATH=Tests/Fixtures python Tests/Interop/interop.py http://127.0.0.1:8080 LOG [part of a check's name]

LOG is the server's log, whose end is shown when something failed; its data folder lies beside it.

Each check prints one line with the worst figure of every kind that it saw, beside the bar for it. The last line counts the checks.
"""

import os
import sys
import time
import traceback
from pathlib import Path

import diffusers
import torch

import allocation
import autoencoders
import brought
import brought_checkpoints
import brought_jobs
import brought_pictures
import compvis
import depth
import distillation
import documents
import downloads
import example
import files
import finetuning
import folders
import generators
import labels
import latent
import onnx_layout
import plans
import pruning
import quality
import random_stream
import reconstruction
import sampling
import schedulers
import shapes
import targets
import torch_pruning_peer
from client import Client
from figures import Figures
from models import CONDITIONAL, WITHOUT_PICTURES, subject

MODELS = ("ddpm", "ldm", "scale_shift", "learned", "uneven", "example")  # those that phases with pictures apply to
METHODS = (*pruning.GRADIENTS, "magnitude", "random")
# Where half of a block's width would hold no whole head: less, or no uniform widths at all.
UNIFORM = {"scale_shift": ("diffusers", 0.3)} | {name: ("free", 0.6) for name in ("oblong", "class_vectors", "skips")}


def checks(data):
    """Every check by name, as a function of the client and the figures that it fills in; `data` is the server's folder."""
    kept = pruning.Kept()
    found = {
        "documents, docs/api.md is /openapi.json": documents.api, "documents, links": documents.links,
        "documents, steps of extending.md": documents.followed, "documents, codes of warnings": documents.warnings,
        "documents, the Python example": example.followed, "uploads come back": downloads.returned, "random stream, seeds": random_stream.seeds_differ}

    for name in ("ddpm", "ldm", "learned"):
        found[f"files of save_pretrained and torch.save, {name}"] = lambda c, f, n=name: files.saved(c, f, n)

    for name in (*MODELS, *WITHOUT_PICTURES, "pixel"):
        found[f"random stream, {name}, scores"] = lambda c, f, n=name: random_stream.random_scores(c, f, n)
        found[f"random stream, {name}, fresh weights"] = lambda c, f, n=name: random_stream.fresh_weights(c, f, n)
    for name, widths in (("ddpm", "diffusers"), ("ldm", "free"), ("learned", "diffusers"), ("uneven", "free")):
        found[f"random stream, {name}, scratch, {widths}"] = lambda c, f, a=(name, widths): random_stream.scratch(c, f, *a)

    for name in (*MODELS, *WITHOUT_PICTURES):
        for method in METHODS if name in MODELS else ("magnitude", "random"):
            for widths, ratio in (("free", 0.3), UNIFORM.get(name, ("diffusers", 0.5))):
                found[f"pruning, {name}, {method}, {widths} {ratio}"] = (
                    lambda c, f, a=(name, method, widths, ratio): pruning.pruned(c, f, subject(a[0]), *a[1:], kept) and None)
        for method in torch_pruning_peer.IMPORTANCES if name in MODELS else ("magnitude",) if name == "oblong" else ():
            found[f"torch-pruning, {name}, {method}"] = lambda c, f, a=(name, method): torch_pruning_peer.compared(c, f, *a)

    for name, method, ratio in (
            ("ddpm", "diff-pruning", 0.5), ("ldm", "magnitude", 0.5), ("uneven", "taylor", 0.3), ("example", "magnitude", 0.3)):
        found[f"allocation, {name}, {method}, global {ratio}"] = lambda c, f, a=(name, method, ratio): allocation.allocated(c, f, *a)

    for name, widths, ratio, dtype in (
            ("ddpm", "diffusers", 0.5, torch.float32), ("ldm", "diffusers", 0.5, torch.float16), ("ldm", "free", 0.3, torch.bfloat16),
            ("scale_shift", "free", 0.5, torch.float16), ("learned", "diffusers", 0.5, torch.bfloat16), ("example", "free", 0.7, torch.float32)):
        found[f"plan, {name}, {widths} {ratio}, {dtype}"] = lambda c, f, a=(name, widths, ratio, dtype): plans.planned(c, f, *a)

    # Batches of 3·B numbers on a single pixel: from 3 to 18, so both ways of drawing normal numbers meet a remainder.
    for batch, flip in ((1, True), (3, False), (5, True), (6, True), (8, False)):
        found[f"fine-tuning, pixel, batch {batch}, {'flip' if flip else 'no flip'}"] = (
            lambda c, f, a=dict(batch_size=batch, flip=flip, seed=batch): finetuning.finetuned(c, f, "pixel", **a))
    for name, method, widths, ratio in (
            ("ddpm", "diff-pruning", "free", 0.3), ("ddpm", "magnitude", "diffusers", 0.5), ("ldm", "taylor", "free", 0.5),
            ("scale_shift", "magnitude", "free", 0.3), ("uneven", "magnitude", "free", 0.5), ("example", "diff-pruning", "free", 0.3)):
        found[f"reconstruction, {name}, {method}, {widths} {ratio}"] = (
            lambda c, f, a=(name, method, widths, ratio): reconstruction.reconstructed(c, f, *a))

    targets.checks(found)
    depth.checks(found)
    for name, rule in (("ddpm", "table"), ("ddpm", "sinusoid"), ("uneven", "sinusoid"), ("example", "sinusoid"), ("classed", "sinusoid")):
        found[f"schedulers, {name}, {rule}"] = lambda c, f, a=(name, rule): schedulers.ran(c, f, *a)

    found["folders at random"] = lambda c, f: folders.uploaded(c, f, data)
    for what, cases in (("checkpoints", brought_checkpoints), ("jobs", brought_jobs), ("pictures", brought_pictures)):
        brought.checks(found, f"brought, {what}", cases.CASES)
    conditional(found, kept)
    variances(found, kept)
    latent.checks(found, kept)
    autoencoders.checks(found, kept)
    generators.checks(found, kept)
    compvis.checks(found, kept)
    onnx_layout.checks(found)
    quality.checks(found)
    for name in ("ddpm", "sd1", "vq"):
        found[f"formats, {name}"] = lambda c, f, n=name: downloads.converted(c, f, n)
    found["fine-tuning, ddpm, cosine"] = lambda c, f: finetuning.finetuned(c, f, "ddpm", schedule="cosine")
    for name in ("ddpm", "scale_shift"):
        found[f"fine-tuning, {name}, SOAP"] = lambda c, f, n=name: finetuning.finetuned(c, f, n, optimizer="soap")
    for name, method, widths, ratio, weights in (
            ("ddpm", "diff-pruning", "free", 0.3, (1, 1, 1)), ("ldm", "magnitude", "diffusers", 0.5, (0, 1, 0)),
            ("scale_shift", "magnitude", "free", 0.5, (3, 0.5, 0)), ("learned", "magnitude", "diffusers", 0.5, (0.5, 0, 2)),
            ("uneven", "magnitude", "free", 0.5, (1, 2, 0)), ("example", "diff-pruning", "free", 0.3, (1, 1, 1))):
        found[f"distillation, {name}, {method}, {widths} {ratio}, {weights}"] = (
            lambda c, f, a=(name, method, widths, ratio, weights): distillation.imitated(c, f, *a))
    for name in ("ddpm", "ldm"):
        found[f"distillation, {name}, in a job of its own"] = lambda c, f, n=name: distillation.chained(c, f, n)

    for name in MODELS:
        found[f"fine-tuning, {name}, EMA"] = lambda c, f, n=name: finetuning.finetuned(c, f, n)
    for name in ("ddpm", "scale_shift", "learned"):
        changes = dict(ema_decay=0.0, flip=False, gradient_clip=None, warmup_steps=0, batch_size=3, seed=2**32 + 4)
        found[f"fine-tuning, {name}, no EMA, no clip, no flip"] = lambda c, f, n=name, a=changes: finetuning.finetuned(c, f, n, **a)
    for name, widths in (("ddpm", "free"), ("ldm", "diffusers"), ("example", "diffusers")):
        found[f"fine-tuning, {name}, after diff-pruning, {widths} 0.5"] = (
            lambda c, f, a=(name, "diff-pruning", widths, 0.5): finetuning.pruned_and_finetuned(c, f, *a))

    for name, widths in zip((*MODELS, "pixel"), ("free", "diffusers") * 4):
        for sampler, eta in (("ddim", 0.0), ("ddim", 0.7), ("ddpm", 0.0)):
            found[f"sampling, {name}, {widths}, {sampler} {eta:g}"] = lambda c, f, a=(name, widths, sampler, eta): sampling.sampled(c, f, *a)
    for spacing in ("trailing", "linspace"):
        for sampler in ("ddim", "ddpm"):
            found[f"sampling, ddpm, free, {sampler}, {spacing}"] = (
                lambda c, f, a=(sampler, spacing): sampling.sampled(c, f, "ddpm", "free", a[0], 0.0, steps=18, spacing=a[1]))
    found["sampling, example, diffusers, ddim 0, after fine-tuning"] = lambda c, f: sampling.sampled(
        c, f, "example", "diffusers", "ddim", 0.0, finetuning={"steps": 20, "ema_decay": 0.9})

    found["ddpm-cifar10-32's shape, magnitude and diff-pruning"] = lambda c, f: shapes.cifar10(c, f, ("magnitude", "diff-pruning"), kept)
    found["ddpm-celebahq-256's shape, magnitude"] = lambda c, f: shapes.celebahq(c, f, kept)
    found[GATHERED] = kept.check
    return found


def conditional(found, kept):
    """The phases on models that are told classes."""
    for name in CONDITIONAL:
        for method, widths, ratio in (
                ("diff-pruning", "free", 0.3), ("taylor", "diffusers", 0.5), ("magnitude", "free", 0.5), ("random", "diffusers", 0.5)):
            found[f"pruning, {name}, {method}, {widths} {ratio}"] = (
                lambda c, f, a=(name, method, widths, ratio): pruning.pruned(c, f, subject(a[0]), *a[1:], kept) and None)
        found[f"random stream, {name}, fresh weights"] = lambda c, f, n=name: random_stream.fresh_weights(c, f, n)
        found[f"sampling, {name}, free, ddim"] = lambda c, f, n=name: sampling.sampled(c, f, n, "free", "ddim", 0.0)
    found["labels beside the pictures, classes"] = lambda c, f: labels.labelled(c, f, "classes")
    found["fine-tuning, classes, a quarter without a class"] = (
        lambda c, f: finetuning.finetuned(c, f, "classes", unconditional_probability=0.25))
    found["reconstruction, classes, magnitude, free 0.3"] = (
        lambda c, f: reconstruction.reconstructed(c, f, "classes", "magnitude", "free", 0.3))
    found["fine-tuning, class_numbers"] = lambda c, f: finetuning.finetuned(c, f, "class_numbers", unconditional_probability=0)
    for sampler in ("ddim", "ddpm"):
        found[f"sampling, classes, guided, {sampler}"] = (
            lambda c, f, s=sampler: sampling.sampled(c, f, "classes", "diffusers", s, 0.0, samples=5, guidance=3))


def variances(found, kept):
    """A model that gives variances beside the noise: they are no part of any loss, and DDPM's noise has them."""
    for method, ratio in (("diff-pruning", 0.3), ("fisher", 0.3), ("magnitude", 0.5)):
        found[f"pruning, variances, {method}, free {ratio}"] = (
            lambda c, f, a=(method, ratio): pruning.pruned(c, f, subject("variances"), a[0], "free", a[1], kept) and None)
    found["fine-tuning, variances"] = lambda c, f: finetuning.finetuned(c, f, "variances")
    for sampler in ("ddim", "ddpm"):
        found[f"sampling, variances, {sampler}"] = lambda c, f, s=sampler: sampling.sampled(c, f, "variances", "diffusers", s, 0.0)


GATHERED = "all jobs with gradients"


class Claims:
    """What is this process's to do of what several share: each takes all checks of a model, PyTorch's side of which is found once, when it comes to
    them and no other has. The longest go first."""

    def __init__(self, folder):
        self.folder, self.mine = folder, {}

    @staticmethod
    def subject(name):
        return name.split(", ")[1] if ", " in name else name

    def ordered(self, names):
        places = {subject: place for place, subject in reversed(list(enumerate(map(self.subject, names))))}
        return sorted(names, key=lambda name: (name == GATHERED, "shape" not in name, places[self.subject(name)]))

    def take(self, name):
        subject = self.subject(name)
        if self.folder and subject not in self.mine:
            try:
                (Path(self.folder) / subject.replace("/", " ")).mkdir()
                self.mine[subject] = True
            except FileExistsError:
                self.mine[subject] = False
        return self.mine.get(subject, True)


def main():
    diffusers.logging.set_verbosity_error()
    diffusers.logging.disable_progress_bar()
    client, log, part = Client(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""
    passed = failed = 0
    start = time.time()
    found, claims = checks(log.parent / "data"), Claims(os.environ.get("PRUNER_CLAIMS"))
    for name in claims.ordered(found):
        # What all jobs with gradients kept is gathered by every process.
        if part not in name or (name != GATHERED and not claims.take(name)):
            continue
        check = found[name]
        # Threads help the published shapes only.
        torch.set_num_threads((os.cpu_count() or 1) if "shape" in name else 1)
        figures, began = Figures(), time.time()
        try:
            check(client, figures)
            outcome = str(figures)
        except Exception:
            outcome = traceback.format_exc(limit=-4)
            figures = Figures()
        passed, failed = passed + figures.agree, failed + (not figures.agree)
        print(f"{'ok    ' if figures.agree else 'FAILED'} {name}: {outcome}  [{time.time() - began:.1f} s]", flush=True)
    if failed:
        print("".join(line + "\n" for line in log.read_text().splitlines() if " info " not in line), end="")
    print(f"{time.time() - start:.0f} s")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or passed == 0)


if __name__ == "__main__":
    main()
