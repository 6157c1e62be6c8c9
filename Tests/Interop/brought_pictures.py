"""Pictures as people bring them, sent as brought.py has it."""

import gzip
import io
import json

import numpy as np
from PIL import Image

import archives
from brought import LFS, folder, pictures


def saved(values, kind="PNG", mode=None):
    buffer = io.BytesIO()
    Image.fromarray(values, mode).save(buffer, kind)
    return buffer.getvalue()


def noise(*shape, seed=0):
    return np.random.RandomState(seed).randint(0, 256, shape, dtype=np.uint8)


def counted(case, what, answer, images, *warnings):
    if case.taken(what, answer, *warnings):
        case.hold(f"{what}: {images} pictures", answer[1]["images"] == images, answer[1]["images"])


def other_files(case):
    """Files beside pictures are left out and counted, and the litter of systems too."""
    three = {f"{i}.png": data for i, data in enumerate(pictures(3).values())}
    counted(case, "captions", case.dataset(three | {f"{i}.txt": b"a cat" for i in range(3)}), 3, r"\b3\b.*\btxt\b")
    kinds = {"LICENSE": b"x", "README.md": b"x", "0.txt": b"x"}
    counted(case, "three kinds", case.dataset(three | kinds), 3, "LICENSE", r"README\.md", r"0\.txt")
    for name in (
            "LICENSE", "README.md", "Thumbs.db", "desktop.ini", ".gitattributes", ".git/HEAD", ".ds_store", ".DS_Store", "Icon\r",
            "@eaDir/0.png@SynoEAStream", "@eaDir/0.png/SYNOPHOTO_THUMB_M.png", "sub/Thumbs.db", "__MACOSX/._0.png"):
        stray = three["0.png"] if name.endswith(".png") else b"x"
        counted(case, repr(name), case.dataset(three | {name: stray}), 3, r"\b1\b")
    named = json.dumps({"file_name": "0.png", "text": "a cat"}).encode()
    counted(case, "metadata.jsonl", case.dataset(three | {"metadata.jsonl": named}), 3)
    counted(case, "metadata.csv", case.dataset(three | {"metadata.csv": b"file_name,text\n0.png,a cat\n"}), 3)
    answer = case.dataset(three | {"metadata.jsonl": b"x"})
    case.refused("metadata.jsonl that is none", answer, "invalid_metadata", r"metadata\.jsonl line 1")


def hidden_copies(case):
    """Copies that programs keep in hidden folders are no pictures."""
    picture = next(iter(pictures().values()))
    for name in (".ipynb_checkpoints/cat-checkpoint.png", ".AppleDouble/a.png", ".hidden.png", "sub/.cache/a.png"):
        counted(case, name, case.dataset({"cat.png": picture, name: picture}), 1, r"\b1\b.*(hidden|ipynb_checkpoints|AppleDouble|cache)")


def pointers(case):
    """A pointer of Git LFS in place of a picture."""
    case.refused("a pointer", case.dataset({"a.png": LFS}), "invalid_picture", r"a\.png", "Git LFS pointer", "git lfs pull")
    answer = case.dataset({f"{name}.jpg": LFS for name in "abcdefg"})
    case.refused("pointers", answer, "invalid_picture", r"a\.jpg.*b\.jpg", r"\b7\b", "git lfs pull")


def gray(case):
    """Gray pictures serve a model of three channels, the value three times."""
    checkpoint = case.checkpoint(folder())[1]["id"]
    values = [noise(8, 8, seed=seed) for seed in range(2)]
    losses = []
    for what, files in (
            ("gray", {f"{i}.png": saved(value) for i, value in enumerate(values)}),
            ("the same in colour", {f"{i}.png": saved(np.repeat(value[:, :, None], 3, 2)) for i, value in enumerate(values)}),
            ("gray beside colour", {"0.png": saved(values[0]), "1.png": saved(np.repeat(values[1][:, :, None], 3, 2))})):
        dataset = case.dataset(files)
        if case.taken(what, dataset):
            job = case.ended(case.job(checkpoint=checkpoint, dataset=dataset[1]["id"], finetuning={"steps": 2, "batch_size": 2}), what)
            metrics = job and case.client.get(f"/v1/jobs/{job['id']}/metrics?points=all")
            losses.append(metrics and [step["loss"] for step in metrics["finetuning"]["losses"]])
    case.hold("the same losses of all three", losses and losses.count(losses[0]) == 3, losses)


def names(case):
    """Names that are no UTF-8 are taken, or refused with what helps; others are the bytes that they are, however an accent is written."""
    picture = next(iter(pictures().values()))
    for what, name in (("latin-1", "café.png"), ("cp437", "café.png"), ("cp932", "猫の写真.png")):
        entries = [("a.png", picture), (name.encode(what), picture)]
        for kind, packed in (*((f"{form} tar", archives.tar(entries, form)) for form in archives.FORMS), ("zip", archives.zipped(entries))):
            answer = case.dataset(packed)
            if answer[0] == 201:
                counted(case, f"{what} in a {kind}", answer, 2)
            else:
                helps = r"rename|pack|convmv|LANG|LC_ALL"
                case.refused(f"{what} in a {kind}", answer, "invalid_archive", "UTF-8", helps, never=('"number',))
    both = [("caf\u00e9.png", picture), ("cafe\u0301.png", picture), ("Café.png", picture)]
    for kind, packed in (*((f"{form} tar", archives.tar(both, form)) for form in archives.FORMS), ("zip", archives.zipped(both))):
        counted(case, f"composed and decomposed in a {kind}", case.dataset(packed), 3)


def unreadable(case):
    """All pictures that cannot be read are told in one answer, the first few by name."""
    picture = next(iter(pictures().values()))
    jpeg = saved(noise(8, 8, 3), "JPEG")
    inks = saved(noise(8, 8, 4), "JPEG", "CMYK")
    counted(case, "CMYK", case.dataset({"a.png": picture, "b.jpg": inks, "c.jpg": inks}), 3)
    bad = {"b.jpg": gzip.compress(jpeg), "c.jpg": jpeg[:40], "d.png": b"x", "e.png": picture[:60], "f.png": b"", "g.png": b"x"}
    answer = case.dataset({"a.png": picture} | bad)
    case.refused("six of seven", answer, "invalid_picture", r"\b6\b", r"b\.jpg.*gzip", r"c\.jpg", r"d\.png", "on_error=skip")
    answer = case.dataset({"a.png": picture} | bad, "&on_error=skip")
    counted(case, "six of seven, left out", answer, 1, r"\b6\b|b\.jpg")
    case.refused("two of three", case.dataset({"a.png": picture, "b.png": b"x", "c.png": b"y"}), "invalid_picture", r"b\.png", r"c\.png")


def one_small(case):
    """The picture that is too small is named."""
    checkpoint = case.checkpoint(folder())[1]["id"]
    small = {f"b/small{i}.png": saved(noise(7, 8, 3)) for i in range(3)}
    for count in (1, 3):
        dataset = case.dataset(pictures(2) | dict(list(small.items())[:count]))[1]["id"]
        answer = case.job(checkpoint=checkpoint, dataset=dataset, finetuning={"steps": 1, "batch_size": 1})
        case.refused(f"{count} small ones", answer, "invalid_request", "/dataset", r"b/small0\.png", *(["and 2 more"] if count == 3 else []))


CASES = {
    "other files": other_files, "hidden copies": hidden_copies, "pointers": pointers, "gray": gray, "names": names,
    "unreadable ones": unreadable, "a small one": one_small}
