"""What is told where memory is short, of a store that suffered behind the server's back, and of one that an earlier version wrote: on a server
of its own, whose log may tell of errors."""

import sqlite3
from contextlib import closing

from meeting import ended, forecast, listed, send
from plots import equal
from server import Server, flip
from session import Session
from warned_checkpoints import RANDOM, WEIGHTS, config, pipeline
from warned_datasets import drawn

# Widths of blocks whose reconstruction does not fit into 256 MiB with the usual samples: fewer do for the first, and not even those for the second.
WIDE = ([80, 160], [96, 192])
BLOCKS = {"down_block_types": ["DownBlock2D"] * 2, "up_block_types": ["UpBlock2D"] * 2}
OLD = "a sentence of an earlier version"


def harmed(run, met):
    """Fills a store, harms it while nobody serves it, and looks at it again."""
    folder = f"{run.folder}/harmed"
    # Damage is found where something is used, and not by whoever comes first.
    with open(f"{run.folder}/harmed.yaml", "w") as settings:
        settings.write("verify_bytes_per_second: 0\n")
    server = Server(run.token_command[0], folder, "--config", settings.name, "--memory-limit", "256M", "--threads", "2")
    with server as base:
        own = visited(run, base)
        dataset = send(own, "datasets", "pictures", drawn(20, 8))
        for widths in WIDE:
            wide = send(own, "checkpoints", "wide", {"config.json": config(block_out_channels=widths, **BLOCKS)}, RANDOM)
            forecast(own, wide["id"], dataset["id"], ["reconstruction_lowered"], {"pruning-method": "magnitude"}, met, ("finetuning", "evaluation"))
        checkpoint, spare = send(own, "checkpoints", "pipeline", pipeline()), send(own, "checkpoints", "spare", {"config.json": config()}, RANDOM)
    with closing(sqlite3.connect(f"{folder}/pruner.sqlite")) as rows, rows:
        for table in ("checkpoints", "datasets"):
            rows.execute(f"UPDATE {table} SET descriptor = json_set(descriptor, '$.warnings', json_array(?))", [OLD])
        [[pack]] = rows.execute("SELECT pack_digest FROM datasets")
    [weights] = [file["sha256"] for file in checkpoint["files"] if file["path"] == WEIGHTS]
    for digest in (pack, weights):
        flip(f"{folder}/blobs/{digest[:2]}/{digest}")
    with server as base:
        own = visited(run, base)
        # The form reads the checkpoint, a job the pictures.
        run.page.open(f"{base}/#/new?from={checkpoint['id']}")
        run.page.wait("document.querySelector('.forecast').innerText.includes('is damaged')", doing="the refusal")
        own.expect_quiet("409")
        job = ended(own, {"checkpoint": spare["id"], "dataset": dataset["id"], "finetuning": {"steps": 1, "batch_size": 1}})
        equal((job["error"] or {}).get("code"), "dataset_damaged", "a job on damaged pictures")
        listed(own, met)
    visited(run, run.base)
    equal([line for line in server.errors() if " is damaged" not in line], [], "errors of the harmed server")


def visited(run, base):
    """The same page goes to another server: nothing else is asked from now on."""
    run.page.call("Page.navigate", url="about:blank")
    run.page.requests.clear()
    return Session(run.page, base, run.folder, run.token_command)
