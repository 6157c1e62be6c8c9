"""tuspy as a client: an upload that is cut by its client, then by a kill of the server, ends as the file that was sent.

resumable.py BINARY FOLDER: starts the server itself, on a free port first and then again on the same one.
"""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

from tusclient import client as tus
from tusclient.exceptions import TusUploadFailed

binary, folder = sys.argv[1:]
archive = "Tests/Fixtures/example/model.tar"
size = os.path.getsize(archive)
piece = 100_000


def start(port=0):
    server = subprocess.Popen(
        [binary, "serve", "--port", str(port), "--data-dir", f"{folder}/tus"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    line = server.stdout.readline()
    assert line.startswith("listening on "), line
    return server, line.split()[2]


def post(path, body):
    request = urllib.request.Request(base + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))


def uploader(url=None, checksums=True):
    return tus.TusClient(f"{base}/v1/uploads").uploader(
        archive, url=url, chunk_size=piece, upload_checksum=checksums, metadata={"filename": "model.tar"}
    )


server, base = start()
try:
    # Two pieces with their checksums, then a connection that breaks off in the middle of the third.
    upload = uploader()
    upload.upload(stop_at=2 * piece)
    host, port = base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as half, open(archive, "rb") as file:
        file.seek(2 * piece)
        path = upload.url.removeprefix(base)
        half.sendall(
            f"PATCH {path} HTTP/1.1\r\nHost: {host}:{port}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {2 * piece}\r\n"
            f"Content-Type: application/offset+octet-stream\r\nContent-Length: {piece}\r\n\r\n".encode()
            + file.read(12_345)
        )
        half.shutdown(socket.SHUT_WR)
        answer = half.recv(4096)
        assert answer.startswith(b"HTTP/1.1 400 "), answer
    resumed = uploader(upload.url)
    assert resumed.offset == 2 * piece + 12_345, resumed.offset

    # The server is killed: what it acknowledged is there when it comes back.
    resumed.upload_chunk()
    acknowledged = resumed.offset
    server.send_signal(signal.SIGKILL)
    server.wait()
    try:
        resumed.upload_chunk()
        raise AssertionError("a dead server took a piece")
    except (TusUploadFailed, OSError):
        pass
    server, _ = start(port)
    last = uploader(upload.url, checksums=False)
    assert last.offset == acknowledged, (last.offset, acknowledged)
    last.upload()
    assert last.offset == size

    made = post("/v1/checkpoints", {"upload": upload.url.rsplit("/", 1)[1]})
    with open(archive, "rb") as file:
        whole = urllib.request.Request(f"{base}/v1/checkpoints", file.read())
    assert made["files"] == json.load(urllib.request.urlopen(whole))["files"]
    assert os.listdir(f"{folder}/tus/uploads") == []
    print(f"tuspy: {size} bytes in {-(-size // piece)} pieces, a cut and a kill: the same files")
finally:
    server.kill()
    server.wait()
