# Sourced by server.sh: the list of jobs while a job uses every core, beside 1,500 connections that do nothing and 100 that hardly read.
checkpoint=$(post /v1/checkpoints -T $example/model.tar | jq -r .id)
dataset=$(post /v1/datasets -T $example/pictures.tar.gz | jq -r .id)
archive "$scratch/download.tar" 256
large=$(post /v1/checkpoints -T "$scratch/download.tar" | jq -r .id)
rm "$scratch/download.tar"
job=$(post /v1/jobs -d "{\"checkpoint\":\"$checkpoint\",\"dataset\":\"$dataset\",\"finetuning\":{\"steps\":100000000,\"batch_size\":16}}" | jq -r .id)
until [ "$(get "/v1/jobs/$job" | jq -r .phase)" = finetuning ]; do sleep 0.2; done
for _ in $(seq "$rounds"); do
    python3 Benchmarks/Server/crowd.py "${base##*:}" "/v1/checkpoints/$large/files/safety_checker/large.bin" $((5 * seconds))
done >"$scratch/crowd"
for way in "2 new connections" "5 a kept one"; do
    time=$(cut -d' ' -f"${way%% *}" "$scratch/crowd" | median)
    row "listing jobs on ${way#* } beside a job, 1,500 idle connections and 100 slow readers, 99th percentile, ms: 50" "$time" 50 \
        "$(compute "$time / 50")"
done
request "/v1/jobs/$job/cancel" -X POST >/dev/null
until [ "$(get "/v1/jobs/$job" | jq -r .status)" = cancelled ]; do sleep 0.2; done
request "/v1/checkpoints/$large" -X DELETE
