#!/bin/bash
# Starts the server on a temporary folder and compares it with PyTorch, diffusers and torch-pruning.
#   Tests/Interop/run.sh [part of a check's name]
# All of them go in two processes side by side, each with a server of its own: PyTorch's side of most keeps one core busy.
set -euo pipefail
cd "$(dirname "$0")/../.."
. Examples/client.sh
. Benchmarks/venv.sh
if [ $# = 0 ] && [ -z "${PRUNER_CLAIMS:-}" ]; then
    export PYTHON=$python PRUNER_CLAIMS=$scratch/claims
    mkdir "$PRUNER_CLAIMS"
    halves=()
    for half in 1 2; do
        "$0" >"$scratch/half-$half" 2>&1 &
        halves+=($!)
    done
    trap 'kill "${halves[@]}" 2>/dev/null || true; wait; finish' EXIT
    status=0
    for half in "${halves[@]}"; do wait "$half" || status=$?; done
    trap finish EXIT
    cat "$scratch"/half-* | grep -vE '^[0-9]+ passed, [0-9]+ failed$' || true
    cat "$scratch"/half-* | awk '/^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3 } END { print passed " passed, " failed " failed" }'
    exit "$status"
fi
start_server .build/release/pruner
status=0
PYTHONPATH=Tests/Fixtures:Tests/Extending "$python" Tests/Interop/interop.py "$base" "$scratch/log" "$@" || status=$?
rm "$scratch/log"  # interop.py has shown what matters; its count of checks stays the last line
exit "$status"
