"""Follows docs/extending.md word for word, in a copy of this tree: writes its files, types its commands and compares what they print.

The copy stays in .build/extending, so that it is built faster the next time. `$TMPDIR` is for the server's data.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import extending

ROOT = pathlib.Path(__file__).parents[2]
FOLDER = ROOT / ".build" / "extending"
ADDRESS = "http://127.0.0.1:8080"
SERVE = ".build/release/pruner serve\n"


def write(texts, folder):
    """What git knows of, and is not ignored, with the page's texts in it. What has not changed keeps its time, so that it is not built
    again; what is there and should not be goes."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    wanted = {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()} | set(texts)
    for path in list(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.startswith(".build/") and name not in wanted:
            path.unlink()
    for name in sorted(wanted):
        content = texts[name].encode() if name in texts else (ROOT / name).read_bytes()
        target = folder / name
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            if (ROOT / name).exists():
                shutil.copymode(ROOT / name, target)


def serve(folder, data):
    """A server of the copy, and its address."""
    server = subprocess.Popen(
        [".build/release/pruner", "serve", "--port", "0", "--data-dir", data], cwd=folder, stdout=subprocess.PIPE, text=True)
    for line in server.stdout:
        if line.startswith("listening on "):
            return server, line.split()[-1]
    sys.exit(f"the server ended with {server.wait()}")


def failure(command, address, folder, variables):
    """Types a command, with the shell's variables of those before it, which are kept in a file. What went wrong, or None."""
    text = command.text.replace(SERVE, "").replace(ADDRESS, address)
    kept = [f"declare -p {name} >>{variables}" for name in re.findall(r"^(\w+)=", text, re.M)]
    script = "\n".join([f". {variables}", text, *kept])
    ran = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script], cwd=folder, text=True, stdout=subprocess.PIPE if command.shown else None)
    if ran.returncode != 0:
        return f"it ended with {ran.returncode}\n{ran.stdout or ''}"
    return extending.difference(command.shown, ran.stdout) if command.shown else None


def run(commands, folder):
    """Types all commands, in order, and counts those that failed."""
    server, address, failed = None, ADDRESS, 0
    with tempfile.TemporaryDirectory() as scratch:
        variables = pathlib.Path(scratch, "variables")
        variables.touch()
        try:
            for command in commands:
                print(command.text, end="", flush=True)
                wrong = failure(command, address, folder, variables)
                failed += wrong is not None
                print(wrong and f"FAILED: {wrong}" or "as the page says", flush=True)
                if SERVE in command.text:
                    server, address = serve(folder, f"{scratch}/data")
        finally:
            if server is not None:
                server.terminate()
                server.wait()
                server.stdout.close()
    return failed


def main():
    try:
        texts, commands = extending.follow(ROOT)
    except extending.Unfollowable as misfit:
        sys.exit(f"{extending.PAGE}: {misfit}")
    write(texts, FOLDER)
    failed = run(commands, FOLDER)
    print(f"{len(commands) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
