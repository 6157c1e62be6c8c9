#!/bin/bash
# The server on this machine beside nginx, Hummingbird, dd and SHA-256, in one run and in turn: a Markdown table of figures and ratios.
#   Benchmarks/server.sh [rounds, 3] [seconds, 4]
# PARTS names some of them; SIZE (2048) and LARGE (8192) are the uploads' MiB. Everything is written below TMPDIR, which must be a disk.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3}
seconds=${2:-4}
parts=${PARTS:-polling downloads uploads busy crowd slow large}
missing=
for tool in nginx:nginx-light wrk:wrk slowhttptest:slowhttptest openssl:openssl python3:python3 curl:curl jq:jq; do
    PATH=$PATH:/usr/sbin command -v "${tool%%:*}" >/dev/null || missing="$missing ${tool#*:}"
done
if [ -n "$missing" ]; then echo "missing: apt-get install$missing" >&2; exit 1; fi

echo "building" >&2
swift build -c release --product pruner >&2
case $parts in *polling*) swift build -c release --package-path Benchmarks/HummingbirdPeer >&2 ;; esac

. Examples/client.sh
. Benchmarks/Server/measure.sh
ulimit -n "$(ulimit -H -n)"
start_server .build/release/pruner
start_nginx

describe_machine
echo
echo "| | here | beside | ratio |"
echo "|---|---|---|---|"
for part in $parts; do
    . "Benchmarks/Server/$part.sh"
done
