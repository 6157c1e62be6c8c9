"""The service's HTTP contract from Python's standard library: just what the comparisons need."""

import io
import json
import tarfile
import time
import urllib.error
import urllib.request


class Client:
    def __init__(self, base):
        self.base = base

    def open(self, path, body=None, kind="application/octet-stream"):
        request = urllib.request.Request(self.base + path, data=body)
        if body is not None:
            request.add_header("Content-Type", kind)
        try:
            return urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {error.code} {error.read().decode()}") from None

    def call(self, path, body=None, kind="application/octet-stream"):
        with self.open(path, body, kind) as answer:
            return answer.read()

    def get(self, path):
        return json.loads(self.call(path))

    def post(self, path, document):
        return json.loads(self.call(path, json.dumps(document).encode(), "application/json"))

    def upload(self, collection, name, files, query=""):
        """Posts an archive, given as its bytes or as {path: bytes}; the created object."""
        return json.loads(self.call(f"/v1/{collection}?name={name}{query}", files if isinstance(files, bytes) else tar(files)))

    def run(self, **request):
        """Posts a job by the paper's recipe and waits for its end; the job and its metrics."""
        job = self.post("/v1/jobs", {"recipe": "paper"} | request)
        pause = 0.02
        while job["status"] in ("queued", "running", "paused"):
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)
            job = self.get(f"/v1/jobs/{job['id']}")
        if job["status"] != "succeeded":
            raise RuntimeError(f"job {job['status']}: {job['error']}")
        return job, self.get(f"/v1/jobs/{job['id']}/metrics?points=all")

    def download(self, checkpoint, folder):
        """Unpacks a checkpoint's pipeline folder as it arrives."""
        with self.open(f"/v1/checkpoints/{checkpoint}/content") as answer, tarfile.open(fileobj=answer, mode="r|") as archive:
            archive.extractall(folder, filter="data")


def tar(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
