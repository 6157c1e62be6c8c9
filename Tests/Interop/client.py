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

    def call(self, path, body=None, kind="application/octet-stream", method=None):
        request = urllib.request.Request(self.base + path, data=body, method=method or ("POST" if body is not None else "GET"))
        if body is not None:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {error.code} {error.read().decode()}") from None

    def get(self, path):
        return json.loads(self.call(path))

    def upload(self, collection, name, files, query=""):
        """Posts a tar of {path: bytes}; the created object."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for path, data in files.items():
                entry = tarfile.TarInfo(path)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
        return json.loads(self.call(f"/v1/{collection}?name={name}{query}", buffer.getvalue()))

    def run(self, **request):
        """Posts a job and waits for its end; the job and its metrics."""
        job = json.loads(self.call("/v1/jobs", json.dumps(request).encode(), "application/json"))
        while job["status"] in ("queued", "running", "paused"):
            time.sleep(0.1)
            job = self.get(f"/v1/jobs/{job['id']}")
        if job["status"] != "succeeded":
            raise RuntimeError(f"job {job['status']}: {job['error']}")
        return job, self.get(f"/v1/jobs/{job['id']}/metrics?points=all")

    def download(self, checkpoint, folder):
        with tarfile.open(fileobj=io.BytesIO(self.call(f"/v1/checkpoints/{checkpoint}/content"))) as tar:
            tar.extractall(folder, filter="data")
