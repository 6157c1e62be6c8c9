"""Makes pictures/ for MediaTests with Pillow: PNG, JPEG and WebP files, what Pillow decodes them to, how it turns them by EXIF, and what it
resizes to.

Run: python3 make_pictures.py (needs pillow, numpy and libturbojpeg)."""
import base64, ctypes, io, json, os, struct, zlib
import numpy as np
from PIL import Image, ImageOps

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")
os.makedirs(here, exist_ok=True)


def pattern(width, height, channels):
    """The same formula stands in PictureTests.swift."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    return ((x * x * 7 + y * x * 13 + y * y * 3 + c * 89 + (x ^ y) * 5) & 255).astype(np.uint8)


def png(width, height, depth, kind, rows, extra=b"", interlace=0):
    """A PNG by hand, for what Pillow does not write."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows))) + chunk(b"IEND", b"")


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def adam7(pixels):
    """The rows of Adam7's seven passes."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    return [row.tobytes() for x, y, dx, dy in passes for row in pixels[y::dy, x::dx]]


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def ycck(image, quality):
    """A CMYK picture as YCCK with half the colours' resolution, which Pillow does not write."""
    turbo = ctypes.CDLL("libturbojpeg.so.0")
    turbo.tjInitCompress.restype = ctypes.c_void_p
    inks = 255 - np.asarray(image)
    out, size = ctypes.c_void_p(), ctypes.c_ulong()
    handle = ctypes.c_void_p(turbo.tjInitCompress())
    # TJPF_CMYK, TJSAMP_420
    assert turbo.tjCompress2(handle, inks.tobytes(), image.width, 0, image.height, 11, ctypes.byref(out), ctypes.byref(size), 2, quality, 0) == 0
    return ctypes.string_at(out, size.value)


def without_adobe(jpeg):
    """The same without its APP14 segment."""
    place = jpeg.index(b"\xff\xee")
    return jpeg[:place] + jpeg[place + 2 + struct.unpack(">H", jpeg[place + 2:place + 4])[0]:]


def exif(orientation, order=">", kind=3):
    """A block with one entry."""
    value = struct.pack(order + ("HH" if kind == 3 else "I"), *([orientation, 0] if kind == 3 else [orientation]))
    return {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "IHHHI", 8, 1, 0x0112, kind, 1) + value + struct.pack(order + "I", 0)


rgb, gray = Image.fromarray(pattern(13, 9, 3)), Image.fromarray(pattern(13, 9, 1)[..., 0])
alpha = Image.fromarray(pattern(13, 9, 3)[::-1, :, 1].copy())
rgba, la = rgb.copy(), Image.merge("LA", (gray, alpha))
rgba.putalpha(alpha)
samples = lambda bits, n: [bytes(np.random.RandomState(y).randint(0, 256, (13 * bits + 7) // 8).astype(np.uint8)) for y in range(n)]
# Blocks of noise and of plain colour, so that a lossless WebP has several groups of codes and every transform.
y, x = np.mgrid[:72, :96]
mixed = Image.fromarray(np.stack([np.where((x // 24 + y // 24) % 2, np.random.RandomState(c).randint(0, 256, (72, 96)), x + y + 40 * c) for c in range(3)], -1).astype(np.uint8))
mixed_alpha = mixed.copy()
mixed_alpha.putalpha(Image.fromarray(((x * 3 + y * 5) % 256).astype(np.uint8)))
inks = Image.fromarray(np.random.RandomState(3).randint(0, 256, (4, 5, 4)).astype(np.uint8)).convert("RGBA").resize((37, 29), Image.Resampling.BICUBIC)
inks = Image.frombytes("CMYK", inks.size, inks.tobytes())
narrow = lambda n: [np.random.RandomState(y).randint(0, 4096, 13 * n).astype(">u2").tobytes() for y in range(9)]
palette16 = chunk(b"PLTE", bytes(range(0, 240, 5)))
files = {
    "rgb.png": saved(rgb, "png"), "gray.png": saved(gray, "png"), "rgba.png": saved(rgba, "png"), "la.png": saved(la, "png"),
    "palette.png": saved(rgb.quantize(200), "png", bits=8), "palette4.png": png(13, 9, 4, 3, samples(4, 9), palette16),
    "palette_alpha.png": png(13, 9, 4, 3, samples(4, 9), palette16 + chunk(b"tRNS", bytes([0, 128, 255]))),
    "bilevel.png": saved(gray.convert("1"), "png"), "gray2.png": png(13, 9, 2, 0, samples(2, 9)), "gray4.png": png(13, 9, 4, 0, samples(4, 9)),
    "gray_key.png": png(13, 9, 8, 0, samples(8, 9), chunk(b"tRNS", b"\0\x40")),
    "rgb_key.png": saved(rgb, "png", transparency=(0, 89, 178)),
    "rgb16.png": png(13, 9, 16, 2, samples(48, 9)), "rgba16.png": png(13, 9, 16, 6, samples(64, 9)), "la16.png": png(13, 9, 16, 4, samples(32, 9)),
    "gray16.png": png(13, 9, 16, 0, samples(16, 9)),
    "gamma.png": png(13, 9, 8, 2, samples(24, 9), chunk(b"gAMA", struct.pack(">I", 20000))),
    "rgb.jpg": saved(rgb.resize((37, 29)), "jpeg", quality=85, subsampling=0),
    "rgb420.jpg": saved(rgb.resize((37, 29)), "jpeg", quality=85, subsampling=2),
    "rgb422.jpg": saved(rgb.resize((37, 29)), "jpeg", quality=85, subsampling=1),
    "progressive.jpg": saved(rgb.resize((37, 29)), "jpeg", quality=85, progressive=True),
    "gray.jpg": saved(gray.resize((37, 29)), "jpeg", quality=85),
    "turned.jpg": saved(rgb.resize((37, 29)), "jpeg", quality=85, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"),
    "interlaced.png": png(13, 9, 8, 2, adam7(pattern(13, 9, 3)), interlace=1),
}
files |= {
    "cmyk.jpg": saved(rgb.convert("CMYK"), "jpeg", quality=85), "inks.jpg": saved(inks, "jpeg", quality=95),
    "inks_plain.jpg": without_adobe(saved(inks, "jpeg", quality=95)), "inks_progressive.jpg": saved(inks, "jpeg", quality=90, progressive=True),
    "ycck.jpg": ycck(inks, 90),
    "rgb.webp": saved(rgb.resize((37, 29)), "webp", quality=85), "best.webp": saved(mixed, "webp", quality=95, method=6),
    "rgba.webp": saved(mixed_alpha, "webp", quality=80), "lossless.webp": saved(mixed, "webp", lossless=True, method=6, quality=100),
    "lossless_rgba.webp": saved(mixed_alpha, "webp", lossless=True, exact=True), "lossless_small.webp": saved(rgb, "webp", lossless=True),
    "lossless_palette.webp": saved(rgb.quantize(7).convert("RGB"), "webp", lossless=True),
    "narrow.png": png(13, 9, 16, 0, narrow(1)), "narrow_rgb.png": png(13, 9, 16, 2, narrow(3)),
    "opaque.png": saved(rgb.convert("RGBA"), "png"),
}
others = {"blank.png": png(2400, 2000, 1, 3, [bytes(300)] * 2000, chunk(b"PLTE", bytes([9, 8, 7, 6, 5, 4]))),
          "animated.webp": saved(rgb, "webp", save_all=True, append_images=[rgb.transpose(Image.Transpose.ROTATE_180)], lossless=True)}
expected = {}
for name, data in files.items():
    with open(os.path.join(here, name), "wb") as file:
        file.write(data)
    image = Image.open(io.BytesIO(data))
    one = image.mode in ("1", "L", "LA", "I;16") or name == "la16.png"  # which Pillow opens as RGBA
    if name in ("gray16.png", "narrow.png"):
        # Pillow clips 16-bit gray at 255, white nearly everywhere; as for 16-bit colours, the upper byte is the sense of it.
        pixels = (np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8)
    else:
        pixels = np.asarray(image.convert("RGB"))
        if one:
            pixels = pixels[..., :1]
    expected[name] = {"width": image.width, "height": image.height, "channels": 1 if one else 3,
                      "pixels": base64.b64encode(pixels.tobytes()).decode()}
for name, data in others.items():
    with open(os.path.join(here, name), "wb") as file:
        file.write(data)
with open(os.path.join(here, "decoded.json"), "w") as file:
    json.dump(expected, file, indent=1)

# How pictures lie, in every format and every way that it is told.
xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>'
small = Image.fromarray(pattern(6, 4, 3))
lying = {f"lying_{n}.jpg": saved(small, "jpeg", quality=95, subsampling=0, exif=b"Exif\0\0" + exif(n, "<>"[n % 2], 3 if n < 5 else 4)) for n in range(10)}
lying |= {"lying_3.png": saved(small, "png", exif=exif(3)), "lying_6.png": saved(small, "png", exif=exif(6, "<")),
          "lying_5.webp": saved(small, "webp", lossless=True, exif=exif(5)),
          "lying_8.webp": saved(small, "webp", lossless=True, exif=b"Exif\0\0" + exif(8, "<")),
          "xmp_6.jpg": saved(small, "jpeg", quality=95, subsampling=0, xmp=xmp % 6), "xmp_4.webp": saved(small, "webp", lossless=True, xmp=xmp % 4),
          "xmp_7.png": png(6, 4, 8, 2, [row.tobytes() for row in pattern(6, 4, 3)], chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp % 7)),
          "mixed_6.webp": saved(mixed, "webp", quality=60, exif=exif(6)),
          "broken_exif.jpg": saved(small, "jpeg", quality=95, subsampling=0, exif=b"Exif\0\0" + exif(6)[:17])}
upright = {}
for name, data in lying.items():
    with open(os.path.join(here, name), "wb") as file:
        file.write(data)
    image = Image.open(io.BytesIO(data))
    turned = ImageOps.exif_transpose(image).convert("RGB")
    upright[name] = {"width": turned.width, "height": turned.height, "channels": 3, "pixels": base64.b64encode(turned.tobytes()).decode()}
with open(os.path.join(here, "upright.json"), "w") as file:
    json.dump(upright, file, indent=1)

resized = []
for size, target, channels in [((64, 64), (32, 32), 3), ((100, 75), (32, 32), 3), ((75, 100), (32, 32), 1), ((33, 33), (32, 32), 3),
                               ((47, 61), (7, 5), 3), ((40, 40), (32, 32), 1), ((97, 53), (16, 24), 3), ((1, 9), (1, 4), 1), ((5, 4), (9, 7), 3),
                               ((300, 200), (3, 2), 3), ((32, 50), (32, 8), 3), ((50, 32), (8, 32), 1), ((257, 129), (31, 29), 3)]:
    array = pattern(*size, channels)
    image = Image.fromarray(array if channels == 3 else array[..., 0])
    side = min(size)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    square = image.crop((left, top, left + side, top + side))
    resized.append({"width": size[0], "height": size[1], "channels": channels, "toWidth": target[0], "toHeight": target[1],
                    "pixels": base64.b64encode(image.resize(target, Image.Resampling.BOX).tobytes()).decode(),
                    "square": base64.b64encode(square.resize((target[0], target[0]), Image.Resampling.BOX).tobytes()).decode()
                    if target[0] <= side else None})
with open(os.path.join(here, "resized.json"), "w") as file:
    json.dump(resized, file, indent=1)
