"""Archives and files of weights, made and read by hand: neither PyTorch nor safetensors is needed."""

import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile

# How many bytes a number takes, and what `struct` calls it.
FORMATS = {"F64": (8, "d"), "F32": (4, "f"), "F16": (2, "e"), "I64": (8, "q"), "I32": (4, "i")}
STORAGES = {"FloatStorage": "F32", "HalfStorage": "F16", "LongStorage": "I64", "IntStorage": "I32"}


def tar(files):
    """An archive of {path: bytes or text}."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in files.items():
            data = data.encode() if isinstance(data, str) else data
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def untar(packed):
    """What is in a .tar.gz: {path: bytes}."""
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()}


class Tensor:
    """A format, a shape, and the numbers' bytes."""

    def __init__(self, kind, shape, data=None):
        self.kind, self.shape = kind, list(shape)
        self.data = bytes(FORMATS[kind][0] * self.count) if data is None else data

    @property
    def count(self):
        count = 1
        for size in self.shape:
            count *= size
        return count

    def numbers(self):
        return struct.unpack(f"<{self.count}{FORMATS[self.kind][1]}", self.data)

    def of(self, kind, numbers=None):
        """The same, or other numbers, in a format."""
        return Tensor(kind, self.shape, struct.pack(f"<{self.count}{FORMATS[kind][1]}", *(numbers or self.numbers())))


def safetensors(tensors):
    """A file of {name: Tensor}."""
    header, start = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": tensor.kind, "shape": tensor.shape, "data_offsets": [start, start + len(tensor.data)]}
        start += len(tensor.data)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"".join(tensor.data for tensor in tensors.values())


def read_safetensors(data):
    """{name: Tensor} of a file."""
    (length,) = struct.unpack("<Q", data[:8])
    header, numbers = json.loads(data[8:8 + length]), data[8 + length:]
    header.pop("__metadata__", None)
    return {name: Tensor(entry["dtype"], entry["shape"], numbers[slice(*entry["data_offsets"])]) for name, entry in header.items()}


class _Names(pickle.Unpickler):
    """Reads a pickle of PyTorch without PyTorch: a storage is its class's name and its place, a tensor what it would be rebuilt of."""

    def find_class(self, module, name):
        return name if name.endswith("Storage") else lambda *arguments: arguments

    def persistent_load(self, place):
        return place


def read_torch(data):
    """{name: Tensor} of a state dict that torch.save wrote, whose tensors have storages of their own."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        top = archive.namelist()[0].split("/")[0]
        state = _Names(archive.open(f"{top}/data.pkl")).load()["state_dict"]
        return {name: Tensor(STORAGES[place[1]], shape, archive.read(f"{top}/data/{place[2]}"))
                for name, (place, _, shape, *_) in state.items()}
