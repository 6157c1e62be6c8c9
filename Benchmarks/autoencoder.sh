#!/bin/bash
# What pruning costs a small AutoencoderKL: trained on the example's pictures through the server, cut, and fine-tuned for 300 steps.
#   RATIOS="0.3 0.5" STEPS=1000 BATCH=32 Benchmarks/autoencoder.sh
# STEPS are the original's, BATCH is the pictures of a step of fine-tuning, 32 where it is not given.
# Prints a row for each ratio: parameters, multiply-accumulates, error and SSIM to held-out pictures. About ten minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${PRUNER:-}" ] || swift build -c release --product pruner >&2
. Examples/client.sh
start_server "${PRUNER:-.build/release/pruner}"
PYTHONPATH=Tests/Interop python3 Benchmarks/autoencoder.py "$base" Tests/Fixtures/example/pictures.tar.gz
