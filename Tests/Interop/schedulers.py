"""Which of diffusers' schedulers run on results: all of them where the sinusoid of timesteps has stayed, those of whole timesteps on a learned table."""

import torch
from diffusers import (
    DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler, EulerDiscreteScheduler, HeunDiscreteScheduler,
    KDPM2DiscreteScheduler, LMSDiscreteScheduler, PNDMScheduler, UniPCMultistepScheduler)

import reference
from downloads import downloaded
from models import subject

WHOLE = (DDIMScheduler, DDPMScheduler, PNDMScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler)
FRACTIONS = (EulerDiscreteScheduler, EulerAncestralDiscreteScheduler, HeunDiscreteScheduler, LMSDiscreteScheduler, KDPM2DiscreteScheduler)


@torch.no_grad()
def runs(unet, scheduler, config, told):
    """Whether a sample can be drawn, of numbers alone."""
    scheduler = scheduler.from_config(config)
    generator = torch.Generator().manual_seed(2)
    size = unet.config.sample_size
    sample = torch.randn(1, unet.config.in_channels, size, size, generator=generator) * scheduler.init_noise_sigma
    scheduler.set_timesteps(7)
    try:
        for t in scheduler.timesteps:
            prediction = unet(scheduler.scale_model_input(sample, t), t, *told).sample
            sample = scheduler.step(prediction, t, sample).prev_sample
    except (IndexError, RuntimeError, TypeError):
        return False
    return sample.isfinite().all().item()


def ran(client, figures, name, rule):
    this = subject(name)
    job, metrics = client.run(
        checkpoint=this.checkpoint(client), pruning={"method": "magnitude", "widths": "diffusers", "ratio": 0.5, "time_embedding": rule})
    result, tensors = downloaded(client, job["result"]["checkpoint"])
    before, after = this.model.config.block_out_channels[0], result.unet.config.block_out_channels[0]
    is_table = result.unet.config.time_embedding_type == "learned"
    figures.same("tables", is_table, rule == "table")
    told = ()
    if this.labels is not None:
        told = (this.labels[:1],)
    elif rule != "table":
        figures.same("first blocks", after, before)
        exact = reference.sliced(dict(this.model.named_parameters()), this.groups, [group["kept"] for group in metrics["groups"]])
        for parameter, tensor in tensors.items():
            figures.same("exact slices", tensor, exact[parameter].detach())
    figures.same("narrower", result.unet.num_parameters() < this.model.num_parameters(), True)
    # As many timesteps as a network trained on a real schedule has: fractions of few are often whole.
    config = {k: v for k, v in this.scheduler.items() if not k.startswith("_")} | {"num_train_timesteps": this.steps}
    for scheduler in (*WHOLE, *FRACTIONS):
        figures.same(scheduler.__name__, runs(result.unet, scheduler, config, told), not is_table or scheduler in WHOLE)
