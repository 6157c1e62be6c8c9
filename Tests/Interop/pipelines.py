"""Pipelines with an autoencoder, a text encoder, or embeddings that come with the pictures: what is uploaded, and what PyTorch makes of
it."""

import copy
import functools
import io
import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import tokenizers
import torch
from diffusers import (
    AutoencoderKL, DDIMScheduler, DDPMScheduler, LDMPipeline, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel, UNet2DModel,
    VQModel)
from PIL import Image
from safetensors.torch import save
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import condition_configs
import unet_configs
from make_unet_golden import randomised
from models import CLASSES, OTHERS, SCHEDULER, STEPS, Subject, config_file, drawn

SAMPLERS = {"ddim": DDIMScheduler, "ddpm": DDPMScheduler}
CAPTIONS = [
    "a cat", "A photo of two cats, sleeping", "", "a cat on a red mat " * 30, "the sea at night!", "café in 1999", "a dog; 3 dogs", "mat"]

# Autoencoders that halve once.
KL = dict(
    block_out_channels=[8, 16], down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2, layers_per_block=1,
    norm_num_groups=4, latent_channels=4, sample_size=16, scaling_factor=6.0)
VQ = dict(
    block_out_channels=[8, 16], down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2, layers_per_block=1,
    norm_num_groups=4, latent_channels=3, vq_embed_dim=3, num_vq_embeddings=32, sample_size=16, scaling_factor=2.5)

# Pixels and tokens, nothing beside.
PIXELS = condition_configs.CONFIGS["sd1"] | dict(sample_size=16, in_channels=3, out_channels=3, attention_head_dim=[2, 4])
# Networks that are pruned without pictures.
BARE = ("simple", "fourier", "vectors")

# Untrained models' losses hardly change, so thresholds near 1 are what stops scoring early.
SCORING = {
    "sd1": dict(threshold=0.9985, first=0, last=49, stride=4), "sd1_half": dict(threshold=0.9994, first=1, last=41, stride=8),
    "sd2": dict(threshold=0.9985, first=1, last=49, stride=3), "vq": dict(threshold=0.9984, first=0, last=49, stride=5),
    "embeddings": dict(threshold=0.98, first=2, last=48, stride=4), "pixel_embeddings": dict(threshold=0.9978, first=0, last=48, stride=6),
    "classed": dict(threshold=0.9984, first=1, last=49, stride=5), "compvis": dict(threshold=0.5, first=0, last=999, stride=90)}


def scheduler(name):
    """As the published pipelines have them, over fewer steps."""
    common = dict(num_train_timesteps=STEPS, beta_schedule="scaled_linear", clip_sample=False)
    if name in ("vq", "classed"):
        return DDIMScheduler(beta_start=0.0015, beta_end=0.0195, **common)
    stable = common | dict(beta_start=0.00085, beta_end=0.012, steps_offset=1, set_alpha_to_one=False)
    return DDIMScheduler(**stable) if name == "sd2" else PNDMScheduler.from_config(stable | {"skip_prk_steps": True})


def text(width, activation, seed, folder, pad):
    """A tokenizer of few words, as a folder, and a text encoder."""
    letters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    merges = [("a", "t</w>"), ("c", "at</w>"), ("o", "n</w>"), ("t", "h"), ("th", "e</w>"), ("p", "h"), ("ph", "o"), ("d", "o")]
    words = [*letters, *(letter + "</w>" for letter in letters), *map("".join, merges), "<|startoftext|>", "<|endoftext|>"]
    folder = Path(folder)
    named = {"bos_token": words[-2], "eos_token": words[-1], "unk_token": words[-1], "pad_token": pad}
    for file, document in (
            ("vocab.json", {word: index for index, word in enumerate(words)}), ("special_tokens_map.json", named),
            ("tokenizer_config.json", named | {
                "add_prefix_space": False, "do_lower_case": True, "errors": "replace", "model_max_length": 77,
                "tokenizer_class": "CLIPTokenizer"})):
        (folder / file).write_text(json.dumps(document))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(" ".join(merge) + "\n" for merge in merges))
    config = CLIPTextConfig(
        vocab_size=len(words), hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=77, hidden_act=activation, bos_token_id=len(words) - 2, eos_token_id=len(words) - 1,
        pad_token_id=words.index(pad))
    torch.manual_seed(seed)
    encoder = CLIPTextModel(config).eval()
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for name, parameter in encoder.named_parameters():
            scale = 0.3 if "embedding" in name else 0.3 * parameter.shape[-1] ** -0.5
            parameter += scale * torch.randn(parameter.shape, generator=generator)
    return CLIPTokenizer.from_pretrained(folder), encoder


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


def listening(config):
    """A network that heeds its tokens more than a constructor's weights do."""
    unet = randomised(UNet2DConditionModel, config, 600)
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            if ".attn2.to_" in name or name.endswith(".proj_out.weight"):
                parameter *= 3
    return unet


def exactly(module):
    """A copy in float64."""
    return copy.deepcopy(module).double().eval()


class Piped(Subject):
    """A model with what stands around it in its pipeline: `images` are latents where there is an autoencoder, `mirrored` those of the mirrored
    pictures, `labels` tokens where it is told any."""

    def __init__(self, name, pipeline, files, pictures, pixels, labels=None, empty=None, captions=None):
        self.autoencoder = getattr(pipeline, "vae", None) or getattr(pipeline, "vqvae", None)
        self.pixels = pixels
        schedule = json.loads(next(data for path, data in files.items() if path.endswith("scheduler_config.json")))
        super().__init__(name, pipeline.unet, files, schedule, pictures, self.encoded(pixels), SCORING[name], labels=labels)
        self.mirrored, self.empty, self.captions = self.encoded(pixels.flip(3)), empty, captions

    @torch.no_grad()
    def encoded(self, pixels):
        if self.autoencoder is None:
            return pixels
        model, config = exactly(self.autoencoder), self.autoencoder.config
        if isinstance(model, VQModel):
            return (model.encode(pixels.double()).latents * config.scaling_factor).float()
        return ((model.encode(pixels.double()).latent_dist.mean - (config.shift_factor or 0)) * config.scaling_factor).float()

    @torch.no_grad()
    def decoded(self, samples):
        if self.autoencoder is None:
            return samples
        config = self.autoencoder.config
        return exactly(self.autoencoder).decode(samples.double() / config.scaling_factor + (config.get("shift_factor") or 0)).sample.float()

    @property
    def run(self):
        return super().run | {"mirrored": self.mirrored}

    def stock(self, pipeline, evaluation):
        """By a pipeline that diffusers loaded, with the sampler made from its own scheduler; of captions where it has a text encoder."""
        sampler, samples, steps, eta = (evaluation[key] for key in ("sampler", "samples", "steps", "eta"))
        generator = torch.Generator().manual_seed(evaluation["seed"])
        common = dict(num_inference_steps=steps, generator=generator, eta=eta, output_type="np")
        if isinstance(pipeline, LDMPipeline):
            if sampler != "ddim" or eta != 0:  # it hands its generator to no scheduler
                return None
            return pipeline(batch_size=samples, **common).images
        if hasattr(pipeline, "class_embedder"):
            pipeline.scheduler = SAMPLERS[sampler].from_config(pipeline.scheduler.config)
            return pipeline(self.classes[torch.arange(samples) % len(self.labels)], **common, guidance_scale=evaluation["guidance_scale"]).images
        if not isinstance(pipeline, StableDiffusionPipeline) or self.autoencoder.config.shift_factor:  # it knows of no shift
            return None
        pipeline.scheduler = SAMPLERS[sampler].from_config(pipeline.scheduler.config)
        size = self.model.config.sample_size
        latents = torch.randn(samples, self.model.config.in_channels, size, size, generator=generator)
        chosen = torch.arange(samples) % len(self.labels)
        if self.captions:
            given = dict(prompt=[self.captions[i] for i in chosen])
        else:
            given = dict(prompt_embeds=self.labels[chosen], negative_prompt_embeds=self.empty.expand(samples, -1, -1))
        return pipeline(
            **given, **common, latents=latents, height=2 * size, width=2 * size, guidance_scale=evaluation["guidance_scale"]).images


def flat(unet):
    """A network's folder as `save_pretrained` writes it, and a scheduler's configuration, as files."""
    with tempfile.TemporaryDirectory() as folder:
        unet.save_pretrained(folder)
        return contents(folder) | {"scheduler_config.json": json.dumps(SCHEDULER).encode()}


def saved(pipeline, half=False):
    """The pipeline's folder as files; its weights in half precision, which the pipeline then has too."""
    if half:
        for part in pipeline.components.values():
            if isinstance(part, torch.nn.Module):
                part.half()
    with tempfile.TemporaryDirectory() as folder:
        pipeline.save_pretrained(folder)
        files = contents(folder)
    if half:
        for part in pipeline.components.values():
            if isinstance(part, torch.nn.Module):
                part.float()
    return files


def pictures(count, side, larger=None):
    """Pictures as files and as the tensor of squares of `side` pixels; `larger` ones (height, width) are cropped and made smaller."""
    if larger is None:
        return drawn({"in_channels": 3, "sample_size": side}, 31, count)
    values = torch.randint(0, 256, (count, *larger, 3), generator=torch.Generator().manual_seed(31), dtype=torch.uint8).numpy()
    files, shown, square = {}, [], min(larger)
    top, left = ((length - square) // 2 for length in larger)
    for i, value in enumerate(values):
        buffer = io.BytesIO()
        picture = Image.fromarray(value)
        picture.save(buffer, "png")
        files[f"{i:03d}.png"] = buffer.getvalue()
        cropped = picture.crop((left, top, left + square, top + square)).resize((side, side), Image.Resampling.BOX)
        shown.append(np.asarray(cropped))
    return files, torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2).float() / 127.5 - 1


def captioned(name, half=False):
    """Stable Diffusion 1 or 2 in small, and pictures with captions."""
    kind = name.removesuffix("_half")
    config = condition_configs.CONFIGS[kind]
    width = config["cross_attention_dim"]
    with tempfile.TemporaryDirectory() as folder:
        tokenizer, encoder = text(
            width if isinstance(width, int) else width[0], "quick_gelu" if kind == "sd1" else "gelu", 40, folder,
            "<|endoftext|>" if kind == "sd1" else "!")
        classic = contents(folder)
    pipeline = StableDiffusionPipeline(
        vae=randomised(AutoencoderKL, KL, 50), text_encoder=encoder, tokenizer=tokenizer, unet=listening(config),
        scheduler=scheduler(kind), safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    files = saved(pipeline, half)
    if kind == "sd1":  # as Stable Diffusion's are published, not as transformers writes them today
        files = {path: data for path, data in files.items() if not path.startswith("tokenizer/")}
        files |= {f"tokenizer/{path}": data for path, data in classic.items()}
        index = json.loads(files["model_index.json"])
        files["model_index.json"] = json.dumps({k: v for k, v in index.items() if k not in ("safety_checker", "image_encoder")}).encode()

    @torch.no_grad()
    def tokens(captions):
        ids = tokenizer(captions, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
        return exactly(encoder)(ids).last_hidden_state.float()

    archive, pixels = pictures(len(CAPTIONS), 16)
    lines = [json.dumps({"file_name": path, "text": caption}) for path, caption in zip(sorted(archive), CAPTIONS, strict=True)]
    this = Piped(
        name, pipeline, files, archive | {"metadata.jsonl": "\n".join(lines).encode()}, pixels, tokens(CAPTIONS), tokens([""])[0], CAPTIONS)
    if half:
        this.dtype = torch.float16
    return this


def quantised():
    """Latents of a VQModel, without conditions."""
    config = unet_configs.CONFIGS["ldm"]
    pipeline = LDMPipeline(vqvae=quantiser(), unet=randomised(UNet2DModel, config, 600), scheduler=scheduler("vq"))
    return Piped("vq", pipeline, saved(pipeline), *pictures(8, 16))


def quantiser():
    vqvae = randomised(VQModel, VQ, 50)
    with torch.no_grad():
        table = vqvae.quantize.embedding.weight
        table.copy_(0.5 * torch.randn(table.shape, generator=torch.Generator().manual_seed(52)))
    return vqvae


def classed():
    """Class-conditional latent diffusion: a token that a table has for each class, the last of them for none; pictures in folders."""
    config = condition_configs.CONFIGS["sd1"] | dict(in_channels=3, out_channels=3, attention_head_dim=1, cross_attention_dim=12)
    pipeline = SimpleNamespace(unet=listening(config), vqvae=quantiser())
    table = torch.randn(CLASSES + 1, 12, generator=torch.Generator().manual_seed(71))
    index = {"_class_name": ["pipeline", "ClassConditionalLDMPipeline"], "_diffusers_version": "0.42.1"}
    index |= {"unet": ["diffusers", "UNet2DConditionModel"], "vqvae": ["diffusers", "VQModel"], "scheduler": ["diffusers", "DDIMScheduler"]}
    index |= {"class_embedder": ["class_embedder", "ClassEmbedder"]}
    files = {"model_index.json": json.dumps(index).encode()}
    for path, part in (("unet", pipeline.unet), ("vqvae", pipeline.vqvae)):
        files[f"{path}/config.json"] = config_file(part.config, type(part))
        files[f"{path}/diffusion_pytorch_model.safetensors"] = save(part.state_dict())
    with tempfile.TemporaryDirectory() as folder:
        scheduler("classed").save_pretrained(folder)
        files |= {f"scheduler/{path}": data for path, data in contents(folder).items()}
    embedder = {"_class_name": "ClassEmbedder", "n_classes": CLASSES + 1, "embed_dim": 12}
    files["class_embedder/config.json"] = json.dumps(embedder).encode()
    files["class_embedder/diffusion_pytorch_model.safetensors"] = save({"embedding.weight": table})
    labels = torch.arange(8) * CLASSES // 8
    this = Piped(
        "classed", pipeline, files, *drawn({"in_channels": 3, "sample_size": 16}, 31, 8, labels), table[labels][:, None], table[-1:])
    this.tokens, this.classes = 1, labels
    return this


def embedded(name):
    """Tokens that come with the pictures: for latents with a tensor for none, for pixels without."""
    latent = name == "embeddings"
    config = condition_configs.CONFIGS["sd1"] if latent else PIXELS
    unet = listening(config)
    generator = torch.Generator().manual_seed(70)
    tokens = torch.randn(8, 5 if latent else 3, config["cross_attention_dim"], generator=generator)
    tensors = {"encoder_hidden_states": tokens}
    if latent:
        tensors["empty"] = torch.randn(tokens.shape[1:], generator=generator)
        vae = randomised(AutoencoderKL, KL | dict(shift_factor=0.25, use_quant_conv=False, use_post_quant_conv=False), 50)
        pipeline = StableDiffusionPipeline(
            vae=vae, text_encoder=None, tokenizer=None, unet=unet, scheduler=scheduler(name), safety_checker=None, feature_extractor=None,
            requires_safety_checker=False)
        files = saved(pipeline)
    else:
        pipeline, files = SimpleNamespace(unet=unet), flat(unet)
    archive, pixels = pictures(8, 16, larger=(40, 33) if latent else None)
    archive |= {"embeddings.safetensors": save(tensors)}
    return Piped(name, pipeline, files, archive, pixels, tokens, tensors.get("empty", torch.zeros(tokens.shape[1:])))


def bare(name):
    unet = randomised(UNet2DConditionModel, condition_configs.CONFIGS[name], 600)
    return Subject(name, unet, flat(unet), SCHEDULER, None, None, dict(threshold=1.0))


OTHERS |= {name: functools.partial(captioned, name) for name in ("sd1", "sd2")}
OTHERS |= {"sd1_half": functools.partial(captioned, "sd1_half", half=True), "vq": quantised, "classed": classed}
OTHERS |= {name: functools.partial(embedded, name) for name in ("embeddings", "pixel_embeddings")}
OTHERS |= {name: functools.partial(bare, name) for name in BARE}
