"""Makes the archives in archives/ that MediaTests read: `python3 make_archives.py`. Needs the `zip` command for the encrypted one."""
import gzip, io, os, struct, subprocess, tarfile, zipfile, zlib

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "archives")
os.makedirs(here, exist_ok=True)
tarfile.RECORDSIZE = 512  # no padding to 10 KiB

long_name = "deep/" * 30 + "file.bin"
good = [("./model/", None), ("./model/config.json", b'{"a": 1}'), ("./model/._config.json", b"litter"), ("./model/.DS_Store", b"litter"),
        ("./__MACOSX/model/x", b"litter"), ("./model/unet/weights.bin", bytes(range(256)) * 9), ("./model/empty", b""),
        ("./model/Gr\u00fc\u00dfe \u4f60.txt", b"named in UTF-8"), ("./model/" + long_name, b"deep")]


def member(name, data=b"", kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name.rstrip("/") if name.endswith("/") else name)
    info.type = tarfile.DIRTYPE if data is None else kind
    info.size = len(data or b"") if kind == tarfile.REGTYPE else 0
    info.linkname = link
    return info, data


def tar(name, members, format=tarfile.PAX_FORMAT, mode="w", **options):
    with tarfile.open(os.path.join(here, name), mode, format=format, **options) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data) if data else None)


def zipped(name, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(os.path.join(here, name), "w", method) as archive:
        for path, data in members:
            info = path if isinstance(path, zipfile.ZipInfo) else zipfile.ZipInfo(path, (2000, 1, 1, 0, 0, 0))
            archive.writestr(info, data or b"", method)


tar("pax.tar", [member(*m) for m in good])
tar("gnu.tar", [member(*m) for m in good], tarfile.GNU_FORMAT)
with open(os.path.join(here, "pax.tar"), "rb") as plain, open(os.path.join(here, "pax.tar.gz"), "wb") as packed:
    packed.write(gzip.compress(plain.read(), mtime=0))
zipped("good.zip", good)
tar("parent.tar", [member("a/../../b", b"x")])
tar("absolute.tar", [member("/etc/passwd", b"x")])
tar("symlink.tar", [member("a", b"x"), member("b", b"", tarfile.SYMTYPE, "/etc/passwd")])
tar("hardlink.tar", [member("a", b"x"), member("b", b"", tarfile.LNKTYPE, "a")])
tar("pipe.tar", [member("p", b"", tarfile.FIFOTYPE)])
tar("device.tar", [member("d", b"", tarfile.CHRTYPE)])
tar("duplicate.tar", [member("x/a", b"1"), member("./x//a", b"2")])
tar("file_and_folder.tar", [member("x", b"1"), member("x/a", b"2")])
tar("backslash.tar", [member("..\\..\\a", b"1")])
tar("latin1.tar", [member("gr\u00fcn", b"1")], tarfile.GNU_FORMAT, encoding="latin-1")
tar("empty.tar", [])
tar("folders.tar", [member("a/", None)])
zipped("parent.zip", [("../b", b"x")])
link = zipfile.ZipInfo("link", (2000, 1, 1, 0, 0, 0))
link.create_system, link.external_attr = 3, 0o120777 << 16
zipped("symlink.zip", [(link, b"/etc/passwd")])
zipped("bomb.zip", [("zeros", bytes(1 << 23))])
zipped("empty.zip", [])
import warnings
warnings.simplefilter("ignore")
zipped("duplicate.zip", [("a", b"1"), ("a", b"2")])
with open(os.path.join(here, "secret.txt"), "wb") as file:
    file.write(b"secret " * 9)
path = os.path.join(here, "encrypted.zip")
if os.path.exists(path):
    os.remove(path)
subprocess.run(["zip", "-q", "-X", "-P", "word", "encrypted.zip", "secret.txt"], cwd=here, check=True)
os.remove(os.path.join(here, "secret.txt"))

# Two names that differ in nothing but how an accent is written; what each holds says which it is.
accents = [("caf\u00e9", b"composed"), ("cafe\u0301", b"decomposed"), ("Gru\u0308\u00dfe " * 20, b"long")]
for form, format in (("pax", tarfile.PAX_FORMAT), ("gnu", tarfile.GNU_FORMAT)):
    tar(f"accents_{form}.tar", [member(*m) for m in accents], format)
zipped("accents.zip", accents)
with zipfile.ZipFile(os.path.join(here, "accents_directory.zip"), "w") as archive:
    # As Info-ZIP has names that its own field cannot tell, and a directory in another order than the files.
    for path, data in accents:
        plain = path.encode("ascii", "replace")
        info = zipfile.ZipInfo(plain.decode(), (2000, 1, 1, 0, 0, 0))
        told = struct.pack("<BI", 1, zlib.crc32(plain)) + path.encode()
        info.extra = struct.pack("<HH", 0x7075, len(told)) + told
        archive.writestr(info, data)
    archive.filelist.reverse()
