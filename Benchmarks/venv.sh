# Sourced: sets $python to a Python with Tests/Interop/requirements.txt, made in .venv when it is not there yet.
# PYTHON in the environment names another one; pip takes its own settings (PIP_EXTRA_INDEX_URL, …) from there too.

venv() {
    local modules="import diffusers, numpy, PIL, pytorch_msssim, safetensors, torch"
    python=${PYTHON:-$PWD/.venv/bin/python}
    if "$python" -c "$modules" 2>/dev/null; then return; fi
    if [ -n "${PYTHON:-}" ]; then echo "$PYTHON lacks something of Tests/Interop/requirements.txt" >&2; return 1; fi
    python3 -m venv .venv || { echo "Debian's python3-venv is missing" >&2; return 1; }
    .venv/bin/pip install --quiet -r Tests/Interop/requirements.txt
}
venv
