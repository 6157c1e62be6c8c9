"""Headless Chromium over the DevTools protocol: one page, what it logged and what it asked for."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
import tempfile

import websocket
from PIL import Image


class Failure(AssertionError):
    """Something on the page is not as it must be."""


class Chromium:
    """A browser with a profile of its own and one page; gone, with its profile, at the end of a `with`."""

    def __init__(self, binary=None):
        self.profile = tempfile.mkdtemp(prefix="pruner-browser-")
        self.process = None
        try:
            self.process = subprocess.Popen(
                [binary or shutil.which("chromium") or shutil.which("chromium-browser") or "chromium",
                 "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={self.profile}", "--no-first-run",
                 # Root has no sandbox in a container, and /dev/shm is small in one.
                 *(["--no-sandbox"] if os.geteuid() == 0 else []), "--disable-dev-shm-usage", "--disable-gpu",
                 "--hide-scrollbars", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--disable-default-apps", "--disable-extensions", "--remote-allow-origins=*", "--window-size=1280,900", "about:blank"],
                stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
            )
            url = None
            for line in self.process.stderr:
                if found := re.search(r"DevTools listening on (ws://\S+)", line):
                    url = found[1]
                    break
            if url is None:
                raise Failure("Chromium did not start")
            self.socket = websocket.create_connection(url, timeout=60, max_size=None, enable_multithread=False, skip_utf8_validation=True)
        except BaseException:
            self.close()
            raise
        self.number = 0
        self.session = None
        self.errors = []
        self.requests = []
        self.dialogs = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process:
            try:
                self.session = None
                self.call("Browser.close")
                self.process.wait(timeout=20)
            except Exception:
                self.process.kill()
                self.process.wait()
            self.process.stderr.close()
        # Its children may still be putting things down there.
        for _ in range(10_000):
            shutil.rmtree(self.profile, ignore_errors=True)
            if not os.path.exists(self.profile):
                return

    # MARK: the protocol

    def call(self, method, **parameters):
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                if "error" in answer:
                    raise Failure(f"{method}: {answer['error']}")
                return answer.get("result", {})
            if "method" in answer:
                self.take(answer["method"], answer["params"])

    def post(self, method, **parameters):
        """Sends without waiting for the answer: from where an event is looked at."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters, "sessionId": self.session}))

    def take(self, event, data):
        if event == "Network.requestWillBeSent":
            self.requests.append(data["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            details = data["exceptionDetails"]
            self.errors.append(f"{details.get('text')} {details.get('exception', {}).get('description', '')}")
        elif event == "Runtime.consoleAPICalled" and data["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(part.get("value", part.get("description"))) for part in data["args"]))
        elif event == "Log.entryAdded" and data["entry"]["level"] in ("error", "warning"):
            self.errors.append(f"{data['entry']['text']} {data['entry'].get('url', '')}")
        elif event == "Page.javascriptDialogOpening":
            self.dialogs.append(data["message"])
            self.post("Page.handleJavaScriptDialog", accept=True)

    # MARK: the page

    def evaluate(self, expression):
        """The value of an expression, awaited where it is a promise."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Failure(f"{expression}: {details.get('exception', {}).get('description', details.get('text'))}")
        return answer["result"].get("value")

    def wait(self, expression, seconds=60, doing=None):
        """Waits until an expression is true, as often as the page draws; its value."""
        code = f"""new Promise((resolve) => {{
            const end = performance.now() + {seconds * 1000};
            const look = () => {{
                let value;
                try {{ value = ({expression}); }} catch {{ value = undefined; }}
                if (value) resolve(value);
                else if (performance.now() > end) resolve(null);
                else setTimeout(look, 15);
            }};
            look();
        }})"""
        self.socket.settimeout(seconds + 60)
        value = self.evaluate(code)
        if value is None:
            text = self.evaluate("document.querySelector('main')?.innerText.slice(0, 2000)")
            raise Failure(f"{doing or expression} did not come about in {seconds} s; the page says:\n{text}\n{self.errors}")
        return value

    def open(self, url):
        # A change of the hash alone loads nothing.
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def click(self, selector):
        """A click of the mouse on the middle of an element, which must be there to be hit."""
        box = self.evaluate(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            if (!element) return null;
            element.scrollIntoView({{ block: 'center' }});
            const box = element.getBoundingClientRect();
            const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
            const hit = document.elementFromPoint(x, y);
            return {{ x, y, isHit: element === hit || element.contains(hit) }};
        }})()""")
        if not box or not box["isHit"]:
            raise Failure(f"{selector} cannot be clicked: {box}")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box["x"], y=box["y"], button="left", clickCount=1)

    def press(self, key, code=None, virtual=0):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, windowsVirtualKeyCode=virtual)

    def fill(self, selector, text):
        """Puts a value into a field, as a reader would."""
        self.evaluate(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            element.value = {json.dumps(text)};
            element.dispatchEvent(new Event('input', {{ bubbles: true }}));
            element.dispatchEvent(new Event('change', {{ bubbles: true }}));
        }})()""")

    def drop(self, selector, paths):
        """Drags files onto an element."""
        box = self.evaluate(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            element.scrollIntoView({{ block: 'center' }});
            const box = element.getBoundingClientRect();
            return {{ x: box.x + box.width / 2, y: box.y + 10 }};
        }})()""")
        data = {"items": [], "files": [os.path.abspath(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.call("Input.dispatchDragEvent", type=kind, x=box["x"], y=box["y"], data=data)

    def choose(self, selector, paths):
        """Gives files to a file input."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[os.path.abspath(path) for path in paths])

    def look(self, width=1280, height=900, dark=False, mobile=False):
        """Sets the size of the page and the colour scheme."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def whole(self, path=None):
        """The whole page, beyond what is seen at once, as a picture (Pillow)."""
        self.wait_for_drawing()
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        data = self.call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})["data"]
        picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
        if path:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            picture.save(path)
        return picture

    def wait_for_drawing(self):
        self.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
