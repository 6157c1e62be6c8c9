"""Folders at random, as people might pack them: each is taken as the network that is meant, or refused with a code and a text; never
another network without a word, never an error of the server's.

    PRUNER_FOLDERS=2000 Tests/Interop/run.sh folders                           # so many, PRUNER_FOLDERS_FROM (0) is the first seed
    PYTHONPATH=Tests/Fixtures python Tests/Interop/folders.py 17 > folder.tar  # that of a seed, to look at

A folder is `taken` where the documents promise it, `refused` where it holds no network whole, and may be `either` where neither is said.
"""

import json
import os
import pickle
import random
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import UNet2DModel
from safetensors.torch import load_file, save

import archives
from brought import CONFIG, HTML, LFS, found, torch_file
from client import warned
from make_unet_golden import randomised
from models import SCHEDULER, config_file, old_names

CONFIGS = (
    CONFIG, CONFIG | dict(block_out_channels=[4, 8], attention_head_dim=None, norm_num_groups=4, add_attention=False),
    CONFIG | dict(
        sample_size=[8, 16], in_channels=1, out_channels=1, down_block_types=["DownBlock2D"] * 2, up_block_types=["UpBlock2D"] * 2))
FORMATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
STEM = "diffusion_pytorch_model"
NAMES = (
    "model", "my model (final) v2", "UPPER", "модель", "模型", "café", "cafe\u0301", "🦊", "x" * 180, "a-very-long-folder-name/" * 4 + "end",
    "..x", "-rf", "snapshots%20", "a\tb", "q\"uote's")
LITTER = {
    ".DS_Store": b"\0\0\0\1Bud1", "._config.json": b"\0\5\x16\7", "__MACOSX/._model": b"\0\5\x16\7", ".git/config": b"[remote]",
    ".git/HEAD": b"ref", ".cache/huggingface/token": b"hf_secret", ".gitattributes": b"*.bin filter=lfs",
    ".ipynb_checkpoints/config-checkpoint.json": b"{}",
    "README.md": b"# model", "train.py": b"import os", "unet/train.py": b"import os", "flax_model.msgpack": LFS, "index.html": HTML,
    "logs/events.out.tfevents.1": b"\x18", "samples/0.png": b"\x89PNG", "notes.ipynb": b"{}", "optimizer.pkl": pickle.dumps({"lr": 1}),
    "random_states_0.pkl": pickle.dumps([1]), "trainer_state.json": b"{}", "Thumbs.db": b"x", "unet/.DS_Store": b"x"}


class Runs:
    """A pickle that would make a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


class Folder:
    """What a seed gives: `archive`, the `tensors` and `config` that are meant, what is `wanted`, and how the folder was made."""

    def __init__(self, seed):
        self.random, self.seed, self.wanted, self.made, self.says = random.Random(seed), seed, "taken", [], []
        pick = self.random.choice
        self.marker = Path(tempfile.gettempdir()) / f"pruner-folder-{os.getpid()}-{seed}"
        model = randomised(UNet2DModel, pick(CONFIGS), 3 * seed)
        self.config = json.loads(config_file(model.config))
        form = pick((*FORMATS, None))
        self.made.append(str(form or "mixed").removeprefix("torch."))
        self.tensors = {name: t.detach().to(form or pick(FORMATS)) for name, t in model.state_dict().items()}
        self.decoy = {name: t * 3 + 1 for name, t in self.tensors.items()}
        self.files = self.network()
        self.damage()
        self.surround()
        self.archive = self.packed()

    def note(self, what, wanted=None):
        self.made.append(what)
        order = ("taken", "either", "refused")
        self.wanted = max(self.wanted, wanted or "taken", key=order.index)

    def network(self):
        """The U-Net's folder: its weights in one of the forms that are read, and its configuration."""
        pick, chance = self.random.choice, self.random.random
        prefix = pick(("", "", "", "module.", "_orig_mod.", "model.", "unet.", "module._orig_mod."))
        rename = pick((lambda name: name, old_names))
        tensors, decoy = ({prefix + rename(name): t for name, t in group.items()} for group in (self.tensors, self.decoy))
        kind = pick(("safetensors", "safetensors", "bin", "pt", "ckpt"))
        self.note(f"{prefix or 'no prefix'}, {kind}")
        files = {"config.json": json.dumps(self.config, indent=pick((None, 2))).encode()}
        if kind == "safetensors":
            written, name = save, pick((f"{STEM}.safetensors", "model.safetensors", f"{STEM}.fp16.safetensors", "unet FINAL.safetensors"))
        else:
            written, name = torch_file, f"{STEM}.bin" if kind == "bin" else pick((f"model.{kind}", f"last epoch=3.{kind}"))
        if chance() < 0.25 and kind in ("safetensors", "bin"):
            names = list(tensors)
            parts = [names[start::3] for start in range(3)]
            shards = [f"{STEM}-{i:05d}-of-00003.{kind}" for i in range(1, 4)]
            files |= {shard: written({name: tensors[name] for name in part}) for shard, part in zip(shards, parts, strict=True)}
            placed = {name: shard for shard, part in zip(shards, parts, strict=True) for name in part}
            files[f"{STEM}.{kind}.index.json"] = json.dumps({"metadata": {}, "weight_map": placed}).encode()
            self.note("shards")
            return files
        content = tensors
        if kind != "safetensors" and chance() < 0.5:
            ways = {
                "ema beside model": {"model": decoy, "ema": tensors, "step": 7}, "state_dict": {"state_dict": tensors, "epoch": 3},
                "list with the average last": [decoy, {"state": {}}, 3, 100, tensors],
                "state_dict before model": {"model": decoy, "state_dict": tensors},
                "an average without names": {"state_dict": tensors, "ema": {"decay": 0.9, "shadow_params": list(decoy.values())}}}
            way = pick(list(ways))
            content = ways[way]
            self.note(way)
        files[name] = written(content)
        if chance() < 0.1:
            files["zz_old.safetensors" if kind == "safetensors" else "zz_old.bin"] = written(decoy)
            self.note("other weights beside", "either")
            self.says.append("zz_old")
        return files

    def weights(self):
        return max(self.files, key=lambda name: len(self.files[name]))

    def damage(self):
        """Something that is missing, cut off or of another kind, in some."""
        if self.random.random() < 0.55:
            return
        files, weights = self.files, self.weights()
        harm = self.random.choice((
            "no config", "no weights", "byte order mark", "NaN in config", "NaN in weights", "wrong shape", "missing tensor",
            "more tensors", "cut weights", "pointer", "page", "pointer as config", "another class", "huge widths", "deep config", "code",
            "empty weights", "half a prefix", "wrong config"))
        torn = {name: t for name, t in self.tensors.items()}
        first = next(iter(torn))
        whole = {"config.json": files["config.json"]}
        self.note(harm, "refused")
        replaced = None
        if harm == "no config":
            del files["config.json"]
        elif harm == "no weights":
            self.files = whole
        elif harm == "byte order mark":
            files["config.json"] = b"\xef\xbb\xbf" + files["config.json"]
            self.wanted = "either"
        elif harm == "NaN in config":
            files["config.json"] = files["config.json"].rstrip()[:-1] + b', "x": NaN}'
            self.wanted = "either"
        elif harm == "NaN in weights":
            self.tensors = {name: t.clone() for name, t in torn.items()}
            self.tensors[first].view(-1)[0] = float("nan")
            self.says.append("not finite")
            self.wanted, replaced = "taken", self.tensors
        elif harm == "wrong shape":
            replaced = torn | {first: torch.zeros(*torn[first].shape, 2)}
        elif harm == "missing tensor":
            replaced = {name: t for name, t in torn.items() if name != first}
        elif harm == "more tensors":
            replaced = torn | {"class_emb.weight": torch.zeros(10, 4)}
        elif harm == "half a prefix":
            replaced = {("module." if i % 2 else "") + name: t for i, (name, t) in enumerate(torn.items())}
        elif harm == "wrong config":
            files["config.json"] = json.dumps(self.config | {"block_out_channels": [64, 96]}).encode()
        elif harm == "another class":
            files["config.json"] = json.dumps(self.config | {"_class_name": "DiTTransformer2DModel"}).encode()
        elif harm == "huge widths":
            files["config.json"] = json.dumps(self.config | {"block_out_channels": [10**9, 10**9]}).encode()
        elif harm == "deep config":
            files["config.json"] = b'{"a":' * 5000 + b"1" + b"}" * 5000
        elif harm == "pointer as config":
            files["config.json"] = LFS
        elif harm == "code":
            self.files = whole | {f"{STEM}.bin": torch_file(Runs(str(self.marker)))}
        else:
            files[weights] = {"pointer": LFS, "page": HTML, "empty weights": b""}.get(harm, files[weights][:len(files[weights]) * 2 // 3])
        if replaced is not None:
            self.made[1:-1] = ["one safetensors"]
            self.says = [text for text in self.says if text != "zz_old"]
            if "either" == self.wanted:
                self.wanted = "refused"
            self.files = whole | {f"{STEM}.safetensors": save(replaced)}

    def surround(self):
        """The layout around the U-Net's folder, and what lies about."""
        pick, chance, unet = self.random.choice, self.random.random, self.files
        layout = pick(("flat", "unet", "pipeline", "training"))
        self.scheduler = None if layout == "training" or chance() < 0.2 else json.dumps(SCHEDULER).encode()
        inner = "" if layout == "flat" else "unet/"
        files = {inner + name: data for name, data in unet.items()}
        if self.scheduler:
            files["scheduler_config.json" if layout == "flat" else "scheduler/scheduler_config.json"] = self.scheduler
        if layout == "pipeline":
            index = {"_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"], "scheduler": ["diffusers", "DDPMScheduler"]}
            files["model_index.json"] = json.dumps(index).encode()
        if layout == "training":
            average = {"config.json": json.dumps(self.config).encode(), f"{STEM}.safetensors": save(self.decoy)}
            files |= {f"unet_ema/{name}": data for name, data in average.items()} | {"scheduler.bin": b"x"}
            self.says.append("unet_ema")
        if inner and chance() < 0.15:
            files["config.json"] = json.dumps(self.config | {"act_fn": "relu", "norm_eps": 0.1}).encode()
            self.note("a second config.json")
            self.says.append(r"(?<!unet/)\bconfig\.json")
        litter = self.random.sample(list(LITTER), pick((0, 0, 1, 3, 8)))
        files |= {name: LITTER[name] for name in litter}
        top = f"checkpoint-{self.seed}/" if layout == "training" else ""
        for _ in range(pick((0, 0, 1, 1, 2))):
            top = f"{pick(NAMES)}/{top}"
        if top.count("/") > 1 or "\t" in top:  # control characters are in no name that is taken
            self.wanted = max(self.wanted, "either", key=("taken", "either", "refused").index)
        self.files = {top + name: data for name, data in files.items()}
        self.note(f"{layout} under {top!r}, litter {litter}")

    def packed(self):
        pick, chance = self.random.choice, self.random.random
        entries = list(self.files.items())
        self.random.shuffle(entries)
        odd = chance()
        if odd < 0.05:
            entries.append(("notes \u00e9.txt".encode("latin-1"), b"x"))
            self.note("a name that is no UTF-8", "either")
        elif odd < 0.08:
            entries.append((entries[0][0], entries[0][1] + b" "))
            self.note("one entry twice", "refused")
        elif odd < 0.11:
            entries.append(("../outside.txt", b"x"))
            self.note("an entry outside", "refused")
        kind = pick(("pax", "gnu", "sparse", "tar.gz", "zip", "stored zip"))
        self.note(kind)
        if kind == "sparse" and all(isinstance(path, str) for path, _ in entries):
            archive = archives.tar([(path, archives.Sparse(data) if data else data) for path, data in entries])
        elif "zip" in kind:
            archive = archives.zipped(entries, deflated=kind == "zip")
        else:
            archive = archives.gzipped(entries) if kind == "tar.gz" else archives.tar(entries, "gnu" if kind == "gnu" else "pax")
        if chance() < 0.04:
            self.note("cut off", "refused")
            archive = archive[:len(archive) // 2]
        return archive


def differences(client, folder):
    """What of a folder's answer is not as it has to be, as texts."""
    try:
        status, answer = client.answer("/v1/checkpoints?name=folder", folder.archive)
    except Exception as error:  # a connection that breaks, or an answer that is no JSON
        return [f"no answer: {error!r}"]
    wrong = ["code of a pickle ran"] if folder.marker.exists() else []
    folder.marker.unlink(missing_ok=True)
    if status != 201:
        if not 400 <= status < 500 or not answer.get("code") or not answer.get("detail"):
            wrong.append(f"no refusal: {status} {answer}")
        elif folder.wanted == "taken":
            wrong.append(f"refused: {status} {answer['code']} {answer['detail'][:300]}")
        return wrong
    if folder.wanted == "refused":
        wrong.append(f"taken, with the warnings {warned(answer)}")
    else:
        wrong += compared(client, folder, answer)
    client.delete(f"/v1/checkpoints/{answer['id']}")
    return wrong


def compared(client, folder, answer):
    """The download against what is meant, loaded by diffusers."""
    warnings, wrong = warned(answer), []
    with tempfile.TemporaryDirectory() as place:
        client.download(answer["id"], place)
        paths = [str(path.relative_to(place)) for path in Path(place).rglob("*") if path.is_file()]
        raw = load_file(Path(place) / "unet" / f"{STEM}.safetensors")
        model = UNet2DModel.from_pretrained(place, subfolder="unet")
        scheduler = (Path(place) / "scheduler" / "scheduler_config.json").read_bytes()
    if any(model.config.get(key) != value for key, value in folder.config.items() if not key.startswith("_")):
        wrong.append("another configuration")
    if folder.scheduler and scheduler != folder.scheduler:
        wrong.append("another schedule")
    for name, tensor in folder.tensors.items():
        sent, got = tensor.float() if tensor.dtype == torch.float64 else tensor, raw.get(name, raw.get(old_names(name)))
        if got is not None and got.dtype != sent.dtype and any(found("float|bfloat", text) for text in warnings):
            sent = sent.to(got.dtype)
        if got is None or got.dtype != sent.dtype or not torch.equal(got.float().nan_to_num(7), sent.float().nan_to_num(7)):
            wrong.append(f"other numbers in {name}: {got is not None and got.dtype}, sent {tensor.dtype}")
            break
        if not torch.equal(model.state_dict()[name].nan_to_num(7), got.float().nan_to_num(7)):
            wrong.append(f"diffusers loads other numbers in {name}")
            break
    wrong += [f"nothing warns of /{text}/: {warnings}" for text in folder.says if not any(found(text, warning) for warning in warnings)]
    hidden = [path for path in paths if any(part.startswith(".") for part in path.split("/"))]
    return wrong + ([f"hidden files are handed on: {hidden}"] if hidden else [])


def contents(data):
    """What is stored, and what is being written."""
    return {path.relative_to(data) for part in ("blobs", "tmp", "uploads") for path in (data / part).rglob("*") if path.is_file()}


def uploaded(client, figures, data):
    """So many folders from a seed on; afterwards nothing is left of them."""
    first, count = (int(os.environ.get(name, default)) for name, default in (("PRUNER_FOLDERS_FROM", "0"), ("PRUNER_FOLDERS", "100")))
    before, listed = contents(data), client.get("/v1/checkpoints?limit=100")["data"]
    for seed in range(first, first + count):
        folder = Folder(seed)
        wrong = differences(client, folder)
        figures.count("folders", int(not wrong), 1)
        figures.count(folder.wanted, 1, 1)
        if wrong:
            made = "; ".join(folder.made)
            figures.notes.append(f"\n    PRUNER_FOLDERS_FROM={seed} PRUNER_FOLDERS=1 ({made}), to be {folder.wanted}: {'; '.join(wrong)}")
    figures.same("listed", client.get("/v1/checkpoints?limit=100")["data"], listed)
    left = contents(data) - before
    figures.same("left behind", left, set())
    figures.notes += [f"\n    left behind: {sorted(map(str, left))[:8]}"] if left else []


if __name__ == "__main__":
    sys.stdout.buffer.write(Folder(int(sys.argv[1])).archive)
