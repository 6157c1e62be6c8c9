"""Writes diffusion.json: noise schedules and sampling steps of diffusers' DDIMScheduler and DDPMScheduler.

The model is played by a fixed function, so that each step can be checked by itself.
"""

import json
import pathlib

import diffusers
import torch
from diffusers import DDIMScheduler, DDPMScheduler

torch.set_num_threads(1)

CASES = [
    # (configuration, sampler, steps, eta)
    ({}, "ddim", 10, 0.0),
    ({"variance_type": "fixed_large", "_class_name": "DDPMScheduler"}, "ddpm", 10, 0.0),
    ({"beta_schedule": "scaled_linear", "beta_start": 0.0015, "beta_end": 0.0195, "clip_sample": False, "set_alpha_to_one": False,
      "steps_offset": 1, "_class_name": "DDIMScheduler"}, "ddim", 7, 0.0),
    ({"beta_schedule": "squaredcos_cap_v2", "num_train_timesteps": 20}, "ddim", 20, 1.0),
    ({"timestep_spacing": "trailing", "clip_sample_range": 2.0}, "ddim", 6, 0.5),
    ({"timestep_spacing": "linspace"}, "ddim", 9, 0.0),
    ({"timestep_spacing": "linspace", "num_train_timesteps": 50}, "ddpm", 1, 0.0),
    ({"variance_type": "fixed_small_log", "timestep_spacing": "trailing"}, "ddpm", 7, 0.0),
    ({"num_train_timesteps": 12, "clip_sample": False, "steps_offset": 2}, "ddpm", 5, 0.0),
    ({"num_train_timesteps": 4, "trained_betas": [0.01, 0.02, 0.3, 0.5]}, "ddpm", 4, 0.0),
    # Other predictions than noise, and noise alone at the end.
    ({"prediction_type": "v_prediction"}, "ddim", 8, 0.0),
    ({"prediction_type": "v_prediction", "clip_sample": False, "beta_schedule": "scaled_linear"}, "ddpm", 6, 0.0),
    ({"prediction_type": "sample", "clip_sample": False}, "ddim", 5, 0.4),
    ({"prediction_type": "sample"}, "ddpm", 5, 0.0),
    ({"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}, "ddim", 8, 0.0),
    ({"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}, "ddpm", 5, 0.0),
    ({"beta_schedule": "sigmoid"}, "ddpm", 5, 0.0),
    # Other classes, read as their own configuration, complete, is read by the two that step back here.
    ({"_class_name": "PNDMScheduler", "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "skip_prk_steps": True,
      "steps_offset": 1, "clip_sample": False}, "ddim", 6, 0.0),
    ({"_class_name": "EulerDiscreteScheduler", "prediction_type": "v_prediction"}, "ddim", 6, 0.0),
    ({"_class_name": "HeunDiscreteScheduler"}, "ddim", 6, 0.0),
    ({"_class_name": "LCMScheduler"}, "ddpm", 6, 0.0),
    ({"_class_name": "DPMSolverMultistepScheduler", "use_karras_sigmas": True}, "ddpm", 6, 0.0),
    ({"_class_name": "UniPCMultistepScheduler", "trained_betas": [0.1, 0.2, 0.3], "num_train_timesteps": 3}, "ddim", 3, 0.0),
    ({"_class_name": "KDPM2AncestralDiscreteScheduler"}, "ddim", 4, 0.0),
]


def configured(configuration):
    """The configuration with its class's defaults, as a pipeline holds it."""
    name = configuration.get("_class_name")
    plain = {key: value for key, value in configuration.items() if key != "_class_name"}
    if name is None or name in ("DDIMScheduler", "DDPMScheduler"):
        return plain
    whole = getattr(diffusers, name).from_config(plain).config
    return {key: value for key, value in whole.items() if not key.startswith("_")}


cases = []
for configuration, sampler, steps, eta in CASES:
    scheduler_class = {"ddim": DDIMScheduler, "ddpm": DDPMScheduler}[sampler]
    scheduler = scheduler_class.from_config(configured(configuration))
    scheduler.set_timesteps(steps)
    generator = torch.Generator().manual_seed(11)
    sample = torch.randn(2, 1, 3, 4, generator=generator)
    samples = [sample.flatten().tolist()]
    for t in scheduler.timesteps:
        noise = torch.sin(3 * sample) * 0.7 + 0.001 * t
        arguments = {"eta": eta} if sampler == "ddim" else {}
        sample = scheduler.step(noise, t, sample, generator=generator, **arguments).prev_sample
        samples.append(sample.flatten().tolist())
    cases.append({
        "configuration": json.dumps(configuration), "sampler": sampler, "steps": steps, "eta": eta,
        "timesteps": scheduler.timesteps.tolist(),
        "alphas_cumprod": scheduler.alphas_cumprod[::17].tolist() + scheduler.alphas_cumprod[-1:].tolist(),
        "samples": samples,
    })

timesteps = []
for spacing in ["leading", "linspace", "trailing"]:
    for total, steps in [(1000, 1), (1000, 3), (1000, 13), (1000, 100), (1000, 999), (1000, 1000), (61, 9), (50, 50)]:
        scheduler = DDIMScheduler(num_train_timesteps=total, timestep_spacing=spacing)
        scheduler.set_timesteps(steps)
        timesteps.append({"spacing": spacing, "total": total, "steps": steps, "weighted": sum((i + 1) * int(t) for i, t in enumerate(scheduler.timesteps)),
                          "first": int(scheduler.timesteps[0]), "last": int(scheduler.timesteps[-1])})

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"made_by": "Tests/Fixtures/diffusion.py", "cases": cases, "timesteps": timesteps}) + "\n")
