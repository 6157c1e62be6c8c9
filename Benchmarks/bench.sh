#!/bin/bash
# Scoring, fine-tuning and sampling steps of shapes that are published, and of the example model, this engine and PyTorch in turn on the
# same machine: seconds, their ratio, effective GFLOP/s against the machine's own for square products, peak memory.
#   Benchmarks/bench.sh [rounds, 2] [steps, 3]
# CASES names others: "model batch step" lines. WAYS names PyTorch's ways to go; the best of them counts.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-2}
steps=${2:-3}
cases=${CASES:-"cifar10 16 scoring
cifar10 16 finetuning
cifar10 16 sampling
cifar10 4 scoring
cifar10 4 finetuning
cifar10 4 sampling
example 16 scoring
example 16 finetuning
example 16 sampling
celebahq 1 scoring
celebahq 1 sampling
ldm4 1 scoring
ldm4 1 sampling
sd15 1 scoring
sd15 1 sampling
vae 1 decoding"}
. Benchmarks/venv.sh

swift build -c release --product pruner-bench
results=$(mktemp)
trap 'rm -f "$results"' EXIT
while read -r model batch step; do
    for round in $(seq "$rounds"); do
        # In turn, so that a machine that slows down or a neighbour's load meets both. A way that PyTorch cannot go here is left out.
        .build/release/pruner-bench "$step" --model "$model" --batch "$batch" --steps "$steps" | jq -c '. + {side: "engine"}'
        for way in ${WAYS:-contiguous channels_last compile}; do
            "$python" Benchmarks/pytorch_steps.py "$step" --model "$model" --batch "$batch" --steps "$steps" --way "$way" 2>/dev/null |
                jq -c '. + {side: "torch"}' || true
        done
    done >>"$results"
done <<<"$cases"

jq -rs '
    def fixed(digits): . * pow(10; digits) | round / pow(10; digits);
    def mebibytes: . / 1048576 | floor;
    (map(select(.side == "engine")) | first | .blas), (map(select(.side == "torch")) | first | "PyTorch \(.torch)"), "",
    "| model | batch | step | engine, s | PyTorch, s (best way) | ratio | effective GFLOP/s | square products GFLOP/s | peak MiB | PyTorch MiB | ratio |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
    (group_by([.model, -.batch, .step])[] |
        (map(select(.side == "engine")) | min_by(.seconds_per_step)) as $ours |
        (map(select(.side == "torch")) | min_by(.seconds_per_step)) as $theirs |
        (map(select(.side == "engine").peak_gflops) | max) as $peak |
        [$ours.model, $ours.batch, $ours.step, ($ours.seconds_per_step | fixed(3)),
         "\($theirs.seconds_per_step | fixed(3)) (\($theirs.way))", ($theirs.seconds_per_step / $ours.seconds_per_step | fixed(2)),
         ($ours.gflops | round), ($peak | round), ($ours.peak_memory | mebibytes), ($theirs.peak_memory | mebibytes),
         ($ours.peak_memory / $theirs.peak_memory | fixed(2))] | "| " + (map(tostring) | join(" | ")) + " |")' "$results"
