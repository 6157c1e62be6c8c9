"""One run of the browser tests: the page, the server behind it, and what has been made so far."""

import json
import os
import time
import urllib.request

from audit import audit
from chromium import Failure
from plots import equal

EXAMPLE = os.path.abspath("Tests/Fixtures/example")
LOOKS = {"light-1280": (1280, 900, False, False), "dark-1280": (1280, 900, True, False),
         "light-390": (390, 844, False, True), "dark-390": (390, 844, True, True)}


class Session:
    """What the steps share. They set `checkpoint`, `dataset`, `job` and `metrics` as they make them."""

    def __init__(self, page, base, folder, token_command):
        self.page = page
        self.base = base
        self.folder = folder
        self.token_command = token_command
        self.secret = None
        self.passed = 0
        self.start = time.monotonic()
        # Where pictures of every page are left.
        self.shots = os.environ.get("PRUNER_SCREENSHOTS")

    def api(self, path, body=None, method=None):
        """What the server says: JSON, or bytes. What is sent is either, too."""
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, sent, method=method)
        if self.secret:
            request.add_header("Authorization", f"Bearer {self.secret}")
        with urllib.request.urlopen(request) as answer:
            data = answer.read()
            return json.loads(data) if (answer.headers["Content-Type"] or "").endswith("json") else data

    def step(self, text):
        """Says that something holds, and how long it took."""
        self.passed += 1
        now = time.monotonic()
        print(f"{now - self.start:6.1f} s  {text}", flush=True)
        self.start = now

    def check_warnings(self, within, item, doing):
        """A part of the page shows the warnings of the API's object, sentences and codes."""
        lines = f"[...document.querySelectorAll('{within} .warnings li')].filter((line) => line.checkVisibility())"
        shown = self.page.evaluate(f"{lines}.map((line) => line.textContent)")
        equal(shown, [f"{warning['detail']} {warning['code']}" for warning in item["warnings"]], f"the warnings of {doing}")

    def look_at(self, name):
        """Audits the page in every look, and leaves it in the first. Returns how much was looked at."""
        count = 0
        for look, (width, height, dark, mobile) in list(LOOKS.items())[::-1]:
            self.page.look(width, height, dark, mobile)
            self.page.wait_for_drawing()
            count += audit(self.page, f"{name}, {look}")
            if self.shots:
                self.page.whole(f"{self.shots}/{name}-{look}.png")
        return count

    def expect_quiet(self, *provoked):
        """No errors on the console but those that were provoked, and nothing asked of another host."""
        equal([error for error in self.page.errors if not any(word in error for word in provoked)], [], "the console")
        self.page.errors.clear()
        own = (f"{self.base}/", "data:", f"blob:{self.base}", "about:")
        equal([url for url in self.page.requests if not url.startswith(own)], [], "requests to other hosts")

    def downloaded(self, name):
        """A file that the browser saves, once it is whole."""
        end = time.monotonic() + 60
        while not os.path.exists(f"{self.folder}/{name}"):
            if time.monotonic() > end:
                raise Failure(f"{name} was not downloaded: {os.listdir(self.folder)}")
            self.page.wait_for_drawing()
        with open(f"{self.folder}/{name}", "rb") as file:
            return file.read()
