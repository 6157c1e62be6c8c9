# Sourced by server.sh: 2,000 slow connections, and /healthz meanwhile. Heads that do not end, bodies that do not end, answers that are
# hardly read.
checkpoint=$(post /v1/checkpoints -T $example/model.tar | jq -r .id)
port=${base##*:}
slow() {
    local name=$1
    shift
    slowhttptest -c 2000 -r 500 -i 5 -l 20 -v 0 "$@" >"$scratch/slow" 2>&1 &
    local load=$! worst open threads
    read -r worst open threads < <(python3 Benchmarks/Server/probe.py "$port" "$server" 20)
    wait "$load" || true
    row "/healthz beside $name, $open open at once, at most $threads threads, worst, ms: 1000" "$worst" 1000 "$(compute "$worst / 1000" 3)"
}
slow "slow heads" -H -u "$base/v1/jobs"
slow "slow bodies" -B -s 1000000 -t POST -f application/json -u "$base/v1/jobs"
slow "slow readers" -X -w 512 -y 1024 -n 5 -z 32 -k 1 -u "$base/v1/checkpoints/$checkpoint/content"
