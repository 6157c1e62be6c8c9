"""Asks for /healthz again and again, each time on a connection of its own, and watches the server meanwhile.

    probe.py PORT PROCESS SECONDS

Prints the worst time in milliseconds, the most connections that were open at once, and the most threads.
"""

import http.client
import os
import sys
import time

port, process, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])


def connections() -> int:
    """Connections that the server has accepted, by the kernel's table: those established on its port, less those still in its backlog."""
    count = 0
    with open("/proc/net/tcp") as table:
        next(table)
        for line in table:
            _, local, _, state, queues, *_ = line.split()
            if int(local.split(":")[1], 16) != port:
                continue
            if state == "01":
                count += 1
            elif state == "0A":
                count -= int(queues.split(":")[1], 16)
    return count


worst = 0.0
most_open = most_threads = 0
end = time.monotonic() + seconds
look = 0.0
while time.monotonic() < end:
    start = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/healthz")
    status = connection.getresponse().read() and connection.sock
    connection.close()
    worst = max(worst, time.monotonic() - start)
    if time.monotonic() > look:
        look = time.monotonic() + 0.5
        most_open = max(most_open, connections())
        most_threads = max(most_threads, len(os.listdir(f"/proc/{process}/task")))
    time.sleep(0.02)
print(round(worst * 1000, 1), most_open, most_threads)
