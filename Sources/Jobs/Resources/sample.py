"""Draws pictures with the ONNX models of this folder, by DDIM: with onnxruntime and numpy alone, and Pillow to write the file.

    pip install onnxruntime numpy pillow
    python sample.py picture.png --count 4 --steps 50 --seed 0
    python sample.py picture.png --classes 3 7       # of a network that is told classes, a picture of each
    python sample.py picture.png --classes 3 7 --guidance 3    # where a table has tokens of classes, the last of them for none
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime

FOLDER = Path(__file__).resolve().parent


def read(path):
    return json.loads((FOLDER / path).read_text())


def session(folder):
    return onnxruntime.InferenceSession(FOLDER / folder / "model.onnx", providers=onnxruntime.get_available_providers())


def alphas_cumprod(config):
    """What is left of a picture at each timestep, by the scheduler's betas."""
    count, start, end = config.get("num_train_timesteps", 1000), config.get("beta_start", 1e-4), config.get("beta_end", 0.02)
    kind = "squaredcos_cap_v2" if config.get("_class_name") == "UnCLIPScheduler" else config.get("beta_schedule", "linear")
    if config.get("trained_betas") is not None:
        betas = np.array(config["trained_betas"], np.float64)
    elif kind == "linear":
        betas = np.linspace(start, end, count)
    elif kind == "scaled_linear":
        betas = np.linspace(start**0.5, end**0.5, count) ** 2
    elif kind == "sigmoid":
        betas = (end - start) / (1 + np.exp(-np.linspace(-6, 6, count))) + start
    elif kind == "squaredcos_cap_v2":
        bars = np.cos((np.arange(count + 1) / count + 0.008) / 1.008 * np.pi / 2) ** 2
        betas = np.minimum(1 - bars[1:] / bars[:-1], 0.999)
    else:
        raise SystemExit(f"scheduler_config.json: the beta_schedule {kind} is not known here")
    bars = np.cumprod(1 - betas)
    if config.get("rescale_betas_zero_snr", False):
        roots = np.sqrt(bars)
        bars = ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])) ** 2
    return bars


def timesteps(config, count, steps):
    """Those at which the network is asked, the latest first."""
    spacing = config.get("timestep_spacing", "leading")
    if spacing == "linspace":
        return np.linspace(0, count - 1, steps).round()[::-1].astype(np.int64)
    if spacing == "trailing":
        return np.round(np.arange(count, 0, -count / steps)).astype(np.int64)[:steps] - 1
    return (np.arange(steps) * (count // steps))[::-1] + config.get("steps_offset", 0)


def told(classes):
    """What the network is told beside a sample and a timestep, and what where it is told no class; nothing where there is nothing to tell."""
    if not (FOLDER / "class_embedder").exists():
        return {} if classes is None else {"class_labels": np.asarray(classes, np.int64)}, None
    table = session("class_embedder")
    none = np.full(len(classes), read("class_embedder/config.json")["n_classes"] - 1)
    given, empty = (table.run(None, {"class_labels": np.asarray(numbers, np.int64)})[0] for numbers in (classes, none))
    return {"encoder_hidden_states": given}, {"encoder_hidden_states": empty}


def draw(noise, steps=50, classes=None, guidance=1.0):
    """Pictures (count, channels, height, width) in [-1, 1] of as much noise; the network's own numbers where no decoder follows."""
    config, network = read("scheduler/scheduler_config.json"), session("unet")
    alphas = alphas_cumprod(config)
    kind = config.get("prediction_type", "epsilon")
    last = 1.0 if config.get("set_alpha_to_one", True) else alphas[0]
    given, empty = told(classes)
    sample = noise.astype(np.float32)
    for t in timesteps(config, len(alphas), steps):
        state = {"sample": sample, "timestep": np.array(t, np.float32)}
        # As many channels again are variances, which DDIM does not need.
        output = network.run(["out_sample"], state | given)[0][:, : sample.shape[1]]
        if guidance != 1:
            unled = network.run(["out_sample"], state | empty)[0][:, : sample.shape[1]]
            output = unled + np.float32(guidance) * (output - unled)
        alpha, before = alphas[t], t - len(alphas) // steps
        next_alpha = alphas[before] if before >= 0 else last
        signal, share = np.float32(alpha**0.5), np.float32((1 - alpha) ** 0.5)
        if kind == "epsilon":
            original, direction = (sample - share * output) / signal, output
        elif kind == "v_prediction":
            original, direction = signal * sample - share * output, signal * output + share * sample
        else:
            original, direction = output, (sample - signal * output) / share
        if config.get("clip_sample", True):
            limit = config.get("clip_sample_range", 1.0)
            original = original.clip(-limit, limit)
        sample = np.float32(next_alpha**0.5) * original + np.float32((1 - next_alpha) ** 0.5) * direction
    return decoded(sample)


def decoded(latents):
    """The pictures of a latent network's numbers."""
    if not (FOLDER / "vae_decoder").exists():
        return latents
    config = read("vae_decoder/config.json")
    scaled = latents / np.float32(config.get("scaling_factor") or 0.18215)
    if config.get("latents_mean") is not None and config.get("latents_std") is not None:
        mean, deviation = (np.array(config[key], np.float32).reshape(1, -1, 1, 1) for key in ("latents_mean", "latents_std"))
        scaled = scaled * deviation + mean
    else:
        scaled = scaled + np.float32(config.get("shift_factor") or 0)
    return session("vae_decoder").run(["sample"], {"latent_sample": scaled})[0]


def noise(count, seed):
    config = read("unet/config.json")
    size = config["sample_size"]
    height, width = size if isinstance(size, list) else (size, size)
    return np.random.default_rng(seed).standard_normal((count, config["in_channels"], height, width), np.float32)


def save(pictures, path):
    """Side by side, as one file."""
    from PIL import Image

    row = np.concatenate(list((pictures / 2 + 0.5).clip(0, 1)), axis=2)
    bytes_ = (row * 255).round().astype(np.uint8).transpose(1, 2, 0)
    Image.fromarray(bytes_[:, :, 0] if bytes_.shape[2] == 1 else bytes_).save(path)


def main():
    parser = argparse.ArgumentParser(description="Draws pictures with the ONNX models of this folder.")
    parser.add_argument("picture", help="the file to write")
    parser.add_argument("--count", type=int, default=1, help="how many pictures, side by side")
    parser.add_argument("--classes", type=int, nargs="+", help="the class of each picture, of a network that is told classes")
    parser.add_argument("--guidance", type=float, default=1.0, help="how much more than no class the class counts, where a table tells both")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--noise", help="numbers to start from in place of a seed: a .npy file of (count, channels, height, width)")
    args = parser.parse_args()
    has_table = (FOLDER / "class_embedder").exists()
    if args.classes is None and (has_table or any(port.name == "class_labels" for port in session("unet").get_inputs())):
        parser.error("this network is told classes: say --classes with a number for each picture")
    if args.guidance != 1 and not has_table:
        parser.error("--guidance needs a table that has a token for no class")
    start = np.load(args.noise) if args.noise else noise(len(args.classes) if args.classes else args.count, args.seed)
    save(draw(start, args.steps, args.classes, args.guidance), args.picture)


if __name__ == "__main__":
    main()
