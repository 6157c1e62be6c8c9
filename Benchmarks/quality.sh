#!/bin/bash
# What each part of a recipe gives, on the example model: held-out loss and likeness of samples by ratio and steps of fine-tuning.
#   RATIOS="0.3 0.5" STEPS="0 300" SEEDS="0" Benchmarks/quality.sh [words of the names of ways to try]
# A line of JSON for every job goes to quality.jsonl, the table to standard output.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${PRUNER:-}" ] || swift build -c release --product pruner >&2
. Examples/client.sh
start_server "${PRUNER:-.build/release/pruner}"
PYTHONPATH=Tests/Interop python3 Benchmarks/quality.py "$base" "$@"
