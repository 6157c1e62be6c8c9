# Sourced: sets $python to a Python with Tests/Interop/requirements.txt, made in .venv when it is not there yet, and brought up
# to date when a package is missing there or has another version.
# PYTHON in the environment names another one; pip takes its own settings (PIP_EXTRA_INDEX_URL, …) from there too.

# What of the requirements the Python $1 lacks, a package a line; a local version (2.13.0+cpu) counts as the public one.
lacking() {
    "$1" - Tests/Interop/requirements.txt <<'PYTHON'
import sys
from importlib.metadata import PackageNotFoundError, version

for line in open(sys.argv[1]):
    package, wanted = line.split("#")[0].strip().split("==")
    try:
        found = version(package)
    except PackageNotFoundError:
        found = "missing"
    if found.split("+")[0] != wanted:
        print(f"{package}: {found}, wanted {wanted}")
PYTHON
}

venv() {
    local missing
    python=${PYTHON:-$PWD/.venv/bin/python}
    if [ -x "$(command -v "$python")" ] && missing=$(lacking "$python") && [ -z "$missing" ]; then return; fi
    if [ -n "${PYTHON:-}" ]; then printf '%s does not fit Tests/Interop/requirements.txt\n%s\n' "$PYTHON" "${missing:-}" >&2; return 1; fi
    if [ -n "${missing:-}" ]; then echo "installing in .venv: $missing"; fi
    if ! [ -x "$python" ]; then python3 -m venv .venv || { echo "Debian's python3-venv is missing" >&2; return 1; }; fi
    "$python" -m pip install --quiet -r Tests/Interop/requirements.txt
}
venv
