# Sourced: makes Python environments for tests. Needs Debian's python3-venv.

# venv NAME FOLDER: sets $python to a Python with Tests/FOLDER/requirements.txt, below NAME_VENV of the environment (in capitals) or else
# in the user's cache; made where it is missing.
venv() {
    local named=${1^^}_VENV
    local folder=${!named:-${XDG_CACHE_HOME:-$HOME/.cache}/pruner-$1}
    python=$folder/bin/python
    [ -x "$python" ] || python3 -m venv "$folder" || { echo "Debian's python3-venv is missing" >&2; return 1; }
    "$python" -m pip install --quiet -r "Tests/$2/requirements.txt"
}
