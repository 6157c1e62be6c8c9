"""Writes autoencoder/: tiny AutoencoderKLs and VQModels of diffusers with their outputs and gradients, for the engine to reproduce.

Each folder holds config.json, weights.safetensors, and golden.safetensors with

- `sample`, what the encoder makes of it (`moments`), `moments_target`, and `encoder.NAME`: gradients of mean((moments - target)²), but
  for those of large tensors;
- `latents`, what the decoder makes of them (`decoded`), `decoded_target`, and `decoder.NAME`: gradients of mean((decoded - target)²), but for
  those of large tensors;
- where there is a `large_sample`: what diffusers' tiled encoding makes of it (`large_moments`), and `large_latents` and what tiled decoding
  makes of them (`large_decoded`), in tiles of the config's sample_size.

Everything is computed in float64 and stored as float32.

    python make_autoencoder_golden.py
"""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, VQModel
from safetensors.torch import save_file

HERE = Path(__file__).parent / "autoencoder"
LARGEST = 4096  # numbers of a gradient that is written

CONFIGS = {
    # Stable Diffusion's in small.
    "kl": (AutoencoderKL, dict(
        block_out_channels=[8, 16], down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
        layers_per_block=2, norm_num_groups=4, sample_size=32, scaling_factor=0.5)),
    # Attention in blocks and not between them, an odd number of layers, no convolutions around the latents, a shift, other channels out.
    "kl_attention": (AutoencoderKL, dict(
        in_channels=1, out_channels=2, latent_channels=3, block_out_channels=[4, 8, 8], layers_per_block=3, norm_num_groups=2,
        down_block_types=["DownEncoderBlock2D", "DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
        up_block_types=["AttnUpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"], act_fn="gelu", mid_block_add_attention=False,
        use_quant_conv=False, use_post_quant_conv=False, scaling_factor=1.5, shift_factor=0.25)),
    # CompVis' in small.
    "vq": (VQModel, dict(
        block_out_channels=[8, 12], down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
        layers_per_block=1, norm_num_groups=4, num_vq_embeddings=19, vq_embed_dim=2)),
    # Kandinsky's in small.
    "movq": (VQModel, dict(
        block_out_channels=[32, 32], down_block_types=["DownEncoderBlock2D", "AttnDownEncoderBlock2D"], latent_channels=4,
        up_block_types=["AttnUpDecoderBlock2D", "UpDecoderBlock2D"], layers_per_block=1, norm_num_groups=8, num_vq_embeddings=24,
        norm_type="spatial", mid_block_add_attention=True)),
}


def randomised(kind, config, seed):
    """A model whose norms and biases are random too, and whose table is as large as latents are."""
    torch.manual_seed(seed)
    model = kind(**config).eval()
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                parameter += 0.2 * torch.randn(parameter.shape, generator=generator)
            if name == "quantize.embedding.weight":
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return model


def encode(model, sample):
    found = model.encode(sample)
    return found.latent_dist.parameters if isinstance(model, AutoencoderKL) else found.latents


def learned(model, run, target, prefix):
    model.zero_grad(set_to_none=True)
    output = run()
    ((output - target) ** 2).mean().backward()
    gradients = {prefix + name: value.grad for name, value in model.named_parameters() if value.grad is not None}
    gradients.pop(prefix + "quantize.embedding.weight", None)  # of zeros: what is decoded depends on the row that is taken alone
    return output.detach(), {name: value.clone() for name, value in gradients.items() if value.numel() <= LARGEST}


def golden(name, kind, config, seed):
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    model = randomised(kind, config, seed)
    written = {key: value for key, value in dict(model.config).items() if key not in ("_use_default_values", "_name_or_path")}
    written |= {"_class_name": kind.__name__, "_diffusers_version": "0.42.1"}
    (folder / "config.json").write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "weights.safetensors", {"format": "pt"})

    model = model.double()
    generator = torch.Generator().manual_seed(seed + 2)

    def draw(*shape):  # of float32
        return torch.randn(shape, generator=generator).double()

    factor = 2 ** (len(config["block_out_channels"]) - 1)
    sample = draw(2, model.config.in_channels, 4 * factor, 6 * factor).clamp(-1, 1)
    with torch.no_grad():
        shape = encode(model, sample).shape
    tensors = {"sample": sample, "moments_target": draw(*shape)}
    tensors["moments"], gradients = learned(model, lambda: encode(model, sample), tensors["moments_target"], "encoder.")
    tensors |= gradients
    latents = draw(2, shape[1] // (2 if kind is AutoencoderKL else 1), *shape[2:])
    tensors |= {"latents": latents, "decoded_target": draw(2, model.config.out_channels, *sample.shape[2:])}
    tensors["decoded"], gradients = learned(model, lambda: model.decode(latents).sample, tensors["decoded_target"], "decoder.")
    tensors |= gradients
    if "sample_size" in config:
        # Tiles of 16 pixels of latents, the last of 4 and of 8.
        tensors["large_sample"] = draw(1, 3, 56, 40).clamp(-1, 1)
        tensors["large_latents"] = draw(1, 4, 28, 20)
        model.enable_tiling()
        with torch.no_grad():
            tensors["large_moments"] = encode(model, tensors["large_sample"])
            tensors["large_decoded"] = model.decode(tensors["large_latents"]).sample
    save_file(
        {k: v.float().contiguous() for k, v in tensors.items()}, folder / "golden.safetensors", {"made_by": "make_autoencoder_golden.py"})
    print(f"{name}: {model.num_parameters()} parameters, {len(tensors)} tensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for index, (name, (kind, config)) in enumerate(CONFIGS.items()):
        golden(name, kind, config, seed=100 * (index + 1))
