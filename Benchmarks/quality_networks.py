"""The networks of quality.sh: the example, one of the same build that draws something else, and one of another build.

The latter two are trained on the server when they are first asked for, and kept in the folder quality/.
"""

import json
import os
import random
import struct
import zlib

from client import tar

EXAMPLE = "Tests/Fixtures/example"
FOLDER = "quality"
PICTURES = 2048
STEPS = 3000


def png(size, channels, pixels):
    """An 8-bit PNG of rows of bytes."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes(row) for row in pixels)
    header = struct.pack(">IIBBBBB", size, size, 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def shapes(dice, size=32):
    """Three discs and bars of one colour each, one over the other, on a plain ground."""
    def colour():
        return [dice.randrange(256) for _ in range(3)]

    things = [(dice.choice("ob"), dice.uniform(4, 28), dice.uniform(4, 28), dice.uniform(4, 9), dice.uniform(2, 9), colour()) for _ in range(3)]
    ground = colour()

    def at(x, y):
        found = ground
        for kind, cx, cy, width, height, hue in things:
            dx, dy = (x - cx) / width, (y - cy) / height
            if (dx * dx + dy * dy * (height / width) ** 2 <= 1) if kind == "o" else (abs(dx) <= 1 and abs(dy) <= 1):
                found = hue
        return found

    return [sum((at(x, y) for x in range(size)), []) for y in range(size)]


def strokes(dice, size=16):
    """Two bent grey lines on black, as if written."""
    canvas = [[0.0] * size for _ in range(size)]
    for _ in range(2):
        (ax, ay), (bx, by), (cx, cy) = ((dice.uniform(2, 14), dice.uniform(2, 14)) for _ in range(3))
        for i in range(33):
            t = i / 32
            px, py = ((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t * t * c for a, b, c in ((ax, bx, cx), (ay, by, cy)))
            for y in range(size):
                for x in range(size):
                    canvas[y][x] = max(canvas[y][x], 1.4 - ((x - px) ** 2 + (y - py) ** 2) ** 0.5)
    return [[int(255 * min(1, max(0, value))) for value in row] for row in canvas]


def config(**changes):
    with open(f"{EXAMPLE}/config.json") as file:
        return json.load(file) | changes


# name: (what draws a picture, its size and channels, the network's config)
DRAWN = {
    "shapes": (shapes, 32, 3, config()),
    "strokes": (strokes, 16, 1, config(
        sample_size=16, in_channels=1, out_channels=1, block_out_channels=[32, 64], layers_per_block=2, attention_head_dim=8,
        down_block_types=["DownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "UpBlock2D"],
        resnet_time_scale_shift="scale_shift", norm_num_groups=8)),
}
NAMES = ["landscapes", *DRAWN]


def trained(client, name):
    """The model and its pictures as archives."""
    if name == "landscapes":
        with open(f"{EXAMPLE}/model.tar", "rb") as model, open(f"{EXAMPLE}/pictures.tar.gz", "rb") as pictures:
            return model.read(), pictures.read()
    draw, size, channels, network = DRAWN[name]
    pictures = tar({f"{i:05}.png": png(size, channels, draw(random.Random(f"{name} {i}"))) for i in range(PICTURES)})
    path = f"{FOLDER}/{name}.tar"
    if not os.path.exists(path):
        fresh = client.upload("checkpoints", name, {"config.json": json.dumps(network).encode()}, "&init=random&seed=0")["id"]
        dataset = client.upload("datasets", name, pictures)["id"]
        job, metrics = client.run(
            recipe="best", checkpoint=fresh, dataset=dataset, finetuning={"steps": STEPS, "warmup_steps": 100}, evaluation={"samples": 16})
        os.makedirs(FOLDER, exist_ok=True)
        with open(path + ".new", "wb") as file:
            file.write(client.call(f"/v1/checkpoints/{job['result']['checkpoint']}/content"))
        with open(f"{FOLDER}/{name}.png", "wb") as file:
            file.write(client.call(f"/v1/jobs/{job['id']}/files/samples_after.png"))
        os.rename(path + ".new", path)
        print(f"trained {name}: held-out loss {metrics['evaluation']['loss']['after']:.4f}", flush=True)
    with open(path, "rb") as model:
        return model.read(), pictures
