"""AutoencoderKL, AsymmetricAutoencoderKL and VQModel pruned, by themselves and in pipelines: losses, scores, slices, fine-tuning, held-out pictures against PyTorch."""

import copy
import functools
import io
import json
import math
import tempfile
from pathlib import Path

import numpy as np
import torch
from diffusers import AsymmetricAutoencoderKL, AutoencoderKL, DiffusionPipeline, VQModel
from diffusers.training_utils import EMAModel
from PIL import Image
from safetensors.torch import load_file, save

import reference
import sampling
from downloads import described
from groups import Couplings, apart, to_go
from make_autoencoder_golden import randomised
from models import subject
from onnx_layout import Folder, autoencoded
from pipelines import contents
from pruning import GRADIENTS, compared_groups

BATCH, PICTURES, SEED = 3, 10, 5

COMMON = dict(down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2, norm_num_groups=4, sample_size=16)
CONFIGS = {
    "kl": (AutoencoderKL, COMMON | dict(block_out_channels=[8, 16], layers_per_block=1, scaling_factor=0.5)),
    # Attention in blocks, no convolutions around the latents, three levels, two of one width.
    "kl_attention": (AutoencoderKL, COMMON | dict(
        block_out_channels=[8, 24, 24], layers_per_block=2, latent_channels=3,
        down_block_types=["DownEncoderBlock2D", "DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
        up_block_types=["AttnUpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"], use_quant_conv=False, use_post_quant_conv=False)),
    "vq": (VQModel, COMMON | dict(block_out_channels=[8, 12], layers_per_block=1, num_vq_embeddings=19, vq_embed_dim=2)),
    # Of these the decoder alone is pruned.
    "kl_decoder": (AutoencoderKL, COMMON | dict(block_out_channels=[8, 16], layers_per_block=1, scaling_factor=0.5)),
    "asymmetric": (AsymmetricAutoencoderKL, COMMON | dict(
        down_block_out_channels=[12, 20], up_block_out_channels=[8, 24], layers_per_down_block=1, layers_per_up_block=2,
        up_block_types=["AttnUpDecoderBlock2D", "UpDecoderBlock2D"])),
}
DECODERS = "kl_decoder", "asymmetric"
CLASSES = {kind.__name__: kind for kind in (AutoencoderKL, AsymmetricAutoencoderKL, VQModel)}
IDLE = "decoder.condition_encoder."


class AutoencoderCouplings(Couplings):
    """Latents, the layers around them, the table and pictures are no group's."""

    def analyse(self, halves=("encoder", "decoder")):
        model, last = self.model, len(self.config.block_out_channels) - 1
        for half, blocks, way in (("encoder", model.encoder.down_blocks, "down"), ("decoder", model.decoder.up_blocks, "up")):
            if half not in halves:
                continue
            stream = [self.new(self.shapes[f"{half}.conv_in.weight"][0], block=0 if way == "down" else last)]
            self.produce(f"{half}.conv_in", stream[0])
            if way == "up":
                stream = self.middle(half, stream, last)
            for i, block in enumerate(blocks):
                path, level = f"{half}.{way}_blocks.{i}", i if way == "down" else last - i
                for j in range(len(block.resnets)):
                    stream = self.resnet(f"{path}.resnets.{j}", stream, level)
                    self.attend(f"{path}.attentions.{j}", stream, level)
                if getattr(block, f"{way}samplers") is not None:
                    stream = self.convolution(f"{path}.{way}samplers.0.conv", stream, level)
            if way == "down":
                stream = self.middle(half, stream, last)
            self.norm(f"{half}.conv_norm_out", stream, self.config.norm_num_groups)
            self.consume(f"{half}.conv_out", stream)
        return self.groups

    def middle(self, half, stream, block):
        stream = self.resnet(f"{half}.mid_block.resnets.0", stream, block)
        self.attend(f"{half}.mid_block.attentions.0", stream, block)
        return self.resnet(f"{half}.mid_block.resnets.1", stream, block)

    def attention(self, path, stream, block):
        self.norm(path + ".group_norm", stream, self.config.norm_num_groups)
        head = dict(heads=1, block=block, attention=path)
        query, value = (self.new(self.shapes[f"{path}.{layer}.weight"][0], kind=layer, **head) for layer in ("to_q", "to_v"))
        for layer, group in (("to_q", query), ("to_k", query), ("to_v", value)):
            self.consume(f"{path}.{layer}", stream)
            self.produce(f"{path}.{layer}", group)
        self.consume(path + ".to_out.0", [value])
        self.produce(path + ".to_out.0", stream[0])


def output(model, pictures):
    """What a model makes of pictures: by the means of their latents' distribution, or by the nearest rows with the gradient straight through."""
    return model(pictures).sample


def difference(model, pictures, error="mse", kl_weight=0.0):
    """The objective of some pictures."""
    apart = output(model, pictures) - pictures
    loss = (apart ** 2).mean() if error == "mse" else apart.abs().mean()
    return loss + kl_weight * model.encode(pictures).latent_dist.kl().mean() if kl_weight else loss


class Alone:
    """An autoencoder that is uploaded by itself."""

    def __init__(self, name):
        kind, config = CONFIGS[name]
        self.name, self.model = name, randomised(kind, config, 100 + len(name))
        for parameter in self.model.parameters():
            parameter.requires_grad_(True)
        self.component = "decoder" if name in DECODERS else "vae"
        self.groups = AutoencoderCouplings(self.model).analyse(["decoder"] if name in DECODERS else ["encoder", "decoder"])
        public = {key: value for key, value in self.model.config.items() if not key.startswith("_")}
        self.files = {
            "config.json": json.dumps({"_class_name": kind.__name__, "_diffusers_version": "0.42.1"} | public).encode(),
            "diffusion_pytorch_model.safetensors": save({n: t.contiguous() for n, t in self.model.state_dict().items()})}
        self.pictures, self.images = drawn_smooth(PICTURES, config["sample_size"])
        self.uploaded = {}

    def checkpoint(self, client):
        return self.upload(client, "checkpoints", self.files)

    def dataset(self, client):
        return self.upload(client, "datasets", self.pictures)

    def upload(self, client, collection, files):
        if collection not in self.uploaded:
            self.uploaded[collection] = client.upload(collection, self.name, files)["id"]
        return self.uploaded[collection]

    @functools.cache
    def scored(self, method, error="mse", kl_weight=0.0):
        """The losses of the batches and the gradients, in float64."""
        model = copy.deepcopy(self.model).double().eval()
        if method in ("magnitude", "random"):
            return [], {}
        squares = reference.Squares(model, method, torch.Generator().manual_seed(SEED)) if method in reference.SAMPLES else None
        # A second argument that changes nothing.
        flag = None if isinstance(model, AsymmetricAutoencoderKL) else isinstance(model, VQModel)
        losses = []
        for start in range(0, PICTURES // BATCH * BATCH, BATCH):
            pictures = self.images[start:start + BATCH].double()
            if squares:
                with torch.no_grad():
                    losses.append(difference(model, pictures).item())
                squares.add(pictures, flag, pictures)
            else:
                loss = difference(model, pictures, error, kl_weight)
                loss.backward()
                losses.append(loss.item())
        return losses, squares.means() if squares else {n: p.grad for n, p in model.named_parameters() if p.grad is not None}

    def selection(self, found, widths, ratio):
        if widths == "free":
            return [
                reference.keep_per_chunk(reference.normalised(s), g.chunks, to_go(g.width, ratio) // g.chunks)
                for g, s in zip(self.groups, found)]
        blocks, norms = list(self.model.config.block_out_channels), self.model.config.norm_num_groups
        after = apart(blocks, [n - norms * min(to_go(n, ratio) // norms, n // norms - 1) for n in blocks], dict.fromkeys(blocks, norms))
        kept = []
        for group, importance in zip(self.groups, found):
            chunks = 1 if group.attention else group.norm_groups
            kept.append(reference.keep_per_chunk(reference.normalised(importance), chunks, (group.width - after[group.block]) // chunks))
        return kept


def drawn_smooth(count, size):
    """Pictures that an autoencoder can make something of: colours that change slowly, and a little noise."""
    generator = torch.Generator().manual_seed(31)
    coarse = torch.rand(count, 3, 4, 4, generator=generator)
    values = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bicubic").clamp(0, 1) * 240
    values = (values + torch.rand(values.shape, generator=generator) * 15).round().clamp(0, 255)
    files = {}
    for i, picture in enumerate(values.byte().permute(0, 2, 3, 1).numpy()):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "png")
        files[f"{i:03d}.png"] = buffer.getvalue()
    return files, values / 127.5 - 1


@functools.cache
def alone(name):
    return Alone(name)


def is_trained(name, component):
    """Whether training changes a tensor."""
    return component != "decoder" or name.startswith(("decoder.", "post_quant_conv.")) and not name.startswith(IDLE)


def loaded(client, checkpoint):
    """A checkpoint's autoencoder by stock diffusers, or where its widths are free by the loader that comes with it, and its tensors."""
    with tempfile.TemporaryDirectory() as place:
        client.download(checkpoint, place)
        described(Path(place))
        tensors = load_file(Path(place) / "diffusion_pytorch_model.safetensors")
        config = json.loads((Path(place) / "config.json").read_text())
        if "pruned_widths" in config:
            scope = {"__name__": "load_pruned"}
            exec((Path(place) / "load_pruned.py").read_text(), scope)
            return scope["load_pruned"](place), tensors
        return CLASSES[config["_class_name"]].from_pretrained(place).eval(), tensors


def uploaded(client, figures, name):
    """By itself, from its files and from its configuration alone."""
    this = alone(name)
    checkpoint = client.get(f"/v1/checkpoints/{this.checkpoint(client)}")
    figures.same("architectures", checkpoint["architecture"], type(this.model).__name__)
    figures.same("parameters", checkpoint["parameters"], sum(p.numel() for p in this.model.parameters()))
    figures.same("shapes", checkpoint["sample_shape"], [3, 16, 16])
    figures.same("warnings", [warning["code"] for warning in checkpoint["warnings"]], ["mask_not_run"] if name == "asymmetric" else [])
    model, tensors = loaded(client, checkpoint["id"])
    for parameter, tensor in this.model.state_dict().items():
        figures.same("tensors", tensors[parameter], tensor)
    kind, config = CONFIGS[name]
    torch.manual_seed(6)
    expected = kind(**config).state_dict()
    fresh = client.upload("checkpoints", name, {"config.json": this.files["config.json"]}, "&init=random&seed=6")
    for parameter, tensor in loaded(client, fresh["id"])[1].items():
        figures.same("fresh weights", tensor, expected[parameter])


@torch.no_grad()
def exported(client, figures, name):
    """Both halves as ONNX, of an upload and of what a cut leaves."""
    this = alone(name)
    job, _ = client.run(
        checkpoint=this.checkpoint(client), dataset=this.dataset(client),
        pruning={"component": this.component, "method": "magnitude", "ratio": 0.5, "widths": "diffusers"})
    for checkpoint in this.checkpoint(client), job["result"]["checkpoint"]:
        model = loaded(client, checkpoint)[0]
        with Folder(client, checkpoint) as folder:
            autoencoded(figures, folder, model)


def pruned(client, figures, name, method, widths, ratio, total):
    """Losses, scores, groups, slices, and what the result makes of pictures."""
    this = alone(name)
    job, metrics = client.run(
        checkpoint=this.checkpoint(client), dataset=this.dataset(client), evaluation={"samples": 4},
        pruning={
            "component": this.component, "method": method, "widths": widths, "ratio": ratio, "batch_size": BATCH, "samples": PICTURES, "seed": SEED})
    losses, gradients = this.scored(method)
    if method in GRADIENTS:
        rows = metrics["scoring"]["losses"]
        figures.relative("losses", [row["loss"] for row in rows], losses, 1e-4)
        figures.same("batches", [row["batch"] for row in rows], list(range(len(losses))))
        figures.same("batches", metrics["scoring"]["kept_batches"], len(losses))
    found = reference.importances(this.model, this.groups, method, gradients, SEED)
    kept, same, wanted = compared_groups(figures, this, metrics, found, widths, this.selection(found, widths, ratio))
    total.agreeing, total.total = total.agreeing + same, total.total + wanted
    result, tensors = loaded(client, job["result"]["checkpoint"])
    exact = reference.sliced(dict(this.model.state_dict()), this.groups, kept)
    # Through these nothing passes here; their shapes are those that the class has.
    exact |= {parameter: torch.zeros_like(tensor) for parameter, tensor in result.state_dict().items() if parameter.startswith(IDLE)}
    figures.same("exact slices", set(tensors), set(exact))
    for parameter, tensor in tensors.items():
        figures.same("exact slices", tensor, exact[parameter])
    compared_pictures(client, figures, this, job, metrics, {"before": this.model, "pruned": result})


@torch.no_grad()
def compared_pictures(client, figures, this, job, metrics, stages, loss=None):
    """Held-out losses, what is made of held-out pictures, and how far that is from them."""
    held = this.images[-min(64, PICTURES):]
    reported = metrics["evaluation"]
    shown = sampling.eight_bit(held[:4])
    grids = {}
    for stage, model in stages.items():
        expected = difference(copy.deepcopy(model).double(), held.double(), **(loss or {})).item()
        figures.relative("held-out loss", [reported["loss"][stage]], [expected], 1e-4)
        grids[stage] = sampling.grid(client.call(f"/v1/jobs/{job['id']}/files/samples_{stage}.png"), 4)
        sampling.same_pictures(figures, "values over a level off", grids[stage], sampling.eight_bit(output(model, held[:4])))
        structural, error = sampling.similarity(shown, grids[stage])
        figures.absolute("ssim to the pictures", [reported["reconstruction"]["ssim"][stage]], [np.mean(structural)], 1e-5)
        figures.absolute("mse to the pictures", [reported["reconstruction"]["mse"][stage]], [error], 1e-7)
    originals = sampling.grid(client.call(f"/v1/jobs/{job['id']}/files/samples_originals.png"), 4)
    figures.same("originals", originals.tolist(), shown.tolist())
    last = "after" if "after" in stages else "pruned"
    sampling.structural(figures, reported, sampling.similarity(grids["before"], grids[last]), sampling.similarity(
        *(sampling.eight_bit(output(stages[stage], held[:4])) for stage in ("before", last))))


RUN = dict(steps=20, batch_size=4, learning_rate=1e-3, warmup_steps=5, weight_decay=0.01, ema_decay=0.9999, gradient_clip=1.0, flip=True, seed=3)


def trained(model, run, images, objective, component="vae"):
    """The rows of a run in PyTorch, and the averaged weights."""
    model = model.double().eval()
    if isinstance(model, VQModel):
        model.quantize.embedding.weight.requires_grad_(False)
    for name, parameter in model.named_parameters():
        if not is_trained(name, component):
            parameter.requires_grad_(False)
    generator = torch.Generator().manual_seed(run["seed"])
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=run["learning_rate"], betas=(0.9, 0.999), eps=1e-8, weight_decay=run["weight_decay"])
    average, rows = EMAModel(model.parameters(), decay=run["ema_decay"]), []
    for step in range(1, run["steps"] + 1):
        pictures = images[torch.randint(0, len(images), (run["batch_size"],), generator=generator)]
        if run["flip"]:
            flips = torch.randint(0, 2, (run["batch_size"],), generator=generator)
            pictures = torch.where(flips[:, None, None, None] == 1, pictures.flip(3), pictures)
        loss, terms = objective(model, pictures.double())
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(learning, run["gradient_clip"])
        optimizer.param_groups[0]["lr"] = run["learning_rate"] * min(1.0, step / run["warmup_steps"])
        optimizer.step()
        average.step(model.parameters())
        rows.append({"loss": loss.item(), "gradient_norm": norm.item()} | terms)
    return rows, dict(zip((n for n, _ in model.named_parameters()), average.shadow_params)), dict(model.named_parameters())


def compared_training(figures, metrics, tensors, started, rows, expected, last):
    for key in rows[0]:
        figures.relative({"loss": "losses"}.get(key, key), [row[key] for row in metrics["finetuning"]["losses"]], [row[key] for row in rows], 1e-3)
    away = way = 0.0
    for name, tensor in tensors.items():
        if not last[name].requires_grad:
            figures.same("what is not trained", tensor, started[name])
            continue
        moved = last[name].grad.abs() > 1e-9 * rows[-1]["gradient_norm"]  # what is zero but for rounding is scaled up by AdamW
        away += (tensor.double() - expected[name])[moved].square().sum().item()
        way += (expected[name] - started[name].double())[moved].square().sum().item()
    figures.bar("EMA weights", (away / way) ** 0.5, 1e-3)


def finetuned(client, figures, name, widths=None, **objective):
    """20 steps, on the autoencoder as uploaded or on what a cut leaves."""
    this = alone(name)
    pruning = {"pruning": {"component": this.component, "method": "magnitude", "widths": widths, "ratio": 0.5}} if widths else {}
    job, metrics = client.run(
        checkpoint=this.checkpoint(client), dataset=this.dataset(client), finetuning=RUN, evaluation={"samples": 4},
        **pruning, **({"objective": objective} if objective else {}))
    start = copy.deepcopy(this.model)
    stages = {"before": this.model}
    if widths:
        start = loaded(client, job["result"]["pruned_checkpoint"])[0]
        stages["pruned"] = copy.deepcopy(start)
    started = {n: t.clone() for n, t in start.state_dict().items()}
    rows, expected, last = trained(
        start, RUN, this.images, lambda model, pictures: (difference(model, pictures, **objective), {}), this.component)
    result, tensors = loaded(client, job["result"]["checkpoint"])
    compared_training(figures, metrics, tensors, started, rows, expected, last)
    compared_pictures(client, figures, this, job, metrics, stages | {"after": result}, objective)


def distilled(client, figures, name, widths):
    """The features are those of the decoder's blocks."""
    this, shares = alone(name), {"output": 1, "features": 2, "task": 0.5}
    job, metrics = client.run(
        checkpoint=this.checkpoint(client), dataset=this.dataset(client), finetuning=RUN | {"distillation": shares},
        pruning={"component": this.component, "method": "magnitude", "widths": widths, "ratio": 0.5})
    student = loaded(client, job["result"]["pruned_checkpoint"])[0]
    started = {n: t.clone() for n, t in student.state_dict().items()}
    teacher = copy.deepcopy(this.model).double()
    kept = {m["parameter"]: g["kept"] for g in metrics["groups"] for m in g["members"] if m["axis"] == 0}
    blocks = {"decoder.mid_block": kept["decoder.mid_block.resnets.1.conv2.weight"]}
    for i, block in enumerate(this.model.decoder.up_blocks):
        layer = "upsamplers.0.conv" if block.upsamplers is not None else f"resnets.{len(block.resnets) - 1}.conv2"
        blocks[f"decoder.up_blocks.{i}"] = kept[f"decoder.up_blocks.{i}.{layer}.weight"]

    def shown(model, pictures):
        found, hooks = {}, []
        for path in blocks:
            hooks.append(model.get_submodule(path).register_forward_hook(lambda m, a, o, p=path: found.__setitem__(p, o)))
        result = output(model, pictures)
        for hook in hooks:
            hook.remove()
        return result, found

    def objective(model, pictures):
        mine, student_blocks = shown(model, pictures)
        with torch.no_grad():
            theirs, teacher_blocks = shown(teacher, pictures)
        features = sum(
            ((student_blocks[path] - teacher_blocks[path][:, indices]) ** 2).mean() / (teacher_blocks[path][:, indices] ** 2).mean()
            for path, indices in blocks.items()) / len(blocks)
        terms = {"output": ((mine - theirs) ** 2).mean(), "features": features, "task": ((mine - pictures) ** 2).mean()}
        return sum(shares[n] * t for n, t in terms.items()) / sum(shares.values()), {n: t.item() for n, t in terms.items()}

    rows, expected, last = trained(student, RUN, this.images, objective, this.component)
    tensors = loaded(client, job["result"]["checkpoint"])[1]
    compared_training(figures, metrics, tensors, started, rows, expected, last)


def refitted(client, figures, name, widths, ratio):
    """That reconstruction makes what is left give what the original gives, and that a ratio of 0 leaves every number."""
    this = alone(name)
    common = dict(checkpoint=this.checkpoint(client), dataset=this.dataset(client), evaluation={"samples": PICTURES})
    errors = []
    for reconstruction in (None, {"samples": 10}):
        _, metrics = client.run(
            **common,
            pruning={"component": this.component, "method": "magnitude", "widths": widths, "ratio": ratio, "reconstruction": reconstruction})
        errors.append(metrics["evaluation"]["mse"]["mean"])
    figures.bar("difference from the original with reconstruction over that without", errors[1] / errors[0], 0.4)
    job, _ = client.run(**common, pruning={"component": this.component, "method": "magnitude", "widths": widths, "ratio": 0, "reconstruction": {"samples": 4}})
    for parameter, tensor in loaded(client, job["result"]["checkpoint"])[1].items():
        figures.same("numbers at a ratio of 0", tensor, this.model.state_dict()[parameter])


def piped(client, figures, name, component):
    """In a pipeline: all but the autoencoder comes back as it was, stock diffusers loads the pipeline, and it draws; so does the service."""
    this = subject(name)
    pictures, _ = drawn_smooth(PICTURES, 16)
    dataset = client.upload("datasets", name, pictures)["id"]
    folder = next(path.split("/")[0] for path in this.files if path.startswith("v") and path.endswith("/config.json"))
    job, metrics = client.run(
        checkpoint=this.checkpoint(client), dataset=dataset, finetuning={"steps": 5, "batch_size": 4}, evaluation={"samples": 4},
        pruning={"component": component, "method": "taylor", "ratio": 0.5, "batch_size": 5, "samples": 10})
    result = job["result"]["checkpoint"]
    before, after = client.get(f"/v1/checkpoints/{this.checkpoint(client)}"), client.get(f"/v1/checkpoints/{result}")
    for key in ("architecture", "parameters", "macs", "sample_shape", "is_latent"):
        figures.same("descriptions", after[key], before[key])
    with tempfile.TemporaryDirectory() as place:
        client.download(result, place)
        described(Path(place))
        for path, data in contents(place).items():
            if component == "decoder" and path == "model_index.json":
                index = json.loads(this.files[path])
                index[folder][1] = "AsymmetricAutoencoderKL"
                figures.same("the index", json.loads(data), index)
            elif path in this.files and not path.startswith(f"{folder}/"):
                figures.same("other files", data, this.files[path])
        config = json.loads((Path(place) / folder / "config.json").read_text())
        index = json.loads((Path(place) / "model_index.json").read_text())
        absent = {part: None for part, found in index.items() if found == [None, None]}
        pipeline = DiffusionPipeline.from_pretrained(place, dtype=torch.float32, **absent)
    autoencoder = getattr(pipeline, folder)
    figures.same("parameters", metrics["parameters"]["after"], sum(p.numel() for p in autoencoder.parameters()))
    figures.same("widths", len(config["up_block_out_channels" if component == "decoder" else "block_out_channels"]), 2)
    figures.same("latents", autoencoder.config.latent_channels, this.autoencoder.config.latent_channels)
    pipeline.set_progress_bar_config(disable=True)
    told = {"prompt": ["a cat"] * 2} if getattr(pipeline, "tokenizer", None) is not None else {"batch_size": 2}
    images = pipeline(**told, num_inference_steps=3, output_type="np", generator=torch.Generator().manual_seed(1)).images
    figures.same("pictures", (np.shape(images), bool(np.isfinite(images).all())), ((2, 16, 16, 3), True))
    # The service draws with it as well, and what it draws is decoded by it.
    _, drawn_after = client.run(checkpoint=result, dataset=this.dataset(client), evaluation={"samples": 2, "steps": 3})
    figures.same("drawn by the service", math.isfinite(drawn_after["evaluation"]["mse"]["mean"]), True)


def refused(client, figures):
    """What does not belong to an autoencoder is refused, each field by name."""
    this = alone("kl")
    common = {"checkpoint": this.checkpoint(client), "dataset": this.dataset(client)}

    def pointers(**request):
        status, answer = client.answer("/v1/jobs?dry_run=true", common | request)
        return status, [error["pointer"] for error in answer.get("errors", [])]

    for request, pointer in (
            ({"pruning": {"timesteps": {"stride": 2}}}, "/pruning/timesteps"), ({"pruning": {"threshold": 0.1}}, "/pruning/threshold"),
            ({"pruning": {"time_embedding": "table"}}, "/pruning/time_embedding"), ({"pruning": {"component": "unet"}}, "/pruning/component"),
            ({"pruning": {"samples": 2, "batch_size": 4}}, "/pruning/samples"), ({"pruning": {"samples": 11}}, "/pruning/samples"),
            ({"evaluation": {"steps": 3}}, "/evaluation/steps"), ({"evaluation": {"guidance_scale": 2}}, "/evaluation/guidance_scale"),
            ({"objective": {"kl_weight": 1}, "pruning": {"method": "gauss-newton"}}, "/objective/kl_weight")):
        figures.same("refusals", pointers(**request), (422, [pointer]))
    vq = alone("vq")
    figures.same("refusals", pointers(
        checkpoint=vq.checkpoint(client), dataset=vq.dataset(client), objective={"kl_weight": 1}, finetuning={"steps": 1}),
        (422, ["/objective/kl_weight"]))
    for name in "vq", "kl_attention":
        this = alone(name)
        asked = dict(checkpoint=this.checkpoint(client), dataset=this.dataset(client), pruning={"component": "decoder"})
        figures.same("refusals", pointers(**asked), (422, ["/pruning/component"]))
    figures.same("refusals", pointers(pruning={"component": "decoder", "widths": "free"}), (422, ["/pruning/widths"]))
    figures.same("refusals", pointers(pruning={"component": "decoder"}, objective={"kl_weight": 1}), (422, ["/objective/kl_weight"]))
    figures.same("refusals", pointers(checkpoint=subject("ddpm").checkpoint(client), pruning={"component": "vae"}), (422, ["/pruning/component"]))
    sd = subject("sd1").checkpoint(client)
    figures.same("refusals", pointers(checkpoint=sd, pruning={"component": "vae", "widths": "free"}), (422, ["/pruning/widths"]))
    status, forecast = client.answer("/v1/jobs?dry_run=true", common | {"pruning": {"ratio": 0.5}, "finetuning": {"steps": 2}})
    figures.same("forecasts", (status, forecast["block_out_channels"]), (200, {"before": [8, 16], "after": [4, 8]}))


def checks(found, kept):
    """Adds every check by name."""
    for name in CONFIGS:
        found[f"autoencoders, {name}, upload"] = lambda c, f, n=name: uploaded(c, f, n)
        for method in (*GRADIENTS, "magnitude", "random"):
            for widths, ratio in [("diffusers", 0.5)] if name in DECODERS else [("free", 0.3), ("diffusers", 0.5)]:
                found[f"autoencoders, {name}, pruning, {method}, {widths} {ratio}"] = (
                    lambda c, f, a=(name, method, widths, ratio): pruned(c, f, *a, kept))
        if name != "kl_decoder":  # Without a cut it is both halves that are trained.
            found[f"autoencoders, {name}, fine-tuning"] = lambda c, f, n=name: finetuned(c, f, n)
        # A magnitude has no slope at 0: some networks come so near to some numbers that rounding decides on which side it is.
        error = "l1" if name in ("kl", "vq") else "mse"
        found[f"autoencoders, {name}, fine-tuning, {error}, after a cut"] = (
            lambda c, f, a=(name, "diffusers"), e=error: finetuned(c, f, *a, error=e))
        widths = "diffusers" if name in DECODERS else "free"
        found[f"autoencoders, {name}, distillation"] = lambda c, f, a=(name, widths): distilled(c, f, *a)
        found[f"autoencoders, {name}, reconstruction"] = lambda c, f, n=name: refitted(c, f, n, "diffusers", 0.5)
    for name in "kl", "vq", "kl_decoder", "asymmetric":
        found[f"autoencoders, {name}, ONNX"] = lambda c, f, n=name: exported(c, f, n)
    found["autoencoders, kl, fine-tuning, divergence"] = lambda c, f: finetuned(c, f, "kl", "free", error="mse", kl_weight=1e-3)
    found["autoencoders, sd1, in its pipeline"] = lambda c, f: piped(c, f, "sd1", "vae")
    found["autoencoders, sd1, its decoder in its pipeline"] = lambda c, f: piped(c, f, "sd1", "decoder")
    found["autoencoders, vq, in its pipeline"] = lambda c, f: piped(c, f, "vq", "vqvae")
    found["autoencoders, refusals"] = lambda c, f: refused(c, f)
