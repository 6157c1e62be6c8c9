"""Reconstruction jobs against a plain PyTorch rendering: the same cut, refitted layer by layer in float64 by the service's contract."""

import copy

import torch
import torch.nn.functional as F

import make_training_golden
from downloads import downloaded
from models import subject

LOSSES = 1e-3  # relative, of the held-out loss right after the cut
WEIGHTS = 2e-3  # root mean square difference, as a share of the root mean square change that refitting made
REPEATS = 3  # solutions, each for what the ones before have left (iterated Tikhonov regularisation)


class Joints:
    """Where a layer's output is compared: its own, or the sum that takes it in, which is what the network sees of it."""

    def __init__(self, model):
        self.model, self.modules = model, dict(model.named_modules())
        self.shifts = model.config.resnet_time_scale_shift == "scale_shift"

    def layers(self):
        """In the order in which they are refitted: (layer, where its output is compared, whether as input of that)."""
        yield "time_embedding.linear_1", "time_embedding.linear_1", False
        yield "time_embedding.linear_2", "time_embedding.linear_2", False
        yield "conv_in", "conv_in", False
        for i, block in enumerate(self.model.down_blocks):
            for j in range(len(block.resnets)):
                yield from self.pair(f"down_blocks.{i}", j)
            if block.downsamplers is not None:
                yield from self.resampled(f"down_blocks.{i}.downsamplers.0")
        yield from self.resnet("mid_block.resnets.0")
        yield from self.attend("mid_block.attentions.0")
        yield from self.resnet("mid_block.resnets.1")
        for i, block in enumerate(self.model.up_blocks):
            for j in range(len(block.resnets)):
                yield from self.pair(f"up_blocks.{i}", j)
            if block.upsamplers is not None:
                yield from self.resampled(f"up_blocks.{i}.upsamplers.0")
        yield "conv_norm_out", "conv_norm_out", False
        yield "conv_out", "conv_out", False

    def pair(self, block, j):
        yield from self.resnet(f"{block}.resnets.{j}")
        yield from self.attend(f"{block}.attentions.{j}")

    def attend(self, path):
        if path + ".to_q" in self.modules:
            yield from self.attention(path)
        elif path + ".proj_in" in self.modules:
            yield from self.transformer(path)

    def resampled(self, path):
        if hasattr(self.modules[path], "conv1"):
            yield from self.resnet(path)
        else:
            yield path + ".conv", path + ".conv", False

    def resnet(self, path):
        plain = self.modules[path].output_scale_factor == 1
        yield path + ".norm1", path + ".norm1", False
        if self.shifts:
            yield path + ".conv1", path + ".conv1", False
            yield path + ".time_emb_proj", path + ".time_emb_proj", False
        else:
            yield path + ".time_emb_proj", path + ".time_emb_proj", False
            yield path + ".conv1", path + ".norm2", True  # with the time embedding added
        yield path + ".norm2", path + ".norm2", False
        shortcut = self.modules[path].conv_shortcut is not None
        # The later of the two takes in the sum.
        yield path + ".conv2", path if plain and not shortcut else path + ".conv2", False
        if shortcut:
            yield path + ".conv_shortcut", path if plain else path + ".conv_shortcut", False

    def attention(self, path):
        if self.modules[path].group_norm is not None:
            yield path + ".group_norm", path + ".group_norm", False
        for layer in ("to_q", "to_k", "to_v"):
            yield f"{path}.{layer}", f"{path}.{layer}", False
        plain = self.modules[path].rescale_output_factor == 1
        yield path + ".to_out.0", path if plain else path + ".to_out.0", False

    def transformer(self, path):
        yield path + ".norm", path + ".norm", False
        yield path + ".proj_in", path + ".proj_in", False
        for j in range(len(self.modules[path].transformer_blocks)):
            layer = f"{path}.transformer_blocks.{j}"
            for attention, before, after in (("attn1", "norm1", "norm2"), ("attn2", "norm2", "norm3")):
                yield f"{layer}.{before}", f"{layer}.{before}", False
                for part in ("to_q", "to_k", "to_v"):
                    yield f"{layer}.{attention}.{part}", f"{layer}.{attention}.{part}", False
                yield f"{layer}.{attention}.to_out.0", f"{layer}.{after}", True  # with what was there added
            yield layer + ".norm3", layer + ".norm3", False
            yield layer + ".ff.net.0.proj", layer + ".ff.net.0.proj", False
            yield layer + ".ff.net.2", layer, False
        yield path + ".proj_out", path, False


def captured(model, x, t, inputs=(), outputs=()):
    """Inputs and outputs of some modules on the way of x through the model."""
    found, hooks = {}, []
    modules = dict(model.named_modules())
    for path in inputs:
        hooks.append(modules[path].register_forward_pre_hook(lambda m, a, p=path: found.__setitem__((p, True), a[0].detach())))
    for path in outputs:
        hooks.append(modules[path].register_forward_hook(
            lambda m, a, o, p=path: found.__setitem__((p, False), (o if isinstance(o, torch.Tensor) else o[0]).detach())))
    with torch.no_grad():
        model(x, t)
    for hook in hooks:
        hook.remove()
    return found


def pixels(x, channels_first=False):
    """(batch, channels, height, width) or (batch, …, channels) as rows of channels."""
    if channels_first and x.dim() == 3:
        return x.transpose(1, 2).flatten(0, 1)
    return x.permute(0, 2, 3, 1).flatten(0, 2) if x.dim() == 4 else x.flatten(0, -2)


def rescale(norm, x, residual, ridge):
    """Scale and shift of each channel on its own, by the normalised x and what the output lacks."""
    squares, sums = x.square().sum(0) * (1 + ridge), x.sum(0)
    slopes, lacks = (x * residual).sum(0), residual.sum(0)
    determinant = squares * len(x) - sums * sums
    with torch.no_grad():
        norm.weight += (slopes * len(x) - lacks * sums) / determinant
        norm.bias += (squares * lacks - sums * slopes) / determinant


def kept_rows(model, groups):
    """The rows of every parameter that a cut left, by the groups that a job's metrics tell."""
    rows = {n: list(range(p.shape[0])) for n, p in model.named_parameters()}
    for group in groups:
        for member in group["members"]:
            if member["axis"] == 0:
                span = range(member["offset"], member["offset"] + group["width"]["before"])
                gone = set(span) - {member["offset"] + channel for channel in group["kept"]}
                rows[member["parameter"]] = [row for row in rows[member["parameter"]] if row not in gone]
    return rows


def refitted(model, original, rows, x, t, ridge):
    """Refits `model` in place, and returns it. `rows` are the channels that stayed, by the parameter whose rows they are."""
    joints = list(Joints(original).layers())
    theirs = captured(original, x, t, [p for _, p, i in joints if i], [p for _, p, i in joints if not i])
    modules = dict(model.named_modules())
    for layer, joint, is_input in joints:
        module = modules[layer]
        found = captured(model, x, t, {layer} | ({joint} if is_input else set()), () if is_input else {joint})
        kept = rows[layer + ".weight"]
        # Attention's norm takes and gives (batch, channels, pixels), its linear layers (batch, pixels, channels).
        first = isinstance(module, torch.nn.GroupNorm)
        residual = pixels(theirs[joint, is_input], first)[:, kept] - pixels(found[joint, is_input], first)
        given = found[layer, True]
        if isinstance(module, torch.nn.GroupNorm):
            rescale(module, pixels(F.group_norm(given, module.num_groups, eps=module.eps), True), residual, ridge)
            continue
        if isinstance(module, torch.nn.LayerNorm):
            rescale(module, pixels(F.layer_norm(given, given.shape[-1:], eps=module.eps)), residual, ridge)
            continue
        if isinstance(module, torch.nn.Conv2d):
            given = F.unfold(given, module.kernel_size, padding=module.padding, stride=module.stride).transpose(1, 2).flatten(0, 1)
        else:
            given = given.flatten(0, -2)
        correct(module, given, residual, ridge, lambda change: change.T.reshape(module.weight.shape))
    return model


def correct(module, rows, residual, ridge, shaped):
    """Refits a layer's weight and bias in place to residuals over its rows; `shaped` gives (columns, out) the weight's shape."""
    columns = rows.shape[1]
    if module.bias is not None:
        rows = torch.cat([rows, torch.ones(len(rows), 1, dtype=rows.dtype)], 1)
    gram = rows.T @ rows
    penalty = torch.full((len(gram),), ridge * gram.diagonal()[:columns].mean().item(), dtype=gram.dtype)
    penalty[columns:] = 0
    change = torch.zeros(len(gram), residual.shape[1], dtype=gram.dtype)
    for _ in range(REPEATS):
        change += torch.linalg.solve(gram + penalty.diag(), rows.T @ residual - gram @ change)
    with torch.no_grad():
        module.weight += shaped(change[:columns])
        if module.bias is not None:
            module.bias += change[columns]


def noised(this, samples, seed):
    """Calibration samples and their timesteps: pictures, noise and timesteps drawn as a step of fine-tuning draws them."""
    generator = torch.Generator().manual_seed(seed)
    index = torch.randint(0, len(this.images), (samples,), generator=generator)
    noise = torch.randn((samples, *this.images.shape[1:]), generator=generator)
    t = torch.randint(0, this.steps, (samples,), generator=generator)
    ratio = this.schedule[t][:, None, None, None]
    return ratio ** 0.5 * this.images[index] + (1 - ratio) ** 0.5 * noise, t, index


def reconstructed(client, figures, name, method, widths, ratio, samples=8, ridge=1e-2):
    """The held-out loss and the weights of a job that cuts and refits, and trains nothing."""
    this = subject(name)
    settings = {"samples": samples, "ridge": ridge, "seed": 11}
    request = {"checkpoint": this.checkpoint(client), "dataset": this.dataset(client)}
    evaluation = {"samples": 1, "steps": 1, "seed": 3}
    pruning = this.pruning(method, widths, ratio)
    plain, plainly = client.run(**request, pruning=pruning, evaluation=evaluation)
    job, metrics = client.run(**request, pruning=pruning | {"reconstruction": settings}, evaluation=evaluation)
    for ours, theirs in zip(metrics["groups"], plainly["groups"], strict=True):
        figures.same("cuts", ours["kept"], theirs["kept"])
    layers = metrics["reconstruction"]["layers"]
    # Some differ from the original by no more than rounding, in which there is nothing to make better.
    no_worse = all(layer["error"]["after"] <= max(layer["error"]["before"] * 1.0001, 1e-12) for layer in layers)
    figures.same("layers got no worse", no_worse, True)

    # The cut itself is compared elsewhere: here it is where the refit begins.
    start, before = downloaded(client, plain["result"]["checkpoint"], widths)
    _, after = downloaded(client, job["result"]["checkpoint"], widths)
    rows = kept_rows(this.model, metrics["groups"])
    x, t, index = noised(this, samples, settings["seed"])
    labels = None if this.labels is None else this.labels[index]
    cut, original = this.told(copy.deepcopy(start.unet), labels), this.told(this.fresh(), labels)
    model = refitted(cut.double(), original.double(), rows, x.double(), t, ridge)
    apart = way = 0.0
    for tensor_name, parameter in model.named_parameters():
        apart += (after[tensor_name].double() - parameter.detach()).square().sum().item()
        way += (parameter.detach() - before[tensor_name].double()).square().sum().item()
    figures.bar("refitted weights", (apart / way) ** 0.5, WEIGHTS)

    losses = [
        make_training_golden.evaluation(unet.float(), this.images, evaluation["seed"], this.schedule, this.labels)["loss"]
        for unet in (start.unet, model)]
    figures.relative("losses", [plainly["evaluation"]["loss"]["pruned"], metrics["evaluation"]["loss"]["pruned"]], losses, LOSSES)
    figures.notes.append(f"held-out loss {losses[0]:.4f} -> {losses[1]:.4f}")
