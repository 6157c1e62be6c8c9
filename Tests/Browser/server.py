"""A server beside the one that the run is about: with settings of its own, and a data folder that may be harmed."""

import os
import re
import subprocess

from chromium import Failure


class Server:
    """`pruner serve` on a data folder, until the end of a `with`, which gives its address."""

    def __init__(self, binary, folder, *options):
        self.command = [binary, "serve", "--port", "0", "--data-dir", folder, *options]
        self.log_path = f"{folder}.log"
        self.process = None

    def __enter__(self):
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log, text=True)
        for line in self.process.stdout:
            if line.startswith("listening on "):
                return line.split()[-1]
        self.process.wait()
        raise Failure(f"{self.command} did not start: {self.log()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def log(self):
        with open(self.log_path) as log:
            return log.read()

    def errors(self):
        """The lines of the log that tell of errors."""
        return re.findall(r"^\S+ (?:error|critical) .*$", self.log(), flags=re.M)


def flip(path):
    """Harms a file: another byte in its middle."""
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
