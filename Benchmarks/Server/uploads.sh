# Sourced by server.sh: uploads, against dd with fsync of the same file to the same file system, and SHA-256 of it.
size=${SIZE:-2048}
archive "$scratch/upload.tar" "$size"
bytes=$(stat -c %s "$scratch/upload.tar")

# speed COMMAND...: MB/s.
speed() {
    local start end
    start=$(now)
    "$@" >/dev/null
    end=$(now)
    compute "$bytes / 1e6 / ($end - $start)" 0
}
copy() { dd if="$scratch/upload.tar" of="$scratch/copy" bs=1M conv=fsync status=none; }
as_checkpoint() { checkpoint=$(post /v1/checkpoints -T "$scratch/upload.tar" | jq -r .id); }
by_tus() {
    request "$location" -X PATCH -T "$scratch/upload.tar" -H 'Tus-Resumable: 1.0.0' -H 'Upload-Offset: 0' \
        -H 'Content-Type: application/offset+octet-stream'
}
for _ in $(seq "$rounds"); do
    hashing=$(speed openssl dgst -sha256 "$scratch/upload.tar")
    writing=$(speed copy)
    rm "$scratch/copy"
    start=$(now)
    as_checkpoint
    archived=$(compute "$bytes / 1e6 / ($(now) - $start)" 0)
    request "/v1/checkpoints/$checkpoint" -X DELETE
    location=$(curl -sS -X POST -D - -o /dev/null -H 'Tus-Resumable: 1.0.0' -H "Upload-Length: $bytes" "$base/v1/uploads" |
        tr -d '\r' | awk 'tolower($1) == "location:" { print $2 }')
    pieces=$(speed by_tus)
    request "$location" -X DELETE -H 'Tus-Resumable: 1.0.0'
    echo "$hashing $writing $archived $pieces"
done >"$scratch/uploads"
rm "$scratch/upload.tar"
lesser=$(awk '{ print $1 < $2 ? $1 : $2 }' "$scratch/uploads" | median)
for way in "3 a tar to /v1/checkpoints" "4 a piece by tus"; do
    column=${way%% *}
    row "an upload of $size MiB, ${way#* }, MB/s: the lesser of dd with fsync ($(cut -d' ' -f2 "$scratch/uploads" | median)) and SHA-256 ($(
        cut -d' ' -f1 "$scratch/uploads" | median))" "$(cut -d' ' -f"$column" "$scratch/uploads" | median)" "$lesser" \
        "$(awk -v column="$column" '{ print $column / ($1 < $2 ? $1 : $2) }' "$scratch/uploads" | median)"
done
