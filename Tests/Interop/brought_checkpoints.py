"""Checkpoints as people bring them, sent as brought.py has it."""

import json
import re
import struct
import tempfile
from pathlib import Path

import torch
from diffusers import UNet2DModel
from safetensors.torch import save

import archives
from brought import (
    BIN, CONFIG, HTML, INDEX, LFS, SCHEDULE, SCHEDULER_CONFIG, WEIGHTS, config, folder, found, state, tiny, torch_file)
from client import warned
from make_unet_golden import randomised
from models import config_file, pipeline_files

def padded(weights, length):
    """The same safetensors file with spaces behind its header, so that this is so long."""
    (found,) = struct.unpack("<Q", weights[:8])
    header = weights[8:8 + found].rstrip(b" ")
    return struct.pack("<Q", length) + header.ljust(length) + weights[8 + found:]


def header_lengths(case):
    """A header's length is no signature, whatever bytes it has."""
    weights = folder()[WEIGHTS]
    for length in (20000, 19280, 84816, 66176, 66432):
        case.holds(f"a header of {length} bytes", case.checkpoint(folder({WEIGHTS: padded(weights, length)})), state())
    for most in ("6KB", "10KB"):
        with tempfile.TemporaryDirectory() as place:
            tiny().save_pretrained(place, max_shard_size=most)
            files = {f"unet/{path.name}": path.read_bytes() for path in Path(place).iterdir()}
        case.holds(f"shards of {most}", case.checkpoint(folder({WEIGHTS: None} | files)), state())
    for length in (640, 896, 1152, 1408):
        few = padded(save({"conv_in.bias": torch.zeros(8)}), length)
        answer = case.checkpoint(folder({WEIGHTS: few}))
        case.refused(f"one tensor and a header of {length} bytes", answer, "invalid_checkpoint", "conv_in.weight", never=("pickle",))


def prefixes(case):
    """What wrappers put before all names is taken off in files of every kind, and told."""
    for prefix in ("module.", "_orig_mod.", "unet.", "module._orig_mod.", "model."):
        tensors = {prefix + name: tensor for name, tensor in state().items()}
        for kind, changes in (("bin", {WEIGHTS: None, BIN: torch_file(tensors)}), ("safetensors", {WEIGHTS: save(tensors)})):
            answer = case.checkpoint(folder(changes))
            case.taken(f"{prefix} in {kind}", answer, re.escape(prefix))
            case.holds(f"{prefix} in {kind}", answer, state())


def under(prefix):
    return {prefix + name: tensor for name, tensor in state().items()}


def strange_names(case):
    """Tensors under other names: those that are there are told, and how to read them."""
    more = {"class_emb.weight": torch.zeros(10, 4)}
    compvis = under("model.diffusion_model.") | {name.replace(".", "").replace("ema", "model_ema."): t for name, t in under("ema").items()}
    losses = torch_file({"state_dict": under("model.") | {"loss.w": torch.zeros(2)}})
    reading = r"(begin|start|prefix).*\bmodel\.|\bmodel\..*(begin|start|prefix)"
    for what, changes, *patterns in (
            ("all but one begin with model.", {WEIGHTS: save(under("model.") | more)}, r"class_emb\.weight", reading),
            ("a loss beside model.", {WEIGHTS: None, "unet/model.pt": losses}, r"loss\.w", reading),
            ("CompVis' names", {WEIGHTS: None, "unet/model.ckpt": torch_file({"state_dict": compvis})}, r"diffusion_model\.", "CompVis"),
            ("two networks", {WEIGHTS: save(under("online_model.") | under("ema_model."))}, r"online_model\.", r"ema_model\."),
            ("one more", {WEIGHTS: save(state() | more)}, r"class_emb\.weight")):
        case.refused(what, case.checkpoint(folder(changes)), "invalid_checkpoint", *patterns)


def strange_files(case):
    """Pointers of Git LFS and pages of HTML in place of files."""
    for kind, data, patterns in (("a pointer", LFS, ("Git LFS pointer", "git lfs pull")), ("a page", HTML, ("HTML",))):
        for path, changes in (
                (WEIGHTS, {WEIGHTS: data}), (BIN, {WEIGHTS: None, BIN: data}), ("unet/config.json", {"unet/config.json": data}),
                (SCHEDULER_CONFIG, {SCHEDULER_CONFIG: data}), ("unet/model.ckpt", {WEIGHTS: None, "unet/model.ckpt": data}),
                (WEIGHTS, {WEIGHTS: data, BIN: torch_file(state())}), (INDEX, {WEIGHTS: None, INDEX: data})):
            answer = case.checkpoint(folder(changes))
            case.refused(f"{kind} as {path}", answer, "invalid_checkpoint", re.escape(path.rsplit("/", 1)[-1]), *patterns)
        answer = case.checkpoint(folder({"model_index.json": data}))
        case.taken(f"{kind} as model_index.json", answer, rf"model_index\.json.*{patterns[0]}")


def training_folder(case):
    """What accelerate leaves of a training: the average is told of, and so is the schedule that is assumed; a result has one network."""
    doubled = save({name: tensor * 2 for name, tensor in state().items()})
    answer = case.checkpoint({
        "checkpoint-500/unet/config.json": config(), f"checkpoint-500/{WEIGHTS}": save(state()),
        "checkpoint-500/unet_ema/config.json": config(), "checkpoint-500/unet_ema/diffusion_pytorch_model.safetensors": doubled,
        "checkpoint-500/optimizer.bin": b"x", "checkpoint-500/scheduler.bin": b"x", "checkpoint-500/random_states_0.pkl": b"x"})
    case.taken("checkpoint-500", answer, r"unet_ema", r"DDPMScheduler|DDPM's defaults")
    case.holds("checkpoint-500", answer, state())
    if answer[0] == 201:
        job = case.ended(case.job(checkpoint=answer[1]["id"], pruning={"method": "magnitude", "ratio": 0.3}), "pruning checkpoint-500")
        if job:
            result = case.client.get(f"/v1/checkpoints/{job['result']['checkpoint']}")
            paths = [file["path"] for file in result["files"]]
            case.hold("its result has no second network", not any(path.startswith("unet_ema/") for path in paths), paths)
    case.taken("no scheduler", case.checkpoint(folder({"scheduler/scheduler_config.json": None})), r"DDPMScheduler|DDPM's defaults")


def which_configuration(case):
    """A configuration is told by its path as packed; those that nearly are one are named."""
    def told_of(what, files, *patterns, query="", never=()):
        case.refused(what, case.checkpoint(files, query), "invalid_checkpoint", *patterns, never=never)

    condition, dit = b'{"_class_name": "UNet2DConditionModel"}', b'{"_class_name": "DiTTransformer2DModel"}'
    flow = b'{"_class_name": "DDPMScheduler", "prediction_type": "flow"}'
    flat = {"diffusion_pytorch_model.safetensors": save(state())}
    told_of("unet/config.json", folder({"config.json": "{}", "unet/config.json": condition}), r"\bunet/config\.json")
    top = {f"top/{path}": data for path, data in folder({"unet/config.json": dit}).items()}
    told_of("unet/config.json in a top folder", top, r"\btop/unet/config\.json.*DiT")
    twice = {f"top/{path}": data for path, data in folder({"config.json": "{}"}).items()}
    case.taken("two in a top folder", case.checkpoint(twice), r"top/unet/config\.json is taken, top/config\.json")
    alike = case.checkpoint(folder({"caf\u00e9.txt": b"1", "cafe\u0301.txt": b"2"}))
    case.refused("names that differ in an accent's form", alike, "invalid_archive", "more than once", "composed.*rename")
    told_of(SCHEDULER_CONFIG, folder({SCHEDULER_CONFIG: flow}), r"\bscheduler/scheduler_config\.json.*flow")
    between = {(f"weights/{path}" if "/" in path else path): data for path, data in folder().items()}
    told_of("a folder between", between, r"weights/unet/config\.json")
    told_of("config (1).json", flat | {"config (1).json": config()}, r"config \(1\)\.json")
    told_of("Config.json", flat | {"Config.json": config()}, r"(?-i:Config\.json)")
    two = {f"{top}/{path}": data for top in ("first", "second") for path, data in folder().items()}
    told_of("two top folders", two, r"first/unet/config\.json", r"second/unet/config\.json")
    for what, document in (("DiT", {"hidden_size": 384, "num_heads": 6}), ("BigGAN", {"z_dim": 128, "class_embed_dim": 128})):
        files = {"config.json": json.dumps(document).encode()}
        told_of(f"{what}'s, without a class", files, r"config\.json.*_class_name", query="&init=random&seed=0", never=("sample_size",))
    answer = case.checkpoint(folder({"config.json": "{}"}))
    case.taken("a second config.json at the top", answer, r"(?<!unet/)\bconfig\.json")
    case.holds("a second config.json at the top", answer, state())
    case.taken("model_index.json that is no JSON", case.checkpoint(folder({"model_index.json": "{broken"})), r"model_index\.json.*JSON")


def no_json(case):
    """What is no JSON is told by its place and by what stands there."""
    place = r"line \d+\b.*column \d+"
    open_ended = SCHEDULE[:-1]
    for what, text, *patterns in (
            ("a conflict", f"<<<<<<< HEAD\n{SCHEDULE}\n=======\n{SCHEDULE}\n>>>>>>> main\n", "merge conflict"),
            ("a byte order mark", b"\xef\xbb\xbf" + SCHEDULE.encode(), "byte order mark"), ("UTF-16", SCHEDULE.encode("utf-16"), "UTF-16"),
            ("a comment", f"// x\n{SCHEDULE}", place, "//"), ("NaN", open_ended + ',"foo":NaN}', place, "NaN"),
            ("Infinity", open_ended + ',"foo":Infinity}', place, "Infinity"), ("True", open_ended + ',"foo":True}', place, "True"),
            ("None", open_ended + ',\n"foo": None}', r"line 2\b.*column 8\b", "None"), ("a stray comma", open_ended + ",}", place),
            ("apostrophes", SCHEDULE.replace('"', "'"), r"line 1\b.*column 2\b", "'")):
        answer = case.checkpoint(folder({SCHEDULER_CONFIG: text}))
        case.refused(f"{what} in a scheduler's", answer, "invalid_checkpoint", r"scheduler/scheduler_config\.json", *patterns)
    for what, text, pattern in (
            ("NaN", config()[:-1] + b',"x":NaN}', "NaN"), ("a byte order mark", b"\xef\xbb\xbf" + config(), "byte order mark")):
        answer = case.checkpoint(folder({"unet/config.json": text}))
        case.refused(f"{what} in a U-Net's", answer, "invalid_checkpoint", r"unet/config\.json", pattern)


def private_files(case):
    """Hidden files go no further; scripts and pickles that nobody reads are told of."""
    answer = case.checkpoint(folder({
        ".git/config": "[remote]", ".cache/huggingface/token": "hf_x", "vqvae/evil.py": "import os",
        "safety_checker/model.ckpt": b"\x80\x04N.", "safety_checker/config.json": "{}",
        "safety_checker/.ipynb_checkpoints/config-checkpoint.json": "{}", "unet/.gitattributes": "x"}))
    if case.taken("a cloned folder", answer, r"vqvae/evil\.py", r"safety_checker/model\.ckpt"):
        paths = [file["path"] for file in case.client.get(f"/v1/checkpoints/{answer[1]['id']}")["files"]]
        hidden = [path for path in paths if any(part.startswith(".") for part in path.split("/"))]
        case.hold("no hidden file is handed on", not hidden, hidden)
        case.hold("other files are", "safety_checker/config.json" in paths, paths)


def links(case):
    """A link is followed where it stays inside, or refused with the way to pack what it leads to."""
    outside = [*folder({WEIGHTS: None}).items(), (WEIGHTS, archives.Link("../../blobs/abc"))]
    inside = []
    for i, (path, data) in enumerate(folder().items()):
        leads = archives.Link("../" * path.count("/") + f"../../blobs/{i}")
        inside += [(f"models--a--b/blobs/{i}", data), (f"models--a--b/snapshots/0f/{path}", leads)]
    for kind, packed, remedy in (("tar", archives.tar, r"tar -\w*h|--dereference"), ("zip", archives.zipped, r"without -\w*y")):
        case.refused(f"a link in a {kind}", case.checkpoint(packed(outside)), "invalid_archive", re.escape(WEIGHTS), "link", remedy)
        answer = case.checkpoint(packed(inside))
        if answer[0] == 201:
            case.holds(f"the hub's cache in a {kind}", answer, state())
        else:
            case.refused(f"the hub's cache in a {kind}", answer, "invalid_archive", "link", remedy)


def cut_off(case):
    """An archive that is cut off is damaged, however early it ends."""
    for what, files in (("small", folder()), ("larger", folder() | {"samples/noise.bin": torch.randn(100_000).numpy().tobytes()})):
        entries = list(files.items())
        for kind, archive in (("tar", archives.tar(entries)), ("tar.gz", archives.gzipped(entries)), ("zip", archives.zipped(entries))):
            for share in (0.1, 0.5, 0.9):
                for collection, send in (("checkpoints", case.checkpoint), ("datasets", case.dataset)):
                    answer = send(archive[:int(len(archive) * share)])
                    case.refused(f"{share} of a {what} {kind} to {collection}", answer, "invalid_archive", "damaged|truncated|cut off|ends")


def latent_diffusion(case):
    """The YAML of latent diffusion's code is not read as the DDIM code's."""
    text = b"model:\n  target: ldm.models.diffusion.ddpm.LatentDiffusion\n  params:\n    unet_config: {params: {model_channels: 224}}\n"
    for what, tensors in (("no tensors", {}), ("diffusers' tensors", state())):
        answer = case.checkpoint({"config.yaml": text, "model.ckpt": torch_file({"state_dict": tensors})})
        case.refused(what, answer, "invalid_checkpoint", r"config\.yaml|model\.ckpt", never=(r"model\.ch\b",))


def sample_sizes(case):
    """A configuration without a size gets it from beside it; an unknown parameter is refused."""
    absent = json.loads(config())
    del absent["sample_size"]
    for what, text in (("null", config(sample_size=None)), ("absent", json.dumps(absent))):
        files = folder({"unet/config.json": text})
        answer = case.checkpoint(files, "&sample_size=8")
        if case.taken(f"{what}, told", answer, "sample_size"):
            case.hold(f"{what}, told: its shape", answer[1]["sample_shape"] == [3, 8, 8], answer[1]["sample_shape"])
        answer = case.checkpoint(files)
        case.refused(f"{what}, not told", answer, "invalid_checkpoint", "sample_size", r"\?sample_size=", r"unet/config\.json")
    answer = case.checkpoint(folder(), "&samplesize=8")
    case.refused("an unknown parameter", answer, "unknown_parameter", "samplesize", "sample_size", status=400)


def side_by_side(case):
    """Weights beside those that are taken are told of."""
    other = {name: tensor * 0 for name, tensor in state().items()}
    for name, data in (
            ("diffusion_pytorch_model.bin", torch_file(other)), ("diffusion_pytorch_model.fp16.safetensors", save(other)),
            ("diffusion_pytorch_model.non_ema.bin", torch_file(other)), ("model.safetensors", save(other)),
            ("last.ckpt", torch_file(other))):
        answer = case.checkpoint(folder({f"unet/{name}": data}))
        case.taken(f"{name} beside", answer, re.escape(name))
        case.holds(f"{name} beside", answer, state())


def resampling(case):
    """A kind of sampler is read where there is one."""
    ignored = folder({"unet/config.json": config(downsample_type="resnet")})
    case.holds("downsample_type, whose last block has no sampler", case.checkpoint(ignored), state())
    model = randomised(UNet2DModel, CONFIG | dict(down_block_types=["DownBlock2D"] * 2, up_block_types=["UpBlock2D"] * 2), 701)
    told = config_file(dict(model.config) | dict(downsample_type="resnet", upsample_type="resnet"))
    answer = case.checkpoint(pipeline_files(model) | {"unet/config.json": told})
    case.holds("both, where no block reads them", answer, dict(model.state_dict()))


CASES = {
    "headers of any length": header_lengths, "prefixes of names": prefixes, "strange names of tensors": strange_names,
    "pointers and pages in place of files": strange_files, "a training's folder": training_folder,
    "which config.json": which_configuration, "no JSON": no_json, "private files": private_files, "links": links,
    "archives that are cut off": cut_off,
    "latent diffusion's YAML": latent_diffusion, "sample sizes": sample_sizes, "weights side by side": side_by_side,
    "kinds of samplers": resampling}
