#!/bin/bash
# What each part of a recipe gives: how much larger the held-out loss is than the original's, and how like samples are, by network,
# ratio, steps of fine-tuning and seed. All of it takes days on two cores; every list can be made shorter:
#   NETWORKS="landscapes shapes strokes" RATIOS="0.3 0.5 0.7" STEPS="0 100 300 1000" SEEDS="0 1 2" Benchmarks/quality.sh [words]
# Words choose the ways whose names have them all; WAYS, names of ways with a semicolon between. Two of the networks are trained first (into
# quality/). A line of JSON for every job goes to quality.jsonl, the table to standard output.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${PRUNER:-}" ] || swift build -c release --product pruner >&2
. Examples/client.sh
start_server "${PRUNER:-.build/release/pruner}"
PYTHONPATH=Tests/Interop python3 Benchmarks/quality.py "$base" "$@"
