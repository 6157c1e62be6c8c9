"""The models that are compared: for each the diffusers model, what is uploaded of it, its pictures, and cached PyTorch results."""

import copy
import functools
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import torch
from diffusers import DDPMScheduler, UNet2DModel
from PIL import Image
from safetensors.torch import load, save

import make_pruning_golden
import make_training_golden
import make_unet_golden
import reference
from unet_configs import CONFIGS

FIXTURES = Path(__file__).parents[1] / "Fixtures"
STEPS = make_pruning_golden.STEPS  # the tiny models' schedule, short so that scoring takes no time

# Widths that go up and down over four blocks, three layers in each, heads of 8, norm groups as many as the first block's channels.
UNEVEN = dict(
    sample_size=16, in_channels=3, out_channels=3, layers_per_block=3, block_out_channels=[8, 24, 16, 40], norm_num_groups=8,
    attention_head_dim=8, freq_shift=0, flip_sin_to_cos=True, downsample_padding=1, norm_eps=1e-5,
    down_block_types=["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "AttnDownBlock2D"],
    up_block_types=["AttnUpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"])
# A single pixel: batches of 3·B numbers, odd and below 16, where PyTorch's normal numbers are drawn in another way.
PIXEL = dict(
    sample_size=1, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=[32], norm_num_groups=2, attention_head_dim=None,
    down_block_types=["DownBlock2D"], up_block_types=["UpBlock2D"])

# No phase with pictures applies to them: outputs unlike inputs, classes as vectors, noise levels.
WITHOUT_PICTURES = ("oblong", "class_times", "class_vectors", "skips")
# Told classes: one that knows an empty one beside the four of its pictures, and one that takes them for numbers.
CONDITIONAL = ("classes", "class_numbers")
CLASSES = 4
# Gives variances beside the noise, as improved DDPMs do.
VARIANCES = CONFIGS["ldm"] | dict(out_channels=6)
NUMBERS = CONFIGS["class_times"] | dict(in_channels=3, out_channels=3)

# Where scoring goes, by model. Untrained models' losses hardly change, so thresholds near 1 are what stops it early.
SCORING = make_pruning_golden.RUNS | {
    "learned": dict(threshold=0.98, first=1, last=48, stride=2), "uneven": dict(threshold=0.97, first=0, last=49, stride=4),
    **{name: dict(threshold=1.0) for name in WITHOUT_PICTURES},
    "variances": dict(threshold=0.97, first=0, last=49, stride=5), "classes": dict(threshold=0.98, first=0, last=48, stride=4), "class_numbers": dict(threshold=0.98, first=1, last=48, stride=3), "pixel": dict(threshold=0.0, first=0, last=49, stride=10),
    "example": dict(threshold=0.05, first=0, last=999, stride=50)}

# Models that other modules make, by name: functions without arguments.
OTHERS = {}


class Subject:
    """One model: `model` in float32, `files` to upload with a `query`, `images` in [-1, 1] as the service makes them of `pictures`."""

    dtype = torch.float32  # of the weights in `files`
    tokens = 77  # that its pipeline tells it, where it is told any

    def __init__(self, name, model, files, scheduler, pictures, images, scoring, batch=4, query="", labels=None):
        self.name, self.model, self.files, self.query, self.pictures, self.images = name, model.eval(), files, query, pictures, images
        self.config = {k: v for k, v in model.config.items() if not k.startswith("_")}
        self.scheduler, self.steps = scheduler, scheduler["num_train_timesteps"]
        self.schedule = DDPMScheduler.from_config({k: v for k, v in scheduler.items() if not k.startswith("_")}).alphas_cumprod
        self.groups = reference.couplings(model)
        self.scoring, self.batch = scoring, batch
        self.uploaded = {}
        # Of all pictures, and the class that says nothing, where there is one.
        self.labels, self.empty = labels, CLASSES if self.config.get("num_class_embeds") == CLASSES + 1 else None
        if labels is not None:
            make_training_golden.told(self.model, labels[:batch])
        make_training_golden.without_variance(self.model)

    def checkpoint(self, client):
        return self._upload(client, "checkpoints", self.files, self.query)["id"]

    def dataset(self, client):
        return self._upload(client, "datasets", self.pictures)["id"]

    def _upload(self, client, collection, files, query=""):
        if collection not in self.uploaded:
            self.uploaded[collection] = client.upload(collection, self.name, files, query)
        return self.uploaded[collection]

    @functools.cache
    def scored(self, method):
        """reference.py's losses and gradients, in float64."""
        x0 = None if self.images is None else self.images[:self.batch]
        return reference.scoring(self.model, method, x0, 5, self.schedule, **self.scoring)

    @functools.cache
    def importances(self, method):
        return reference.importances(self.model, self.groups, method, self.scored(method)[1], 5)

    def pruning(self, method, widths, ratio):
        """The job's `pruning` that asks for the same as `scored`."""
        run = dict(self.scoring)
        request = {"method": method, "widths": widths, "ratio": ratio, "batch_size": self.batch, "seed": 5, "threshold": run.pop("threshold")}
        return request | ({"timesteps": run} if run else {})

    def fresh(self):
        return copy.deepcopy(self.model)

    def told(self, model, labels=None):
        """A model of the same kind, told the classes or tokens of all pictures or of some; what it gives of variances is left out."""
        make_training_golden.without_variance(model)
        return model if self.labels is None else make_training_golden.told(model, self.labels if labels is None else labels)

    @property
    def run(self):
        """What fine-tuning in PyTorch needs to know beyond the request."""
        return {} if self.labels is None else {"labels": self.labels, "empty": self.empty}

    def decoded(self, samples):
        """What is shown of samples."""
        return samples

    def stock(self, pipeline, evaluation):
        """The pictures (samples, height, width, channels) that a downloaded pipeline draws by itself of the same noise; None where it draws
        others."""
        if evaluation["sampler"] != "ddpm" or self.labels is not None:
            return None
        pipeline.unet.whole = True  # its scheduler takes variances off itself
        generator = torch.Generator().manual_seed(evaluation["seed"])
        images = pipeline(
            batch_size=evaluation["samples"], num_inference_steps=evaluation["steps"], generator=generator, output_type="np").images
        pipeline.unet.whole = False
        return images


SCHEDULER = {
    "_class_name": "DDPMScheduler", "_diffusers_version": "0.42.1", "num_train_timesteps": STEPS, "beta_start": 1e-4, "beta_end": 0.02,
    "beta_schedule": "linear", "clip_sample": True, "prediction_type": "epsilon", "variance_type": "fixed_small"}


def config_file(config, kind=UNet2DModel):
    """A config.json as bytes."""
    public = {k: v for k, v in config.items() if not k.startswith("_")}
    return json.dumps({"_class_name": kind.__name__, "_diffusers_version": "0.42.1"} | public).encode()


def pipeline_files(model, dtype=torch.float32, rename=lambda name: name, scheduler=SCHEDULER):
    """An uploadable pipeline folder of the model, as {path: bytes}."""
    tensors = {rename(n): t.to(dtype).contiguous() for n, t in model.state_dict().items()}
    index = {"_class_name": "DDPMPipeline", "_diffusers_version": "0.42.1"}
    index |= {"unet": ["diffusers", "UNet2DModel"], "scheduler": ["diffusers", "DDPMScheduler"]}
    return {
        "model_index.json": json.dumps(index).encode(), "scheduler/scheduler_config.json": json.dumps(scheduler).encode(),
        "unet/config.json": config_file(model.config), "unet/diffusion_pytorch_model.safetensors": save(tensors)}


def old_names(name):
    """The attention names of the published DDPMs."""
    for new, former in ((".to_q.", ".query."), (".to_k.", ".key."), (".to_v.", ".value."), (".to_out.0.", ".proj_attn.")):
        name = name.replace(new, former)
    return name


def drawn(config, seed, count, labels=None):
    """Pictures of the model's size as PNG files and as the tensor in [-1, 1] that the service makes of them; in a folder for each class."""
    values = make_training_golden.pictures(seed, count, config["in_channels"], config["sample_size"])
    files = {}
    for i, picture in enumerate(values.byte().permute(0, 2, 3, 1).numpy()):
        buffer = io.BytesIO()
        Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture).save(buffer, "png")
        folder = "" if labels is None else f"class {labels[i]}/"
        files[f"{folder}{i:03d}.png"] = buffer.getvalue()
    return files, values / 127.5 - 1


def unpacked(archive):
    with tarfile.open(archive) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar if entry.isfile()}


def example():
    """The example model and its pictures, as they lie in the repository."""
    files = unpacked(FIXTURES / "example" / "model.tar")
    model = UNet2DModel(**{k: v for k, v in json.loads(files["unet/config.json"]).items() if not k.startswith("_")})
    model.load_state_dict(load(files["unet/diffusion_pytorch_model.safetensors"]))
    pictures = unpacked(FIXTURES / "example" / "pictures.tar.gz")
    decoded = np.stack([np.asarray(Image.open(io.BytesIO(pictures[path])).convert("RGB")) for path in sorted(pictures, key=str.encode)])
    images = torch.from_numpy(decoded).permute(0, 3, 1, 2).float() / 127.5 - 1
    scheduler = json.loads(files["scheduler/scheduler_config.json"])
    return Subject("example", model, files, scheduler, (FIXTURES / "example" / "pictures.tar.gz").read_bytes(), images, SCORING["example"])


@functools.cache
def subject(name):
    if name == "example":
        return example()
    if name in OTHERS:
        return OTHERS[name]()
    made = {"uneven": UNEVEN, "pixel": PIXEL, "class_numbers": NUMBERS, "variances": VARIANCES}
    if name in made:
        model = make_unet_golden.randomised(UNet2DModel, made[name], 600)
    else:
        model = make_pruning_golden.load(name)
    scheduler = SCHEDULER | ({"variance_type": "learned_range"} if name == "variances" else {})
    files = pipeline_files(model, rename=old_names if name == "ddpm" else lambda name: name, scheduler=scheduler)
    if name in WITHOUT_PICTURES:
        return Subject(name, model, files, SCHEDULER, None, None, SCORING[name])
    labels = torch.arange(8) * CLASSES // 8 if name in CONDITIONAL else None
    return Subject(name, model, files, scheduler, *drawn(model.config, 31, 8, labels), SCORING[name], labels=labels)
