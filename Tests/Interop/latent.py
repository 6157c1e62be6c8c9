"""Latent and text-conditional pipelines through all phases: Stable Diffusion 1 and 2 in small, latents of a VQModel, embeddings that come
with the pictures. The comparisons are those of every other model, on latents and tokens that PyTorch makes."""

import copy
import tempfile

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load

import condition_configs
import finetuning
import plans
import pruning
import random_stream
import reconstruction
import reference
import sampling
from make_unet_golden import randomised
from models import CLASSES, subject
from pipelines import BARE, contents

NAMES = ("sd1", "sd2", "vq", "embeddings", "pixel_embeddings", "classed")
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


def checks(found, kept):
    """Adds every check by name."""
    for name in condition_configs.CONFIGS:
        found[f"reference, {name}, couplings"] = lambda c, f, n=name: exchanged(c, f, n)
    for name in (*NAMES, "sd1_half"):
        found[f"latents, {name}, upload"] = lambda c, f, n=name: uploaded(c, f, n)
    for name in ("sd1", "simple", "fourier"):
        found[f"random stream, {name}, fresh weights"] = lambda c, f, n=name: random_stream.fresh_weights(c, f, n)
    for name in ("sd1", "pixel_embeddings"):
        found[f"random stream, {name}, scores"] = lambda c, f, n=name: random_stream.random_scores(c, f, n)

    for name in NAMES:
        for method, widths, ratio in (
                ("diff-pruning", "free", 0.3), ("taylor", "diffusers", 0.5), ("fisher", "free", 0.5), ("group-fisher", "diffusers", 0.3),
                ("magnitude", "diffusers", 0.5), ("magnitude", "free", 0.6)):
            found[f"pruning, {name}, {method}, {widths} {ratio}"] = lambda c, f, a=(name, method, widths, ratio): pruned(c, f, *a, kept)
    for method, widths in (("diff-pruning", "free"), ("magnitude", "diffusers")):
        found[f"pruning, sd1_half, {method}, {widths} 0.5"] = lambda c, f, a=("sd1_half", method, widths, 0.5): pruned(c, f, *a, kept)
    for name in BARE:
        for widths in ("free", "diffusers"):
            found[f"pruning, {name}, magnitude, {widths} 0.5"] = lambda c, f, a=(name, "magnitude", widths, 0.5): pruned(c, f, *a, kept)
    for name, widths, ratio, dtype in (
            ("sd1", "free", 0.5, torch.float32), ("sd1", "diffusers", 0.3, torch.float32), ("sd2", "free", 0.3, torch.float16),
            ("vq", "diffusers", 0.5, torch.bfloat16), ("pixel_embeddings", "diffusers", 0.3, torch.float32)):
        found[f"plan, {name}, {widths} {ratio}, {dtype}"] = lambda c, f, a=(name, widths, ratio, dtype): plans.planned(c, f, *a)

    for name in NAMES:
        told = {} if name == "vq" else {"unconditional_probability": 0.25}
        found[f"fine-tuning, {name}"] = lambda c, f, n=name, t=told: finetuning.finetuned(c, f, n, **t)
    found["fine-tuning, sd2, always a caption, no flip"] = (
        lambda c, f: finetuning.finetuned(c, f, "sd2", unconditional_probability=0, flip=False, batch_size=3, seed=6))
    found["fine-tuning, embeddings, by default"] = lambda c, f: finetuning.finetuned(c, f, "embeddings", seed=9)
    for name, method, widths in (("sd1", "diff-pruning", "diffusers"), ("sd2", "magnitude", "free"), ("vq", "magnitude", "diffusers")):
        found[f"fine-tuning, {name}, after {method}, {widths} 0.5"] = (
            lambda c, f, a=(name, method, widths, 0.5): finetuning.pruned_and_finetuned(c, f, *a))
    for name, widths, ratio in (
            ("sd1", "free", 0.3), ("sd1", "diffusers", 0.5), ("sd2", "free", 0.5), ("vq", "free", 0.3), ("embeddings", "diffusers", 0.3),
            ("pixel_embeddings", "free", 0.5), ("classed", "diffusers", 0.5)):
        found[f"reconstruction, {name}, magnitude, {widths} {ratio}"] = (
            lambda c, f, a=(name, "magnitude", widths, ratio): reconstruction.reconstructed(c, f, *a))

    for name, widths, sampler, eta, guidance in (
            ("sd1", "diffusers", "ddim", 0.0, 1), ("sd1", "free", "ddpm", 0.0, 3), ("sd1", "diffusers", "ddim", 0.6, 7.5),
            ("sd2", "diffusers", "ddim", 0.0, 4), ("sd2", "diffusers", "ddpm", 0.0, 1), ("sd1_half", "diffusers", "ddim", 0.0, 2),
            ("vq", "diffusers", "ddim", 0.0, 1), ("vq", "free", "ddpm", 0.0, 1), ("embeddings", "diffusers", "ddim", 0.0, 3),
            ("embeddings", "free", "ddpm", 0.0, 1), ("pixel_embeddings", "diffusers", "ddim", 0.0, 2),
            ("classed", "diffusers", "ddim", 0.0, 3), ("classed", "free", "ddpm", 0.0, 1)):
        found[f"sampling, {name}, {widths}, {sampler} {eta:g}, guidance {guidance}"] = (
            lambda c, f, a=(name, widths, sampler, eta), g=guidance: sampling.sampled(c, f, *a, samples=5, guidance=g))


def exchanged(client, figures, name):
    """reference.py by itself: a network is the same function after every pair of a group's channels has changed places in all of its
    members, and a `diffusers` result is the same function as the slices that it was made of."""
    config = condition_configs.CONFIGS[name]
    model, generator = randomised(UNet2DConditionModel, config, 5).double(), torch.Generator().manual_seed(1)
    size = config["sample_size"]
    sample = torch.randn(2, config["in_channels"], *(size if isinstance(size, list) else (size, size)), generator=generator).double()
    tokens, labels = condition_configs.told(config, generator)
    labels = labels.double() if labels is not None and labels.is_floating_point() else labels

    @torch.no_grad()
    def output(network):
        return network(sample, torch.tensor([3, 1]), tokens.double(), labels).sample

    expected, groups = output(model), reference.couplings(model)
    for group in groups:
        other, order = copy.deepcopy(model), torch.arange(group.width).reshape(-1, 2).flip(1).flatten()
        for parameter, axis, offset in group.members:
            tensor = other.get_parameter(parameter)
            places = torch.arange(tensor.shape[axis])
            places[offset:offset + group.width] = order + offset
            tensor.data = tensor.data.index_select(axis, places)
        figures.bar("exchanged channels", (output(other) - expected).abs().max().item(), 1e-12)
    importances = reference.importances(model, groups, "magnitude", {}, 0)
    for ratio in (0.3, 0.5):
        free = reference.cut(model, groups, reference.selection(model, groups, importances, "free", ratio), "free", ratio, 50)
        figures.same("finite outputs", output(free).isfinite().all().item(), True)
        kept = reference.selection(model, groups, importances, "diffusers", ratio)
        try:
            narrow = reference.cut(model, groups, kept, "diffusers", ratio, 50)
        except ValueError as error:
            figures.notes.append(f"{ratio}: {error}")
            continue
        sliced = reference.rebuilt(model, reference.sliced({n: p.detach() for n, p in model.named_parameters()}, groups, kept))
        for group in groups:
            if group.attention and group.head_width:
                module = sliced.get_submodule(group.attention)
                module.heads, module.scale = module.to_q.out_features // group.head_width, group.head_width ** -0.5
        figures.bar("diffusers widths off slices", (output(narrow) - output(sliced)).abs().max().item(), 1e-6)


def uploaded(client, figures, name):
    """Counts, and every file coming back; what is told of the data set."""
    this = subject(name)
    checkpoint = client.get(f"/v1/checkpoints/{this.checkpoint(client)}")
    figures.same("architectures", checkpoint["architecture"], type(this.model).__name__)
    figures.same("types", checkpoint["dtype"], str(this.dtype).removeprefix("torch."))
    figures.same("counts", (checkpoint["parameters"], checkpoint["macs"]), reference.count(this.model, this.tokens))
    size = this.model.config.sample_size
    figures.same("shapes", checkpoint["sample_shape"], [this.model.config.in_channels, size, size])
    others_unchanged(client, figures, this, checkpoint["id"])
    for parameter, tensor in load(client.call(f"/v1/checkpoints/{checkpoint['id']}/files/{WEIGHTS}")).items():
        figures.same("tensors", tensor.float(), this.model.get_parameter(parameter).detach())
    dataset = client.get(f"/v1/datasets/{this.dataset(client)}")
    figures.same("pictures", dataset["images"], len(this.images))
    if name == "classed":
        figures.same("classes", dataset["classes"], [{"name": f"class {number}", "images": 2} for number in range(CLASSES)])
    if this.captions:
        figures.same("captions", dataset["captions"], sum(bool(text) for text in this.captions))


def others_unchanged(client, figures, this, checkpoint):
    """All of a pipeline but its U-Net is as it was uploaded."""
    if "model_index.json" not in this.files:
        return
    with tempfile.TemporaryDirectory() as folder:
        client.download(checkpoint, folder)
        files = contents(folder)
    for path, data in this.files.items():
        if not path.startswith("unet/"):
            figures.same("other files", files.get(path), data)


def pruned(client, figures, name, method, widths, ratio, kept):
    """As every model; and the forecast of a dry run, the configuration, and the rest of the pipeline."""
    this = subject(name)
    request = {"checkpoint": this.checkpoint(client), "pruning": this.pruning(method, widths, ratio), "recipe": "paper"}
    if method in pruning.GRADIENTS:
        request["dataset"] = this.dataset(client)
    forecast = client.post("/v1/jobs?dry_run=true", request)
    metrics, result = pruning.pruned(client, figures, this, method, widths, ratio, kept)
    for key in ("parameters", "macs"):
        figures.same("forecasts", forecast[key], metrics[key])
    if widths == "diffusers" and isinstance(this.model, UNet2DConditionModel):
        chosen = reference.selection(this.model, this.groups, this.importances(method), widths, ratio)
        expected = reference.cut(this.model, this.groups, chosen, widths, ratio, this.steps)
        for key in ("block_out_channels", "attention_head_dim", "time_embedding_type", "time_embedding_dim"):
            figures.same("configurations", plain(result.unet.config[key]), plain(expected.config[key]))
    job = client.get("/v1/jobs?limit=1")["data"][0]
    others_unchanged(client, figures, this, job["result"]["checkpoint"])


def plain(value):
    return list(value) if isinstance(value, (list, tuple)) else value
