"""Trains a small AutoencoderKL on one server and prunes it at several ratios: see autoencoder.sh."""

import json
import os
import sys
import time
from pathlib import Path

from client import Client

CONFIG = {
    "_class_name": "AutoencoderKL", "block_out_channels": [32, 64], "down_block_types": ["DownEncoderBlock2D"] * 2,
    "up_block_types": ["UpDecoderBlock2D"] * 2, "layers_per_block": 1, "norm_num_groups": 8, "latent_channels": 4, "sample_size": 32}
EVALUATION = {"samples": 16}


def main():
    client, began = Client(sys.argv[1]), time.time()
    dataset = client.upload("datasets", "example", Path(sys.argv[2]).read_bytes())["id"]
    fresh = client.upload("checkpoints", "small", {"config.json": json.dumps(CONFIG).encode()}, "&init=random")["id"]
    steps = int(os.environ.get("STEPS", "1000"))
    # By the recipe for few steps, as what comes after it.
    job, _ = client.run(recipe="best", checkpoint=fresh, dataset=dataset, finetuning={"steps": steps, "batch_size": 16, "learning_rate": 7e-3, "ema_decay": 0.999})
    checkpoint = job["result"]["checkpoint"]
    print(f"trained for {steps} steps in {time.time() - began:.0f} s\n", flush=True)
    # What the recipe takes, where nothing else is asked for.
    finetuning = {"steps": 300} | ({"batch_size": int(os.environ["BATCH"])} if "BATCH" in os.environ else {})
    print("| ratio | parameters | multiply-accumulates | error | after the cut | after 300 steps | of the original's | SSIM | after | seconds |")
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for ratio in os.environ.get("RATIOS", "0.3 0.5").split():
        began = time.time()
        _, metrics = client.run(
            recipe="best", checkpoint=checkpoint, dataset=dataset, pruning={"ratio": float(ratio)}, finetuning=finetuning,
            evaluation=EVALUATION)
        loss, ssim = metrics["evaluation"]["loss"], metrics["evaluation"]["reconstruction"]["ssim"]
        sizes = " | ".join(f"{metrics[key]['before']:,} to {metrics[key]['after']:,}" for key in ("parameters", "macs"))
        print(
            f"| {ratio} | {sizes} | {loss['before']:.5f} | {loss['pruned']:.5f} | {loss['after']:.5f} | {loss['after'] / loss['before']:.2f} "
            f"| {ssim['before']:.4f} | {ssim['after']:.4f} | {time.time() - began:.0f} |", flush=True)


if __name__ == "__main__":
    main()
