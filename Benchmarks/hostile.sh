#!/bin/bash
# A hundred hostile uploads of each kind against a server with little memory for requests: its peak, and polling beside them.
#   Benchmarks/hostile.sh [MiB for requests, 768] [words of the kinds to try]
# Everything is written below TMPDIR, which must be a disk with some 20 GB. Ends with 1 where memory passes the budget plus 256 MiB.
set -euo pipefail
cd "$(dirname "$0")/.."
budget=${1:-768}
shift || true
[ -n "${PRUNER:-}" ] || swift build -c release --product pruner >&2
scratch=$(mktemp -d)
printf 'request_memory: %d\nmemory_limit: 2147483648\nport: 0\ndata_dir: %s/data\n' $((budget << 20)) "$scratch" >"$scratch/server.yaml"
"${PRUNER:-.build/release/pruner}" serve --config "$scratch/server.yaml" >"$scratch/out" 2>"$scratch/log" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$scratch"' EXIT
until base=$(sed -n 's/^listening on //p' "$scratch/out") && [ -n "$base" ]; do
    kill -0 $server || { cat "$scratch/log" >&2; exit 1; }
    sleep 0.1
done
python3 Benchmarks/Server/hostile.py "$base" $server "$budget" "$@"
