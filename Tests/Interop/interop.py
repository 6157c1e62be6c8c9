"""Compares a running server with diffusers: uploads, jobs, downloads, against reference.py and the stock pipeline.

    python interop.py http://127.0.0.1:8080
"""

import importlib.util
import io
import json
import math
import sys
import tempfile
import traceback
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel
from PIL import Image
from safetensors.torch import load_file, save

sys.path.insert(0, str(Path(__file__).parents[1] / "Fixtures"))
import make_pruning_golden
import make_training_golden
import reference
from client import Client

STEPS = make_pruning_golden.STEPS  # the schedulers' length, short so that scoring takes no time
BATCH = 4


def pipeline_files(model, dtype=torch.float32, rename=None):
    """An uploadable pipeline folder of the model, as {path: bytes}."""
    config = {"_class_name": "UNet2DModel", "_diffusers_version": "0.42.1"} | {k: v for k, v in model.config.items() if not k.startswith("_")}
    scheduler = {"_class_name": "DDPMScheduler", "_diffusers_version": "0.42.1", "num_train_timesteps": STEPS, "beta_start": 1e-4,
                 "beta_end": 0.02, "beta_schedule": "linear", "clip_sample": True, "prediction_type": "epsilon", "variance_type": "fixed_small"}
    tensors = {(rename or (lambda n: n))(n): t.to(dtype).contiguous() for n, t in model.state_dict().items()}
    index = {"_class_name": "DDPMPipeline", "_diffusers_version": "0.42.1", "unet": ["diffusers", "UNet2DModel"], "scheduler": ["diffusers", "DDPMScheduler"]}
    return {
        "model_index.json": json.dumps(index).encode(), "scheduler/scheduler_config.json": json.dumps(scheduler).encode(),
        "unet/config.json": json.dumps(config).encode(), "unet/diffusion_pytorch_model.safetensors": save(tensors)}


def pictures(model, count, seed):
    """Pictures of the model's size as PNG files and as the tensor in [-1, 1] that the service makes of them."""
    values = make_training_golden.pictures(seed, count, model.config.in_channels, model.config.sample_size)
    files = {}
    for i, picture in enumerate(values.byte().permute(0, 2, 3, 1).numpy()):
        buffer = io.BytesIO()
        Image.fromarray(picture.squeeze()).save(buffer, "png")
        files[f"{i:03d}.png"] = buffer.getvalue()
    return files, values / 127.5 - 1


def grid(png, count):
    """The pictures of a grid as make_grid lays them out: ⌈√n⌉ a row, 2 pixels of padding. (count, height, width, channels)"""
    sheet = np.asarray(Image.open(io.BytesIO(png)))
    sheet = sheet[:, :, None] if sheet.ndim == 2 else sheet
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    height, width = (sheet.shape[0] - 2) // rows - 2, (sheet.shape[1] - 2) // columns - 2
    return np.stack([
        sheet[2 + (i // columns) * (height + 2):, 2 + (i % columns) * (width + 2):][:height, :width] for i in range(count)])


@torch.no_grad()
def sampled(model, scheduler, evaluation):
    """What the stock scheduler makes of the contract's noise, as 8-bit pictures."""
    if evaluation["sampler"] == "ddim":
        scheduler = DDIMScheduler.from_config(scheduler.config)
    scheduler.set_timesteps(evaluation["steps"])
    generator = torch.Generator().manual_seed(evaluation["seed"])
    size = model.config.sample_size
    x = torch.randn(evaluation["samples"], model.config.in_channels, size, size, generator=generator)
    extra = {"eta": evaluation["eta"]} if evaluation["sampler"] == "ddim" else {}
    for t in scheduler.timesteps:
        x = scheduler.step(model(x, t).sample, t, x, generator=generator, **extra).prev_sample
    return (x / 2 + 0.5).clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).numpy()


def load_free(folder):
    """The pipeline as the file that comes with a `free` result rebuilds it."""
    specification = importlib.util.spec_from_file_location("load_pruned", Path(folder) / "load_pruned.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.load_pruned(folder)


def same_pictures(ours, theirs):
    far = np.abs(ours.astype(int) - theirs.astype(int)) > 1
    assert far.mean() <= 0.001, f"{far.mean():.2%} of the values differ by more than one level"


def close(ours, theirs, tolerance, what):
    worst = max((abs(a - b) for a, b in zip(ours, theirs, strict=True)), default=0)
    assert worst <= tolerance, f"{what}: off by {worst}"


def pruning(client, name, method, widths, ratio, sampler="ddim", eta=0.0):
    """One pruning job against the reference: losses, groups, scores, kept channels, tensors, counts and samples."""
    model = make_pruning_golden.load(name)
    files, images = pictures(model, 8, 31)
    checkpoint = client.upload("checkpoints", name, pipeline_files(model))
    assert (checkpoint["parameters"], checkpoint["macs"]) == reference.count(model)
    dataset = client.upload("datasets", name, files)
    evaluation = {"samples": 3, "sampler": sampler, "steps": 10, "eta": eta, "seed": 8}
    request = {"method": method, "ratio": ratio, "widths": widths, "threshold": 0.98, "batch_size": BATCH, "seed": 5}
    job, metrics = client.run(checkpoint=checkpoint["id"], dataset=dataset["id"], pruning=request, evaluation=evaluation)

    groups = reference.couplings(model)
    losses, gradients = reference.scoring(model, method, images[:BATCH], 5, STEPS, threshold=0.98)
    found = reference.importances(model, groups, method, gradients, 5)
    if losses:
        rows = metrics["scoring"]["losses"]
        close([r["loss"] for r in rows], [r["loss"] for r in losses], 1e-4, "losses")
        assert [(r["timestep"], r["kept"]) for r in rows] == [(r["timestep"], r["kept"]) for r in losses]
    theirs = {g["name"]: g for g in metrics["groups"]}
    for group, importance in zip(groups, found):
        if widths == "diffusers" and group.kind == "time" and group.name not in theirs:
            continue
        other = theirs[group.name]
        members = {(m["parameter"], m["axis"], m["offset"]) for m in other["members"]}
        assert members == set(group.members), f"{group.name}: members {members ^ set(group.members)}"
        close(other["scores"], reference.normalised(importance).tolist(), 2e-3, f"{group.name}: scores")
    expected = reference.selection(model, groups, found, widths, ratio)
    kept = [theirs[g.name]["kept"] if g.name in theirs else k for g, k in zip(groups, expected)]
    assert kept == expected, [g.name for g, a, b in zip(groups, kept, expected) if a != b]

    with tempfile.TemporaryDirectory() as folder:
        client.download(job["result"]["checkpoint"], folder)
        tensors = load_file(Path(folder) / "unet" / "diffusion_pytorch_model.safetensors")
        if widths == "free":
            pipeline = load_free(folder)
        else:
            pipeline = DDPMPipeline.from_pretrained(folder)
    result = pipeline.unet.eval()
    exact = reference.sliced({n: p.detach() for n, p in model.named_parameters()}, groups, kept)
    for tensor_name, tensor in tensors.items():
        if tensor_name == "time_proj.weight" or (tensor_name == "time_embedding.linear_1.weight" and "time_proj.weight" in tensors):
            continue
        assert torch.equal(tensor, exact[tensor_name]), tensor_name
    if "time_proj.weight" in tensors:
        product = tensors["time_proj.weight"].double() @ tensors["time_embedding.linear_1.weight"].double().T
        table, weight = reference.refitted(model, exact, tensors["time_proj.weight"].shape[1], STEPS)
        assert (product - table @ weight.T).abs().max() < 1e-5, "the refit of the time embedding"
    after = client.get(f"/v1/checkpoints/{job['result']['checkpoint']}")
    assert (after["parameters"], after["macs"]) == reference.count(result)
    assert (metrics["parameters"]["after"], metrics["macs"]["after"]) == reference.count(result)
    for stage, network in (("before", model), ("pruned", result)):
        try:
            png = client.call(f"/v1/jobs/{job['id']}/files/samples_{stage}.png")
        except RuntimeError:
            png = client.call(f"/v1/jobs/{job['id']}/files/samples_after.png")
        same_pictures(grid(png, evaluation["samples"]), sampled(network, pipeline.scheduler, evaluation))


def finetuning(client):
    run = dict(make_training_golden.RUNS[0])
    model = make_pruning_golden.load(run.pop("model"))
    files, images = pictures(model, 6, 20)
    checkpoint = client.upload("checkpoints", "learned", pipeline_files(model))
    dataset = client.upload("datasets", "learned", files)
    job, metrics = client.run(checkpoint=checkpoint["id"], dataset=dataset["id"], finetuning=run, evaluation={"samples": 2, "steps": 5, "seed": 6})
    rows, _, averaged = make_training_golden.finetune(make_training_golden.RUNS[0], images)
    for key, tolerance in (("loss", 1e-4), ("gradient_norm", 1e-3), ("learning_rate", 1e-9)):
        close([r[key] for r in metrics["finetuning"]["losses"]], [r[key] for r in rows], tolerance, key)
    assert abs(metrics["evaluation"]["loss"]["before"] - make_training_golden.evaluation(images, 6)["loss"]) < 1e-4
    with tempfile.TemporaryDirectory() as folder:
        client.download(job["result"]["checkpoint"], folder)
        tensors = load_file(Path(folder) / "unet" / "diffusion_pytorch_model.safetensors")
    for name, tensor in tensors.items():
        if not name.endswith("to_k.bias"):  # its gradient is zero but for rounding, which AdamW scales up
            assert (tensor - averaged[name]).abs().max() < 5e-4, name


def initial_weights(client):
    for name in ("ddpm", "learned", "scale_shift"):
        model = make_pruning_golden.load(name)
        config = pipeline_files(model)["unet/config.json"]
        checkpoint = client.upload("checkpoints", name, {"config.json": config}, "&init=random&seed=7")
        torch.manual_seed(7)
        fresh = UNet2DModel(**{k: v for k, v in model.config.items() if not k.startswith("_")})
        with tempfile.TemporaryDirectory() as folder:
            client.download(checkpoint["id"], folder)
            loaded = UNet2DModel.from_pretrained(folder, subfolder="unet")
        for parameter_name, parameter in loaded.named_parameters():
            assert (parameter - fresh.get_parameter(parameter_name)).abs().max() < 2e-6, parameter_name


def old_names_and_types(client):
    """The attention names of the published checkpoints, and 16-bit weights, load as the same model."""
    model = make_pruning_golden.load("ddpm")

    def old(name):
        for new, former in ((".to_q.", ".query."), (".to_k.", ".key."), (".to_v.", ".value."), (".to_out.0.", ".proj_attn.")):
            name = name.replace(new, former)
        return name

    for dtype, rename in ((torch.float32, old), (torch.float16, None), (torch.bfloat16, None)):
        checkpoint = client.upload("checkpoints", "ddpm", pipeline_files(model, dtype, rename))
        with tempfile.TemporaryDirectory() as folder:
            client.download(checkpoint["id"], folder)
            loaded = DDPMPipeline.from_pretrained(folder).unet
        for name, parameter in loaded.named_parameters():
            assert torch.equal(parameter.float(), model.get_parameter(name).to(dtype).float()), name


def main():
    torch.set_num_threads(1)
    client = Client(sys.argv[1])
    checks = {
        "initial weights": lambda: initial_weights(client), "old names, 16-bit weights": lambda: old_names_and_types(client),
        "fine-tuning": lambda: finetuning(client)}
    for method in ("diff-pruning", "taylor", "magnitude", "random"):
        for name, widths, ratio in (("ddpm", "diffusers", 0.5), ("ddpm", "free", 0.3), ("ldm", "diffusers", 0.5), ("scale_shift", "free", 0.5)):
            checks[f"{method}, {name}, {widths}, {ratio}"] = lambda a=(name, method, widths, ratio): pruning(client, *a)
    checks["ddpm sampler"] = lambda: pruning(client, "ddpm", "magnitude", "diffusers", 0.3, "ddpm")
    checks["ddim with noise"] = lambda: pruning(client, "ddpm", "magnitude", "diffusers", 0.3, "ddim", 0.7)
    failed = 0
    for name, check in checks.items():
        try:
            check()
            print("ok    ", name, flush=True)
        except Exception:
            failed += 1
            print("FAILED", name, traceback.format_exc(limit=3), flush=True)
    print(f"{len(checks) - failed} of {len(checks)} agree with diffusers")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
