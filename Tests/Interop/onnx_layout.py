"""The ONNX layout: every network passes onnx's full check, and gives in onnxruntime what it gives in PyTorch, for batches and sizes of several
kinds; and sample.py draws what diffusers draws."""

import importlib.util
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from diffusers import AutoencoderKL, DDIMScheduler, LDMPipeline, UNet2DConditionModel, UNet2DModel, VQModel
from PIL import Image
from transformers import CLIPTextModel

import condition_configs
import unet_configs
from downloads import downloaded
from make_unet_golden import randomised
from models import pipeline_files, subject
from pipelines import VQ, flat, saved, scheduler

UNETS = ("example", "ddpm", "scale_shift", "oblong", "class_times", "class_vectors", "classes", "skips", "pixel")
BAR = 1e-4


def checks(found):
    """Adds every check by name."""
    for name in UNETS:
        found[f"ONNX, {name}"] = lambda c, f, n=name: unconditional(c, f, n)
    for dtype in (torch.float16, torch.bfloat16):
        found[f"ONNX, ddpm, {dtype}"] = lambda c, f, t=dtype: rounded(c, f, "ddpm", t)
    for name in condition_configs.CONFIGS:
        found[f"ONNX, tokens, {name}"] = lambda c, f, n=name: conditional(c, f, n)
    for name in ("sd1", "sd2", "sd1_half", "vq"):
        found[f"ONNX, pipeline, {name}"] = lambda c, f, n=name: piped(c, f, n)
    found["ONNX, pipeline, spatial norms"] = spatial
    found["ONNX, pickled weights and bfloat16"] = pickled
    for name, widths, ratio in (("example", "diffusers", 0.3), ("ddpm", "diffusers", 0.5), ("uneven", "free", 0.3), ("sd1", "free", 0.5)):
        found[f"ONNX, {name}, {widths} {ratio}"] = lambda c, f, a=(name, widths, ratio): pruned(c, f, *a)
    for name in ("example", "classes", "vq", "learned", "classed"):
        found[f"ONNX, sample.py, {name}"] = lambda c, f, n=name: sampled(c, f, n)


class Folder:
    """A checkpoint's download in the layout, unpacked for as long as it is used."""

    def __init__(self, client, checkpoint, query=""):
        self.temporary = tempfile.TemporaryDirectory()
        self.path = Path(self.temporary.name)
        with client.open(f"/v1/checkpoints/{checkpoint}/content?layout=onnx{query}") as answer, tarfile.open(fileobj=answer, mode="r|") as archive:
            archive.extractall(self.path, filter="data")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    def run(self, figures, folder, inputs):
        """What a model gives; its inputs are tensors by name."""
        path = self.path / folder / "model.onnx"
        onnx.checker.check_model(path, full_check=True)
        figures.same("checked models", (onnx.load(path).opset_import[0].version, (path.parent / "config.json").exists()), (18, True))
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        figures.same("names of inputs", {port.name for port in session.get_inputs()}, set(inputs))
        found = [session.run(None, {name: tensor.numpy() for name, tensor in given.items()}) for given in expanded(inputs)]
        return [port.name for port in session.get_outputs()], [torch.from_numpy(numbers[0]) for numbers in found]


def expanded(inputs):
    """A list of inputs by name, of lists by name."""
    return [dict(zip(inputs, values)) for values in zip(*inputs.values(), strict=True)]


def near(figures, what, ours, theirs):
    figures.same("shapes", ours.shape, theirs.shape)
    figures.bar(what, ((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1)).item(), BAR)


def sizes(config):
    """Heights and widths that the network was not built for, and its own."""
    own = config["sample_size"]
    height, width = own if isinstance(own, list | tuple) else (own, own)
    step = 2 ** (len(config["block_out_channels"]) - 1)
    return [(2, height, width), (3, 2 * step, 3 * step), (2, 3 * step, step)]


@torch.no_grad()
def compared(figures, folder, model, tokens=None, labels=None):
    """The network of a folder with the model; `tokens` and `labels` make those of a batch."""
    config, generator = model.config, torch.Generator().manual_seed(9)
    samples = [torch.randn(batch, config["in_channels"], height, width, generator=generator) for batch, height, width in sizes(config)]
    # The last one is told a timestep for each sample.
    times = [torch.tensor(7.0), torch.tensor(3.0), torch.tensor([4.0, 11.0])]
    inputs = {"sample": samples, "timestep": times}
    told = [{} for _ in samples]
    if tokens:
        inputs["encoder_hidden_states"] = [tokens(len(sample), count, generator) for sample, count in zip(samples, (5, 1, 9))]
        told = [{"encoder_hidden_states": value} for value in inputs["encoder_hidden_states"]]
    if labels:
        inputs["class_labels"] = [labels(len(sample), generator) for sample in samples]
        told = [given | {"class_labels": value} for given, value in zip(told, inputs["class_labels"])]
    is_table = config.get("time_embedding_type") == "learned"
    names, outputs = folder.run(figures, "unet", inputs)
    figures.same("names of outputs", names, ["out_sample"])
    for sample, time, given, output in zip(samples, times, told, outputs, strict=True):
        near(figures, "outputs", output, model(sample, time.long() if is_table else time, **given).sample)


def numbers_of(config):
    """What makes class labels for a network; None where it takes none."""
    kind, known = config.get("class_embed_type"), config.get("num_class_embeds")
    if kind == "identity":
        return lambda batch, generator: torch.randn(batch, config["time_embedding_dim"], generator=generator)
    if kind in ("projection", "simple_projection"):
        return lambda batch, generator: torch.randn(batch, config["projection_class_embeddings_input_dim"], generator=generator)
    if kind == "timestep" or known:
        return lambda batch, generator: torch.arange(batch) + 1
    return None


def unconditional(client, figures, name):
    this = subject(name)
    with Folder(client, this.checkpoint(client)) as folder:
        compared(figures, folder, this.model, labels=numbers_of(this.model.config))
        # Scores of noise levels, and what is told vectors, are not drawn by DDIM.
        figures.same("sample.py", (folder.path / "sample.py").exists(), name not in ("oblong", "class_times", "class_vectors", "skips"))


def rounded(client, figures, name, dtype):
    """Handed out in another format than it is stored in: the network of the rounded weights."""
    this = subject(name)
    with Folder(client, this.checkpoint(client), f"&dtype={str(dtype).removeprefix('torch.')}") as folder:
        compared(figures, folder, this.fresh().to(dtype).float())


def conditional(client, figures, name):
    config = condition_configs.CONFIGS[name]
    model = randomised(UNet2DConditionModel, config, 600)
    width = config.get("encoder_hid_dim") or config["cross_attention_dim"]
    width = width[0] if isinstance(width, list) else width
    with Folder(client, client.upload("checkpoints", name, flat(model))["id"]) as folder:
        compared(
            figures, folder, model, lambda batch, count, generator: torch.randn(batch, count, width, generator=generator), numbers_of(config))
        figures.same("sample.py", (folder.path / "sample.py").exists(), False)


def loaded(files, kind, folder):
    """A component of a pipeline that is given as files."""
    with tempfile.TemporaryDirectory() as temporary:
        for path in files:
            if path.startswith(folder + "/"):
                (Path(temporary) / path.split("/")[1]).write_bytes(files[path])
        return kind.from_pretrained(temporary, torch_dtype=torch.float32).float().eval()


@torch.no_grad()
def autoencoded(figures, folder, autoencoder):
    """An autoencoder's two models."""
    generator, channels = torch.Generator().manual_seed(3), autoencoder.config.get("vq_embed_dim") or autoencoder.config.latent_channels
    pictures = [torch.randn(batch, 3, height, width, generator=generator) for batch, height, width in ((1, 16, 16), (2, 8, 12))]
    latents = [torch.randn(batch, channels, height, width, generator=generator) for batch, height, width in ((1, 8, 8), (2, 4, 6))]
    is_table = isinstance(autoencoder, VQModel)
    names, outputs = folder.run(figures, "vae_encoder", {"sample": pictures})
    figures.same("names of outputs", names, ["latent_sample" if is_table else "latent_parameters"])
    for picture, output in zip(pictures, outputs, strict=True):
        encoded = autoencoder.encode(picture)
        near(figures, "latents", output, encoded.latents if is_table else encoded.latent_dist.parameters)
    names, outputs = folder.run(figures, "vae_decoder", {"latent_sample": latents})
    figures.same("names of outputs", names, ["sample"])
    for latent, output in zip(latents, outputs, strict=True):
        near(figures, "pictures", output, autoencoder.decode(latent).sample)


def parts(figures, folder, files):
    """All of a pipeline beside its network."""
    if "vae/config.json" in files:
        autoencoded(figures, folder, loaded(files, AutoencoderKL, "vae"))
    if "vqvae/config.json" in files:
        autoencoded(figures, folder, loaded(files, VQModel, "vqvae"))
    if "text_encoder/config.json" in files:
        encoder = loaded(files, CLIPTextModel, "text_encoder")
        ids = [torch.arange(2 * 77).reshape(2, 77) * 31 % encoder.config.vocab_size, torch.tensor([[3, 1, 4, 1, 5]])]
        names, outputs = folder.run(figures, "text_encoder", {"input_ids": ids})
        figures.same("names of outputs", names, ["last_hidden_state"])
        with torch.no_grad():
            for given, output in zip(ids, outputs, strict=True):
                near(figures, "tokens", output, encoder(given).last_hidden_state)


def piped(client, figures, name):
    this = subject(name)
    with Folder(client, this.checkpoint(client)) as folder:
        tokens = None
        if isinstance(this.model, UNet2DConditionModel):
            width = this.labels.shape[-1]
            tokens = lambda batch, count, generator: torch.randn(batch, count, width, generator=generator)
        compared(figures, folder, this.model, tokens)
        parts(figures, folder, this.files)
        kept = {str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file()}
        carried = {path for path in this.files if path.split("/")[0] in ("tokenizer", "scheduler", "feature_extractor", "model_index.json")}
        figures.same("files", carried <= kept, True)
        figures.same("weights left out", [path for path in kept if path.endswith((".safetensors", ".bin"))], [])


def spatial(client, figures):
    """A decoder whose norms read the latents (MoVQ)."""
    vqvae = randomised(VQModel, VQ | dict(block_out_channels=[32, 32], norm_num_groups=32, norm_type="spatial"), 50)
    pipeline = LDMPipeline(vqvae=vqvae, unet=randomised(UNet2DModel, unet_configs.CONFIGS["ldm"], 600), scheduler=scheduler("vq"))
    files = saved(pipeline)
    with Folder(client, client.upload("checkpoints", "spatial", files)["id"]) as folder:
        parts(figures, folder, files)


def pickled(client, figures):
    """Components' weights that are no safetensors are written anew; numbers of bfloat16 go as they are."""
    files = dict(subject("sd1").files)
    for folder, kind, name in (("text_encoder", CLIPTextModel, "pytorch_model.bin"), ("vae", AutoencoderKL, "diffusion_pytorch_model.bin")):
        buffer = io.BytesIO()
        torch.save(loaded(files, kind, folder).state_dict(), buffer)
        files = {path: data for path, data in files.items() if not (path.startswith(folder) and path.endswith(".safetensors"))}
        files[f"{folder}/{name}"] = buffer.getvalue()
    with Folder(client, client.upload("checkpoints", "pickled", files)["id"]) as folder:
        parts(figures, folder, subject("sd1").files)
    model = subject("ddpm").model
    rounded = subject("ddpm").fresh().bfloat16().float()
    with Folder(client, client.upload("checkpoints", "bfloat16", pipeline_files(model, torch.bfloat16))["id"]) as folder:
        compared(figures, folder, rounded)
        types = {tensor.name: tensor.data_type for tensor in onnx.load(folder.path / "unet" / "model.onnx").graph.initializer}
        figures.same("types", {types[name] for name, _ in model.named_parameters()}, {onnx.TensorProto.BFLOAT16})


def pruned(client, figures, name, widths, ratio):
    """A job's result."""
    this = subject(name)
    job, _ = client.run(checkpoint=this.checkpoint(client), pruning={"method": "magnitude", "widths": widths, "ratio": ratio})
    result, _ = downloaded(client, job["result"]["checkpoint"], widths)
    tokens = None
    if isinstance(this.model, UNet2DConditionModel):
        tokens = lambda batch, count, generator: torch.randn(batch, count, this.labels.shape[-1], generator=generator)
    with Folder(client, job["result"]["checkpoint"]) as folder:
        compared(figures, folder, result.unet, tokens, numbers_of(result.unet.config))
        figures.same("papers", (folder.path / "README.md").exists() and (folder.path / "manifest.json").exists(), True)


@torch.no_grad()
def sampled(client, figures, name, steps=8):
    """sample.py's numbers and its picture, from the same noise as diffusers' own scheduler."""
    this, config = subject(name), subject(name).model.config
    noise = torch.randn(2, config["in_channels"], config["sample_size"], config["sample_size"], generator=torch.Generator().manual_seed(4))
    is_tabled = name == "classed"
    labels = torch.tensor([1, 2]) if config.get("num_class_embeds") or is_tabled else None
    guidance = 3.0 if is_tabled else 1.0
    sampler = DDIMScheduler.from_config({key: value for key, value in this.scheduler.items() if not key.startswith("_")})
    sampler.set_timesteps(steps)
    expected = noise
    for time in sampler.timesteps:
        if is_tabled:
            tokens = torch.stack([this.labels[list(this.classes).index(label)] for label in labels])
            output, none = (this.model(expected, time, given).sample for given in (tokens, this.empty.expand_as(tokens)))
            output = none + guidance * (output - none)
        else:
            output = this.model(expected, time, **({} if labels is None else {"class_labels": labels})).sample
        expected = sampler.step(output, time, expected).prev_sample
    if name in ("vq", "classed"):
        expected = this.autoencoder.decode(expected / this.autoencoder.config.scaling_factor).sample
    with Folder(client, this.checkpoint(client)) as folder:
        spec = importlib.util.spec_from_file_location("sample", folder.path / "sample.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        drawn = torch.from_numpy(module.draw(noise.numpy(), steps, None if labels is None else labels.tolist(), guidance))
        near(figures, "samples", drawn, expected)
        np.save(folder.path / "noise.npy", noise.numpy())
        command = [sys.executable, folder.path / "sample.py", folder.path / "out.png", "--steps", str(steps), "--noise", folder.path / "noise.npy"]
        command += [] if labels is None else ["--classes", "1", "2"]
        command += ["--guidance", "3"] if is_tabled else []
        subprocess.run(command, check=True, capture_output=True)
        figures.same("code", [path.name for path in folder.path.rglob("*.py")], ["sample.py"])
        picture = np.asarray(Image.open(folder.path / "out.png")).astype(np.float64)
        row = np.concatenate(list((expected / 2 + 0.5).clamp(0, 1).numpy()), axis=2).transpose(1, 2, 0) * 255
        figures.bar("pictures", np.abs(picture.reshape(row.shape) - row).max(), 0.51 + 255 * BAR)
        index = json.loads((folder.path / "model_index.json").read_text())
        figures.same("indices", "unet" in index, True)
