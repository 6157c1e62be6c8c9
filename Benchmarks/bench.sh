#!/bin/bash
# Scoring of google/ddpm-cifar10-32's shape, this engine and PyTorch in turn on the same machine, and their ratio.
#   Benchmarks/bench.sh [batch, 16] [rounds, 2]
set -euo pipefail
cd "$(dirname "$0")/.."
batch=${1:-16}
rounds=${2:-2}
. Benchmarks/venv.sh

swift build -c release --product pruner-bench
for round in $(seq "$rounds"); do
    # In turn, so that a machine that slows down or a neighbour's load meets both.
    ours=$(.build/release/pruner-bench scoring --batch "$batch" | tail -n 1)
    theirs=$("$python" Benchmarks/scoring_pytorch.py --batch "$batch" 2>/dev/null | tail -n 1)
    echo "$ours" "$theirs"
done | jq -rs --arg batch "$batch" '
    def best(side): [.[range(side; length; 2)]] | min_by(.seconds_per_step);
    best(0) as $ours | best(1) as $theirs |
    "scoring, one step of batch \($batch), best of all rounds:",
    "  this engine  \($ours.seconds_per_step) s   peak \($ours.peak_memory / 1048576 | floor) MiB",
    "  PyTorch \($theirs.torch)  \($theirs.seconds_per_step) s   peak \($theirs.peak_memory / 1048576 | floor) MiB   \($theirs.layouts)",
    "  speed, this engine : PyTorch = \($theirs.seconds_per_step / $ours.seconds_per_step * 100 | round / 100)"'
