"""Datasets that are taken with a warning, as warned_checkpoints.py has its rows."""

import io
import json
import random

from PIL import Image

from packing import Tensor, safetensors
from warned_checkpoints import TOKENS, fixture


def drawn(count, side, kind="PNG"):
    """Pictures of noise: {path: bytes}."""
    source = random.Random(side)
    files = {}
    for number in range(count):
        buffer = io.BytesIO()
        Image.frombytes("RGB", (side, side), source.randbytes(3 * side * side)).save(buffer, kind)
        files[f"{number:02}.{kind.lower()}"] = buffer.getvalue()
    return files


def lying(side):
    """A photograph that EXIF says to turn."""
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6  # the orientation: a quarter to the right
    Image.new("RGB", (side, side)).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def lines(*rows):
    return "\n".join(json.dumps(row) for row in rows)


def datasets():
    """The rows."""
    yield ("odd pictures", ["sizes_differ", "gray_pictures", "exif_ignored", "transparency_dropped", "narrow_range"],
           {name: fixture(f"pictures/{name}") for name in ("gray.png", "narrow.png", "rgba.png")} | drawn(1, 8) | {"lying.jpg": lying(8)}, "")
    left_out = drawn(1, 8, "GIF") | {
        "broken.png": "text", "notes.txt": "text", ".DS_Store": "text", "metadata.parquet": "PAR1",
        "metadata.jsonl": lines({"file_name": "00.gif", "text": "a cat"}, {"file_name": "00.png", "width": 8})}
    yield ("other files", ["pictures_skipped", "pictures_not_read", "files_left_out", "hidden_files_left_out", "metadata_not_read",
                           "metadata_unused", "metadata_empty"], drawn(2, 8) | left_out, "&on_error=skip")
    yield "captions", ["captions_missing"], drawn(2, 16) | {"metadata.jsonl": lines({"file_name": "00.png", "text": "a cat"})}, ""
    told = {"encoder_hidden_states": Tensor("F16", [2, 4, TOKENS]), "pooled": Tensor("F16", [2, 4])}
    yield "embeddings", ["embeddings_unused"], drawn(2, 16) | {"embeddings.safetensors": safetensors(told)}, ""
    yield "pictures", [], drawn(20, 8), ""
