#!/bin/bash
# The whole path by curl: upload a checkpoint and pictures, prune at 0.3, fine-tune, evaluate, download. Called by `make demo`.
set -euo pipefail
cd "$(dirname "$0")/.."
. Examples/client.sh

example=Tests/Fixtures/example
output=demo-output
rm -rf "$output"
mkdir -p "$output"

echo "== starting the server on a free port with a temporary data folder"
start_server .build/release/pruner
echo "listening on $base"

echo "== uploading a checkpoint and its pictures"
checkpoint=$(post "/v1/checkpoints?name=landscapes" -T $example/model.tar | tee "$output/checkpoint.json" | jq -r .id)
dataset=$(post "/v1/datasets?name=landscapes" -T $example/pictures.tar.gz | jq -r .id)
jq -r '"\(.id)  \(.architecture)  \(.parameters) parameters  \(.macs) macs"' "$output/checkpoint.json"
echo "$dataset"

echo "== posting a job: Diff-Pruning at 0.3, reconstruction, fine-tuning, evaluation"
job=$(post /v1/jobs -H "Content-Type: application/json" --data @- <<JSON | jq -r .id
{"checkpoint": "$checkpoint", "dataset": "$dataset", "name": "demo",
 "pruning": {"ratio": 0.3}, "finetuning": {"steps": ${STEPS:-300}},
 "evaluation": {"samples": 16, "steps": 50}}
JSON
)
echo "$job"
follow "$job"

echo "== downloading into $output/"
get "/v1/jobs/$job/metrics" >"$output/metrics.json"
result=$(get "/v1/jobs/$job" | jq -r .result.checkpoint)
get "/v1/checkpoints/$result/content" >"$output/pruned.tar"
for stage in before pruned after; do get "/v1/jobs/$job/files/samples_$stage.png" >"$output/samples_$stage.png"; done
rm "$output/checkpoint.json"

jq -r '
    def rounded: if . == null then "-" else . * 10000 | round / 10000 | tostring end;
    def pad(width): tostring | . + " " * (width - length);
    def row(name; before; after): "\(name | pad(24))\(before | pad(16))\(after)";
    "",
    row(""; "before"; "after"),
    row("parameters"; .parameters.before; .parameters.after),
    row("multiply-accumulates"; .macs.before; .macs.after),
    row("loss"; .evaluation.loss.before | rounded; "\(.evaluation.loss.after | rounded) (\(.evaluation.loss.pruned | rounded) before fine-tuning)"),
    row("SSIM to the original"; "1"; .evaluation.ssim.mean | rounded),
    row("seconds per sample"; .evaluation.seconds_per_sample.before | rounded; .evaluation.seconds_per_sample.after | rounded),
    ""' "$output/metrics.json"
echo "pruned.tar, metrics.json and samples_{before,pruned,after}.png are in $output/"
