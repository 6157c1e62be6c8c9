# Sourced by server.sh: files of checkpoints, against nginx.

# compare NAME PATH FILE MEASURE: rounds of MEASURE on both sides.
compare() {
    for _ in $(seq "$rounds"); do echo "$($4 "$base$2") $($4 "$nginx_base/$3")"; done >"$scratch/downloads"
    local ours nginx
    ours=$(cut -d' ' -f1 "$scratch/downloads" | median)
    nginx=$(cut -d' ' -f2 "$scratch/downloads" | median)
    row "$1: nginx" "$(compute "$ours" 0)" "$(compute "$nginx" 0)" "$(compute "$ours / $nginx")"
}
one_by_one() { curl -s -o /dev/null -w '%{speed_download}' "$1" | awk '{ print $1 / 1e6 }'; }
four_at_once() { rate "$1" 4; }

archive "$scratch/download.tar" 1024
checkpoint=$(post /v1/checkpoints -T "$scratch/download.tar" | jq -r .id)
rm "$scratch/download.tar"
for file in unet/diffusion_pytorch_model.safetensors safety_checker/large.bin; do
    get "/v1/checkpoints/$checkpoint/files/$file" >"$www/$(basename $file)"
done
compare "downloads of $(stat -c %s "$www/diffusion_pytorch_model.safetensors") bytes, 4 at a time, requests/s" \
    "/v1/checkpoints/$checkpoint/files/unet/diffusion_pytorch_model.safetensors" diffusion_pytorch_model.safetensors four_at_once
compare "a download of 1 GiB, MB/s" "/v1/checkpoints/$checkpoint/files/safety_checker/large.bin" large.bin one_by_one
rm "$www"/*.bin
request "/v1/checkpoints/$checkpoint" -X DELETE >/dev/null
