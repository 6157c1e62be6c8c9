"""Writes training/: fine-tuning, sampling and evaluation in PyTorch on tiny models of unet/, for the engine to reproduce.

finetuning.json       runs of a few steps: losses, gradient norms and learning rates; weights.NAME and ema.NAME of the first run, and
                      weights2.NAME and ema2.NAME of the third, are in finetuning.safetensors, with the pictures in `images` (in [-1, 1])
sampling.json         cases (model, scheduler, sampler, steps, eta, seed); sampling.safetensors holds the samples by case number
evaluation.json       the held-out loss on `images`; SSIM and MSE of `pictures.a` and `pictures.b` (8 bit values as float)
schedules.json        some cumulative alphas of diffusers' schedulers

Fine-tuning runs in float64 on the float32 random stream. A gradient that is zero in exact arithmetic (to_k.bias: softmax does not
see it) is noise in float32, which AdamW scales up: leave such parameters out of a comparison.

    python make_training_golden.py
"""

import copy
import json
import math
from pathlib import Path

import pytorch_msssim
import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DConditionModel
from diffusers.training_utils import EMAModel
from safetensors.torch import save_file

from make_pruning_golden import load
from reference import alphas_cumprod
from soap import SOAP

HERE = Path(__file__).parent / "training"
STEPS = 50

RUNS = [
    dict(model="learned", steps=8, batch_size=4, learning_rate=2e-3, warmup_steps=3, weight_decay=0.01, ema_decay=0.9999,
         gradient_clip=0.5, flip=True, seed=3),
    dict(model="learned", steps=5, batch_size=3, learning_rate=1e-3, warmup_steps=0, weight_decay=0.0, ema_decay=0.2,
         gradient_clip=None, flip=False, seed=4),
    dict(model="learned", steps=24, batch_size=4, learning_rate=1e-3, warmup_steps=2, weight_decay=0.01, ema_decay=0.9999,
         gradient_clip=0.5, flip=True, seed=5, optimizer="soap"),
]


def pictures(seed, count, channels, size):
    return torch.randint(0, 256, (count, channels, size, size), generator=torch.Generator().manual_seed(seed)).float()


def noise_loss(model, noisy, t, noise):
    """The loss of a step, and what else its row tells."""
    return ((model(noisy, t).sample - noise) ** 2).mean(), {}


def finetune(model, run, images, steps=STEPS, objective=noise_loss):
    """The rows of a run, and the weights and their average after it; the model is trained where it stands. `steps` may be a schedule."""
    model = model.double().eval()  # dropout is off
    generator = torch.Generator().manual_seed(run["seed"])
    common = dict(lr=run["learning_rate"], weight_decay=run["weight_decay"])
    if run.get("optimizer") == "soap":
        tables = {id(module.weight) for module in model.modules() if isinstance(module, torch.nn.Embedding)}
        optimizer = SOAP(model.parameters(), tables=tables, **common)
    else:
        optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.999), eps=1e-8, **common)
    ema = EMAModel(model.parameters(), decay=run["ema_decay"])
    ratios = alphas_cumprod(steps)
    shape = (run["batch_size"],) + tuple(images.shape[1:])
    rows = []
    for step in range(1, run["steps"] + 1):
        index = torch.randint(0, len(images), (run["batch_size"],), generator=generator)
        noise = torch.randn(shape, generator=generator)
        t = torch.randint(0, len(ratios), (run["batch_size"],), generator=generator)
        x0 = images[index]
        flips = None
        if run["flip"]:
            flips = torch.randint(0, 2, (run["batch_size"],), generator=generator)
            mirrored = run["mirrored"][index] if "mirrored" in run else x0.flip(3)  # latents are those of mirrored pictures
            x0 = torch.where(flips[:, None, None, None] == 1, mirrored, x0)
        if "labels" in run:  # of all pictures; a share of those drawn is shown the empty class or caption
            chances = torch.rand(run["batch_size"], generator=generator)
            chosen = run["labels"][index]
            if run.get("empty") is not None:
                spared = chances.reshape(-1, *[1] * (chosen.ndim - 1)) < run.get("unconditional_probability", 0.1)
                chosen = torch.where(spared, run["empty"], chosen)
            model.labels = chosen
        ratio = ratios[t][:, None, None, None]
        noisy = ratio ** 0.5 * x0 + (1 - ratio) ** 0.5 * noise
        loss, terms = objective(model, noisy.double(), t, noise.double())
        optimizer.zero_grad()
        loss.backward()
        norm = torch.sqrt(sum((p.grad ** 2).sum() for p in model.parameters() if p.requires_grad))
        if run["gradient_clip"] is not None:
            scale = min(1.0, run["gradient_clip"] / (norm.item() + 1e-6))
            for parameter in model.parameters():
                if parameter.requires_grad:
                    parameter.grad *= scale
        warmup = run["warmup_steps"]
        rate = run["learning_rate"] * (min(1.0, step / warmup) if warmup else 1.0)
        if run.get("schedule") == "cosine" and step > warmup:
            rate *= (1 + math.cos(math.pi * (step - 1 - warmup) / (run["steps"] - warmup))) / 2
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        ema.step(model.parameters())
        rows.append({
            "step": step, "loss": loss.item(), "gradient_norm": norm.item(), "learning_rate": rate, "ema_decay": ema.cur_decay_value,
            "indices": index.tolist(), "timesteps": t.tolist(), "flips": None if flips is None else flips.tolist()} | terms)
    averaged = dict(zip((n for n, _ in model.named_parameters()), ema.shadow_params))
    return rows, dict(model.named_parameters()), averaged


def sampling_cases():
    base = dict(num_train_timesteps=STEPS, beta_start=1e-4, beta_end=0.02, beta_schedule="linear", clip_sample=True)
    cifar10 = dict(base, num_train_timesteps=1000, variance_type="fixed_large")
    cases = [
        ("learned", "ddim", 10, 0.0, base), ("learned", "ddim", 10, 0.5, base), ("learned", "ddpm", 10, 0.0, base),
        ("learned", "ddpm", 50, 0.0, base), ("learned", "ddim", 7, 1.0, dict(base, clip_sample=False)),
        ("learned", "ddpm", 7, 0.0, dict(base, variance_type="fixed_large")),
        ("learned", "ddim", 8, 0.0, dict(base, timestep_spacing="trailing")),
        ("learned", "ddpm", 8, 0.0, dict(base, timestep_spacing="trailing")),
        ("learned", "ddim", 8, 0.3, dict(base, timestep_spacing="linspace")),
        ("learned", "ddpm", 8, 0.0, dict(base, timestep_spacing="linspace")),
        ("learned", "ddim", 10, 0.0, dict(base, beta_schedule="scaled_linear", steps_offset=1)),
        ("learned", "ddpm", 10, 0.0, dict(base, beta_schedule="squaredcos_cap_v2")),
        ("ddpm", "ddim", 10, 0.0, cifar10), ("ddpm", "ddpm", 10, 0.0, cifar10),
    ]
    return [dict(model=m, sampler=s, steps=n, eta=e, seed=9, samples=2, scheduler=c) for m, s, n, e, c in cases]


def told(model, labels):
    """Has a conditional model told these class labels, or tokens, whenever it runs; a copy of it too. Returns the model."""
    def tell(module, given, named):
        key = "encoder_hidden_states" if isinstance(module, UNet2DConditionModel) else "class_labels"
        if key in named or len(given) > 2:
            return given, named
        values = module.labels
        return given, named | {key: values.to(next(module.parameters()).dtype) if values.is_floating_point() else values}

    if labels is not None and not hasattr(model, "labels"):
        model.register_forward_pre_hook(tell, with_kwargs=True)
    if labels is not None:
        model.labels = labels
    return model


def without_variance(model):
    """Has a model that gives variances beside its prediction give the prediction alone, as the loss takes it, but where `whole` is set."""
    def first(module, given, output):
        if not getattr(module, "whole", False):
            output.sample = output.sample[:, :module.config.in_channels]
        return output

    if model.config.out_channels == 2 * model.config.in_channels and not hasattr(model, "whole"):
        model.register_forward_hook(first)
        model.whole = False


@torch.no_grad()
def sample(model, case):
    """What diffusers' scheduler makes of the contract's noise, and the timesteps it went through."""
    scheduler = {"ddim": DDIMScheduler, "ddpm": DDPMScheduler}[case["sampler"]].from_config(case["scheduler"])
    scheduler.set_timesteps(case["steps"])
    generator = torch.Generator().manual_seed(case["seed"])
    size = model.config.sample_size
    x = torch.randn(case["samples"], model.config.in_channels, size, size, generator=generator)
    extra = {"eta": case["eta"]} if case["sampler"] == "ddim" else {}
    labels, scale = case.get("labels"), case.get("guidance_scale", 1)
    without_variance(model)
    model.whole = case["sampler"] == "ddpm"  # whose scheduler takes the variances off itself
    for t in scheduler.timesteps:
        told(model, labels)
        output = model(x, t).sample
        if labels is not None and scale != 1:
            told(model, torch.as_tensor(case["empty"], dtype=labels.dtype).expand_as(labels))
            unguided = model(x, t).sample
            output = unguided + scale * (output - unguided)
        x = scheduler.step(output, t, x, generator=generator, **extra).prev_sample
    model.whole = False
    return x, scheduler.timesteps.tolist()


@torch.no_grad()
def evaluation(model, images, seed, steps=STEPS, labels=None):
    """The loss on the last pictures of the set, which have such labels."""
    model = copy.deepcopy(model).double()
    without_variance(model)
    ratios, count = alphas_cumprod(steps), min(64, len(images))
    if labels is not None:
        told(model, labels[-count:])
    held_out = images[-count:]
    t = torch.tensor([int((i + 0.5) * len(ratios) / count) for i in range(count)])
    noise = torch.randn(held_out.shape, generator=torch.Generator().manual_seed(seed + 1))
    ratio = ratios[t][:, None, None, None]
    noisy = ratio ** 0.5 * held_out + (1 - ratio) ** 0.5 * noise
    loss = ((model(noisy.double(), t).sample - noise.double()) ** 2).mean().item()
    return {"seed": seed, "timesteps": t.tolist(), "loss": loss}


def compared():
    """Pictures and blurred, noisy twins of them: SSIM per pair and its mean, MSE with pixels divided by 255."""
    a = pictures(21, 5, 3, 16)
    b = (a + 40 * torch.randn(a.shape, generator=torch.Generator().manual_seed(22))).round().clamp(0, 255)
    b[0] = a[0]
    values = pytorch_msssim.ssim(a.double() / 255, b.double() / 255, data_range=1, size_average=False)
    return a, b, {"ssim": {"mean": values.mean().item(), "per_sample": values.tolist()}, "mse": {"mean": ((a.double() - b.double()) / 255).pow(2).mean().item()}}


def write(name, value):
    text = json.dumps({"made_by": "make_training_golden.py"} | value).replace('{"step"', '\n{"step"').replace('{"model"', '\n{"model"')
    (HERE / name).write_text(text + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    HERE.mkdir(exist_ok=True)
    note = {"made_by": "make_training_golden.py"}

    images = pictures(20, 6, 1, 8) / 127.5 - 1
    tensors = {"images": images}
    written = []
    for index, run in enumerate(RUNS):
        rows, weights, averaged = finetune(load(run["model"]), run, images)
        written.append(run | {"losses": rows})
        if index != 1:
            tensors |= {f"weights{index or ''}.{n}": w.detach().float().contiguous() for n, w in weights.items()}
        tensors |= {f"ema{index if index else ''}.{n}": w.detach().float().contiguous() for n, w in averaged.items()}
        print([round(row["loss"], 5) for row in rows], [round(row["gradient_norm"], 3) for row in rows])
    write("finetuning.json", {"num_train_timesteps": STEPS, "runs": written})
    save_file(tensors, HERE / "finetuning.safetensors", note)

    cases, samples = sampling_cases(), {}
    for number, case in enumerate(cases):
        samples[str(number)], case["timesteps"] = sample(load(case["model"]), case)
        print(number, case["model"], case["sampler"], case["timesteps"], samples[str(number)].abs().max().item())
    write("sampling.json", {"cases": cases})
    save_file({k: v.contiguous() for k, v in samples.items()}, HERE / "sampling.safetensors", note)

    a, b, figures = compared()
    write("evaluation.json", {"loss": {"model": "learned"} | evaluation(load("learned"), images, 6)} | figures)
    save_file({"images": images, "pictures.a": a, "pictures.b": b}, HERE / "evaluation.safetensors", note)
    print(figures)

    schedules = {}
    for schedule in ("linear", "scaled_linear", "squaredcos_cap_v2"):
        for steps in (50, 1000):
            ratios = DDPMScheduler(num_train_timesteps=steps, beta_schedule=schedule).alphas_cumprod
            chosen = sorted({0, 1, steps // 3, steps // 2, steps - 2, steps - 1})
            schedules[f"{schedule}.{steps}"] = {str(t): ratios[t].item() for t in chosen}
    write("schedules.json", {"alphas_cumprod": schedules})
