#!/bin/bash
# Remakes the example: draws pictures.tar.gz and trains model.tar on it with the service itself (a job without pruning).
# The default of 4000 steps takes about 20 minutes on 2 cores; the committed model was given STEPS=6000, about 30 minutes.
# BATCH and RATE may be set in the environment too.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
root=$(git rev-parse --show-toplevel 2>/dev/null || (cd ../../.. && pwd))
. "$root/Examples/client.sh"

[ -f pictures.tar.gz ] || python3 draw_pictures.py pictures.tar.gz
[ -x "$root/.build/release/pruner" ] || (cd "$root" && swift build -c release --product pruner)

start_server "$root/.build/release/pruner"
checkpoint=$(tar -cz config.json | post "/v1/checkpoints?name=example&init=random&seed=0" --data-binary @- | jq -r .id)
dataset=$(post "/v1/datasets?name=landscapes" --data-binary @pictures.tar.gz | jq -r .id)
job=$(post /v1/jobs -H "Content-Type: application/json" --data @- <<JSON | jq -r .id
{"checkpoint": "$checkpoint", "dataset": "$dataset", "name": "training the example",
 "recipe": "paper", "finetuning": {"steps": ${STEPS:-4000}, "batch_size": ${BATCH:-16}, "learning_rate": ${RATE:-2e-3}, "warmup_steps": 100, "ema_decay": 0.998},
 "evaluation": {"samples": 64, "steps": 50}}
JSON
)
follow "$job"
result=$(get "/v1/jobs/$job" | jq -r .result.checkpoint)
get "/v1/checkpoints/$result/content" > model.tar
get "/v1/jobs/$job/files/samples_after.png" > samples.png
get "/v1/jobs/$job/metrics" | jq '{evaluation, timing}'
echo "model.tar and samples.png are in $here; look at the samples"
