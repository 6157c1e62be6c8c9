#!/bin/bash
# Starts the server on a temporary folder and compares it with PyTorch, diffusers and torch-pruning.
#   Tests/Interop/run.sh [part of a check's name]
set -euo pipefail
cd "$(dirname "$0")/../.."
. Examples/client.sh
. Benchmarks/venv.sh
start_server .build/release/pruner
status=0
PYTHONPATH=Tests/Fixtures "$python" Tests/Interop/interop.py "$base" "$scratch/log" "$@" || status=$?
rm "$scratch/log"  # interop.py has shown what matters; its count of checks stays the last line
exit "$status"
