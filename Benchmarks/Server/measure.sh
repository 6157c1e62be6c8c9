# Sourced by server.sh: what its parts share.

example=Tests/Fixtures/example
www=$scratch/www
mkdir "$www"
chmod 755 "$scratch" "$www" # nginx's workers are another user.

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
now() { date +%s.%N; }
compute() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }"; }
median() { sort -g | awk '{ value[NR] = $1 } END { print NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'; }
row() { echo "| $1 | $2 | $3 | $4 |"; }

# wait_for URL: until it answers.
wait_for() { curl -s -o /dev/null --retry 100 --retry-connrefused --retry-delay 0 --retry-max-time 20 "$1"; }

# companion COMMAND...: runs in the background until the script ends.
companions=
companion() {
    "$@" >>"$scratch/companions.log" 2>&1 &
    companions="$companions $!"
}
end_all() {
    local status=$?
    for process in $companions; do kill "$process" 2>/dev/null || true; done
    (exit "$status")
    finish
}
trap end_all EXIT

start_nginx() {
    local port
    port=$(free_port)
    cat >"$scratch/nginx.conf" <<CONFIGURATION
worker_processes auto;
daemon off;
pid $scratch/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    default_type application/json;
    client_body_temp_path $scratch/nginx-body;
    proxy_temp_path $scratch/nginx-proxy;
    fastcgi_temp_path $scratch/nginx-fastcgi;
    uwsgi_temp_path $scratch/nginx-uwsgi;
    scgi_temp_path $scratch/nginx-scgi;
    server { listen 127.0.0.1:$port; root $www; }
}
CONFIGURATION
    companion env PATH="$PATH:/usr/sbin" nginx -e stderr -c "$scratch/nginx.conf"
    nginx_base=http://127.0.0.1:$port
    wait_for "$nginx_base/"
}

describe_machine() {
    echo "$(nproc) cores of $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), Linux $(uname -r); $(PATH=$PATH:/usr/sbin nginx -v 2>&1 |
        sed 's/.*nginx version: //'), $({ wrk --version || true; } 2>&1 | awk '{ print $1, $2; exit }'), $(openssl version | cut -d' ' -f1-2)," \
        "Hummingbird $(sed -n 's/.*exact: "\(.*\)").*/\1/p' Benchmarks/HummingbirdPeer/Package.swift); load $(cut -d' ' -f1 /proc/loadavg)"
}

# rate URL [connections]: requests a second by wrk.
rate() { wrk -t1 -c"${2:-16}" -d"${seconds}s" "$1" | awk '/Requests\/sec/ { print $2 } /Non-2xx|Socket errors/ { print > "/dev/stderr" }'; }

# archive FILE MEBIBYTES: the example model as a tar with one more file, which is kept and not looked into.
archive() {
    rm -rf "$scratch/model"
    mkdir -p "$scratch/model/safety_checker"
    tar -xf $example/model.tar -C "$scratch/model"
    openssl enc -aes-128-ctr -nosalt -pass pass:benchmark -pbkdf2 -in /dev/zero 2>/dev/null | head -c "${2}M" >"$scratch/model/safety_checker/large.bin" || true
    tar -cf "$1" -C "$scratch/model" .
    rm -rf "$scratch/model"
}
