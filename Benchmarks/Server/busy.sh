# Sourced by server.sh: polling while a job uses every core.
checkpoint=$(post /v1/checkpoints -T $example/model.tar | jq -r .id)
dataset=$(post /v1/datasets -T $example/pictures.tar.gz | jq -r .id)
job=$(post /v1/jobs -d "{\"checkpoint\":\"$checkpoint\",\"dataset\":\"$dataset\",\"finetuning\":{\"steps\":100000000,\"batch_size\":16}}" | jq -r .id)
until [ "$(get "/v1/jobs/$job" | jq -r .phase)" = finetuning ]; do sleep 0.2; done
for connections in 1 16; do
    for _ in $(seq "$rounds"); do
        wrk -t1 -c$connections -d"${seconds}s" --latency "$base/v1/jobs/$job" |
            awk '$1 == "99%" { time = $2 + 0; if ($2 ~ /us$/) time /= 1000; else if ($2 !~ /ms$/) time *= 1000; print time }'
    done >"$scratch/busy"
    row "polling while a job uses every core, $connections at a time, 99th percentile, ms: 20" "$(compute "$(median <"$scratch/busy")")" 20 \
        "$(compute "$(median <"$scratch/busy") / 20")"
done
request "/v1/jobs/$job/cancel" -X POST >/dev/null
until [ "$(get "/v1/jobs/$job" | jq -r .status)" = cancelled ]; do sleep 0.2; done
