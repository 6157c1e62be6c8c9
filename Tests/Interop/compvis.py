"""Files of CompVis's code base, made of its networks in other words (Fixtures/compvis_model.py): uploaded as they are published, downloaded as
diffusers' folders, and run there. What the parts compute must be the same, to the rounding of float32."""

import copy
import io
import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import torch
import yaml
from diffusers import AutoencoderKL, DDIMScheduler, DiffusionPipeline, LDMPipeline, StableDiffusionPipeline, UNet2DConditionModel, UNet2DModel, VQModel
from safetensors.torch import load_file, save
from transformers import CLIPTextConfig, CLIPTextModel

import finetuning
import pruning
import sampling
from compvis_model import UNet, Autoencoder, OpenCLIP, state
from models import OTHERS, drawn as pictures, subject
from pipelines import Piped, contents, text

BAR = 1e-9
WORDS = 40
KL = dict(double_z=True, z_channels=4, resolution=16, in_channels=3, out_ch=3, ch=32, ch_mult=[1, 2], num_res_blocks=1, attn_resolutions=[])
VQ = KL | dict(double_z=False, z_channels=3, attn_resolutions=[8])
TOLD = dict(in_channels=4, out_channels=4, model_channels=32, num_res_blocks=1, attention_resolutions=[1, 2], channel_mult=[1, 2], transformer_depth=1)
PIXELS = dict(in_channels=3, out_channels=3, model_channels=32, num_res_blocks=2, attention_resolutions=[2, 4], channel_mult=[1, 2, 2])

# Each U-Net's keys of `unet_config.params`.
UNETS = {
    "sd1": TOLD | dict(num_heads=8, context_dim=128),
    "sd1_inpainting": TOLD | dict(in_channels=9, num_heads=4, context_dim=128, attention_resolutions=[1], channel_mult=[1, 1]),
    "sd2": TOLD | dict(num_head_channels=16, context_dim=128, use_linear_in_transformer=True, num_res_blocks=[1, 2]),
    "upscaler": TOLD | dict(
        num_heads=4, context_dim=128, use_linear_in_transformer=True, num_classes=10, disable_self_attentions=[True, False]),
    "unclip": TOLD | dict(num_head_channels=16, context_dim=128, num_classes="sequential", adm_in_channels=48),
    "class": TOLD | dict(in_channels=3, out_channels=3, num_heads=1, context_dim=64, transformer_depth=2),
    "faces": PIXELS | dict(num_head_channels=16), "new_order": PIXELS | dict(num_head_channels=8, use_new_attention_order=True),
    "one_head": PIXELS | dict(num_heads=1), "updown": PIXELS | dict(num_head_channels=16, use_scale_shift_norm=True, resblock_updown=True),
    "classes": PIXELS | dict(num_heads=4, attention_resolutions=[4], num_classes=7)}


def random(module, seed):
    """Every weight and bias far from what it begins with, and none large."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            scale = parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 0.2
            parameter.copy_(scale * torch.randn(parameter.shape, generator=generator) + (parameter.ndim == 1 and name.endswith("weight")))
    return module.eval()


def clip(width, seed):
    config = CLIPTextConfig(
        vocab_size=WORDS, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2, num_attention_heads=width // 64,
        hidden_act="quick_gelu", bos_token_id=0, eos_token_id=2, pad_token_id=1)
    return random(CLIPTextModel(config), seed)


def document(name, autoencoder, condition, **parameters):
    """The YAML of a network."""
    first = {"embed_dim": autoencoder["z_channels"], "ddconfig": autoencoder} | ({} if autoencoder["double_z"] else {"n_embed": 32})
    parameters = dict(linear_start=0.0015, linear_end=0.0195, timesteps=1000, image_size=8) | parameters
    return yaml.safe_dump({"model": {"base_learning_rate": 1e-4, "target": "ldm.models.diffusion.ddpm.LatentDiffusion", "params": parameters | {
        "unet_config": {"target": "ldm.modules.diffusionmodules.openaimodel.UNetModel", "params": {"image_size": 32, "legacy": False} | UNETS[name]},
        "first_stage_config": {"params": first}, "cond_stage_config": condition}}}).encode()


def saved(tensors, kind):
    if kind == "safetensors":
        return save({name: tensor.contiguous() for name, tensor in tensors.items()})
    buffer = io.BytesIO()
    torch.save({"epoch": 3, "global_step": 900, "pytorch-lightning_version": "1.4.2", "state_dict": tensors}, buffer)
    return buffer.getvalue()


def distance(ours, theirs):
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


class Case:
    """A file, and what its parts compute in float64."""

    def __init__(self, name, kind="safetensors", condition=None, averages=False, scale_factor=None, prediction=None):
        self.name, self.arguments = name, UNETS[name]
        self.tokens = self.arguments.get("context_dim")
        self.unet = random(UNet(**self.arguments), 700)
        self.config = KL if self.arguments["in_channels"] != 3 and self.tokens else VQ
        self.autoencoder = random(Autoencoder(self.config["z_channels"], self.config, n_embed=None if self.config is KL else 32), 701)
        self.condition, prefix, section = condition, "", "__is_unconditional__"
        if isinstance(condition, CLIPTextModel):
            prefix, section = "transformer.", {"target": "ldm.modules.encoders.modules.FrozenCLIPEmbedder"}
            if not any(key.startswith("text_model.") for key in condition.state_dict()):
                prefix += "text_model."
        elif isinstance(condition, OpenCLIP):
            prefix, section = "model.", {"params": {"freeze": True, "layer": "penultimate"}}
        elif condition is not None:
            section = {"params": {"n_classes": len(condition.embedding.weight), "embed_dim": self.tokens}}
        self.averages = random(copy.deepcopy(self.unet), 702) if averages else None
        tensors = state(self.unet, self.autoencoder, condition, prefix, averages=self.averages, scale_factor=scale_factor)
        parameters = {} if prediction is None else {"parameterization": prediction}
        if self.config is KL:
            parameters["scale_factor"] = 0.18215
        self.file = saved(tensors, kind)
        self.scale = scale_factor or parameters.get("scale_factor", 1.0)
        self.files = {f"model.{kind}": self.file, "config.yaml": document(name, self.config, section, **parameters)}

    def inputs(self):
        generator = torch.Generator().manual_seed(703)
        given = [torch.randn(2, self.arguments["in_channels"], 8, 8, generator=generator).double(), torch.tensor([737, 4])]
        classes = self.arguments.get("num_classes")
        beside = None
        if classes is not None:
            sequential = classes == "sequential"
            beside = torch.randn(2, self.arguments["adm_in_channels"], generator=generator).double() if sequential else torch.tensor([3, 1])
        return given, None if self.tokens is None else torch.randn(2, 5, self.tokens, generator=generator).double(), beside

    @torch.no_grad()
    def compare(self, figures, folder, unet=None):
        """Loads the folder's parts in stock classes and runs them."""
        unet = unet or self.averages or self.unet
        family = UNet2DModel if self.tokens is None else UNet2DConditionModel
        loaded = family.from_pretrained(folder, subfolder="unet").double().eval()
        (sample, times), tokens, classes = self.inputs()
        theirs = copy.deepcopy(unet).double()(sample, times, tokens, classes)
        ours = loaded(sample, times, *([] if tokens is None else [tokens]), class_labels=classes).sample
        figures.bar("the U-Net's output", distance(ours, theirs), BAR)
        figures.same("parameters", loaded.num_parameters(), sum(p.numel() for p in unet.parameters()))

        place = next(name for name in ("vae", "vqvae") if (Path(folder) / name).exists())
        kind = AutoencoderKL if self.config is KL else VQModel
        loaded, exact = kind.from_pretrained(folder, subfolder=place).double().eval(), copy.deepcopy(self.autoencoder).double()
        generator = torch.Generator().manual_seed(704)
        picture = torch.randn(2, 3, 16, 16, generator=generator).double()
        latents = torch.randn(2, self.config["z_channels"], 8, 8, generator=generator).double()
        encoded = loaded.encode(picture)
        encoded = encoded.latent_dist.parameters if kind is AutoencoderKL else encoded.latents
        theirs = exact.encode(picture)
        if kind is AutoencoderKL:  # diffusers keeps the logarithms within bounds
            encoded, theirs = encoded.chunk(2, 1)[0], theirs.chunk(2, 1)[0]
        figures.bar("the encoder's output", distance(encoded, theirs), BAR)
        figures.bar("the decoder's output", distance(loaded.decode(latents).sample, exact.decode(latents)), BAR)
        figures.same("scaling", loaded.config.scaling_factor, self.scale)

        scheduler = DDIMScheduler.from_pretrained(folder, subfolder="scheduler")
        wanted = torch.linspace(0.0015**0.5, 0.0195**0.5, 1000, dtype=torch.float64) ** 2
        figures.bar("betas", distance(scheduler.betas.double(), wanted), 1e-6)
        figures.same("schedule", (scheduler.config.clip_sample, scheduler.config.set_alpha_to_one, scheduler.config.steps_offset), (False, False, 1))
        self.compare_condition(figures, folder)

    def compare_condition(self, figures, folder):
        if isinstance(self.condition, (CLIPTextModel, OpenCLIP)):
            ids = torch.randint(0, WORDS, (2, 77), generator=torch.Generator().manual_seed(705))
            theirs = copy.deepcopy(self.condition).double()(ids)
            theirs = theirs if isinstance(self.condition, OpenCLIP) else theirs.last_hidden_state
            loaded = CLIPTextModel.from_pretrained(folder / "text_encoder").double().eval()
            figures.bar("the text encoder's output", distance(loaded(ids).last_hidden_state, theirs), BAR)
        elif self.condition is not None:
            folder = folder / "class_embedder"
            table = load_file(folder / "diffusion_pytorch_model.safetensors")
            figures.same("the table of classes", table["embedding.weight"], self.condition.embedding.weight.detach())
            rows, width = table["embedding.weight"].shape
            figures.same("the table of classes", json.loads((folder / "config.json").read_text()), {
                "_class_name": "ClassEmbedder", "n_classes": rows, "embed_dim": width})


def case(name):
    if name in ("sd1", "sd1_inpainting"):
        return Case(name, "ckpt", clip(128, 710))
    if name == "sd2":
        return Case(name, condition=random(OpenCLIP(128, 3, WORDS), 710), prediction="v")
    if name == "class":
        table = torch.nn.Module()
        table.embedding = torch.nn.Embedding(7, 64)
        return Case(name, "ckpt", random(table, 710), averages=True)
    return Case(name, "ckpt" if name == "faces" else "safetensors", averages=name == "faces", scale_factor=0.25 if name == "updown" else None)


def downloaded(client, figures, this, files, query=""):
    checkpoint = client.upload("checkpoints", this.name, files, query)
    with tempfile.TemporaryDirectory() as folder:
        client.download(checkpoint["id"], folder)
        this.compare(figures, Path(folder), this.unet if "non_ema" in query else None)
        index = json.loads((Path(folder) / "model_index.json").read_text())
        return checkpoint, index, contents(folder)


def read(client, figures, name):
    """A file beside its YAML in an archive."""
    this = case(name)
    checkpoint, index, files = downloaded(client, figures, this, this.files)
    unet = this.averages or this.unet
    figures.same("parameters", checkpoint["parameters"], sum(p.numel() for p in unet.parameters()))
    told = " ".join(warning["detail"] for warning in checkpoint["warnings"])
    figures.same("averages are told of", "moving averages" in told, this.averages is not None)
    figures.same("nothing was assumed", "assumed" in told, False)
    figures.same("pipeline", index["_class_name"], (
        ["pipeline", "ClassConditionalLDMPipeline"] if name == "class" else "LDMPipeline" if this.tokens is None else "StableDiffusionPipeline"))
    if this.averages is not None:
        downloaded(client, figures, this, this.files, "&variant=non_ema")
    if name == "sd2":
        figures.same("prediction", json.loads(files["scheduler/scheduler_config.json"])["prediction_type"], "v_prediction")


def bare(client, figures, kind):
    """A file by itself, told by its tensors: Stable Diffusion 1's tokens mean eight heads."""
    UNETS["alone"] = UNETS["sd1"] | dict(context_dim=768)
    this = Case("alone", kind)
    checkpoint, _, _ = downloaded(client, figures, this, this.file, "&sample_size=8")
    told = " ".join(warning["detail"] for warning in checkpoint["warnings"])
    figures.same("what was assumed is told", "8 heads as Stable Diffusion 1 has" in told, True)


def drawn(client, figures, name):
    """The folder draws in diffusers' pipeline, its tokenizer beside the file."""
    with tempfile.TemporaryDirectory() as folder:
        tokenizer, _ = text(64, "quick_gelu", 40, folder, "<|endoftext|>")
        beside = {path: data for path, data in contents(folder).items() if path in ("vocab.json", "merges.txt")}
    if name == "sd1":
        this = Case(name, condition=None)
        encoder = clip(128, 710)
        config = copy.deepcopy(encoder.config)
        config.vocab_size = len(tokenizer)
        this = Case(name, condition=random(CLIPTextModel(config), 711))
        files = this.files | beside
    else:
        this = case(name)
        files = this.files
    checkpoint = client.upload("checkpoints", name, files)
    with tempfile.TemporaryDirectory() as folder:
        client.download(checkpoint["id"], folder)
        if name == "sd1":
            pipeline = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None, feature_extractor=None, image_encoder=None)
            pipeline.set_progress_bar_config(disable=True)
            pictures = pipeline(["a cat"], num_inference_steps=2, height=16, width=16, output_type="np").images
        elif name == "class":
            pipeline = DiffusionPipeline.from_pretrained(folder, custom_pipeline=folder, trust_remote_code=True)
            pipeline.set_progress_bar_config(disable=True)
            pictures = pipeline([4], guidance_scale=3, num_inference_steps=2, output_type="np").images
        else:
            pipeline = LDMPipeline.from_pretrained(folder)
            pipeline.set_progress_bar_config(disable=True)
            pictures = pipeline(num_inference_steps=2, output_type="np").images
    figures.same("pictures", pictures.shape, (1, 16, 16, 3))


def classes(client):
    """The class-conditional file as a model that jobs are compared on: what PyTorch runs is the folder that came of it."""
    if "compvis" not in OTHERS:
        files = case("class").files
        with tempfile.TemporaryDirectory() as folder:
            client.download(client.upload("checkpoints", "compvis", files)["id"], folder)
            pipeline = SimpleNamespace(
                unet=UNet2DConditionModel.from_pretrained(folder, subfolder="unet"), vqvae=VQModel.from_pretrained(folder, subfolder="vqvae"))
            table = load_file(f"{folder}/class_embedder/diffusion_pytorch_model.safetensors")["embedding.weight"]
            labels = torch.tensor([0, 0, 1, 1, 2, 3, 4, 5])
            this = Piped(
                "compvis", pipeline, contents(folder), *pictures({"in_channels": 3, "sample_size": 16}, 31, 8, labels), table[labels][:, None],
                table[-1:])
        this.files, this.tokens, this.classes = files, 1, labels
        OTHERS["compvis"] = lambda: this
    return subject("compvis")


def pruned(client, figures, method, ratio, kept):
    pruning.pruned(client, figures, classes(client), method, "free", ratio, kept)


def finetuned(client, figures):
    classes(client)
    finetuning.finetuned(client, figures, "compvis", unconditional_probability=0.25, learning_rate=1e-4)


def sampled(client, figures, sampler, guidance):
    classes(client)
    sampling.sampled(client, figures, "compvis", "free", sampler, 0.0, samples=4, guidance=guidance)


def checks(found, kept):
    """Adds every check by name."""
    for method, ratio in (("diff-pruning", 0.3), ("magnitude", 0.5)):
        found[f"CompVis, class, pruned, {method} {ratio}"] = lambda c, f, a=(method, ratio): pruned(c, f, *a, kept)
    found["CompVis, class, fine-tuned"] = finetuned
    for sampler, guidance in (("ddim", 3), ("ddpm", 1)):
        found[f"CompVis, class, sampled, {sampler}, guidance {guidance}"] = lambda c, f, a=(sampler, guidance): sampled(c, f, *a)
    for name in UNETS:
        found[f"CompVis, {name}"] = lambda c, f, n=name: read(c, f, n)
    for kind in ("ckpt", "safetensors"):
        found[f"CompVis, a {kind} alone"] = lambda c, f, k=kind: bare(c, f, k)
    for name in ("sd1", "faces", "class"):
        found[f"CompVis, {name}, drawn by diffusers"] = lambda c, f, n=name: drawn(c, f, n)
