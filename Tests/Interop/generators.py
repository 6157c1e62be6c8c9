"""DCGAN's generator pruned, from bare state dicts: pictures, scores, slices, refitting, fine-tuning and ONNX against PyTorch."""

import copy
import functools
import importlib.util
import io
import json
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from diffusers.training_utils import EMAModel
from safetensors.torch import load_file, save
from torch import nn

import reference
import sampling
from groups import Group, to_go
from pruning import compared_groups
from reconstruction import correct, rescale

BATCH, SCORED, SEED = 3, 10, 5


class Generator(nn.Module):
    """That of PyTorch's DCGAN example (examples/dcgan/main.py), of pictures of 16 or 32 pixels."""

    def __init__(self, nz, widths, nc=3, slope=None):
        super().__init__()
        layers, last = [], nz
        for place, width in enumerate(widths):
            stride, padding = (2, 1) if place else (1, 0)
            layers += [nn.ConvTranspose2d(last, width, 4, stride, padding, bias=False), nn.BatchNorm2d(width)]
            layers.append(nn.ReLU(True) if slope is None else nn.LeakyReLU(slope, True))
            last = width
        self.main = nn.Sequential(*layers, nn.ConvTranspose2d(last, nc, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, noise):
        return self.main(noise)


class FromVector(nn.Module):
    """A linear layer and a reshape before the transposed convolutions, biases, another slope, gray pictures."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(9, 7 * 4 * 5))
        self.net = nn.Sequential(
            nn.BatchNorm2d(7, eps=1e-3), nn.LeakyReLU(0.2), nn.ConvTranspose2d(7, 10, 5, 2, 2, 1), nn.BatchNorm2d(10), nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(10, 6, 3, 1, 1, bias=False), nn.ReLU(), nn.ConvTranspose2d(6, 1, 4, 2, 1), nn.Tanh())

    def forward(self, noise):
        return self.net(self.first(noise).view(-1, 7, 4, 5))


# What shapes cannot tell of it.
FROM_VECTOR = [
    {"type": "Linear", "name": "first.0", "in_features": 9, "out_features": 140}, {"type": "Unflatten", "channels": 7, "height": 4, "width": 5},
    {"type": "BatchNorm2d", "name": "net.0", "num_features": 7, "eps": 1e-3}, {"type": "LeakyReLU", "negative_slope": 0.2},
    {"type": "ConvTranspose2d", "name": "net.2", "in_channels": 7, "out_channels": 10, "kernel_size": 5, "stride": 2, "padding": 2, "output_padding": 1},
    {"type": "BatchNorm2d", "name": "net.3", "num_features": 10}, {"type": "LeakyReLU", "negative_slope": 0.2},
    {"type": "ConvTranspose2d", "name": "net.5", "in_channels": 10, "out_channels": 6, "kernel_size": 3, "stride": 1, "padding": 1, "bias": False},
    {"type": "ReLU"}, {"type": "ConvTranspose2d", "name": "net.7", "in_channels": 6, "out_channels": 1, "kernel_size": 4, "stride": 2, "padding": 1},
    {"type": "Tanh"}]

MODELS = {
    "dcgan": (lambda: Generator(12, [24, 16]), (12, 1, 1), None), "dcgan, three": (lambda: Generator(20, [16, 12, 9]), (20, 1, 1), None),
    "from a vector": (FromVector, (9,), FROM_VECTOR)}


class Subject:
    """One generator: `model` in evaluation mode, its norms as training on its own noise leaves them, and what is uploaded of it."""

    def __init__(self, name):
        make, self.noise, self.config = MODELS[name]
        torch.manual_seed(len(name))
        self.model = make()
        for module in self.model.modules():
            if isinstance(module, nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0, 0.15)
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, 1, 0.2)
                nn.init.normal_(module.bias, 0, 0.2)
        with torch.no_grad():
            for _ in range(60):
                self.model(torch.randn(32, *self.noise))
        self.model.eval()
        self.name, self.uploaded = name, None
        if self.config:
            tensors = {n: t.contiguous() for n, t in self.model.state_dict().items()}
            config = {"_class_name": "DCGANGenerator", "layers": self.config}
            self.files = {"config.json": json.dumps(config).encode(), "g.safetensors": save(tensors)}
        else:
            buffer = io.BytesIO()
            torch.save(self.model.state_dict(), buffer)
            self.files = {"netG_epoch_24.pth": buffer.getvalue()}
        self.groups = groups(self.model)

    def checkpoint(self, client):
        if self.uploaded is None:
            self.uploaded = client.upload("checkpoints", "generator", self.files)
        return self.uploaded["id"]

    def randn(self, count, seed):
        return torch.randn(count, *self.noise, generator=torch.Generator().manual_seed(seed))


def groups(model):
    """The channels between transposed convolutions; those before the first, where a vector makes them, stay whole."""
    found, group = [], None
    for path, module in model.named_modules():
        if isinstance(module, nn.ConvTranspose2d):
            if group:
                group.consumers.append((path + ".weight", 0, 0))
            group = Group(module.out_channels)
            group.producers.append((path + ".weight", 1, 0))
            if module.bias is not None:
                group.norms.append((path + ".bias", 0, 0))
            found.append(group)
        elif isinstance(module, nn.BatchNorm2d) and group:
            group.norms += [(f"{path}.{tensor}", 0, 0) for tensor in ("weight", "bias", "running_mean", "running_var")]
    return found[:-1]  # the last one's are pictures'


@functools.cache
def subject(name):
    return Subject(name)


def narrowed(model, tensors):
    """The user's own class with narrower layers, which takes the service's tensors by their names."""
    model = copy.deepcopy(model)
    for path, module in model.named_modules():
        if isinstance(module, nn.ConvTranspose2d):
            module.in_channels, module.out_channels = tensors[path + ".weight"].shape[:2]
        elif isinstance(module, nn.BatchNorm2d):
            module.num_features = len(tensors[path + ".weight"])
        for tensor in ("weight", "bias", "running_mean", "running_var"):
            if f"{path}.{tensor}" in tensors and getattr(module, tensor, None) is not None:
                value = torch.empty_like(tensors[f"{path}.{tensor}"])
                setattr(module, tensor, nn.Parameter(value) if tensor in ("weight", "bias") else value)
    model.load_state_dict(tensors)
    return model.eval()


def loaded(client, this, checkpoint):
    """A checkpoint by its own program and by the user's class, which have to give the same, and its tensors."""
    with tempfile.TemporaryDirectory() as folder:
        client.download(checkpoint, folder)
        spec = importlib.util.spec_from_file_location("generator", Path(folder) / "generator.py")
        program = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(program)
        tensors = load_file(Path(folder) / "model.safetensors")
        model, noise = program.load(folder), program.noise(folder, 2, 7)
    floats = {n: t for n, t in tensors.items() if t.is_floating_point()}
    own = narrowed(this.model, floats)
    with torch.no_grad():
        if not (torch.equal(noise, this.randn(2, 7)) and torch.allclose(model(noise), own(noise), atol=1e-6)):
            raise AssertionError("generator.py and a class of the same modules make different pictures")
    return own, floats


def uploaded(client, figures, name):
    this = subject(name)
    this.checkpoint(client)
    pictures = this.model(this.randn(1, 0))
    figures.same("shapes", this.uploaded["sample_shape"], list(pictures.shape[1:]))
    figures.same("parameters", this.uploaded["parameters"], sum(p.numel() for p in this.model.parameters()))
    figures.same("warnings", [w["code"] for w in this.uploaded["warnings"]], [] if this.config else ["assumed_settings"])
    _, tensors = loaded(client, this, this.uploaded["id"])
    for parameter, tensor in this.model.state_dict().items():
        if tensor.is_floating_point():
            figures.same("tensors", tensors[parameter], tensor)
    if not this.config:
        # Sent as it is, and as PyTorch saved it before 1.6.
        for is_zip in True, False:
            buffer = io.BytesIO()
            torch.save(this.model.state_dict(), buffer, _use_new_zipfile_serialization=is_zip)
            bare = client.upload("checkpoints", "bare", buffer.getvalue())
            figures.same("files by themselves", bare["parameters"], this.uploaded["parameters"])
            for parameter, tensor in loaded(client, this, bare["id"])[1].items():
                figures.same("files by themselves", tensor, tensors[parameter])
    if this.config:
        torch.manual_seed(6)
        expected = MODELS[name][0]().state_dict()
        fresh = client.upload("checkpoints", "fresh", {"config.json": this.files["config.json"]}, "&init=random&seed=6")
        for parameter, tensor in loaded(client, this, fresh["id"])[1].items():
            figures.same("fresh weights", tensor, expected[parameter])


def scored(this, method):
    """Means of squared gradients of signs' products with pictures, over the first whole batches of the noise that is drawn together."""
    if method != "gauss-newton":
        return {}
    model = copy.deepcopy(this.model).double()
    generator = torch.Generator().manual_seed(SEED)
    noise = torch.randn(SCORED, *this.noise, generator=generator)
    sums, count = {}, SCORED // BATCH * BATCH
    for one in noise[:count]:
        model.zero_grad()
        picture = model(one[None].double())[0]
        signs = torch.randint(0, 2, picture.shape, generator=generator) * 2 - 1
        (signs * picture).sum().backward()
        for parameter, value in model.named_parameters():
            sums[parameter] = sums.get(parameter, 0) + value.grad ** 2
    return {parameter: value / count for parameter, value in sums.items()}


def pruned(client, figures, name, method, ratio, total):
    this = subject(name)
    job, metrics = client.run(
        checkpoint=this.checkpoint(client), evaluation={"samples": 4, "seed": 8},
        pruning={"method": method, "ratio": ratio, "batch_size": BATCH, "samples": SCORED, "seed": SEED})
    if method == "gauss-newton":
        figures.same("losses", [row["loss"] for row in metrics["scoring"]["losses"]], [0.0] * (SCORED // BATCH))
    found = reference.importances(this.model, this.groups, method, scored(this, method), SEED)
    expected = [
        reference.keep_per_chunk(reference.normalised(s), 1, to_go(g.width, ratio)) for g, s in zip(this.groups, found)]
    kept, same, wanted = compared_groups(figures, this, metrics, found, "free", expected)
    total.agreeing, total.total = total.agreeing + same, total.total + wanted
    result, tensors = loaded(client, this, job["result"]["checkpoint"])
    state = {n: t for n, t in this.model.state_dict().items() if t.is_floating_point()}
    exact = reference.sliced(state, this.groups, kept)
    figures.same("exact slices", set(tensors), set(exact))
    for parameter, tensor in tensors.items():
        figures.same("exact slices", tensor, exact[parameter])
    compared_pictures(client, figures, this, job, metrics, {"before": this.model, "pruned": result})


@torch.no_grad()
def compared_pictures(client, figures, this, job, metrics, stages):
    """Pictures of the same noise, how alike they are, and the held-out difference from the original's."""
    reported, noise = metrics["evaluation"], this.randn(4, 8)
    held = this.randn(64, 9).double()
    original = copy.deepcopy(this.model).double()(held)
    drawn, expected = {}, {}
    for stage, model in stages.items():
        drawn[stage] = sampling.grid(client.call(f"/v1/jobs/{job['id']}/files/samples_{stage}.png"), 4)[..., :this.uploaded["sample_shape"][0]]
        expected[stage] = sampling.eight_bit(model(noise))
        sampling.same_pictures(figures, "values over a level off", drawn[stage], expected[stage])
        loss = (copy.deepcopy(model).double()(held) - original).square().mean().item()
        if stage == "before":
            figures.same("the original's loss", reported["loss"][stage], 0)
        else:
            figures.relative("held-out loss", [reported["loss"][stage]], [loss], 1e-4)
    last = "after" if "after" in stages else "pruned"
    sampling.structural(
        figures, reported, sampling.similarity(drawn["before"], drawn[last]), sampling.similarity(expected["before"], expected[last]))


RUN = dict(steps=20, batch_size=4, learning_rate=1e-3, warmup_steps=5, weight_decay=0.01, ema_decay=0.9999, gradient_clip=1.0, seed=3)


def finetuned(client, figures, name):
    """20 steps of a cut generator towards what the original gives of the same noise, the norms' statistics as they are."""
    this = subject(name)
    job, metrics = client.run(
        checkpoint=this.checkpoint(client), finetuning=RUN, evaluation={"samples": 4, "seed": 8}, pruning={"method": "magnitude", "ratio": 0.4})
    student, _ = loaded(client, this, job["result"]["pruned_checkpoint"])
    stages = {"before": this.model, "pruned": copy.deepcopy(student)}
    started = {n: t.clone() for n, t in student.state_dict().items()}
    student, teacher = student.double(), copy.deepcopy(this.model).double()
    generator = torch.Generator().manual_seed(RUN["seed"])
    learning = list(student.parameters())
    optimizer = torch.optim.AdamW(learning, lr=RUN["learning_rate"], betas=(0.9, 0.999), eps=1e-8, weight_decay=RUN["weight_decay"])
    average, rows = EMAModel(learning, decay=RUN["ema_decay"]), []
    for step in range(1, RUN["steps"] + 1):
        noise = torch.randn(RUN["batch_size"], *this.noise, generator=generator).double()
        with torch.no_grad():
            wanted = teacher(noise)
        loss = (student(noise) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(learning, RUN["gradient_clip"])
        optimizer.param_groups[0]["lr"] = RUN["learning_rate"] * min(1.0, step / RUN["warmup_steps"])
        optimizer.step()
        average.step(learning)
        rows.append({"loss": loss.item(), "gradient_norm": norm.item(), "output": loss.item()})
    for key in rows[0]:
        figures.relative({"loss": "losses"}.get(key, key), [row[key] for row in metrics["finetuning"]["losses"]], [row[key] for row in rows], 1e-3)
    result, tensors = loaded(client, this, job["result"]["checkpoint"])
    away = way = 0.0
    for (parameter, _), wanted in zip(student.named_parameters(), average.shadow_params):
        away += (tensors[parameter].double() - wanted).square().sum().item()
        way += (wanted - started[parameter].double()).square().sum().item()
    figures.bar("EMA weights", (away / way) ** 0.5, 1e-3)
    for parameter, tensor in tensors.items():
        if "running" in parameter:
            figures.same("statistics", tensor, started[parameter])
    compared_pictures(client, figures, this, job, metrics, stages | {"after": result})


def unfolded(module, x):
    """For every pixel of a transposed convolution's output, what its taps find of x: that of an identity in place of the weights."""
    channels, kernel = module.in_channels, module.kernel_size[0]
    identity = torch.eye(channels * kernel * kernel, dtype=x.dtype).view(channels, kernel * kernel, channels * kernel * kernel)
    weight = identity.permute(0, 2, 1).reshape(channels, channels * kernel * kernel, kernel, kernel)
    rows = nn.functional.conv_transpose2d(x, weight, None, module.stride, module.padding, module.output_padding)
    return rows.permute(0, 2, 3, 1).flatten(0, 2)


def refitted(client, figures, name, samples=40, ridge=1e-2):
    """Against a plain refitting in float64, layer by layer; and that a ratio of 0 leaves every number."""
    this = subject(name)
    settings = {"samples": samples, "ridge": ridge, "seed": 11}
    jobs = [client.run(
        checkpoint=this.checkpoint(client), evaluation={"samples": 1, "seed": 3},
        pruning={"method": "magnitude", "ratio": 0.4, "reconstruction": with_it}) for with_it in (None, settings)]
    model, cut = loaded(client, this, jobs[0][0]["result"]["checkpoint"])
    model, original = model.double(), copy.deepcopy(this.model).double()
    # What stayed of every layer's output.
    kept = {}
    for path, module in original.named_modules():
        if getattr(module, "weight", None) is not None:
            axis = 1 if isinstance(module, nn.ConvTranspose2d) else 0
            kept[path] = list(range(module.weight.shape[axis]))
            for group in jobs[0][1]["groups"]:
                if (path + ".weight", axis) in {(m["parameter"], m["axis"]) for m in group["members"]}:
                    kept[path] = group["kept"]
    noise = this.randn(samples, settings["seed"]).double()
    for path in kept:
        found = {}
        for network, key in ((model, "mine"), (original, "theirs")):
            hook = network.get_submodule(path).register_forward_hook(
                lambda m, a, o, k=key: found.__setitem__(k, (a[0].detach(), o.detach().clone())))  # ReLU works in place
            with torch.no_grad():
                network(noise)
            hook.remove()
        module = model.get_submodule(path)
        (given, mine), theirs = found["mine"], found["theirs"][1]
        residual = (theirs[:, kept[path]] - mine).movedim(1, -1).flatten(0, -2)
        if residual.square().sum() == 0:
            continue
        if isinstance(module, nn.BatchNorm2d):
            normal = (given - module.running_mean[:, None, None]) / (module.running_var[:, None, None] + module.eps).sqrt()
            rescale(module, normal.movedim(1, -1).flatten(0, -2), residual, ridge)
            continue
        rows = unfolded(module, given) if isinstance(module, nn.ConvTranspose2d) else given
        correct(module, rows, residual, ridge, lambda change, m=module: change.view(m.in_channels, *m.kernel_size, -1).permute(0, 3, 1, 2))
    _, tensors = loaded(client, this, jobs[1][0]["result"]["checkpoint"])
    away = way = 0.0
    for parameter, wanted in model.named_parameters():
        away += (tensors[parameter].double() - wanted.detach()).square().sum().item()
        way += (wanted.detach() - cut[parameter].double()).square().sum().item()
    figures.bar("refitted weights", (away / way) ** 0.5, 2e-3)
    losses = [metrics["evaluation"]["loss"]["pruned"] for _, metrics in jobs]
    figures.bar("difference from the original with reconstruction over that without", losses[1] / losses[0], 0.8)
    job, _ = client.run(checkpoint=this.checkpoint(client), pruning={"method": "magnitude", "ratio": 0, "reconstruction": {"samples": 4}})
    for parameter, tensor in loaded(client, this, job["result"]["checkpoint"])[1].items():
        figures.same("numbers at a ratio of 0", tensor, this.model.state_dict()[parameter])


@torch.no_grad()
def exported(client, figures, name):
    this = subject(name)
    with tempfile.TemporaryDirectory() as folder:
        client.download(this.checkpoint(client), folder, "?layout=onnx")
        session = onnxruntime.InferenceSession(Path(folder) / "generator" / "model.onnx", providers=["CPUExecutionProvider"])
        noise = this.randn(3, 4)
        picture = session.run(["picture"], {"noise": noise.numpy()})[0]
    figures.bar("ONNX", np.abs(picture - this.model(noise).numpy()).max().item(), 1e-5)


def checks(found, kept):
    """Adds every check by name."""
    for name in MODELS:
        found[f"generators, {name}, upload"] = lambda c, f, n=name: uploaded(c, f, n)
        for method in ("gauss-newton", "magnitude", "random"):
            found[f"generators, {name}, pruning, {method}"] = lambda c, f, a=(name, method, 0.4): pruned(c, f, *a, kept)
        found[f"generators, {name}, fine-tuning"] = lambda c, f, n=name: finetuned(c, f, n)
        found[f"generators, {name}, reconstruction"] = lambda c, f, n=name: refitted(c, f, n)
        found[f"generators, {name}, ONNX"] = lambda c, f, n=name: exported(c, f, n)
