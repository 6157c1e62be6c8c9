# Sourced by server.sh: a job's status, against a file of the same bytes from nginx and the same JSON from Hummingbird.
checkpoint=$(post /v1/checkpoints -T $example/model.tar | jq -r .id)
job=$(post /v1/jobs -d "{\"checkpoint\":\"$checkpoint\",\"pruning\":{\"method\":\"magnitude\"}}" | jq -r .id)
follow "$job" >/dev/null
get "/v1/jobs/$job" >"$www/job.json"
port=$(free_port)
companion Benchmarks/HummingbirdPeer/.build/release/hummingbird-peer "$port" "$www/job.json"
wait_for "http://127.0.0.1:$port/v1/jobs/$job"
for _ in $(seq "$rounds"); do
    ours=$(rate "$base/v1/jobs/$job")
    nginx=$(rate "$nginx_base/job.json")
    hummingbird=$(rate "http://127.0.0.1:$port/v1/jobs/$job")
    echo "$ours $nginx $hummingbird"
done >"$scratch/polling"
ours=$(cut -d' ' -f1 "$scratch/polling" | median)
nginx=$(cut -d' ' -f2 "$scratch/polling" | median)
hummingbird=$(cut -d' ' -f3 "$scratch/polling" | median)
row "polling a job, $(wc -c <"$www/job.json") bytes, requests/s: nginx, a file" "$ours" "$nginx" "$(compute "$ours / $nginx")"
row "the same: Hummingbird, from memory" "$ours" "$hummingbird" "$(compute "$ours / $hummingbird")"
