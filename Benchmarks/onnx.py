"""Times networks and what cuts leave of them in onnxruntime: see onnx.sh."""

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

from client import Client

CIFAR10 = {
    "_class_name": "UNet2DModel", "sample_size": 32, "block_out_channels": [128, 256, 256, 256], "layers_per_block": 2, "act_fn": "silu",
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"], "downsample_padding": 0, "flip_sin_to_cos": False,
    "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"], "freq_shift": 1, "norm_eps": 1e-6, "attention_head_dim": None}
THREADS = 2


class Model:
    """A checkpoint's U-Net in onnxruntime."""

    def __init__(self, client, checkpoint):
        with tempfile.TemporaryDirectory() as folder:
            client.download(checkpoint, folder, "?layout=onnx")
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = THREADS
            self.session = onnxruntime.InferenceSession(Path(folder) / "unet" / "model.onnx", options, providers=["CPUExecutionProvider"])

    def seconds(self, sample):
        began = time.perf_counter()
        self.session.run(None, {"sample": sample, "timestep": np.array(500, np.float32)})
        return time.perf_counter() - began


def main():
    client, ratios = Client(sys.argv[1]), [float(word) for word in os.environ.get("RATIOS", "0.3 0.5").split()]
    rounds = int(os.environ.get("ROUNDS", "15"))
    print("| network | batch | widths | ratio | multiply-accumulates | milliseconds a step | times as fast | multiply-accumulates, times fewer |")
    print("|---|---|---|---|---|---|---|---|")
    example = client.upload("checkpoints", "example", Path("Tests/Fixtures/example/model.tar").read_bytes())["id"]
    cifar10 = client.upload("checkpoints", "cifar10", {"config.json": json.dumps(CIFAR10).encode()}, "&init=random")["id"]
    for name, checkpoint in ("example", example), ("ddpm-cifar10-32's shape", cifar10):
        cuts, models = [], {None: Model(client, checkpoint)}
        for widths in "diffusers", "free":
            for ratio in ratios:
                job, metrics = client.run(checkpoint=checkpoint, pruning={"method": "magnitude", "ratio": ratio, "widths": widths})
                cuts.append((widths, ratio, metrics["macs"]))
                models[widths, ratio] = Model(client, job["result"]["checkpoint"])
        for batch in 1, 16:
            sample = np.random.default_rng(0).standard_normal((batch, 3, 32, 32)).astype(np.float32)
            times = {cut: [] for cut in models}
            for turn in range(rounds + 2):
                for cut, model in models.items():
                    spent = model.seconds(sample)
                    if turn >= 2:
                        times[cut].append(spent)
            # One after the other in every round: how fast the machine is just then is the same for all of them.
            for widths, ratio, macs in cuts:
                mine = times[widths, ratio]
                faster = statistics.median(whole / cut for whole, cut in zip(times[None], mine))
                print(
                    f"| {name} | {batch} | {widths} | {ratio} | {macs['before']:,} to {macs['after']:,} "
                    f"| {1e3 * statistics.median(times[None]):.1f} to {1e3 * statistics.median(mine):.1f} | {faster:.2f} "
                    f"| {macs['before'] / macs['after']:.2f} |", flush=True)


if __name__ == "__main__":
    main()
