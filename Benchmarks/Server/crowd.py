"""Asks for /v1/jobs again and again, on a new connection and on a kept one in turn, beside connections that do nothing and clients that
hardly read. Who is turned out comes again at once.

    crowd.py PORT DOWNLOAD SECONDS [IDLE, 1500] [READERS, 100]

DOWNLOAD is the path of something large; each reader takes 4 KB of it a second. Prints milliseconds: the median, the 99th percentile and the
worst on new connections, then the same on the kept one; then how many had to come again.
"""

import http.client
import os
import selectors
import socket
import sys
import time

port, download, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
idle_count, reader_count = (int(value) for value in (sys.argv[4:6] + [1500, 100][len(sys.argv[4:6]):]))
BYTES = 4096
HEAD = f"Host: localhost:{port}\r\n\r\n"


def connect(buffer=None) -> socket.socket:
    one = socket.socket()
    if buffer:
        # Before it connects: its window is never larger.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    one.connect(("127.0.0.1", port))
    return one


def crowd(ready: int, end: int, result: int) -> None:
    """Opens them all, tells so, and keeps it that way until `end` says so: who is turned out comes again, and readers read a little."""
    selector = selectors.DefaultSelector()
    selector.register(end, selectors.EVENT_READ)
    opened = 0

    def open_idle(number: int) -> None:
        nonlocal opened
        opened += 1
        one = connect()
        # Every other one says nothing at all.
        if number % 2:
            one.sendall(f"GET /healthz HTTP/1.1\r\n{HEAD}".encode())
        one.setblocking(False)
        selector.register(one, selectors.EVENT_READ, number)

    def open_reader() -> socket.socket:
        nonlocal opened
        opened += 1
        one = connect(BYTES)
        one.sendall(f"GET {download} HTTP/1.1\r\n{HEAD}".encode())
        one.setblocking(False)
        return one

    for number in range(idle_count):
        open_idle(number)
    readers = [open_reader() for _ in range(reader_count)]
    os.write(ready, b"x")
    turn = 0
    next_read = time.monotonic()
    while True:
        for key, _ in selector.select(max(0, next_read - time.monotonic())):
            if key.data is None:
                os.write(result, str(opened - idle_count - reader_count).encode())
                return
            try:
                if key.fileobj.recv(65536):
                    continue
            except OSError:
                pass
            selector.unregister(key.fileobj)
            key.fileobj.close()
            open_idle(key.data)
        while readers and time.monotonic() >= next_read:
            turn = (turn + 1) % len(readers)
            next_read += 1 / len(readers)
            try:
                if not readers[turn].recv(BYTES):
                    readers[turn] = open_reader()
            except BlockingIOError:
                pass
            except OSError:
                readers[turn] = open_reader()


def ask(connection: http.client.HTTPConnection) -> float:
    start = time.monotonic()
    connection.request("GET", "/v1/jobs")
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
    return time.monotonic() - start


ready, told = os.pipe()
end, ended = os.pipe()
left, result = os.pipe()
if os.fork() == 0:
    os.close(ended)
    crowd(told, end, result)
    os._exit(0)
os.close(end)
os.close(told)
if not os.read(ready, 1):
    sys.exit("the crowd could not connect")
new, kept = [], []
keeping = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
stop = time.monotonic() + seconds
while time.monotonic() < stop:
    fresh = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    new.append(ask(fresh))
    fresh.close()
    time.sleep(0.01)
    kept.append(ask(keeping))
    time.sleep(0.01)
os.close(ended)
figures = []
for times in (new, kept):
    times.sort()
    figures += [times[len(times) // 2], times[int(len(times) * 0.99)], times[-1]]
print(*(f"{figure * 1000:.1f}" for figure in figures), os.read(left, 64).decode())
