"""The kinds of files that diffusers and torch.save write, uploaded and compared with the model they were made of."""

import io
import tempfile
from pathlib import Path

import torch

from downloads import downloaded
from models import subject

# How `save_pretrained` is asked for each kind.
KINDS = {
    "bin": dict(safe_serialization=False), "shards": dict(max_shard_size="60KB"), "fp16 variant": dict(variant="fp16"),
    "shards of bin": dict(safe_serialization=False, max_shard_size="60KB"), "shards of a variant": dict(variant="non_ema", max_shard_size="60KB")}


def saved(client, figures, name):
    """Every kind of folder that `save_pretrained` writes, and what training scripts hand to torch.save."""
    this = subject(name)
    wanted = dict(this.model.named_parameters())

    def check(what, files):
        checkpoint = client.upload("checkpoints", name, files)
        _, tensors = downloaded(client, checkpoint["id"])
        figures.same(what, set(tensors), set(wanted))
        for tensor_name, tensor in tensors.items():
            figures.same(what, tensor, wanted[tensor_name])

    for what, options in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            this.model.save_pretrained(folder, **options)
            files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
        assert len(files) > 2 if "shards" in what else len(files) == 2, files.keys()
        check(what, files)

    state = {k: v.clone() for k, v in this.model.state_dict().items()}
    wrapped = {f"module.{k}": v for k, v in state.items()}
    other = {k: torch.zeros_like(v) for k, v in wrapped.items()}
    for what, content in (
            ("torch.save of parameters", {k: torch.nn.Parameter(v) for k, v in state.items()}),
            ("under state_dict", {"epoch": 3, "state_dict": wrapped, "optimizer": {"state": {}, "param_groups": [{"lr": 1e-4}]}}),
            ("a list with the average last", [other, {"state": {}}, 7, 700, wrapped]),
            ("views", {k: v.t().contiguous().t() if v.ndim == 2 else v for k, v in state.items()})):
        buffer = io.BytesIO()
        torch.save(content, buffer)
        check(what, {"config.json": this.files["unet/config.json"], "model.ckpt": buffer.getvalue()})
