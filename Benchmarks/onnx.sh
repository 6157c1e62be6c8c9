#!/bin/bash
# How much faster pruned networks are in onnxruntime: the original and every cut run in turn, on two threads.
#   RATIOS="0.3 0.5" ROUNDS=15 Benchmarks/onnx.sh
# Prints a row for each network, kind of widths and ratio. A few minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
. Benchmarks/venv.sh
[ -n "${PRUNER:-}" ] || swift build -c release --product pruner >&2
. Examples/client.sh
start_server "${PRUNER:-.build/release/pruner}"
PYTHONPATH=Tests/Interop "$python" Benchmarks/onnx.py "$base"
