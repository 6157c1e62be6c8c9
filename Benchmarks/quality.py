"""Runs jobs of several recipes on one server, one after the other, and prints what came of them: see quality.sh.

A way is a job's body but for ratio, steps and seed. Learning rates are swept, so that every way is compared at its best.
"""

import json
import os
import statistics
import sys

import quality_networks
from client import Client

REFIT = {"reconstruction": {}}
GLOBAL = {"allocation": "global"}
COSINE = {"schedule": "cosine"}
SOAP = {"optimizer": "soap"}
TEACHER = {"distillation": {"output": 1}}
BLOCKS = {"distillation": {"output": 1, "features": 0.1}}


def sweep(name, recipe, pruning, finetuning, rates):
    return {f"{name}, {rate:g}": (recipe, pruning, finetuning | {"learning_rate": rate}) for rate in rates}


# name: (recipe, pruning, fine-tuning)
WAYS = sweep("paper", "paper", {}, {}, (5e-4, 1e-3, 2e-3, 4e-3))
for part, pruning, finetuning in (
        ("reconstruction", REFIT, {}), ("shares by worth", GLOBAL, {}), ("cosine", {}, COSINE), ("SOAP", {}, SOAP), ("the original's output", {}, TEACHER)):
    WAYS |= sweep(f"paper and {part}", "paper", pruning, finetuning, (2e-3, 4e-3))
WAYS["best"] = ("best", {}, {})
WAYS |= sweep("best", "best", {}, {}, (4e-3, 1e-2))
WAYS["best without reconstruction"] = ("best", {"reconstruction": None}, {})
WAYS["best without shares by worth"] = ("best", {"allocation": "uniform"}, {})
WAYS["best without cosine"] = ("best", {}, {"schedule": "constant"})
WAYS |= sweep("best without SOAP", "best", {}, {"optimizer": "adamw"}, (2e-3, 4e-3))
WAYS["best without averaging"] = ("best", {}, {"ema_decay": 0})
WAYS["best and the original's output"] = ("best", {}, TEACHER)
WAYS["best and the original's blocks"] = ("best", {}, BLOCKS)


def numbers(name, usual, kind):
    return [kind(word) for word in os.environ.get(name, usual).split()]


def body(way, ratio, steps, seed):
    recipe, pruning, finetuning = WAYS[way]
    # A null is left as it is: it takes a part out of the recipe.
    request = {
        "recipe": recipe, "pruning": {"ratio": ratio, "widths": "free", "timesteps": {"stride": 10}, "seed": seed} | pruning,
        "evaluation": {"samples": 16, "steps": 50}}
    if steps > 0:
        request["finetuning"] = {"steps": steps, "seed": seed} | finetuning
    return request


def compare(client, network, ways, lines):
    model, pictures = quality_networks.trained(client, network)
    checkpoint = client.upload("checkpoints", network, model)["id"]
    dataset = client.upload("datasets", network, pictures)["id"]
    for ratio in numbers("RATIOS", "0.3 0.5 0.7", float):
        for steps in numbers("STEPS", "0 100 300 1000", int):
            seen = set()
            for way in ways:
                # Without steps only the cut and its reconstruction count.
                key = json.dumps(body(way, ratio, steps, 0))
                if key in seen:
                    continue
                seen.add(key)
                found = []
                for seed in numbers("SEEDS", "0 1 2", int):
                    _, metrics = client.run(checkpoint=checkpoint, dataset=dataset, **body(way, ratio, steps, seed))
                    evaluation, timing = metrics["evaluation"], metrics["timing"]
                    loss, ssim = evaluation["loss"], (evaluation["ssim"] or {}).get("mean")
                    found.append((loss["after"] - loss["before"], ssim or 0, sum(timing.values()) - timing["evaluating"]))
                    line = {
                        "network": network, "way": way, "ratio": ratio, "steps": steps, "seed": seed, "loss": loss, "ssim": ssim,
                        "timing": timing, "parameters": metrics["parameters"], "macs": metrics["macs"]}
                    lines.write(json.dumps(line) + "\n")
                    lines.flush()
                excess, ssim, seconds = zip(*found)
                around = f" ± {statistics.stdev(excess):.4f}" if len(excess) > 1 else ""
                print(
                    f"| {network} | {ratio} | {steps} | {way} | {statistics.mean(excess):.4f}{around} | {statistics.mean(ssim):.3f} "
                    f"| {statistics.mean(seconds):.0f} |", flush=True)


def main():
    client = Client(sys.argv[1])
    named = [way for way in os.environ.get("WAYS", "").split(";") if way]
    ways = named or [way for way in WAYS if all(word in way for word in sys.argv[2:])]
    print("| network | ratio | steps | way | excess | SSIM | seconds |\n|---|---|---|---|---|---|---|", flush=True)
    with open("quality.jsonl", "a") as lines:
        for network in numbers("NETWORKS", " ".join(quality_networks.NAMES), str):
            compare(client, network, ways, lines)


if __name__ == "__main__":
    main()
