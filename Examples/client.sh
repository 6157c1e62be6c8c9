# Sourced by demo.sh and train.sh: starts a server on a free port and talks to it with curl. Needs bash, curl and jq.

scratch=$(mktemp -d)
server=

finish() {
    local status=$?
    if [ -n "$server" ] && kill -TERM "$server" 2>/dev/null; then wait "$server" || true; fi
    if [ "$status" -ne 0 ] && [ -f "$scratch/log" ]; then tail -n 30 "$scratch/log" >&2; fi
    rm -rf "$scratch"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start_server BINARY: serves a temporary data folder on a free port and sets $base once it accepts connections.
start_server() {
    mkfifo "$scratch/ready"
    "$1" serve --port 0 --data-dir "$scratch/data" >"$scratch/ready" 2>"$scratch/log" &
    server=$!
    exec 3<"$scratch/ready"
    base=
    while read -r line <&3; do
        case $line in "listening on "*) base=${line#listening on } && break ;; esac
    done
    [ -n "$base" ] || { echo "the server did not start" >&2; exit 1; }
}

# get PATH, post PATH [curl options]: the answer on standard output; an error's problem document on standard error.
get() { request "$@"; }
post() { request "$@" -X POST; }
request() {
    local path=$1 status
    shift
    status=$(curl -sS -o "$scratch/answer" -w '%{http_code}' "$@" "$base$path") || { rm -f "$scratch/answer"; return 1; }
    if [ "$status" -ge 400 ]; then
        echo "$path: $status" >&2
        cat "$scratch/answer" >&2
        return 1
    fi
    cat "$scratch/answer"
    rm -f "$scratch/answer"
}

# follow JOB: one line of progress until the job has ended; fails when the job did.
follow() {
    local job status line last= ending='\n'
    [ -t 1 ] && ending='\r'
    while :; do
        job=$(get "/v1/jobs/$1")
        status=$(jq -r .status <<<"$job")
        line=$(jq -r '"\(.phase // .status)  \(.progress.completed // 0)/\(.progress.total // 0)" +
            (if .progress.eta_seconds then "  \(.progress.eta_seconds | floor) s left" else "" end)' <<<"$job")
        case $status in
            succeeded) printf '%-60s\n' "succeeded"; return 0 ;;
            failed | cancelled) printf '%-60s\n' "$status"; jq .error <<<"$job" >&2; return 1 ;;
        esac
        if [ "$ending" = '\r' ] || [ "$line" != "$last" ]; then printf "%-60s$ending" "$line"; fi
        last=$line
        sleep 2
    done
}
