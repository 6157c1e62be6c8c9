"""What people bring: sending it, and holding the answers against those that are wanted. What has to be taken is taken as what it is, and a
refusal names what is in the way and what helps."""

import functools
import io
import json
import re

import torch
from diffusers import UNet2DModel
from safetensors.torch import load

from client import tar, warned
from make_unet_golden import randomised
from models import SCHEDULER, config_file, drawn, pipeline_files

CONFIG = dict(
    sample_size=8, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=[8, 16], norm_num_groups=2, attention_head_dim=4,
    down_block_types=["DownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "UpBlock2D"])
WEIGHTS, BIN = "unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.bin"
INDEX = f"{WEIGHTS}.index.json"
SCHEDULER_CONFIG = "scheduler/scheduler_config.json"
SCHEDULE = json.dumps(SCHEDULER)
LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 14206\n".encode()
HTML = b"<!DOCTYPE html><html><title>404</title><body>Not Found</body></html>"


@functools.cache
def tiny():
    return randomised(UNet2DModel, CONFIG, 700)


def state():
    return {name: tensor.clone() for name, tensor in tiny().state_dict().items()}


def config(**changes):
    return json.dumps(json.loads(config_file(tiny().config)) | changes).encode()


def torch_file(content):
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def folder(changes=None):
    """A good pipeline folder but for what is changed in it, or left out where it is None."""
    files = pipeline_files(tiny()) | (changes or {})
    return {path: data if isinstance(data, bytes) else data.encode() for path, data in files.items() if data is not None}


def pictures(count=1, seed=31):
    return drawn(CONFIG, seed, count)[0]


class Case:
    """One kind of input: sends it, and holds the answers against those that are wanted. What differs becomes a note."""

    def __init__(self, client, figures):
        self.client, self.figures = client, figures

    def checkpoint(self, files, query=""):
        return self.client.answer(f"/v1/checkpoints?name=brought{query}", files if isinstance(files, bytes) else tar(files))

    def dataset(self, files, query=""):
        return self.client.answer(f"/v1/datasets?name=brought{query}", files if isinstance(files, bytes) else tar(files))

    def job(self, dry=False, **request):
        return self.client.answer(f"/v1/jobs{'?dry_run=true' if dry else ''}", {"recipe": "paper"} | request)

    def ended(self, answer, what):
        """Waits for a job that has to succeed; the job."""
        if not self.taken(what, answer):
            return None
        job = self.client.ended(answer[1])
        self.hold(f"{what}: the job succeeds", job["status"] == "succeeded", job["error"])
        return job if job["status"] == "succeeded" else None

    def hold(self, what, is_so, got):
        self.figures.count("answers", int(bool(is_so)), 1)
        if not is_so:
            self.figures.notes.append(f"\n    {what}; got {got}")
        return is_so

    def taken(self, what, answer, *warnings):
        """Whether it is, with each of the patterns in one of its warnings."""
        status, document = answer
        if not self.hold(f"{what}: taken", status in (200, 201), f"{status} {told(document)}"):
            return False
        texts = warned(document)
        for pattern in warnings:
            self.hold(f"{what}: a warning of /{pattern}/", any(found(pattern, text) for text in texts), texts)
        return True

    def refused(self, what, answer, code, *patterns, never=(), status=422):
        """Refused with a code, and a text in which each of the patterns is found and none of `never`."""
        got, document = answer
        if not self.hold(f"{what}: refused with {status} {code}", (got, document.get("code")) == (status, code), f"{got} {told(document)}"):
            return
        text = told(document)
        for pattern in patterns:
            self.hold(f"{what}: told /{pattern}/", found(pattern, text), text)
        for pattern in never:
            self.hold(f"{what}: never told /{pattern}/", not found(pattern, text), text)

    def holds(self, what, answer, wanted):
        """A checkpoint that was taken has the wanted tensors, number by number."""
        if self.taken(what, answer):
            tensors = load(self.client.call(f"/v1/checkpoints/{answer[1]['id']}/files/{WEIGHTS}"))
            self.hold(f"{what}: its names", set(tensors) == set(wanted), sorted(set(tensors) ^ set(wanted))[:4])
            differ = [name for name in wanted if name in tensors and not torch.equal(tensors[name], wanted[name])]
            self.hold(f"{what}: its numbers", not differ, f"others in {differ[:4]}")


def found(pattern, text):
    return re.search(pattern, text, re.IGNORECASE | re.DOTALL)


def told(document):
    """All that a refusal says."""
    errors = [f"{error['pointer']} {error['detail']}" for error in document.get("errors") or []]
    return " | ".join([document.get("code", ""), document.get("detail", ""), *errors])


def checks(found, title, cases):
    """A check for each function of a ``Case``."""
    for name, check in cases.items():
        found[f"{title}, {name}"] = lambda client, figures, check=check: check(Case(client, figures))
