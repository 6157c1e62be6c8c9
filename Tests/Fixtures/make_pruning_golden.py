"""Writes pruning/: scores, selections and pruned outputs of reference.py on the tiny models of unet/, for the engine to reproduce.

CONFIG/METHOD.json holds the losses, the groups with their members and scores, and the kept channels for both `widths` and two
ratios; CONFIG/inputs.safetensors the pictures that are scored (`x0`) and a probe (`sample`, `timesteps`);
CONFIG/outputs.safetensors the pruned models' outputs on the probe as METHOD.WIDTHS.RATIO. cifar10.json has the expected widths
and counts of google/ddpm-cifar10-32's shape. All arithmetic is in float64, so a score is known better than float32 can give it.

    python make_pruning_golden.py
"""

import json
from pathlib import Path

import torch
from diffusers import UNet2DModel
from safetensors.torch import load_file, save_file

import reference

HERE = Path(__file__).parent
STEPS = 50
BATCH = 4

# Untrained models' losses hardly change, so the thresholds lie near 1 where the loop is to stop early.
RUNS = {
    "ddpm": dict(threshold=0.05, first=2, last=40, stride=3),
    "ldm": dict(threshold=0.98, first=0, last=49, stride=1),
    "scale_shift": dict(threshold=1.0, first=0, last=49, stride=1),
}

CIFAR10 = dict(
    act_fn="silu", attention_head_dim=None, block_out_channels=[128, 256, 256, 256], center_input_sample=False,
    down_block_types=["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"], downsample_padding=0,
    flip_sin_to_cos=False, freq_shift=1, in_channels=3, layers_per_block=2, mid_block_scale_factor=1, norm_eps=1e-6,
    norm_num_groups=32, out_channels=3, sample_size=32, time_embedding_type="positional",
    up_block_types=["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"])


def load(name):
    folder = HERE / "unet" / name
    config = {k: v for k, v in json.loads((folder / "config.json").read_text()).items() if not k.startswith("_")}
    model = UNet2DModel(**config).eval()
    model.load_state_dict(load_file(folder / "weights.safetensors"))
    return model


def inputs(model):
    size = model.config.sample_size
    shape = (BATCH, model.config.in_channels, size, size)
    x0 = 2 * torch.rand(shape, generator=torch.Generator().manual_seed(11)) - 1
    sample = torch.randn((2,) + shape[1:], generator=torch.Generator().manual_seed(12))
    return {"x0": x0, "sample": sample, "timesteps": torch.tensor([31.0, 6.0])}


def margin(scores, kept, chunks):
    """By how much the lowest kept score exceeds the highest removed one: float32 must not be able to swap them."""
    smallest = float("inf")
    size = len(scores) // chunks
    for c in range(chunks):
        inside = set(range(c * size, (c + 1) * size))
        stay, gone = inside & set(kept), inside - set(kept)
        if stay and gone:
            smallest = min(smallest, min(scores[list(stay)]) - max(scores[list(gone)]))
    return float(smallest)


def golden(name):
    folder = HERE / "pruning" / name
    folder.mkdir(parents=True, exist_ok=True)
    model = load(name)
    groups = reference.couplings(model)
    given = inputs(model)
    save_file(given, folder / "inputs.safetensors", {"made_by": "make_pruning_golden.py"})
    outputs = {}
    for method in reference.METHODS:
        if method in ("scratch", *reference.SAMPLES):
            continue  # diff-pruning's structure, nothing of its own to compare; the engine's tests go over samples by themselves
        seed = 5
        losses, gradients = reference.scoring(model, method, given["x0"], seed, STEPS, **RUNS[name])
        found = reference.importances(model, groups, method, gradients, seed)
        selections = []
        for widths in ("free", "diffusers"):
            for ratio in (0.3, 0.5):
                try:
                    chosen = reference.selection(model, groups, found, widths, ratio)
                except ValueError as error:
                    selections.append({"widths": widths, "ratio": ratio, "error": str(error)})
                    continue
                if widths == "free":
                    worst = min(margin(reference.normalised(s), k, g.chunks) for g, s, k in zip(groups, found, chosen))
                    assert worst > 2e-5, (name, method, ratio, worst)
                pruned = reference.cut(model, groups, chosen, widths, ratio, STEPS)
                parameters, macs = reference.count(pruned)
                with torch.no_grad():
                    output = pruned(given["sample"].double(), given["timesteps"].long()).sample
                outputs[f"{method}.{widths}.{ratio}"] = output.float()
                selections.append({
                    "widths": widths, "ratio": ratio, "parameters": parameters, "macs": macs,
                    "block_out_channels": list(pruned.config.block_out_channels) if widths == "diffusers" else None,
                    "time_embedding_type": pruned.config.time_embedding_type,
                    "kept": {g.name: k for g, k in zip(groups, chosen)}})
        parameters, macs = reference.count(model)
        golden = {
            "made_by": "make_pruning_golden.py", "config": name, "method": method, "seed": seed, "steps": STEPS, "batch_size": BATCH,
            **RUNS[name], "parameters": parameters, "macs": macs, "losses": losses,
            "kept_timesteps": sum(row["kept"] for row in losses),
            "groups": [
                {"name": g.name, "width": g.width, "norm_groups": g.norm_groups, "heads": g.heads, "kind": g.kind,
                 "members": [{"parameter": p, "axis": a, "offset": o} for p, a, o in g.members],
                 "scores": [round(v, 9) for v in reference.normalised(s).tolist()]} for g, s in zip(groups, found)],
            "selections": selections}
        text = json.dumps(golden).replace('{"name"', '\n{"name"').replace('{"widths"', '\n{"widths"')
        (folder / f"{method}.json").write_text(text + "\n")
        print(name, method, golden["kept_timesteps"], [(s["widths"], s["ratio"], s.get("parameters")) for s in selections])
    save_file(outputs, folder / "outputs.safetensors", {"made_by": "make_pruning_golden.py"})


def cifar10():
    model = UNet2DModel(**CIFAR10).eval()
    groups = reference.couplings(model)
    found = reference.importances(model, groups, "magnitude", {}, 0)
    before = reference.count(model)
    result = {"made_by": "make_pruning_golden.py", "config": CIFAR10, "parameters": before[0], "macs": before[1], "ratio": 0.3}
    for widths in ("free", "diffusers"):
        chosen = reference.selection(model, groups, found, widths, 0.3)
        if widths == "free":
            tensors = reference.sliced({n: p.detach() for n, p in model.named_parameters()}, groups, chosen)
            after = reference.count(reference.rebuilt(model, tensors))
            assert after == (19_851_157, 3_384_244_068), after
        else:
            after = reference.count(reference.cut(model, groups, chosen, widths, 0.3, 1000))
        result[widths] = {"parameters": after[0], "macs": after[1], "widths": {g.name: len(k) for g, k in zip(groups, chosen)}}
        print("cifar10", widths, after)
    (HERE / "pruning" / "cifar10.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in RUNS:
        golden(name)
    cifar10()
