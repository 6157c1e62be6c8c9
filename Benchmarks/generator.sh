#!/bin/bash
# What pruning costs DCGAN generators: random weights with calibrated norms, or with TRAINING steps on the example's pictures; cut by gauss-newton
# and fine-tuned for 500 steps, without pictures.
#   RATIOS="0.3 0.5" WIDTHS="64,48,32 128,64,32" STEPS=500 TRAINING=0 RATE=1e-3 Benchmarks/generator.sh
# Prints a row for each: parameters, multiply-accumulates, SSIM to the original's pictures. Needs PyTorch. Minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${PRUNER:-}" ] || swift build -c release --product pruner >&2
. Examples/client.sh
. Benchmarks/venv.sh
start_server "${PRUNER:-.build/release/pruner}"
PYTHONPATH=Tests/Interop "$python" Benchmarks/generator.py "$base" Tests/Fixtures/example/pictures.tar.gz
