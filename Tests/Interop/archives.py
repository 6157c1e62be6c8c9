"""Archives as people make them, of entries that need not be well named: (path, data), where a path is a text or bytes that are no UTF-8."""

import gzip
import io
import stat
import tarfile
import warnings
import zipfile

FORMS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


class Link(str):
    """Data of an entry that is a symbolic link: where it leads."""


class Sparse(bytes):
    """Data whose runs of zeros a tar leaves out."""


def tar(entries, form="pax"):
    """A tar of one of the forms that there are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=FORMS[form], encoding="utf-8", errors="surrogateescape") as archive:
        for path, data in entries:
            entry = tarfile.TarInfo(path if isinstance(path, str) else path.decode("utf-8", "surrogateescape"))
            if isinstance(data, Link):
                entry.type, entry.linkname = tarfile.SYMTYPE, data
            elif entry.name.endswith("/"):
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            elif isinstance(data, Sparse):
                data = sparse(entry, data)
            entry.size = len(data) if entry.type == tarfile.REGTYPE else 0
            archive.addfile(entry, io.BytesIO(data) if entry.size else None)
    return buffer.getvalue()


def sparse(entry, data, block=512):
    """The data as GNU tar 1.0 of sparse files has it behind the entry: where blocks that are not empty lie, then these."""
    pieces = []
    for place in range(0, len(data), block):
        piece = data[place:place + block]
        if piece.count(0) == len(piece):
            continue
        if pieces and sum(pieces[-1]) == place:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + len(piece))
        else:
            pieces.append((place, len(piece)))
    if not pieces or sum(pieces[-1]) != len(data):
        pieces.append((len(data), 0))
    entry.pax_headers = {
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": entry.name, "GNU.sparse.realsize": str(len(data))}
    entry.name = f"GNUSparseFile.0/{entry.name.rsplit('/', 1)[-1]}"
    listed = "".join(f"{number}\n" for number in (len(pieces), *(n for piece in pieces for n in piece))).encode()
    return listed + bytes(-len(listed) % 512) + b"".join(data[start:start + length] for start, length in pieces)


def gzipped(entries, form="pax"):
    return gzip.compress(tar(entries, form), compresslevel=1, mtime=0)


class Named(zipfile.ZipInfo):
    """An entry under bytes that no flag calls UTF-8, as programs of other days and countries write them."""

    def __init__(self, path):
        super().__init__(path.decode("latin-1"))
        self.bytes = path

    def _encodeFilenameFlags(self):
        return self.bytes, self.flag_bits & ~0x800


def zipped(entries, deflated=True):
    buffer = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(buffer, "w", method) as archive:  # of names that come twice
        for path, data in entries:
            entry = zipfile.ZipInfo(path) if isinstance(path, str) else Named(path)
            entry.compress_type = archive.compression
            if isinstance(data, Link):
                entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, data)
    return buffer.getvalue()
