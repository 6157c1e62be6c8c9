"""Samples against diffusers' schedulers and DDPMPipeline; SSIM against pytorch_msssim; mse; the evaluation's losses."""

import io
import json
import math

import numpy as np
import pytorch_msssim
import torch
from PIL import Image

import make_training_golden
from downloads import downloaded
from models import subject

LEVELS = 1e-3  # the share of values that may be more than one 8-bit level apart
SSIM = 1e-3


def grid(png, count):
    """The pictures of a grid as make_grid lays them out: ⌈√n⌉ a row, 2 pixels of padding. (count, height, width, channels)"""
    sheet = np.asarray(Image.open(io.BytesIO(png)))
    sheet = sheet[:, :, None] if sheet.ndim == 2 else sheet
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    height, width = (sheet.shape[0] - 2) // rows - 2, (sheet.shape[1] - 2) // columns - 2
    return np.stack([
        sheet[2 + (i // columns) * (height + 2):, 2 + (i % columns) * (width + 2):][:height, :width] for i in range(count)])


def eight_bit(x):
    return (x / 2 + 0.5).clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).numpy()


def same_pictures(figures, what, ours, theirs):
    if ours.shape != theirs.shape:
        raise AssertionError(f"pictures of {ours.shape}, not {theirs.shape}")
    figures.bar(what, float((np.abs(ours.astype(int) - theirs.astype(int)) > 1).mean()), LEVELS)


def similarity(a, b):
    """pytorch_msssim's SSIM per picture and the mse, of 8-bit pictures."""
    a, b = (torch.from_numpy(x.copy()).permute(0, 3, 1, 2).double() / 255 for x in (a, b))
    structural = pytorch_msssim.ssim(a, b, data_range=1, size_average=False).tolist() if min(a.shape[2:]) >= 11 else None
    return structural, ((a - b) ** 2).mean().item()


def scheduler_config(this):
    return {k: v for k, v in this.scheduler.items() if not k.startswith("_")}


def sampled(client, figures, name, widths, sampler, eta, samples=3, steps=20, spacing=None, finetuning=None, guidance=1):
    """Prunes, and compares the pictures before and after with what PyTorch makes of the uploaded and of the downloaded model."""
    this = subject(name)
    evaluation = {"samples": samples, "sampler": sampler, "steps": steps, "eta": eta, "seed": 8, "guidance_scale": guidance}
    checkpoint, config = this.checkpoint(client), scheduler_config(this)
    if spacing:
        config["timestep_spacing"] = spacing
        files = this.files | {"scheduler/scheduler_config.json": json.dumps(this.scheduler | config).encode()}
        checkpoint = client.upload("checkpoints", name, files)["id"]
    job, metrics = client.run(
        checkpoint=checkpoint, dataset=this.dataset(client), evaluation=evaluation,
        pruning={"method": "magnitude", "widths": widths, "ratio": 0.5}, **({"finetuning": finetuning} if finetuning else {}))
    stages = {"before": this.model, "pruned": downloaded(client, job["result"]["pruned_checkpoint"], widths)[0]}
    if finetuning:
        stages["after"] = downloaded(client, job["result"]["checkpoint"], widths)[0]
    last = "after" if finetuning else "pruned"
    case = evaluation | {"scheduler": config}
    if this.labels is not None:  # sample i is of the class of the held-out picture i
        case |= {"labels": this.labels[torch.arange(samples) % len(this.labels)], "empty": this.empty}
    drawn, expected = {}, {}
    for stage, model in stages.items():
        unet = model if stage == "before" else model.unet
        drawn[stage] = grid(client.call(f"/v1/jobs/{job['id']}/files/samples_{stage}.png"), samples)
        expected[stage] = eight_bit(this.decoded(make_training_golden.sample(unet, case)[0]))
        same_pictures(figures, "values over a level off", drawn[stage], expected[stage])
        stock = this.stock(model, evaluation) if stage != "before" and spacing is None else None
        if stock is not None:
            same_pictures(figures, f"values off {type(model).__name__}'s", drawn[stage], (stock * 255).round().astype(np.uint8))
        if stage in metrics["evaluation"]["loss"]:
            loss = make_training_golden.evaluation(unet, this.images, 8, this.schedule, this.labels)["loss"]
            figures.relative("held-out loss", [metrics["evaluation"]["loss"][stage]], [loss], 1e-4)
    structural(figures, metrics["evaluation"], similarity(drawn["before"], drawn[last]), similarity(expected["before"], expected[last]))


def structural(figures, reported, ours, theirs):
    """What was reported against pytorch_msssim on the same pictures, and on those that PyTorch sampled by itself."""
    if ours[0] is None:
        figures.same("ssim null below 11 pixels", (reported["ssim"] or {}).get("mean"), None)
    else:
        figures.absolute("ssim of the same pictures", reported["ssim"]["per_sample"], ours[0], 1e-5)
        figures.absolute("ssim", reported["ssim"]["per_sample"], theirs[0], SSIM)
        figures.absolute("ssim", [reported["ssim"]["mean"]], [sum(theirs[0]) / len(theirs[0])], SSIM)
    figures.absolute("mse of the same pictures", [reported["mse"]["mean"]], [ours[1]], 1e-7)
    figures.absolute("mse", [reported["mse"]["mean"]], [theirs[1]], 1e-4)
