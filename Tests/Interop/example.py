"""Examples/prune.py, as docs/python.md shows it, run as a user would."""

import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from diffusers import UNet2DModel
from PIL import Image

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "Tests" / "Fixtures" / "example"


def followed(client, figures):
    """It is the program that the document shows, and leaves the pipeline that the service made, and a picture drawn by it."""
    program = ROOT / "Examples" / "prune.py"
    shown = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), flags=re.S)
    figures.same("text", shown and shown.group(1), program.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with tarfile.open(MODEL / "model.tar") as archive:
            archive.extractall(folder / "model", filter="data")
        run = subprocess.run(
            [sys.executable, program, "model", MODEL / "pictures.tar.gz", client.base], cwd=folder, capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError(run.stderr[-2000:])
        job = client.get("/v1/jobs?limit=1")["data"][0]
        made = client.get(f"/v1/checkpoints/{job['result']['checkpoint']}")
        figures.same("parameters", UNet2DModel.from_pretrained(folder / "pruned", subfolder="unet").num_parameters(), made["parameters"])
        for file in made["files"]:
            there = client.call(f"/v1/checkpoints/{made['id']}/files/{file['path']}")
            figures.same("files", (folder / "pruned" / file["path"]).read_bytes(), there)
        with Image.open(folder / "sample.png") as picture:
            figures.same("picture", (picture.size, picture.mode), ((32, 32), "RGB"))
