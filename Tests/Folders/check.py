"""Checks that no two folders of a target name each other's types, not even around a corner.

    check.py [ROOT]

order.txt lists each target's folders from the top down: a folder may name types of those after it. What a file declares is taken from its
text: the types at its top level, not those inside others. Ends with 1 and the lines that break the order; first it makes sure that it
would find one.
"""
import collections
import pathlib
import re
import sys
import tempfile

ORDER = pathlib.Path(__file__).with_name("order.txt")
DECLARED = re.compile(
    r"^(?:(?:public|package|private|fileprivate|final|indirect|nonisolated|@\w+(?:\([^)]*\))?) )*"
    r"(?:struct|class|enum|actor|protocol|typealias) (\w+)", re.M)
# Comments, and texts but for what is put into them.
PROSE = re.compile(r'//[^\n]*|/\*.*?\*/|#"(?:[^"]|"(?!#))*"#|"""(?:\\.|(?!""").)*"""|"(?:\\\([^()]*(?:\([^()]*\)[^()]*)*\)|\\.|[^"\\\n])*"', re.S)


def code(text):
    def kept(match):
        found = match.group()
        words = " ".join(re.findall(r"\\\(((?:[^()]|\([^()]*\))*)\)", found)) if found.startswith('"') else ""
        return words + "\n" * (found.count("\n") - words.count("\n"))

    return PROSE.sub(kept, text)


def order():
    """Target: folders, from the top down."""
    lines = (line.partition("#")[0].split() for line in ORDER.read_text().splitlines())
    return {words[0].rstrip(":"): words[1:] for words in lines if words}


def folder(path, target):
    return path.parent.relative_to(target).as_posix()


def trouble(sources, target, folders):
    """What is wrong with a target, a line each."""
    files = {path: code(path.read_text()) for path in sorted((sources / target).rglob("*.swift"))}
    declared = collections.defaultdict(set)
    for path, text in files.items():
        for name in DECLARED.findall(text):
            declared[name].add(folder(path, sources / target))
    found = []
    for path, text in files.items():
        own = folder(path, sources / target)
        if own not in folders:
            found.append(f"{path}: order.txt does not list {target}'s folder {own}")
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for name in sorted(set(re.findall(r"(?<![.\w])[A-Z]\w*", line))):
                places = declared.get(name, set())
                if places and own not in places and all(place in folders[: folders.index(own)] for place in places if place in folders):
                    found.append(f"{path}:{number}: {own} names {name}, of {' or '.join(sorted(places))}, which stands above it")
    return found


def finds_a_planted_one():
    with tempfile.TemporaryDirectory() as made:
        root = pathlib.Path(made) / "Planted"
        for name, text in [("Upper/A.swift", "struct A { let b: B }\n"), ("Lower/B.swift", 'struct B {}\n// A\nlet text = "A \\(A.self)"\n')]:
            (root / name).parent.mkdir(parents=True)
            (root / name).write_text(text)
        found = trouble(pathlib.Path(made), "Planted", ["Upper", "Lower"])
        return len(found) == 1 and ":3:" in found[0] and not trouble(pathlib.Path(made), "Planted", ["Lower", "Upper"]) == []


def main():
    sources = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ORDER.parents[2] / "Sources")
    if not finds_a_planted_one():
        sys.exit("the check of folders does not find a circle that was planted")
    targets = order()
    found = [line for target, folders in targets.items() for line in trouble(sources, target, folders)]
    unlisted = [
        path.name for path in sorted(sources.iterdir()) if path.name not in targets and any(sub.is_dir() and list(sub.rglob("*.swift")) for sub in path.iterdir())]
    found += [f"order.txt does not list the folders of {name}" for name in unlisted]
    print("\n".join(found) or f"{len(targets)} targets without circles")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
