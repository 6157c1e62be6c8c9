# Sourced by server.sh: the server's memory while it takes a large upload.
size=${LARGE:-8192}
python3 - $example/model.tar "$scratch/large.tar" "$size" <<'PYTHON'
import shutil
import sys
import tarfile

model, path, mebibytes = sys.argv[1], sys.argv[2], int(sys.argv[3])
with tarfile.open(model) as source, open(path, "wb") as target:
    with tarfile.open(fileobj=target, mode="w") as archive:
        for member in source:
            archive.addfile(member, source.extractfile(member) if member.isfile() else None)
        extra = tarfile.TarInfo("safety_checker/large.bin")
        extra.size = mebibytes << 20
        # A hole: it takes no room here, and is written out where it arrives.
        target.write(extra.tobuf())
        target.seek(extra.size, 1)
        archive.offset = target.tell()
PYTHON
echo 5 >"/proc/$server/clear_refs" # Its peak counts from here.
checkpoint=$(post /v1/checkpoints -T "$scratch/large.tar" | jq -r .id)
rm "$scratch/large.tar"
peak=$(awk '/VmHWM/ { print $2 / 1024 }' "/proc/$server/status")
row "the server's peak memory in an upload of $size MiB, MiB: 200" "$(compute "$peak" 1)" 200 "$(compute "$peak / 200")"
request "/v1/checkpoints/$checkpoint" -X DELETE
