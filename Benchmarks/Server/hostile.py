"""A hundred uploads at a time of each kind that is made to cost much: what the server's memory comes to, and how long polling takes beside.

    hostile.py BASE PID BUDGET_MIB [kind ...]

Prints a Markdown table, and ends with 1 where memory passes the budget plus 256 MiB. Needs nothing but Python.
"""
import collections
import http.client
import io
import json
import multiprocessing
import struct
import sys
import tarfile
import threading
import time
import urllib.parse
import zipfile
import zlib

PARALLEL = 100
# Each client goes on until so many seconds have passed: a hundredth of the polls beside is then several of them, not the worst one.
SECONDS = 25
CONFIG = {
    "_class_name": "UNet2DModel", "act_fn": "silu", "attention_head_dim": None, "block_out_channels": [128, 256, 256, 256],
    "center_input_sample": False, "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"],
    "downsample_padding": 0, "flip_sin_to_cos": False, "freq_shift": 1, "in_channels": 3, "layers_per_block": 2,
    "mid_block_scale_factor": 1, "norm_eps": 1e-6, "norm_num_groups": 32, "out_channels": 3, "sample_size": 32,
    "time_embedding_type": "positional", "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
}


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def progressive_jpeg(side):
    """Gray in three colours: one scan of one bit a block, 400 KB for 8192 x 8192, whose coefficients are 384 MiB."""

    def segment(marker, body):
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    blocks = (side // 8) ** 2
    return b"".join([
        b"\xff\xd8", segment(0xDB, b"\0" + b"\1" * 64),
        segment(0xC2, struct.pack(">BHHB", 8, side, side, 3) + bytes([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])),
        segment(0xC4, b"\0" + bytes([1] + [0] * 15) + b"\0"), segment(0xDA, bytes([3, 1, 0, 2, 0, 3, 0, 0, 0, 0])),
        bytes(3 * blocks // 8), b"\xff\xd9",
    ])


def png(side):
    """White, 16 bits a sample, interlaced."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(
        bytes((1 + 8 * ((side - x + dx - 1) // dx)) * ((side - y + dy - 1) // dy))
        for x, y, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)])
    header = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def zip_bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.png", b"\x89PNG\r\n\x1a\n" + bytes(60 << 20))
    return out.getvalue()


def zip_names():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(60_000):
            archive.writestr(f"{number:0200}.png", b"")
    return out.getvalue()


def pickle_bin():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + b"]" * (12 << 20) + b".")
    return tar([("config.json", json.dumps(CONFIG).encode()), ("diffusion_pytorch_model.bin", out.getvalue())])


def safetensors_header():
    header = b"{" + b",".join(b'"%d":[0,0,0]' % number for number in range(40_000)) + b"}"
    return struct.pack("<Q", len(header)) + header + bytes(64 << 10)


def form(parts):
    body = b"".join(
        b'--hostile\r\nContent-Disposition: form-data; name="%s"; filename="x"\r\n\r\n%s\r\n' % (name.encode(), data) for name, data in parts)
    return body + b"--hostile--\r\n"


def kinds(checkpoint):
    config = json.dumps(CONFIG).encode()
    archive, text = "application/octet-stream", "application/json"
    names = "{" + ",".join(f'"{number}":0' for number in range(1_000_000)) + "}"
    values = '{"checkpoint":"x","pruning":{"plan":{"groups":[' + ",".join(["{}"] * 190_000) + "]}}}"
    dry = json.dumps({"checkpoint": checkpoint, "pruning": {"method": "magnitude"}, "evaluation": {"samples": 64}})
    return {
        "progressive JPEGs of 8192 x 8192": ("/v1/datasets", archive, lambda: tar([("a.jpg", progressive_jpeg(8192))])),
        "progressive JPEGs of 4096 x 4096": ("/v1/datasets", archive, lambda: tar([("a.jpg", progressive_jpeg(4096))])),
        "interlaced PNGs of 4096 x 4096": ("/v1/datasets", archive, lambda: tar([("a.png", png(4096))])),
        "fresh weights": ("/v1/checkpoints?init=random", archive, lambda: tar([("config.json", config)])),
        "JSON of a million names": ("/v1/jobs", text, names.encode),
        "JSON of 190,000 objects": ("/v1/jobs", text, values.encode),
        "zips of three times 60 MB": ("/v1/datasets", archive, zip_bomb),
        "zips of 60,000 long names": ("/v1/datasets", archive, zip_names),
        "pickles of lists": ("/v1/checkpoints", archive, pickle_bin),
        "xz": ("/v1/checkpoints", archive, lambda: b"\xfd7zXZ\0" + bytes(1 << 20)),
        "dry runs": ("/v1/jobs?dry_run=true", text, dry.encode),
        "forms with a header of 120,000 numbers": (
            "/v1/checkpoints", "multipart/form-data; boundary=hostile",
            lambda: form([("config", config), ("weights", safetensors_header())])),
    }


def send(base, path, kind, body, timeout=900):
    connection = http.client.HTTPConnection(base.hostname, base.port, timeout=timeout)
    try:
        connection.request("POST", path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
        code = "" if answer.status < 400 else json.loads(text).get("code", "")
        if answer.status == 503 and not answer.getheader("Retry-After"):
            code = "no Retry-After"
        return f"{answer.status} {code}".strip(), text
    except OSError as error:
        return type(error).__name__, b""
    finally:
        connection.close()


def attack(base, path, kind, body, end, answers):
    """The same upload again and again."""
    while True:
        answers.update([send(base, path, kind, body)[0]])
        if time.monotonic() > end:
            return


def poll(base, ended, times):
    """GET /v1/jobs, twenty times a second, in a process of its own."""
    connection = http.client.HTTPConnection(base.hostname, base.port, timeout=60)
    found = []
    while not ended.is_set():
        start = time.monotonic()
        connection.request("GET", "/v1/jobs")
        connection.getresponse().read()
        found.append(time.monotonic() - start)
        time.sleep(0.05)
    times.put(found)


def peak(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM:"))


def main():
    base, pid, budget = urllib.parse.urlsplit(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    small = dict(CONFIG, block_out_channels=[128, 128, 128, 128])
    _, text = send(base, "/v1/checkpoints?init=random", "application/octet-stream", tar([("config.json", json.dumps(small).encode())]))
    checkpoint = json.loads(text)["id"]
    failed = False
    print("| 100 at a time | memory at the peak, MiB | at most | polling, p99, ms | answers | seconds |")
    print("|---|---|---|---|---|---|")
    for name, (path, kind, make) in kinds(checkpoint).items():
        if len(sys.argv) > 4 and not any(word in name for word in sys.argv[4:]):
            continue
        body = make()
        with open(f"/proc/{pid}/clear_refs", "w") as refs:
            refs.write("5")
        ended, times = multiprocessing.Event(), multiprocessing.Queue()
        poller = multiprocessing.Process(target=poll, args=(base, ended, times))
        poller.start()
        answers = collections.Counter()
        start = time.monotonic()
        threads = [threading.Thread(target=attack, args=(base, path, kind, body, start + SECONDS, answers)) for _ in range(PARALLEL)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - start
        ended.set()
        found = sorted(times.get())
        poller.join()
        most = budget + 256
        found_peak = peak(pid)
        failed = failed or found_peak > most
        p99 = 1000 * found[min(len(found) - 1, int(len(found) * 0.99))]
        told = ", ".join(f"{count} × {answer}" for answer, count in answers.most_common())
        print(f"| {name} | {found_peak} | {most} | {p99:.0f} | {told} | {seconds:.1f} |", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
