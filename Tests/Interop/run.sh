#!/bin/bash
# Starts the server on a temporary folder and compares it with diffusers.
set -euo pipefail
cd "$(dirname "$0")/../.."
. Examples/client.sh
. Benchmarks/venv.sh
start_server .build/release/pruner
"$python" Tests/Interop/interop.py "$base"
