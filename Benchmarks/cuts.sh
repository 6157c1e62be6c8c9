#!/bin/bash
# What is foretold of a cut beside what came of it: the held-out loss after reconstruction, seconds per sample and bytes, by network, widths,
# allocation and share of the multiply-accumulates that may stay; and whether shares by worth are better than the same share of every layer.
# With STEPS, which fine-tunes, and several SEEDS it takes hours; every list can be made shorter:
#   NETWORKS="landscapes shapes strokes" MACS="0.8 0.65 0.5 0.35" WIDTHS="free diffusers" STEPS="0" SEEDS="0" Benchmarks/cuts.sh
# Two of the networks are trained first (into quality/). A line of JSON for every job goes to cuts.jsonl, tables to standard output.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${PRUNER:-}" ] || swift build -c release --product pruner >&2
. Examples/client.sh
start_server "${PRUNER:-.build/release/pruner}"
PYTHONPATH=Tests/Interop python3 Benchmarks/cuts.py "$base"
