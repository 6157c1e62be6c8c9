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

    def answer(self, path, body=None, kind="application/octet-stream"):
        """The status and the document of any answer, a refusal's too; a dictionary is sent as JSON."""
        if isinstance(body, dict):
            body, kind = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(self.base + path, data=body)
        if body is not None:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

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
        job = self.ended(self.post("/v1/jobs", {"recipe": "paper"} | request))
        if job["status"] != "succeeded":
            raise RuntimeError(f"job {job['status']}: {job['error']}")
        return job, self.get(f"/v1/jobs/{job['id']}/metrics?points=all")

    def ended(self, job):
        """Waits for a job's end, whatever it is; the job."""
        pause = 0.02
        while job["status"] in ("queued", "running", "paused"):
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)
            job = self.get(f"/v1/jobs/{job['id']}")
        return job

    def delete(self, path):
        with urllib.request.urlopen(urllib.request.Request(self.base + path, method="DELETE")):
            pass

    def download(self, checkpoint, folder, query=""):
        """Unpacks a checkpoint's pipeline folder as it arrives."""
        with self.open(f"/v1/checkpoints/{checkpoint}/content{query}") as answer, tarfile.open(fileobj=answer, mode="r|") as archive:
            archive.extractall(folder, filter="data")


def warned(document):
    """The sentences of an answer's warnings."""
    return [warning["detail"] for warning in document.get("warnings", [])]


def tar(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
