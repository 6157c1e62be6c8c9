"""Distances between sets of pictures, by the original network's middle or by Inception in PyTorch, and the formulas of pytorch-fid and torch-fidelity
in NumPy."""

import io
import json
import tarfile

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save

from inception_model import random_inception
from make_training_golden import told
from models import subject

FEATURES = 1e-3  # relative, of each figure
STATISTICS = 1e-4
INCEPTION = 1e-4  # of the largest feature


def checks(found):
    for name in ("ddpm", "uneven", "classes", "sd1", "example"):
        found[f"quality, {name}"] = lambda c, f, n=name: judged(c, f, n)
    found["quality, Inception"] = by_inception


def pictures(archive, stage):
    """The samples of a stage, in [-1, 1] as the service takes 8-bit pictures, (count, channels, height, width)."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        names = sorted(name for name in tar.getnames() if name.startswith(f"{stage}/"))
        arrays = [np.asarray(Image.open(io.BytesIO(tar.extractfile(name).read()))) for name in names]
    values = torch.from_numpy(np.stack(arrays)).float()
    values = values[..., None] if values.ndim == 3 else values
    return values.permute(0, 3, 1, 2) / 127.5 - 1


@torch.no_grad()
def middle(this, images):
    """What the middle block gives, the mean over pixels, on pictures mixed with the noise of seed 0 at the timestep ⌊T / 10⌋; no condition."""
    latents = this.encoded(images) if hasattr(this, "encoded") else images
    timestep = this.steps // 10
    noise = torch.randn(latents.shape[1:], generator=torch.Generator().manual_seed(0))
    alpha = this.schedule[timestep]
    if this.labels is not None:
        empty = torch.as_tensor(this.empty, dtype=this.labels.dtype)
        told(this.model, empty.expand(len(images), *this.labels.shape[1:]))
    kept = []
    hook = this.model.mid_block.register_forward_hook(lambda module, given, output: kept.append(output.mean((2, 3))))
    this.model(alpha.sqrt() * latents + (1 - alpha).sqrt() * noise, timestep)
    hook.remove()
    told(this.model, this.labels)
    return kept[0].double().numpy()


def frechet(x, y):
    """pytorch-fid's calculate_frechet_distance, the square root by eigenvalues."""
    (m1, s1), (m2, s2) = ((a.mean(0), np.cov(a, rowvar=False)) for a in (x, y))
    root = np.sqrt(np.maximum(np.linalg.eigvals(s1 @ s2).real, 0)).sum()
    return ((m1 - m2) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * root


def kid(x, y, subsets=100, size=1000):
    """torch-fidelity's kernel_inception_distance."""
    size = min(size, len(x), len(y))
    subsets = 1 if len(x) == len(y) == size else subsets
    state = np.random.RandomState(2020)
    found = []
    for _ in range(subsets):
        a, b = (z[state.choice(len(z), size, replace=False)] for z in (x, y))
        xx, yy, xy = (((p @ q.T) / x.shape[1] + 1) ** 3 for p, q in ((a, a), (b, b), (a, b)))
        found.append((xx.sum() - np.trace(xx) + yy.sum() - np.trace(yy)) / (size * (size - 1)) - 2 * xy.sum() / size ** 2)
    return np.mean(found), np.std(found)


def sliced(x, y, directions=1000):
    """The squared sliced Wasserstein distance, quantile functions compared where both have their steps."""
    generator = torch.Generator().manual_seed(0)
    axes = torch.stack([torch.randn(x.shape[1], generator=generator) for _ in range(directions)]).double().numpy()
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    a, b = np.sort(x @ axes.T, axis=0), np.sort(y @ axes.T, axis=0)
    steps = np.unique(np.concatenate([np.arange(1, len(x) + 1) / len(x), np.arange(1, len(y) + 1) / len(y)]).round(12))
    weights = np.diff(np.concatenate([[0], steps]))
    middles = steps - weights / 2
    left, right = a[(middles * len(x)).astype(int)], b[(middles * len(y)).astype(int)]
    return (((left - right) ** 2) * weights[:, None]).sum(0).mean()


def judged(client, figures, name, samples=12):
    """Every figure of a job that prunes, of the pictures that it kept, and the statistics of what it compared them with."""
    this = subject(name)
    evaluation = {"samples": samples, "steps": 4, "seed": 3, "metrics": ["mind", "kid", "frechet"], "keep_samples": True}
    job, metrics = client.run(
        checkpoint=this.checkpoint(client), dataset=this.dataset(client), evaluation=evaluation,
        pruning={"method": "magnitude", "ratio": 0.3})
    found, files = metrics["evaluation"], f"/v1/jobs/{job['id']}/files"
    archive = client.call(f"{files}/samples.tar")
    references = this.pixels if hasattr(this, "pixels") else this.images
    references = references[-64:]
    reference = middle(this, references)
    figures.same("counts", [found["reference"]["n"], found["frechet"]["n"], found["frechet"]["reference_n"]], [len(references), samples, len(references)])
    flat = (references / 2 + 0.5).flatten(1).double().numpy()
    for stage, key in (("before", "before"), ("pruned", "pruned"), ("after", "after")):
        images = pictures(archive, stage)
        features = middle(this, images)
        mean, deviation = kid(features, reference)
        figures.relative("Frechet", [found["frechet"][key]], [frechet(features, reference)], FEATURES)
        figures.relative("KID", [found["kid"][key]], [mean], FEATURES)
        figures.absolute("KID's deviation", [found["kid"]["deviation"][key]], [deviation], FEATURES * abs(mean))
        figures.relative("MIND", [found["mind"][key]], [sliced(features, reference)], FEATURES)
        pixels = (images / 2 + 0.5).flatten(1).double().numpy()
        figures.relative("MIND of pixels", [found["mind_pixels"][key]], [sliced(pixels, flat)], FEATURES)
    with np.load(io.BytesIO(client.call(f"{files}/statistics.npz"))) as statistics:
        scale = np.abs(reference).max()
        figures.bar("mu", np.abs(statistics["mu"] - reference.mean(0)).max() / scale, STATISTICS)
        covariance = np.cov(reference, rowvar=False)
        figures.bar("sigma", np.abs(statistics["sigma"] - covariance).max() / np.abs(covariance).max(), 10 * STATISTICS)


def stored(arrays):
    """An .npz of these arrays."""
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    return packed.getvalue()


@torch.no_grad()
def by_inception(client, figures, samples=24):
    """Every figure by Inception of the published widths with random weights: in the three ways in which such a file is written, against the same
    network in PyTorch on pytorch-fid's way to it; and against statistics that NumPy has written."""
    network = random_inception(5)
    files = []
    for legacy in (True, False):
        packed = io.BytesIO()
        torch.save(network.state_dict(), packed, _use_new_zipfile_serialization=not legacy)
        files.append(packed.getvalue())
    files.append(save({name: tensor.clone() for name, tensor in network.state_dict().items()}))
    extractors = [json.loads(client.call("/v1/extractors?name=inception", file)) for file in files]
    figures.same("features", [each["features"] for each in extractors], [2048] * 3)
    figures.same("published", [each["published"] for each in extractors], [False] * 3)
    this = subject("ddpm")
    references = this.images[-64:]
    reference = network(references / 2 + 0.5).double().numpy()
    scale = np.abs(reference).max()
    for extractor in extractors:
        evaluation = {"samples": samples, "steps": 4, "seed": 3, "metrics": ["mind", "kid", "frechet"], "keep_samples": True, "extractor": extractor["id"]}
        job, metrics = client.run(
            checkpoint=this.checkpoint(client), dataset=this.dataset(client), evaluation=evaluation, pruning={"method": "magnitude", "ratio": 0.3})
        found, path = metrics["evaluation"], f"/v1/jobs/{job['id']}/files"
        archive = client.call(f"{path}/samples.tar")
        with np.load(io.BytesIO(client.call(f"{path}/statistics.npz"))) as statistics:
            figures.bar("features of the reference, their mean", np.abs(statistics["mu"] - reference.mean(0)).max() / scale, INCEPTION)
        for key in ("before", "after"):
            features = network(pictures(archive, key) / 2 + 0.5).double().numpy()
            figures.relative("Frechet", [found["frechet"][key]], [frechet(features, reference)], FEATURES)
            figures.relative("KID", [found["kid"][key]], [kid(features, reference)[0]], FEATURES)
            figures.relative("MIND", [found["mind"][key]], [sliced(features, reference)], FEATURES)
    # pytorch-fid's own file, and one in single precision and columns.
    covariance = np.cov(reference, rowvar=False)
    for arrays in ({"mu": reference.mean(0), "sigma": covariance},
                   {"sigma": np.asfortranarray(covariance.astype(np.float32)), "mu": reference.mean(0).astype(np.float32)}):
        statistics = json.loads(client.call("/v1/statistics", stored(arrays)))
        figures.same("features of statistics", [statistics["features"]], [2048])
        evaluation |= {"metrics": ["frechet"], "reference": statistics["id"]}
        job, metrics = client.run(checkpoint=this.checkpoint(client), evaluation=evaluation, pruning={"method": "magnitude", "ratio": 0.3})
        figures.relative("Frechet by statistics", [metrics["evaluation"]["frechet"]["after"]], [found["frechet"]["after"]], FEATURES)
        figures.same("reference", [metrics["evaluation"]["reference"]["n"]], [None])
