#!/bin/bash
# Drives the dashboard in headless Chromium through the whole main job, against a server on a temporary folder.
# BROWSER_VENV names the virtual environment, made where it is missing; PRUNER_SCREENSHOTS a folder for pictures of every page.
set -euo pipefail
cd "$(dirname "$0")/../.."
. Examples/client.sh
. Tests/venv.sh
venv browser Browser
if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then
    sudo=
    if [ "$(id -u)" != 0 ]; then sudo=sudo; fi
    $sudo apt-get update -q
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium
fi

start_server .build/release/pruner
"$python" -B Tests/Browser/main_job.py "$base" .build/release/pruner token create --name browser --scope write --data-dir "$scratch/data"
if grep -E '^[^ ]+ (error|critical)' "$scratch/log"; then echo "the server's log has errors" >&2; exit 1; fi
