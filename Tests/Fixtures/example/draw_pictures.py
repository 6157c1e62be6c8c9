"""Draws pictures.tar.gz: 32×32 landscapes (sky, sun or moon, hills, a house or trees), the example dataset.

Every picture depends on its number alone, so that the same file comes out each time. Only Python's standard library is used.

    python3 draw_pictures.py [--count 3072] [--sheet sheet.png] [pictures.tar.gz]
"""

import argparse
import colorsys
import gzip
import io
import math
import multiprocessing
import random
import struct
import tarfile
import zlib

SIZE = 32
SUBSAMPLES = (0.17, 0.5, 0.83)  # of a pixel, in each direction

DAY = [((0.58, 0.60, 0.90), (0.56, 0.22, 1.0)), ((0.56, 0.45, 0.95), (0.52, 0.12, 1.0))]
DUSK = [((0.75, 0.45, 0.60), (0.06, 0.55, 1.0)), ((0.66, 0.40, 0.70), (0.96, 0.40, 0.98)), ((0.90, 0.45, 0.75), (0.12, 0.50, 1.0))]
NIGHT = [((0.66, 0.75, 0.18), (0.62, 0.60, 0.42)), ((0.70, 0.60, 0.15), (0.64, 0.50, 0.36))]


def rgb(hue, saturation, value):
    return colorsys.hsv_to_rgb(hue % 1, min(max(saturation, 0), 1), min(max(value, 0), 1))


def mix(a, b, t):
    return tuple(x + (y - x) * t for x, y in zip(a, b))


class Landscape:
    """One picture as a function from a point (0…32, downwards) to a colour."""

    def __init__(self, number):
        dice = random.Random(number * 7919 + 1)
        self.kind = dice.choices(["day", "dusk", "night"], [5, 3, 2])[0]
        top, bottom = dice.choice({"day": DAY, "dusk": DUSK, "night": NIGHT}[self.kind])
        shift = dice.uniform(-0.02, 0.02)
        self.top, self.bottom = rgb(top[0] + shift, *top[1:]), rgb(bottom[0] + shift, *bottom[1:])
        self.horizon = dice.uniform(16, 22)

        low = self.kind == "dusk"
        self.disc = (dice.uniform(5, 27), dice.uniform(9, 14) if low else dice.uniform(4, 9), dice.uniform(2.2, 3.6))
        self.disc_colour = {"day": (1.0, 0.92, 0.35), "dusk": (1.0, 0.70, 0.30), "night": (0.95, 0.95, 0.86)}[self.kind]

        light = {"day": 1.0, "dusk": 0.72, "night": 0.38}[self.kind]
        hue = dice.uniform(0.22, 0.38)
        self.hills = []
        for layer in range(2):
            base = self.horizon + 5.5 * layer
            waves = [(dice.uniform(1.2, 3.2) / (1 + 0.4 * layer), dice.uniform(0.12, 0.28), dice.uniform(0, 2 * math.pi)) for _ in range(2)]
            colour = rgb(hue + (0.08 if layer == 0 else 0), 0.45 + 0.15 * layer, (0.52 + 0.10 * layer) * light)
            self.hills.append((base, waves, colour))

        self.things = []
        place = dice.uniform(7, 25)
        if dice.random() < 0.5:
            self.things.append(("house", place, dice.uniform(4.4, 5.6), dice.choice([(0.86, 0.80, 0.70), (0.80, 0.45, 0.35), (0.90, 0.88, 0.85)]), dice.choice([(0.62, 0.20, 0.16), (0.35, 0.26, 0.24)])))
        else:
            self.things.append(("tree", place, dice.uniform(3.0, 4.2), rgb(dice.uniform(0.28, 0.40), 0.75, 0.42), (0.36, 0.24, 0.15)))
            if dice.random() < 0.5:
                other = place + dice.choice([-1, 1]) * dice.uniform(7, 9)
                self.things.append(("tree", other, dice.uniform(2.4, 3.4), rgb(dice.uniform(0.28, 0.40), 0.75, 0.40), (0.36, 0.24, 0.15)))
        self.light = light

        self.heights = {}

    def height(self, layer, x):
        if (layer, x) not in self.heights:
            base, waves, _ = self.hills[layer]
            self.heights[layer, x] = base + sum(a * math.sin(f * x + p) for a, f, p in waves) * 0.7
        return self.heights[layer, x]

    def ground(self, x):
        return self.height(1, x) + 1.5

    def thing(self, thing, x, y):
        kind, centre, size, colour, second = thing
        foot = self.ground(centre)
        dx, dy = x - centre, foot - y  # right and up
        if kind == "house":
            half, wall = size * 0.75, size * 0.95
            if abs(dx) <= half and 0 <= dy <= wall:
                if abs(dx - half * 0.45) < size * 0.17 and wall * 0.40 < dy < wall * 0.78:
                    return (1.0, 0.88, 0.42) if self.kind != "day" else mix((0.30, 0.42, 0.55), (0, 0, 0), 0.1)
                if abs(dx + half * 0.35) < size * 0.15 and dy < wall * 0.62:
                    return mix((0, 0, 0), (0.40, 0.25, 0.16), self.light)
                return mix((0, 0, 0), colour, self.light)
            if wall < dy <= wall + size * 0.75 and abs(dx) <= (half + 0.8) * (1 - (dy - wall) / (size * 0.75)):
                return mix((0, 0, 0), second, self.light)
        else:
            if abs(dx) < 0.65 and 0 <= dy < size:
                return mix((0, 0, 0), second, self.light)
            if dx * dx + (dy - size * 1.55) ** 2 * 0.8 < size * size * 0.62:
                return mix((0, 0, 0), colour, self.light)
        return None

    def colour(self, x, y):
        for thing in self.things:
            found = self.thing(thing, x, y)
            if found:
                return found
        for layer in (1, 0):
            edge = self.height(layer, x)
            if y >= edge:
                shade = min((y - edge) / 14, 1)
                return mix(self.hills[layer][2], mix(self.hills[layer][2], (0, 0, 0), 0.35), shade)
        cx, cy, radius = self.disc
        if (x - cx) ** 2 + (y - cy) ** 2 <= radius * radius:
            return self.disc_colour
        return mix(self.top, self.bottom, min(y / self.horizon, 1))

    def pixels(self):
        rows = []
        for py in range(SIZE):
            row = bytearray()
            for px in range(SIZE):
                total = [0.0, 0.0, 0.0]
                for sy in SUBSAMPLES:
                    for sx in SUBSAMPLES:
                        for k, v in enumerate(self.colour(px + sx, py + sy)):
                            total[k] += v
                row += bytes(int(v / len(SUBSAMPLES) ** 2 * 255 + 0.5) for v in total)
            rows.append(bytes(row))
        return rows


def png(rows, width):
    """An 8-bit RGB PNG; each row takes the filter (none, sub, up, Paeth) with the smallest residuals."""
    raw, before = bytearray(), bytes(3 * width)
    for row in rows:
        left = bytes(3) + row[:-3]
        corner = bytes(3) + before[:-3]

        def paeth(a, b, c):
            p = a + b - c
            pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
            return a if pa <= pb and pa <= pc else b if pb <= pc else c

        candidates = {
            0: row,
            1: bytes((x - a) & 255 for x, a in zip(row, left)),
            2: bytes((x - b) & 255 for x, b in zip(row, before)),
            4: bytes((x - paeth(a, b, c)) & 255 for x, a, b, c in zip(row, left, before, corner))}
        kind = min(candidates, key=lambda k: sum(min(v, 256 - v) for v in candidates[k]))
        raw += bytes([kind]) + candidates[kind]
        before = row

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(raw), 9)) + chunk(b"IEND", b"")


def contact_sheet(pictures, columns=16, zoom=2):
    rows = []
    for start in range(0, len(pictures), columns):
        line = pictures[start:start + columns]
        for y in range(SIZE):
            row = b"".join(bytes(b for x in range(SIZE) for b in picture[y][3 * x:3 * x + 3] * zoom) for picture in line)
            rows += [row] * zoom
    return png(rows, columns * SIZE * zoom)


def draw(number):
    return Landscape(number).pixels()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("archive", nargs="?", default="pictures.tar.gz")
    parser.add_argument("--count", type=int, default=3072)
    parser.add_argument("--sheet", help="also write the first 128 pictures as one PNG")
    arguments = parser.parse_args()
    with multiprocessing.Pool() as pool:
        pictures = pool.map(draw, range(arguments.count), chunksize=32)
    with open(arguments.archive, "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", compresslevel=9, mtime=0, filename="") as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for number, rows in enumerate(pictures):
                data = png(rows, SIZE)
                entry = tarfile.TarInfo(f"landscapes/{number:05d}.png")
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
    if arguments.sheet:
        with open(arguments.sheet, "wb") as file:
            file.write(contact_sheet(pictures[:128]))


if __name__ == "__main__":
    main()
