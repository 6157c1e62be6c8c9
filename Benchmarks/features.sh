#!/bin/bash
# Features of pictures by Inception with random weights, here and in PyTorch in turn: seconds, their ratio, peak memory.
#   Benchmarks/features.sh [pictures, 64] [rounds, 2] [steps, 2]
set -euo pipefail
cd "$(dirname "$0")/.."
pictures=${1:-64}
rounds=${2:-2}
steps=${3:-2}
. Benchmarks/venv.sh

[ -n "${PRUNER_BENCH:-}" ] || swift build -c release --product pruner-bench >&2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PYTHONPATH=Tests/Fixtures
"$python" Benchmarks/features.py write "$scratch/inception.pth"
for round in $(seq "$rounds"); do
    "${PRUNER_BENCH:-.build/release/pruner-bench}" features --weights "$scratch/inception.pth" --batch "$pictures" --warmups 1 --steps "$steps" |
        jq -c '. + {side: "engine"}'
    for way in contiguous channels_last; do
        "$python" Benchmarks/features.py time "$scratch/inception.pth" "$pictures" "$steps" "$way" | jq -c '. + {side: "torch"}'
    done
done >"$scratch/results"
jq -rs --arg pictures "$pictures" '
    def fixed(digits): . * pow(10; digits) | round / pow(10; digits);
    (map(select(.side == "engine")) | min_by(.seconds_per_step)) as $ours |
    (map(select(.side == "torch")) | min_by(.seconds_per_step)) as $theirs |
    "\($pictures) pictures: \($ours.seconds_per_step | fixed(2)) s here, \($theirs.seconds_per_step | fixed(2)) s in PyTorch \($theirs.torch) (\($theirs.way)): \($ours.seconds_per_step / $theirs.seconds_per_step | fixed(2)) of its time; \($ours.gflops | round) effective GFLOP/s; peak MiB \($ours.peak_memory / 1048576 | floor) : \($theirs.peak_memory / 1048576 | floor)"' "$scratch/results"
