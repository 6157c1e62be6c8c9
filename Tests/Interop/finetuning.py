"""Fine-tuning against PyTorch's AdamW, a SOAP in PyTorch and diffusers' EMAModel in float64: rows, weights, their average, and the samples after it."""

import make_training_golden
from downloads import downloaded
from models import subject

LOSSES = 1e-3  # relative
WEIGHTS = 1e-3  # root mean square difference, as a share of the root mean square way that training has gone
# AdamW scales a gradient up that is zero but for rounding: to_k.bias, which softmax does not see; what a GroupNorm with one channel
# a group takes out again. Weights are left out whose gradient in float64 is below this share of the whole gradient's norm.
ZERO = 1e-9

RUN = dict(steps=20, batch_size=4, learning_rate=1e-3, warmup_steps=5, weight_decay=0.01, ema_decay=0.9999, gradient_clip=1.0, flip=True, seed=3)


def finetuned(client, figures, name, **changes):
    """20 steps on the model as uploaded."""
    this, run = subject(name), RUN | changes
    job, metrics = client.run(checkpoint=this.checkpoint(client), dataset=this.dataset(client), finetuning=run)
    compared(client, figures, this, this.fresh(), run, job, metrics, "diffusers")


def pruned_and_finetuned(client, figures, name, method, widths, ratio, **changes):
    """All phases in one job; fine-tuning starts from the pruned checkpoint that the service hands out."""
    this, run = subject(name), RUN | changes
    job, metrics = client.run(
        checkpoint=this.checkpoint(client), dataset=this.dataset(client), pruning=this.pruning(method, widths, ratio), finetuning=run)
    start, _ = downloaded(client, job["result"]["pruned_checkpoint"], widths)
    compared(client, figures, this, start.unet, run, job, metrics, widths)


def compared(client, figures, this, model, run, job, metrics, widths, objective=make_training_golden.noise_loss, terms=()):
    started = {n: p.detach().double().clone() for n, p in model.named_parameters()}
    rows, last, averaged = make_training_golden.finetune(this.told(model), run | this.run, this.images, this.schedule, objective)
    found = metrics["finetuning"]["losses"]
    for key, bar in (("loss", LOSSES), ("gradient_norm", LOSSES), ("learning_rate", 1e-12), *((term, LOSSES) for term in terms)):
        figures.relative({"loss": "losses"}.get(key, key), [r[key] for r in found], [r[key] for r in rows], bar)
    _, tensors = downloaded(client, job["result"]["checkpoint"], widths)
    expected = averaged if run["ema_decay"] > 0 else last
    figures.same("tensors", set(tensors), set(expected))
    apart = way = 0.0
    counted = 0
    for name, tensor in tensors.items():
        if last[name].grad is None:  # frequencies
            figures.same("what is not trained", tensor, started[name].to(tensor.dtype))
            continue
        moved = last[name].grad.abs() > ZERO * rows[-1]["gradient_norm"]
        theirs = expected[name].detach().double()
        apart += (tensor.double() - theirs)[moved].square().sum().item()
        way += (theirs - started[name])[moved].square().sum().item()
        counted += moved.sum().item()
    figures.bar("EMA weights" if run["ema_decay"] > 0 else "last weights", (apart / way) ** 0.5, WEIGHTS)
    figures.notes.append(f"{counted} of {sum(t.numel() for t in tensors.values())} weights have a gradient")
