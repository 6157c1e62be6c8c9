"""docs/extending.md as what it tells a reader to do: files to write and to change, and commands with what they print."""

import dataclasses
import itertools
import os
import pathlib
import re

PAGE = pathlib.Path("docs/extending.md")
# Shorter beginnings of lines are alike by chance.
ALIKE = 14
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
PATH = re.compile(r"`((?:Sources|Tests)/[^`\s]+)`")
FOLDER = re.compile(r"in \[(Tests/Folders/order\.txt)\]\([^)]*\) `([^`]+)` goes after\s+`([^`]+)`")


class Unfollowable(Exception):
    """What the page says does not fit the tree."""


@dataclasses.dataclass
class Command:
    """What is typed into a shell, and what the page shows of its output: "" where it shows none."""
    text: str
    shown: str = ""


def follow(root):
    """What the page makes of a tree: the texts of all files that it writes or changes, by path, and its commands in order."""
    page = (root / PAGE).read_text(encoding="utf-8")
    texts, commands, path, end = {}, [], None, 0

    def text(of):
        if of not in texts:
            if not (root / of).is_file():
                raise Unfollowable(f"{of} is not there")
            texts[of] = (root / of).read_text(encoding="utf-8")
        return texts[of]

    for block in BLOCK.finditer(page):
        language, content = block.groups()
        said = page[end:block.start()]
        end = block.end()
        if "order.txt" in said and not FOLDER.search(said):
            raise Unfollowable("where a folder comes in order.txt is not to be made out")
        for order, folder, before in FOLDER.findall(said):
            if f" {before} " not in text(order):
                raise Unfollowable(f"{order} has no folder {before}")
            texts[order] = text(order).replace(f" {before} ", f" {before} {folder} ", 1)
        path = (PATH.findall(said) or [path])[-1]
        asked = said.strip().split("\n\n")[-1]
        if language == "sh":
            commands.append(Command(content))
        elif language == "text":
            commands[-1].shown = content
        elif asked == f"`{path}`:":
            if (root / path).exists():
                raise Unfollowable(f"{path} is there already")
            texts[path] = content
        elif "add at the end of `enum" in asked:
            before, brace, after = text(path).rpartition("}")
            texts[path] = before + "\n" + content + brace + after
        elif re.search(r"\bend of\s+`", asked):
            texts[path] = text(path) + "\n" + content
        else:
            texts[path] = merged(text(path), content, path)
    return texts, commands


def merged(text, shown, path):
    """A file in which lines read as they are shown. A line that is there says where one is; one that begins like a line that is there takes
    its place, and has all words of it; others come after the one before."""
    lines, place = text.splitlines(), 0
    for line in shown.splitlines():
        if line in lines[place:]:
            place = lines.index(line, place) + 1
            continue
        alike, index = max((len(os.path.commonprefix([line.strip(), other.strip()])), -index) for index, other in enumerate(lines))
        index = -index
        if alike >= ALIKE and index >= place:
            lost = set(re.findall(r"\w+", lines[index])) - set(re.findall(r"\w+", shown))
            if lost:
                raise Unfollowable(f"{path}: the page's `{line.strip()}` leaves out {', '.join(sorted(lost))}")
            lines[index] = line
            place = index + 1
        elif place == 0:
            raise Unfollowable(f"{path}: nothing is like `{line.strip()}`")
        else:
            lines.insert(place, line)
            place += 1
    return "\n".join(lines) + "\n"


def difference(shown, printed):
    """Where the end of what was printed is not as shown, but for the last digits of fractions, which go by the processor; None where it is."""
    shown = shown.splitlines()
    printed = printed.splitlines()[-len(shown):]
    for line, other in itertools.zip_longest(shown, printed, fillvalue="nothing"):
        parts, others = (re.split(r"(-?\d+\.\d+(?:e-?\d+)?)", text) for text in (line, other))
        agrees = len(parts) == len(others) and all(
            a == b or index % 2 and abs(float(a) - float(b)) <= 0.02 * abs(float(a)) for index, (a, b) in enumerate(zip(parts, others)))
        if not agrees:
            return f"shown is    {line}\nprinted is  {other}"
    return None
