"""Plans made in PyTorch and applied by the service, in every number format; dry runs against what then comes out."""

import hashlib

import torch

import reference
from downloads import downloaded
from models import subject


def planned(client, figures, name, widths, ratio, dtype):
    """A plan of random scores: the result's tensors are PyTorch's slices of the original's, rounded as PyTorch rounds them."""
    this = subject(name)
    generator = torch.Generator().manual_seed(17)
    found = [torch.rand(group.width, generator=generator).double() for group in this.groups]
    chosen = reference.selection(this.model, this.groups, found, widths, ratio)
    checkpoint = this.checkpoint(client)
    weights = client.call(f"/v1/checkpoints/{checkpoint}/files/unet/diffusion_pytorch_model.safetensors")
    entries = [
        {"name": group.name, "width": group.width, "members": [{"parameter": p, "axis": a, "offset": o} for p, a, o in group.members], "kept": kept}
        for group, kept in zip(this.groups, chosen)]
    plan = {"digest": hashlib.sha256(weights).hexdigest(), "widths": widths, "groups": entries}
    request = {"checkpoint": checkpoint, "pruning": {"plan": plan}, "dtype": str(dtype).removeprefix("torch.")}
    forecast = client.post("/v1/jobs?dry_run=true", request)
    job, metrics = client.run(**request)

    returned = client.get(f"/v1/jobs/{job['id']}/plan")
    figures.same("plans", (returned["digest"], returned["widths"]), (plan["digest"], widths))
    kept = {group["name"]: group["kept"] for group in returned["groups"]}
    figures.same("plans", kept, {group.name: channels for group, channels in zip(this.groups, chosen)})
    result, tensors = downloaded(client, job["result"]["checkpoint"], widths)
    exact = reference.sliced({n: p.detach() for n, p in this.model.named_parameters()}, this.groups, chosen)
    for tensor_name, tensor in tensors.items():
        refitted = "time_proj.weight" in tensors and tensor_name in ("time_proj.weight", "time_embedding.linear_1.weight")
        figures.same("types", tensor.dtype, dtype)
        if not refitted:
            figures.same("tensors", tensor, exact[tensor_name].to(dtype))
    counted = reference.count(result.unet.float(), this.tokens)
    for document in (forecast, metrics):
        figures.same("counts", (document["parameters"]["after"], document["macs"]["after"]), counted)
    figures.same("widths", [g["width"] for g in forecast["groups"]], [g["width"] for g in metrics["groups"]])
