"""The documents against what they describe: docs/api.md is made of the server's description, and links lead to what they name."""

import difflib
import importlib.util
import re
from pathlib import Path

import extending

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def api(client, figures):
    """docs/api.md is what docs/make_api.py makes of /openapi.json. Shows lines that differ; `make docs` writes it anew."""
    spec = importlib.util.spec_from_file_location("make_api", DOCS / "make_api.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    written = (DOCS / "api.md").read_text(encoding="utf-8").splitlines()
    made = maker.markdown(client.get("/openapi.json")).splitlines()
    differences = [line for line in difflib.unified_diff(written, made, "docs/api.md", "/openapi.json", lineterm="", n=0)]
    figures.same("lines", written, made)
    figures.notes += [f"run `make docs`: {line}" for line in differences[:8]]


def anchors(path):
    """The names that GitHub gives to a page's headings."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.replace("`", "").lower()).replace(" ", "-") for title in titles}


def links(client, figures):
    """Every link leads to a file and a heading that are there; a Swift file has the declaration that a link's text names."""
    for page in [*ROOT.glob("*.md"), *DOCS.glob("*.md"), ROOT / "Benchmarks" / "README.md"]:
        for text, link in re.findall(r"\[([^\]]+)\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if link.startswith("http"):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path) if path else page
            there = target.exists() and (not anchor or anchor in anchors(target))
            if there and target.suffix == ".swift" and text.startswith("`"):
                name = re.escape(text.strip("`").rsplit(".", 1)[-1])
                there = re.search(rf"\b(func|var|let|case|struct|enum|class|protocol) {name}\b", target.read_text(encoding="utf-8"))
            figures.count("links", int(bool(there)), 1)
            figures.notes += [] if there else [f"{page.relative_to(ROOT)}: {text} ({link})"]


def warnings(client, figures):
    """docs/troubleshooting.md has a row for every code that a warning can have, and for no other, in the order of the program."""
    source = (ROOT / "Sources" / "Engine" / "Warnings" / "WarningCode.swift").read_text(encoding="utf-8")
    codes = [name or word for name, word in re.findall(r"^    case (?:(\w+)|\w+ = \"(\w+)\")$", source, flags=re.M)]
    section = (DOCS / "troubleshooting.md").read_text(encoding="utf-8").split("\n## Warnings\n")[1].split("\n## ")[0]
    figures.same("codes", re.findall(r"^\| `(\w+)` \|", section, flags=re.M), codes)


def followed(client, figures):
    """What docs/extending.md tells to write and to change fits the tree. (`make extending` builds it and types its commands as well.)"""
    try:
        extending.follow(ROOT)
        misfit = None
    except extending.Unfollowable as found:
        misfit = str(found)
        figures.notes.append(misfit)
    figures.same("steps", misfit, None)
