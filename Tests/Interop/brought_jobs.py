"""Jobs on what people bring, asked for as brought.py has it."""

import json
import re

import torch
from safetensors.torch import load, save

from brought import BIN, WEIGHTS, folder, found, pictures, state, told, torch_file
from client import warned
from models import SCHEDULER

def latents(case):
    """An autoencoder that is named and not packed: its network is one of latents."""
    index = json.loads(folder()["model_index.json"])
    dataset = case.client.upload("datasets", "brought", pictures())["id"]
    for what, changes in (
            ("LDMPipeline with vqvae", {"_class_name": "LDMPipeline", "vqvae": ["diffusers", "VQModel"]}),
            ("vae", {"vae": ["diffusers", "AutoencoderKL"]}), ("LDMPipeline alone", {"_class_name": "LDMPipeline"})):
        answer = case.checkpoint(folder({"model_index.json": json.dumps(index | changes)}))
        if case.taken(what, answer, r"autoencoder|vqvae|vae/"):
            case.hold(f"{what}: is_latent", answer[1]["is_latent"], answer[1]["is_latent"])
            job = case.job(checkpoint=answer[1]["id"], dataset=dataset, finetuning={"steps": 1, "batch_size": 1})
            case.refused(f"{what}, fine-tuning", job, "invalid_request", r"autoencoder|vqvae|vae/|latent")


# Of the default norm_num_groups and attention_head_dim where these are not given.
DEAD_ENDS = (
    dict(block_out_channels=[32, 64, 64], down="DAA"), dict(block_out_channels=[32, 64], down="DA"),
    dict(block_out_channels=[32, 32, 64], down="DDA"), dict(block_out_channels=[4, 8], down="DA", norm_num_groups=4))
BLOCKS = {"D": ("DownBlock2D", "UpBlock2D"), "A": ("AttnDownBlock2D", "AttnUpBlock2D")}


def dead_ends(case):
    """Where a ratio cannot be had with `diffusers` widths the answer tells one that can, or `free` widths; whichever it tells works."""
    for shape in DEAD_ENDS:
        kinds, rest = shape["down"], {key: value for key, value in shape.items() if key != "down"}
        what = f"{rest}"
        document = rest | dict(
            _class_name="UNet2DModel", sample_size=28, in_channels=1, out_channels=1, layers_per_block=2,
            
            down_block_types=[BLOCKS[kind][0] for kind in kinds], up_block_types=[BLOCKS[kind][1] for kind in reversed(kinds)])
        answer = case.checkpoint({"config.json": json.dumps(document).encode()}, "&init=random&seed=0")
        if not case.taken(what, answer):
            continue

        def dry(ratio, **widths):
            return case.job(dry=True, checkpoint=answer[1]["id"], pruning={"method": "magnitude", "ratio": ratio} | widths)

        for ratio in (0.05, 0.3, 0.48, 0.49, 0.6, 0.95):
            status, refusal = dry(ratio)
            if status == 200:
                continue
            text = told(refusal)
            case.refused(f"{what} at {ratio}", (status, refusal), "invalid_request")
            others = [number for number in map(float, re.findall(r"\b0\.\d+", text)) if number != ratio]
            freely = found('"free"', text)
            works = any(dry(other)[0] == 200 for other in others) or freely and dry(ratio, widths="free")[0] == 200
            case.hold(f"{what} at {ratio}: what is advised works", works, text)
            round_about = found(r"(raise|lower) the ratio|(other|another) ratio", text) and not others and not freely
            case.hold(f"{what} at {ratio}: no round about", not round_about, text)


def defaults(case):
    """What a request leaves out fits."""
    short = json.dumps(SCHEDULER | {"num_train_timesteps": 10})
    checkpoint = case.checkpoint(folder({"scheduler/scheduler_config.json": short}))[1]["id"]
    for count in (1, 4):
        dataset = case.dataset(pictures(count))[1]["id"]
        for phase, key, wanted in (("evaluation", "steps", 10), ("pruning", "batch_size", count), ("finetuning", "batch_size", count)):
            status, document = case.job(dry=True, checkpoint=checkpoint, dataset=dataset, **{phase: {}})
            got = document["request"][phase][key] if status == 200 else told(document)
            case.hold(f"{phase} with {count} pictures takes {key} {wanted}", got == wanted, got)


def mixed_formats(case):
    """Number formats that differ from tensor to tensor stay, or the upload warns of what becomes of them."""
    for half, huge in ((torch.float16, False), (torch.float16, True), (torch.bfloat16, False)):
        name = str(half).removeprefix("torch.")
        tensors = {name: tensor.to(half) if tensor.ndim == 4 else tensor for name, tensor in state().items()}
        if huge:
            tensors["conv_in.bias"][0] = 1e6
        for kind, changes in (("safetensors", {WEIGHTS: save(tensors)}), ("bin", {WEIGHTS: None, BIN: torch_file(tensors)})):
            what = f"{name} and float32{', which holds a number too large for it,' if huge else ''} in {kind}"
            answer = case.checkpoint(folder(changes))
            if not case.taken(what, answer) or any(found(rf"{name}.*float32|float32.*{name}", text) for text in warned(answer[1])):
                continue
            # Without a warning nothing may change, neither in the upload nor in what a job makes of it.
            case.holds(what, answer, tensors)
            job = case.ended(case.job(checkpoint=answer[1]["id"], pruning={"method": "magnitude", "ratio": 0.3}), f"pruning {what}")
            if job:
                made = load(case.client.call(f"/v1/checkpoints/{job['result']['checkpoint']}/files/{WEIGHTS}"))
                differ = sum(name in made and made[name].dtype != tensor.dtype for name, tensor in tensors.items())
                case.hold(f"{what}: the result's formats, as nothing warned of others", not differ, f"others of {differ} tensors")


def ratio_as_text(case):
    """A field of another kind is told so."""
    checkpoint = case.checkpoint(folder())[1]["id"]
    for ratio in ("0.3", True, [0.3]):
        answer = case.job(checkpoint=checkpoint, pruning={"method": "magnitude", "ratio": ratio})
        case.refused(f"ratio {ratio!r}", answer, "invalid_request", "/pruning/ratio must be a number")


CASES = {
    "latents without their autoencoder": latents, "ratios that cannot be had": dead_ends, "defaults that fit": defaults,
    "mixed number formats": mixed_formats, "a ratio as text": ratio_as_text}
