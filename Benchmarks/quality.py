"""Runs jobs of several recipes on one server, one after the other, and prints what came of them: see quality.sh.

A way is a job's body but for ratio, steps and seed. The paper's learning rate is swept, so that it is compared at its best.
"""

import json
import os
import statistics
import sys

from client import Client

EXAMPLE = "Tests/Fixtures/example"
RATES = (2e-4, 5e-4, 1e-3, 2e-3, 4e-3)
REFIT = {"reconstruction": {}}
GLOBAL = {"allocation": "global"}
COSINE = {"schedule": "cosine"}
TEACHER = {"distillation": {"output": 1}}
BLOCKS = {"distillation": {"output": 1, "features": 0.1}}

# name: (pruning, fine-tuning)
WAYS = {f"paper, learning rate {rate:g}": ({}, {"learning_rate": rate}) for rate in RATES}
WAYS |= {f"cosine from {rate:g}": ({}, COSINE | {"learning_rate": rate}) for rate in RATES[1:]}
WAYS |= {f"reconstruction, learning rate {rate:g}": (REFIT, {"learning_rate": rate}) for rate in RATES[:3]}
WAYS |= {f"reconstruction, cosine from {rate:g}": (REFIT, COSINE | {"learning_rate": rate}) for rate in RATES[1:]}
WAYS |= {f"global shares, cosine from {rate:g}": (GLOBAL, COSINE | {"learning_rate": rate}) for rate in RATES[2:]}
WAYS |= {f"both, cosine from {rate:g}": (GLOBAL | REFIT, COSINE | {"learning_rate": rate}) for rate in RATES[1:]}
WAYS |= {f"both and the original's output, cosine from {rate:g}": (GLOBAL | REFIT, COSINE | TEACHER | {"learning_rate": rate}) for rate in RATES[2:]}
WAYS |= {f"both and the original's blocks, cosine from {rate:g}": (GLOBAL | REFIT, COSINE | BLOCKS | {"learning_rate": rate}) for rate in RATES[2:]}

WAYS["the recipe best"] = ({}, {})


def numbers(name, usual, kind):
    return [kind(word) for word in os.environ.get(name, usual).split()]


def body(way, ratio, steps, seed):
    pruning, finetuning = WAYS[way]
    request = {
        "recipe": "best" if way == "the recipe best" else "paper", "pruning": {"ratio": ratio, "widths": "free", "timesteps": {"stride": 10}, "seed": seed} | pruning,
        "evaluation": {"samples": 16, "steps": 50}}
    if steps > 0:
        request["finetuning"] = {"steps": steps, "seed": seed} | finetuning
    return request


def main():
    client = Client(sys.argv[1])
    ways = [way for way in WAYS if all(word in way for word in sys.argv[2:])]
    with open(f"{EXAMPLE}/model.tar", "rb") as model, open(f"{EXAMPLE}/pictures.tar.gz", "rb") as pictures:
        checkpoint = client.upload("checkpoints", "example", model.read())["id"]
        dataset = client.upload("datasets", "example", pictures.read())["id"]
    print("| ratio | steps | way | loss, excess over the original's | SSIM | seconds |\n|---|---|---|---|---|---|", flush=True)
    with open("quality.jsonl", "a") as lines:
        for ratio in numbers("RATIOS", "0.3 0.5", float):
            for steps in numbers("STEPS", "0 300", int):
                # Without steps only the cut and its reconstruction count.
                seen = set()
                for way in ways:
                    key = json.dumps(body(way, ratio, steps, 0))
                    if key in seen:
                        continue
                    seen.add(key)
                    found = []
                    for seed in numbers("SEEDS", "0", int):
                        job, metrics = client.run(checkpoint=checkpoint, dataset=dataset, **body(way, ratio, steps, seed))
                        evaluation, timing = metrics["evaluation"], metrics["timing"]
                        found.append((
                            evaluation["loss"]["after"], evaluation["loss"]["after"] - evaluation["loss"]["before"],
                            evaluation["ssim"]["mean"], sum(timing.values()) - timing["evaluating"]))
                        lines.write(json.dumps({
                            "way": way, "ratio": ratio, "steps": steps, "seed": seed, "loss": evaluation["loss"],
                            "ssim": evaluation["ssim"]["mean"], "timing": timing, "parameters": metrics["parameters"]}) + "\n")
                        lines.flush()
                    loss, excess, ssim, seconds = (statistics.mean(column) for column in zip(*found))
                    name = way if steps else ", ".join(WAYS[way][0]) or ("best" if "best" in way else "the cut alone")
                    print(f"| {ratio} | {steps} | {name} | {loss:.4f}, {excess:.4f} | {ssim:.3f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
