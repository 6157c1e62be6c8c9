"""Writes unet/ and condition/: tiny UNet2DModels and UNet2DConditionModels of diffusers with their outputs and gradients, for the engine to
reproduce.

Each folder holds config.json, weights.safetensors, and golden.safetensors with `sample`, `timesteps`, `output`, `target`,
`loss` = mean((output - target)²) and `grad.NAME` of that loss for every parameter that has one; `class_labels` and
`encoder_hidden_states` where the network takes them. Everything is computed in float64 and stored as float32. initial.json lists, in the
constructor's order, what torch.manual_seed(7) and the class draw for some of the configurations.

    python make_unet_golden.py
"""

import copy
import json
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel, UNet2DModel
from diffusers.models.embeddings import GaussianFourierProjection
from safetensors.torch import save_file

import condition_configs
import unet_configs

HERE = Path(__file__).parent


def randomised(family, config, seed):
    """A model whose norms and biases are random too, so that nothing is trivially 1 or 0."""
    torch.manual_seed(seed)
    model = family(**config).eval()
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1 and parameter.requires_grad:
                parameter += 0.2 * torch.randn(parameter.shape, generator=generator)
    return model


def golden(family, folder, name, config, seed):
    folder = HERE / folder / name
    folder.mkdir(parents=True, exist_ok=True)
    model = randomised(family, config, seed)
    written = {"_class_name": family.__name__, "_diffusers_version": "0.42.1"} | (config if name == "ddpm" else dict(model.config))
    written = {key: value for key, value in written.items() if key not in ("_use_default_values", "_name_or_path")}
    (folder / "config.json").write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "weights.safetensors", {"format": "pt"})

    size = config["sample_size"]
    height, width = size if isinstance(size, list) else (size, size)
    generator = torch.Generator().manual_seed(seed + 2)
    sample = torch.randn(2, config["in_channels"], height, width, generator=generator)
    target = torch.randn(2, config["out_channels"], height, width, generator=generator)
    timesteps = torch.tensor([37, 4] if config.get("num_train_timesteps") else [737, 4])
    if config.get("time_embedding_type") == "fourier":  # small ones, as float32's rounding of what they are multiplied by grows with them
        timesteps = torch.tensor([1.25, 0.75] if family is UNet2DModel else [2, 1])
    tokens = None
    if family is UNet2DModel:
        labels = unet_configs.class_labels(config, [3, 1], generator)
    else:
        tokens, labels = condition_configs.told(config, generator)

    exact = copy.deepcopy(model).double()
    exact_labels = labels if labels is None or labels.ndim == 1 else labels.double()
    beside = () if tokens is None else (tokens,)
    output = exact(sample.double(), timesteps, *(t.double() for t in beside), class_labels=exact_labels).sample
    loss = ((output - target.double()) ** 2).mean()
    loss.backward()
    tensors = {
        "sample": sample, "timesteps": timesteps.float(), "target": target,
        "output": output.detach().float().contiguous(), "loss": loss.detach().float().reshape(1)}
    if labels is not None:
        tensors["class_labels"] = labels.float()
    if tokens is not None:
        tensors["encoder_hidden_states"] = tokens
    for parameter_name, parameter in exact.named_parameters():
        if parameter.grad is not None:
            tensors["grad." + parameter_name] = parameter.grad.float().contiguous()
    save_file(tensors, folder / "golden.safetensors", {"made_by": "make_unet_golden.py"})

    with torch.no_grad():
        single = model(sample, timesteps, *beside, class_labels=labels).sample
    print(f"{name}: {model.num_parameters()} parameters, loss {loss.item():.6f}, float32 off by {(single - output).abs().max().item():.1e}")


def construction_order(family, config, seed):
    """The parameters in the order in which the constructor draws them, which is not the state dict's."""
    order = []
    kinds = [torch.nn.Conv2d, torch.nn.Linear, torch.nn.Embedding, torch.nn.GroupNorm, torch.nn.LayerNorm]
    originals = {kind: kind.reset_parameters for kind in kinds}

    def recording(kind):
        def reset_parameters(self):
            order.append(self)
            originals[kind](self)
        return reset_parameters

    def recording_frequencies(self, *arguments, **named):
        first(self, *arguments, **named)
        order.append(self)

    first = GaussianFourierProjection.__init__
    GaussianFourierProjection.__init__ = recording_frequencies
    for kind in kinds:
        kind.reset_parameters = recording(kind)
    try:
        torch.manual_seed(seed)
        model = family(**config)
    finally:
        for kind in kinds:
            kind.reset_parameters = originals[kind]
        GaussianFourierProjection.__init__ = first

    names = {module: name for name, module in model.named_modules(remove_duplicate=True)}
    listed = []
    for module in order:
        for leaf, parameter in module.named_parameters(recurse=False):
            values = parameter.detach().double().flatten()
            listed.append({
                "name": f"{names[module]}.{leaf}", "shape": list(parameter.shape), "first": values[:4].tolist(), "sum": values.sum().item()})
    assert len(listed) == len(list(model.parameters()))
    return listed


def family(kind, folder, configs, drawn):
    """The golden files of one class."""
    for index, (name, config) in enumerate(configs.items()):
        golden(kind, folder, name, config, seed=100 * (index + 1))
    initial = {
        "made_by": "make_unet_golden.py", "seed": 7, "models": {name: construction_order(kind, configs[name], 7) for name in drawn}}
    lines = json.dumps(initial).replace('{"name"', '\n  {"name"')
    (HERE / folder / "initial.json").write_text(lines + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    family(UNet2DModel, "unet", unet_configs.CONFIGS, ("ddpm", "learned", "classes", "skips"))
    family(UNet2DConditionModel, "condition", condition_configs.CONFIGS, ("sd1", "simple", "fourier"))
